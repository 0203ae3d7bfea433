/* confint.h - what the conf*.c share. */
#ifndef HC_CONFINT_H
#define HC_CONFINT_H

#include <krb5.h>
#include <profile.h>

#include "conf.h"
#include "error.h"
#include "reader.h"

/* krb5.conf, opened. */
struct hc_source {
    krb5_context context;
    profile_t profile;
};

/* Returns 0 or an error for hc_error().  Close it in either case. */
int hc_source_open(struct hc_source *source);
void hc_source_close(struct hc_source *source);

/* Whom the policy is about.  Owns canon and realm. */
struct hc_subject {
    struct gw_subject s;        /* borrows from this and from the host */
    char *canon, *realm;
};

void hc_subject_find(const struct hc_source *source,
                     const struct hc_host *host, struct hc_subject *subject);
void hc_subject_free(struct hc_subject *subject);

/* Keys that are looked for by the name as given.  sub: their section, or NULL;
 * field: an offset into struct hc_host.  Ends with a NULL key. */
struct hc_trust_key {
    const char *sub, *key;
    gw_reader reader;
    size_t field;
};

extern const struct hc_trust_key hc_trust_keys[];

/* 0, or an errno of the plugin's code or one of krb5's, as one of ours. */
int hc_error(int ret, struct cs_error *err);

#endif /* HC_CONFINT_H */
