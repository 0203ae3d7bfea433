# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
# keylist.awk - what the preprocessor makes of keylist.in, as plugin/keys.list:
# a line for each key, with tabs between
#
#     section name levels type default example sentence low high want
#
# A section, default, example, range or want that a key has not is empty.

# "A string" "'s parts", or a word, as the text that it is.
function text(field)
{
    gsub(/^[ \t]+|[ \t]+$/, "", field)
    if (field !~ /^"/)
        return field
    gsub(/([^\\])"[ \t]*"/, "&\001", field)
    gsub(/"[ \t]*"\001/, "", field)
    sub(/^"/, "", field)
    sub(/"$/, "", field)
    gsub(/\\"/, "\"", field)
    return field
}

# The value of ".name = " in the rest of a row.
function named(rest, name,    from)
{
    if (!match(rest, "[.]" name "[ \t]*=[ \t]*"))
        return ""
    from = substr(rest, RSTART + RLENGTH)
    if (from !~ /^"/) {
        sub(/[ \t]*,.*/, "", from)
        return text(from)
    }
    match(from, /^"([^"\\]|\\.)*"([ \t]*"([^"\\]|\\.)*")*/)
    return text(substr(from, 1, RLENGTH))
}

!/^#/ { all = all " " $0 }

END {
    n = split(all, rows, /\^row/)
    for (i = 2; i <= n; i++) {
        split(rows[i], f, /\^/)
        line = text(f[2])
        for (j = 3; j <= 8; j++)
            line = line "\t" text(f[j])
        print line "\t" named(f[9], "low") "\t" named(f[9], "high") "\t" \
            named(f[9], "want")
    }
    exit n < 2
}
