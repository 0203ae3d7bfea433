/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * explain.h - the answer of gss-winrm explain, as JSON.
 *
 *     { "host", "port", "realm",
 *       "gateway": { "connects", "why", "authenticates" },
 *       "plugin", "names": [...], "dns",
 *       "delegates": [...],    null: nothing is
 *       "settings": [ { "key", "value", "source" }... ],
 *       "complaints": [...] }
 */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include <jansson.h>

#include "helper/common/conf.h"

/* New objects, or NULL. */
json_t *explain_gateway(const struct hc_host *host, uint16_t port);
json_t *explain_plugin(const struct hc_host *host);
json_t *explain_names(const struct hc_host *host, uint16_t port);
/* Sets "delegates", the names that may be given the password or a ticket, or
 * null where krb5.conf gives nothing; "delegates_nothing", why there is none. */
void explain_delegates(json_t *answer, const struct hc_host *host,
                       uint16_t port);
json_t *explain_settings(const struct hc_host *host,
                         const struct hc_gateway *gateway);

/* For people, on stdout. */
void explain_print(const json_t *answer);

#endif /* CLI_EXPLAIN_H */
