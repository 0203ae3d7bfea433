/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * fuzz_question.c - what the plugin asks a gateway, as both sides have it
 * (docs/PROTOCOL.tickets.md): the input as a question; as a host, or a proxy's
 * URL; and as "NAME NUL CREDENTIAL" of an answer.
 */
#include "config.h"

#include <stdio.h>

#include "plugin/gateway.h"
#include "tests/fuzz/parts.h"
#include "tests/fuzz/shown.h"
#include "helper/gateway/tickets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is taken for a question about a host is what the plugin asks about it,
 * and nothing else. */
static void
check_question(const uint8_t *data, size_t size)
{
    char host[GATE_HOST_MAX + 1], again[GW_QUESTION_MAX];
    uint8_t *question = part_copy(data, size);
    int ret = tickets_parse(question, size, host);

    if (ret != 0)
        check(host[0] == '\0');
    else if (host[0] == '\0')
        check(size == 1 && data[0] == 2);
    else
        check(gw_question_make(host, again) == size &&
              memcmp(again, data, size) == 0);
    free(question);
}

/* Every host that can be asked about arrives. */
static void
check_host(const char *text)
{
    char *question = malloc(GW_QUESTION_MAX), got[GATE_HOST_MAX + 1];
    char buf[GATE_HOST_MAX + 1];
    const char *host;
    size_t len = gw_question_make(text, question);

    check((len > 0) == (*text != '\0' && strlen(text) <= GATE_HOST_MAX));
    if (len > 0) {
        check(tickets_parse(question, len, got) == 0);
        check(strcmp(got, text) == 0);
        host = tickets_host(got, NULL, buf);
        check(*host != '\0' && strncmp(got, host, strlen(host)) == 0);
    }
    free(question);
}

static void
check_proxy(const char *url)
{
    char again[64];
    uint16_t port = gw_proxy_port(url);

    (void)snprintf(again, sizeof(again), "http://localhost:%u/",
                   (unsigned int)port);
    if (port != 0)
        check(gw_proxy_port(again) == port);
}

static void
check_offer(const char *name, struct cs_span cred)
{
    struct cs_buf out = CS_BUF_INIT(100000);
    struct gw_offer offer;
    int good = *name != '\0' && cred.len > 0;

    if (strlen(name) > GATE_HOST_MAX + 16)
        return;
    tickets_offer(name, cred, &out);
    check(out.error == 0 && out.p != NULL);
    check((gw_offer_parse(out.p, out.len, &offer) == 0) == good);
    if (good)
        check(offer.kind == GW_OFFER_TICKET && strcmp(offer.name, name) == 0 &&
              offer.len == cred.len &&
              memcmp(offer.token, cred.p, cred.len) == 0);
    gw_offer_free(&offer);
    cs_buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct parts in = { data, size };
    struct cs_span cred;
    char *text;

    if (size > 65536)
        return 0;
    check_question(data, size);
    text = part_string(&in);
    cred.p = in.p;
    cred.len = in.left;
    check_host(text);
    check_proxy(text);
    check_offer(text, cred);
    free(text);
    return 0;
}
