# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
# keyfill.awk - a template, with the keys in it.
#
#     awk -f keyfill.awk plugin/keys.list TEMPLATE
#
# For the completions of gss-winrm configure, within a line:
#
#     @TARGET_KEYS@ @REALM_KEYS@    "key=" for each key of a target, of a realm
#
# For the sample file, a line with nothing else, which becomes a comment and
# "key = value" for each key, with its default or an example:
#
#     @GENERAL@    what is general
#     @TARGETS@    what is set in targets only
#     @credssp@ @gateway@    what is in that section
function sample(indent, key)
{
    return "#" indent "# " sentence[key] (dflt[key] == "" ? \
        "  For example:" : "") "\n#" indent name[key] " = " value[key] "\n"
}

FNR == NR {
    n = split($0, f, "\t")
    if (n != 10)
        exit bad = 1
    name[NR] = f[2]
    dflt[NR] = f[5]
    value[NR] = f[5] != "" ? f[5] : f[6]
    sentence[NR] = f[7]
    if (f[1] == "") {
        if (f[3] == "anywhere" || f[3] == "targets")
            words["TARGET_KEYS"] = words["TARGET_KEYS"] " " f[2] "="
        if (f[3] == "anywhere" || f[3] == "not_targets")
            words["REALM_KEYS"] = words["REALM_KEYS"] " " f[2] "="
        if (f[3] == "targets")
            lines["TARGETS"] = lines["TARGETS"] sample("               ", NR)
        else
            lines["GENERAL"] = lines["GENERAL"] sample("       ", NR)
    } else {
        lines[f[1]] = lines[f[1]] sample("           ", NR)
    }
    next
}

/^@[A-Za-z]+@$/ {
    printf "%s", lines[substr($0, 2, length($0) - 2)]
    next
}

{
    for (w in words)
        gsub("@" w "@", substr(words[w], 2))
    print
}

END {
    exit bad
}
