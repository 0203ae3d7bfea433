/* reader.c - reading one key of the winrm section, level by level. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"
#include "trace.h"
#include "words.h"

void
gw_complain(const struct gw_level *l, const char *key, const char *value,
            const char *want)
{
    gw_trace("krb5.conf, %s%s: %s = %s is not %s; ignored", gw_level_word(l),
             l->key != NULL ? l->key : "", key, value, want);
}

int
gw_read_key(const struct gw_levels *levels, const char *sub, const char *key,
            gw_reader reader, void *out, char **source)
{
    const struct gw_level *l;
    char **values;
    int ret;

    for (l = levels->v; l < levels->v + levels->n; l++) {
        values = gw_level_values(levels, l, sub, key);
        if (values == NULL)
            continue;
        ret = reader(l, key, values, out);
        gw_free_words(values);
        if (ret == 0 && source != NULL &&
            asprintf(source, "%s%s", gw_level_word(l),
                     l->key != NULL ? l->key : "") < 0) {
            *source = NULL;
            return ENOMEM;
        }
        if (ret != EINVAL)
            return ret;
    }
    return 0;
}

long
gw_whole_number(const char *text, long low, long high)
{
    char *end;
    long n;

    errno = 0;
    n = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || n < low || n > high)
        return -1;
    return n;
}

int
gw_read_boolean(const struct gw_level *l, const char *key, char **values,
                void *out)
{
    int value = gw_boolean(values[0]);

    if (value < 0) {
        gw_complain(l, key, values[0], "true or false");
        return EINVAL;
    }
    *(int *)out = value;
    return 0;
}

int
gw_read_words(const struct gw_level *l, const char *key, char **values,
              void *out)
{
    char **words;

    (void)l;
    (void)key;
    if (gw_split_values(values, &words) != 0)
        return ENOMEM;
    if (words == NULL)          /* "key =" with nothing behind it: none */
        return 0;
    gw_free_words(*(char ***)out);
    *(char ***)out = words;
    return 0;
}

int
gw_read_string(const struct gw_level *l, const char *key, char **values,
               void *out)
{
    if (*values[0] == '\0') {
        gw_complain(l, key, "(empty)", "a name");
        return EINVAL;
    }
    *(char **)out = strdup(values[0]);
    return (*(char **)out == NULL) ? ENOMEM : 0;
}
