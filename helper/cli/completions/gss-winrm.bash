# bash completion for gss-winrm(1)

# Hosts that krb5.conf has in "targets = { ... }"; not suffixes.
_gss_winrm_hosts()
{
    local IFS=: files
    read -ra files <<<"${KRB5_CONFIG:-/etc/krb5.conf}"
    files+=(/etc/krb5.conf.d/*)
    awk '
        { sub(/^[ \t]*#.*/, "") }
        !inside && /^[ \t]*targets[ \t]*=[ \t]*\{/ { inside = 1; next }
        inside {
            if (inside == 1 && $1 !~ /^[.}]/ && $0 ~ /=[ \t]*\{/)
                print $1
            inside += gsub(/\{/, "") - gsub(/\}/, "")
        }' "${files[@]}" 2>/dev/null
}

# What the broker has, quoted; nothing is started for it.
_gss_winrm_names()
{
    local name quoted
    while read -r name; do
        printf -v quoted %q "$name"
        [[ $quoted != "$cur"* && $name != "$cur"* ]] || COMPREPLY+=("$quoted")
    done < <(gss-winrm status --json 2>/dev/null |
        sed -n 's/^ *"name": "\(.*\)",\{0,1\}$/\1/p' | sed 's/\\\\/\\/g')
}

# The word's candidates, one on each line.
_gss_winrm_reply()
{
    mapfile -t COMPREPLY < <(compgen "$@" -- "$cur")
}

# Is there a word before the cursor that is no option?
_gss_winrm_has_argument()
{
    local i
    for ((i = 2; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --lifetime | --askpass | --listen | --port | --client | \
            --query | --realm | --file | --root | -[pcqf]) ((i++)) ;;
        -*) ;;
        *) return 0 ;;
        esac
    done
    return 1
}

_gss_winrm_run()
{
    local first=2
    [[ ${COMP_WORDS[2]-} != -- ]] || first=3
    if ((COMP_CWORD <= first)); then
        if [[ $cur == -* ]]; then
            _gss_winrm_reply -W '-- --help'
        else
            _gss_winrm_reply -c
        fi
    elif declare -F _command_offset >/dev/null; then
        _command_offset "$first"
    else
        _gss_winrm_reply -f
    fi
}

_gss_winrm()
{
    local cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local options
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        _gss_winrm_reply -W \
            'login logout status run forward explain doctor spn configure
                enable disable help --help --version'
        return
    fi
    case ${COMP_WORDS[1]} in
    run)
        _gss_winrm_run
        return
        ;;
    login) options='--lifetime --no-check --stdin --askpass --json --help' ;;
    logout) options='--all --json --help' ;;
    status) options='--json --watch --prometheus --help' ;;
    explain) options='--json --help' ;;
    forward) options='--listen --help' ;;
    doctor) options='--port --client --json --help' ;;
    spn) options='--query --duplicates --realm --json --help' ;;
    configure)
        options='--dry-run --realm --includedir --file --json --help'
        ;;
    enable | disable) options='--root --json --help' ;;
    *) return ;;
    esac
    case $before in
    --askpass)
        _gss_winrm_reply -c
        return
        ;;
    --lifetime)
        _gss_winrm_reply -W '1h 8h 1d'
        return
        ;;
    --client | -c)
        _gss_winrm_reply -c
        return
        ;;
    --port | -p)
        _gss_winrm_reply -W '5985 5986'
        return
        ;;
    --file | -f)
        _gss_winrm_reply -f
        return
        ;;
    --listen | --query | -q) return ;;
    --root)
        _gss_winrm_reply -d
        return
        ;;
    esac
    if [[ $cur == -* ]]; then
        _gss_winrm_reply -W "$options"
    elif ! _gss_winrm_has_argument; then
        case ${COMP_WORDS[1]} in
        explain | forward | doctor | spn | configure)
            _gss_winrm_reply -W "$(_gss_winrm_hosts)"
            ;;
        logout) _gss_winrm_names ;;
        esac
    elif [[ ${COMP_WORDS[1]} == configure ]]; then
        compopt -o nospace 2>/dev/null || true
        _gss_winrm_reply -W 'host= nodes= spn= match= delegation= ports=
            enabled= credential= ca_file= pin='
    fi
}

complete -F _gss_winrm gss-winrm
