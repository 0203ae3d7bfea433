#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
# Installs the Debian/Ubuntu packages that a part of the project needs.
# Only what is missing is installed, nothing is started, and nothing else on
# the machine is changed: see no_services, keep_krb5_conf and stay_disabled.
set -euo pipefail

# One line per kind. A trailing "?" marks a package that some supported
# releases do not have because another one contains it there. "NAME|NAME"
# is the first that the release has. "COMMAND:" in front: only where there
# is no such command, since people have Go and Node from elsewhere, in
# packages that may even conflict with Debian's.
declare -A packages=(
    [build]="build-essential autoconf automake libtool pkg-config libkrb5-dev
             libssl-dev xz-utils libmicrohttpd-dev libcurl4-openssl-dev
             libjansson-dev libseccomp-dev libmnl-dev libcap-ng-dev
             libsystemd-dev libpam0g-dev libldap-dev libsasl2-dev"
    [check]="libcmocka-dev krb5-kdc krb5-admin-server krb5-user
             libnss-wrapper libpam-wrapper tmux patch systemd zsh
             libkrb5-dev libssl-dev gss-ntlmssp krb5-gss-samples python3
             python3-gssapi openssl valgrind libc6-dbg gdb"
    [mit]="build-essential dpkg-dev bison perl patch xz-utils gpgv python3
           ca-certificates libnss-wrapper iproute2 krb5-user"
    [lab]="samba samba-ad-dc? samba-ad-provision? samba-dsdb-modules
           samba-vfs-modules winbind ldb-tools python3-samba krb5-user iproute2
           apache2-bin libapache2-mod-auth-gssapi curl libkrb5-dev python3
           python3-cryptography
           python3-dev python3-venv python3-gssapi python3-winrm
           python3-requests-kerberos build-essential ca-certificates
           libssl-dev gss-ntlmssp
           freerdp-shadow-x11|freerdp3-shadow-x11|freerdp2-shadow-x11
           freerdp-x11|freerdp3-x11|freerdp2-x11
           winpr-utils|winpr3-utils xvfb ldap-utils libsasl2-modules-gssapi-mit
           wget go:golang-go node:nodejs npm:npm faketime gssproxy
           nftables"
    [attacks]="python3-impacket python3-pyasn1 python3-cryptography
               chromium? util-linux mmdebstrap dpkg-dev iproute2"
    [lint]="shellcheck cppcheck clang clang-tidy mandoc python3-pyflakes
            binutils build-essential libkrb5-dev libssl-dev"
    [bench]="gssproxy curl valgrind krb5-kdc krb5-admin-server krb5-user
             python3 binutils build-essential libkrb5-dev libssl-dev
             gss-ntlmssp openssl python3-dev python3-venv libnss-wrapper"
    [packages]="mmdebstrap dpkg-dev debhelper lintian rpm rpmlint?
                libldap-dev libsasl2-dev iproute2 python3 python3-venv
                python3-dev
                build-essential libkrb5-dev"
    [releases]="mmdebstrap debian-archive-keyring? util-linux"
    [fuzz]="clang libclang-rt-dev? libkrb5-dev libssl-dev libmicrohttpd-dev
            libcurl4-openssl-dev libjansson-dev libseccomp-dev libmnl-dev
            libcap-ng-dev libsystemd-dev libpam0g-dev libldap-dev
            libsasl2-dev"
)
kinds="build check mit lab attacks lint bench packages releases fuzz"
mark="# made by gss-winrm's tests/deps.sh while it installs packages"
policy=/usr/sbin/policy-rc.d

usage()
{
    cat <<END
usage: tests/deps.sh [--list] KIND...
Installs the packages of each KIND: $kinds.
Needs root or sudo, and only when something is missing.
  --list  print the names of the packages and install nothing
END
}

die()
{
    printf 'deps.sh: %s\n' "$*" >&2
    exit 1
}

# Prints the packages of the kinds given, each once.
wanted()
{
    local kind name
    for kind in "$@"; do
        for name in ${packages[$kind]}; do
            echo "$name"
        done
    done | sort -u
}

# One of the names given. There may be a line of another architecture, too,
# whose libraries nothing here can be linked with.
installed()
{
    local known
    # It fails if it does not know all of them.
    known=$(dpkg-query -W -f '${db:Status-Status} ${Architecture}\n' "$@" \
        2>/dev/null) || true
    grep -qxE "installed (all|$(dpkg --print-architecture))" <<<"$known"
}

missing()
{
    local name alternatives
    while read -r name; do
        if [[ $name == *:* ]] && command -v "${name%%:*}" >/dev/null; then
            continue
        fi
        IFS='|' read -ra alternatives <<<"$(plain "$name")"
        installed "${alternatives[@]}" || echo "$name"
    done
}

# Without the marks.
plain()
{
    printf '%s\n' "$@" | sed 's/^[a-z]*://; s/?$//'
}

can_install()
{
    local policy
    policy=$(LC_ALL=C apt-cache policy "$1" 2>/dev/null) || true
    grep -q '^  Candidate: [^(]' <<<"$policy"
}

# The names that this release has: of alternatives the first, and of those
# that have no mark all, so that apt-get says what is wrong.
available()
{
    local name alternative alternatives
    for name in "$@"; do
        IFS='|' read -ra alternatives <<<"$(plain "$name")"
        for alternative in "${alternatives[@]}"; do
            if can_install "$alternative"; then
                echo "$alternative"
                continue 2
            fi
        done
        [[ $name == *\? ]] || echo "${alternatives[0]}"
    done
}

# Package scripts start their services unless policy-rc.d says no. One that
# is there already is the administrator's and stays.
no_services()
{
    local new
    # Ours, left by a run that was killed.
    if [[ -f $policy ]] && grep -qxF "$mark" "$policy"; then
        rm -f "$policy"
    fi
    [[ ! -e $policy ]] || return 0
    new=$(mktemp "$policy.XXXXXX")
    printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$new"
    chmod 755 "$new"
    mv "$new" "$policy"
}

allow_services()
{
    if [[ -f $policy ]] && grep -qxF "$mark" "$policy"; then
        rm -f "$policy"
    fi
}

# krb5-config's script may edit a krb5.conf that it did not write.
keep_krb5_conf()
{
    if [[ -e /etc/krb5.conf ]]; then
        cp -a /etc/krb5.conf "$work/krb5.conf"
    fi
}

restore_krb5_conf()
{
    if [[ -e $work/krb5.conf ]] &&
        ! cmp -s "$work/krb5.conf" /etc/krb5.conf; then
        cp -a "$work/krb5.conf" /etc/krb5.conf
        echo "deps.sh: put /etc/krb5.conf back as it was"
    fi
}

# A KDC, a file server or a web server that only tests run should not appear
# on the machine's network at the next boot either. Only what we named is
# disabled, never a dependency, and only if it was not installed before.
stay_disabled()
{
    local name files
    files=$(dpkg-query -W -f '${binary:Package} ${Architecture}\n' "$@" |
        sed -nE "s/ (all|$(dpkg --print-architecture))\$//p" |
        xargs dpkg-query -L)
    # This knows of systemd's units of the same name as well.
    sed -nE 's,^/etc/init\.d/([^/]+)$,\1,p' <<<"$files" | sort -u |
        while read -r name; do
            update-rc.d "$name" disable >>"$work/log" 2>&1 ||
                echo "deps.sh: could not disable /etc/init.d/$name"
        done
    command -v systemctl >/dev/null || return 0
    sed -nE 's,^(/usr)?/lib/systemd/system/([^/@]+\.(service|socket))$,\2,p' \
        <<<"$files" | sort -u |
        while read -r name; do
            systemctl is-enabled "$name" >/dev/null 2>&1 || continue
            systemctl disable "$name" >>"$work/log" 2>&1 ||
                echo "deps.sh: could not disable $name"
        done
}

as_root()
{
    [[ $(id -u) -ne 0 ]] || return 0
    command -v sudo >/dev/null ||
        die "must be root to install: $* (or install sudo, or those packages)"
    echo "deps.sh: not root, using sudo"
    exec sudo -- "$BASH" "$0" "${args[@]}"
}

finish()
{
    local rc=$?
    trap - EXIT
    allow_services
    restore_krb5_conf
    rm -rf "$work"
    exit "$rc"
}

apt_get()
{
    DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true \
        apt-get -y -q -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 \
        -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
        --no-install-recommends "$@" </dev/null >>"$work/log" 2>&1
}

# A minimal container may have no /run/lock. Not /tmp: a name that others can
# put a link at is not for root to write to.
lock_dir()
{
    if [[ -w /run/lock ]]; then echo /run/lock; else echo /run; fi
}

install()
{
    local start=$SECONDS count=0 names name one
    as_root "$(plain "$@" | tr '\n' ' ')"
    work=$(mktemp -d)
    trap finish EXIT
    trap 'exit 130' INT TERM HUP
    # Two runs at once share apt's lists and policy-rc.d.
    exec 9>"$(lock_dir)/gss-winrm-deps.lock"
    flock -n 9 || {
        echo "deps.sh: waiting for another installation"
        flock 9
    }
    mapfile -t names < <(printf '%s\n' "$@" | missing)
    [[ ${#names[@]} -gt 0 ]] || return 0
    apt_get update 9>&- || echo "deps.sh: apt-get update failed; trying without it"
    no_services
    keep_krb5_conf
    mapfile -t one < <(printf '%s\n' "${names[@]}" | sed '/:/d')
    install_now "${one[@]}"
    # One by one, since one may bring the other's command and conflict with
    # its package: a nodejs that is not Debian's has npm in it.
    for name in "${names[@]}"; do
        [[ $name == *:* ]] || continue
        mapfile -t one < <(missing <<<"$name")
        install_now "${one[@]}"
    done
    [[ $count -eq 0 ]] ||
        echo "deps.sh: $count packages installed in $((SECONDS - start)) s"
}

# Of the names given those that the release has; adds to count.
install_now()
{
    local names
    mapfile -t names < <(available "$@")
    [[ ${#names[@]} -gt 0 ]] || return 0
    echo "deps.sh: installing ${names[*]}"
    if ! apt_get install "${names[@]}" 9>&-; then
        tail -n 40 "$work/log" >&2
        die "apt-get install failed; try: apt-get install ${names[*]}"
    fi
    stay_disabled "${names[@]}"
    count=$((count + ${#names[@]}))
}

args=("$@")
list=no
case ${1-} in
-h | --help) usage; exit 0 ;;
--list) list=yes; shift ;;
esac
[[ $# -gt 0 ]] || { usage >&2; exit 2; }
for kind in "$@"; do
    [[ -v packages[$kind] ]] || die "no such kind '$kind' (kinds: $kinds)"
done
if [[ $list = yes ]]; then
    wanted "$@" | sed 's/^[a-z]*://'
    exit 0
fi
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    die "only Debian and Ubuntu are known; install the equivalents of:" \
        "$(wanted "$@" | sed 's/^[a-z]*://' | tr '\n' ' ')"
fi
mapfile -t need < <(wanted "$@" | missing)
if [[ -z $(available "${need[@]}") ]]; then
    echo "deps.sh: $*: everything is installed"
else
    install "${need[@]}"
fi
