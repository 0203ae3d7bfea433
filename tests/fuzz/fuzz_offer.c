/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* fuzz_offer.c - what answers for the gateway (docs/PROTOCOL.tickets.md). */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/gateway.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A ticket is its parts, all of them, and nothing else. */
static void
check_ticket(const struct gw_offer *offer, const uint8_t *data, size_t size)
{
    size_t len = strlen(offer->name);

    if (size < 3 || len == 0 || offer->len == 0 ||
        3 + len + offer->len != size ||
        memcmp(offer->name, data + 3, len) != 0 ||
        memcmp(offer->token, data + 3 + len, offer->len) != 0)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* In memory of exactly this size, so that reading past it shows. */
    uint8_t *answer = malloc(size > 0 ? size : 1);
    struct gw_offer offer;
    int ret;

    if (size > 0)
        memcpy(answer, data, size);
    ret = gw_offer_parse(answer, size, &offer);
    if (ret == 0 && offer.kind == GW_OFFER_TICKET)
        check_ticket(&offer, data, size);
    else if (offer.name != NULL || offer.token != NULL)
        abort();
    gw_offer_free(&offer);
    free(answer);
    return 0;
}
