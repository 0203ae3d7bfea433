/* words.c - lists of words, and host names as krb5.conf's targets have them. */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy.h"
#include "words.h"

#define SEPARATORS " \t\r\n,"

void
gw_free_words(char **words)
{
    char **w;

    for (w = words; w != NULL && *w != NULL; w++)
        free(*w);
    free(words);
}

int
gw_add_word(char ***words, size_t *n, const char *word)
{
    char **grown = realloc(*words, (*n + 2) * sizeof(*grown));

    if (grown == NULL)
        return ENOMEM;
    *words = grown;
    grown[*n] = strdup(word);
    if (grown[*n] == NULL)
        return ENOMEM;
    grown[++*n] = NULL;
    return 0;
}

int
gw_split_values(char **values, char ***out)
{
    char **words = NULL, **v, *copy, *save, *w;
    size_t n = 0;
    int ret = 0;

    for (v = values; *v != NULL && ret == 0; v++) {
        copy = strdup(*v);
        if (copy == NULL) {
            ret = ENOMEM;
            break;
        }
        for (w = strtok_r(copy, SEPARATORS, &save); w != NULL && ret == 0;
             w = strtok_r(NULL, SEPARATORS, &save))
            ret = gw_add_word(&words, &n, w);
        free(copy);
    }
    if (ret != 0) {
        gw_free_words(words);
        words = NULL;
    }
    *out = words;
    return ret;
}

int
gw_is_address(const char *host)
{
    struct in6_addr a;

    return inet_pton(AF_INET, host, &a) == 1 ||
        inet_pton(AF_INET6, host, &a) == 1;
}

/* Length without a final dot. */
static size_t
name_length(const char *name)
{
    size_t len = strlen(name);

    return (len > 1 && name[len - 1] == '.') ? len - 1 : len;
}

size_t
gw_target_rank(const char *key, const char *host)
{
    size_t klen = name_length(key), hlen = name_length(host);

    if (klen == 0 || hlen == 0)
        return 0;
    if (klen == 1 && *key == '.') {
        return (memchr(host, '.', hlen) == NULL && !gw_is_address(host)) ? 1 : 0;
    }
    if (*key != '.') {
        return (klen == hlen && strncasecmp(key, host, hlen) == 0) ?
            SIZE_MAX : 0;
    }
    if (klen >= hlen || gw_is_address(host))
        return 0;
    return strncasecmp(key, host + hlen - klen, klen) == 0 ? klen : 0;
}

int
gw_find_word(const char *word, const char *const *names)
{
    int i;

    for (i = 0; names[i] != NULL; i++) {
        if (strcasecmp(word, names[i]) == 0)
            return i;
    }
    return -1;
}
