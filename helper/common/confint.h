/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* confint.h - what the conf*.c share. */
#ifndef HC_CONFINT_H
#define HC_CONFINT_H

#include <krb5.h>
#include <profile.h>

#include "helper/common/conf.h"
#include "plugin/credssp/gsserr.h"
#include "plugin/bytes/error.h"
#include "plugin/conf/reader.h"

/* krb5.conf, opened. */
struct hc_source {
    krb5_context context;
    profile_t profile;
};

/* Returns 0 or an error for cs_krb5_conf_fail().  Close it in either case. */
int hc_source_open(struct hc_source *source);
void hc_source_close(struct hc_source *source);

extern const struct gw_key hc_host_keys[];      /* struct hc_host */
extern const struct gw_key hc_gateway_keys[];   /* struct hc_gateway */

/* The key of that name in a section (or "") that is about hosts, or NULL. */
const struct gw_key *hc_find_key(const char *section, const char *name);

/* A key by itself.  Where no level has it, source is NULL. */
struct hc_single {
    union {
        int number;             /* a BOOLEAN's or WORD's */
        unsigned int u;
        size_t size;
        char *string, **words;
        uint16_t ports[GW_PORTS_MAX];
    } value;
    char *source;
};

/* Read one.  Returns 0 or ENOMEM; hc_free_single() in either case. */
int hc_read_single(const struct gw_levels *levels, const struct gw_key *key,
                   struct hc_single *out);
void hc_free_single(const struct gw_key *key, struct hc_single *single);

/* The checks of values (keys.h). */
int hc_ca_file_ok(char *text);
int hc_pin_ok(char *text);
int hc_listen_ok(char *text);

#endif /* HC_CONFINT_H */
