/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* confgate.c - the gateway section of krb5.conf. */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "helper/common/conf.h"
#include "helper/common/confint.h"
#include "plugin/conf/reader.h"
#include "plugin/base/trace.h"
#include "plugin/base/strlist.h"

/* "127.0.0.1:5980" or "[::1]:5980": clients of other machines cannot be told
 * to be the user's own, so there is nothing else to listen on. */
int
hc_listen_ok(char *text)
{
    char host[INET6_ADDRSTRLEN];
    struct in6_addr six;
    struct in_addr four;
    const char *colon = strrchr(text, ':'), *from = text, *to = colon;

    if (colon == NULL || gw_whole_number(colon + 1, 1, 65535) < 0)
        return 0;
    if (*from == '[') {
        if (*--to != ']')
            return 0;
        from++;
    }
    if (to <= from || (size_t)(to - from) >= sizeof(host))
        return 0;
    memcpy(host, from, to - from);
    host[to - from] = '\0';
    if (from != text)
        return inet_pton(AF_INET6, host, &six) == 1 &&
            IN6_IS_ADDR_LOOPBACK(&six);
    return inet_pton(AF_INET, host, &four) == 1 &&
        (ntohl(four.s_addr) >> 24) == IN_LOOPBACKNET;
}

const struct gw_key hc_gateway_keys[] = {
#define GW_GATEWAY_KEY(...) GW_ROW(struct hc_gateway, __VA_ARGS__)
#include "plugin/conf/keytable.h"
    { .name = NULL }
};

static int
load(profile_t profile, struct hc_gateway *g)
{
    struct gw_levels levels;
    int ret = gw_levels_find(&levels, profile, NULL);

    if (ret != 0)
        return ret;
    ret = gw_read_keys(&levels, hc_gateway_keys, g);
    gw_levels_free(&levels);
    return ret;
}

int
hc_gateway_load(struct hc_gateway **out, struct cs_error *err)
{
    struct hc_gateway *g = calloc(1, sizeof(*g));
    struct hc_source s;
    int ret;

    *out = NULL;
    if (g == NULL)
        return cs_nomem(err);
    ret = hc_source_open(&s);
    if (ret == 0 && gw_tracing())
        gw_policy_review(s.profile);
    if (ret == 0)
        ret = load(s.profile, g);
    hc_source_close(&s);
    if (ret != 0) {
        hc_gateway_free(&g);
        return cs_krb5_conf_fail(ret, err);
    }
    *out = g;
    return 0;
}

void
hc_gateway_free(struct hc_gateway **gateway)
{
    if (*gateway != NULL)
        gw_free_keys(hc_gateway_keys, *gateway);
    free(*gateway);
    *gateway = NULL;
}
