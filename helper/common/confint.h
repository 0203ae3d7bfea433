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

extern const struct gw_key hc_host_keys[];      /* struct hc_host */
extern const struct gw_key hc_gateway_keys[];   /* struct hc_gateway */

/* The checks of values (keys.h). */
int hc_ca_file_ok(char *text);
int hc_pin_ok(char *text);
int hc_listen_ok(char *text);

/* 0, or an errno of the plugin's code or one of krb5's, as one of ours. */
int hc_error(int ret, struct cs_error *err);

#endif /* HC_CONFINT_H */
