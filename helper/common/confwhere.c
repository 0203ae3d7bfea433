/* confwhere.c - which part of krb5.conf has said so, for people. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "confint.h"
#include "words.h"

/* One of the policy's keys, read again into a policy that is thrown away. */
static int
policy_where(const struct hc_source *s, const struct hc_host *host,
             const struct gw_policy_key *k, char **level)
{
    struct gw_policy *scratch = calloc(1, sizeof(*scratch));
    struct hc_subject subject;
    struct gw_levels levels;
    int ret;

    if (scratch == NULL)
        return ENOMEM;
    hc_subject_find(s, host, &subject);
    ret = gw_levels_find(&levels, s->profile, &subject.s);
    hc_subject_free(&subject);
    if (ret == 0) {
        ret = gw_policy_read(&levels, k, scratch, level);
        gw_levels_free(&levels);
    }
    gw_policy_free(scratch);
    return ret;
}

static int
trust_where(const struct hc_source *s, const struct hc_host *host,
            const struct hc_trust_key *k, char **level)
{
    struct hc_host scratch;
    struct gw_subject subject = { .typed = host->host, .realm = host->realm };
    struct gw_levels levels;
    int ret;

    memset(&scratch, 0, sizeof(scratch));
    ret = gw_levels_find(&levels, s->profile, &subject);
    if (ret == 0) {
        ret = gw_read_key(&levels, k->sub, k->key, k->reader,
                          (char *)&scratch + k->field, level);
        gw_levels_free(&levels);
    }
    free(scratch.credential);
    free(scratch.ca_file);
    free(scratch.pin);
    return ret;
}

/* The credssp section knows no targets. */
static int
credssp_where(const struct hc_source *s, const struct hc_host *host,
              const char *key, char **level)
{
    struct gw_subject subject = { .realm = host->realm };
    struct gw_levels levels;
    char **words = NULL;
    int ret, number;

    ret = gw_levels_find(&levels, s->profile, &subject);
    if (ret != 0)
        return ret;
    if (strcmp(key, "delegate_to") == 0)
        ret = gw_read_key(&levels, "credssp", key, gw_read_words, &words,
                          level);
    else
        ret = gw_read_key(&levels, "credssp", key, strcmp(key, "ntlm") == 0 ?
                          gw_read_boolean : gw_read_version, &number, level);
    gw_free_words(words);
    gw_levels_free(&levels);
    return ret;
}

static int
find(const struct hc_source *s, const struct hc_host *host, const char *sub,
     const char *key, char **level)
{
    const struct hc_trust_key *t;
    const struct gw_policy_key *p;

    if (sub != NULL && strcmp(sub, "credssp") == 0)
        return credssp_where(s, host, key, level);
    for (t = hc_trust_keys; t->key != NULL; t++) {
        if (strcmp(t->key, key) == 0)
            return trust_where(s, host, t, level);
    }
    for (p = gw_policy_keys; p->key != NULL; p++) {
        if (strcmp(p->key, key) == 0)
            return policy_where(s, host, p, level);
    }
    return 0;
}

int
hc_where(const struct hc_host *host, const char *sub, const char *key,
         char **level, struct cs_error *err)
{
    struct hc_source s;
    int ret;

    *level = NULL;
    ret = hc_source_open(&s);
    if (ret == 0)
        ret = find(&s, host, sub, key, level);
    hc_source_close(&s);
    return hc_error(ret, err);
}
