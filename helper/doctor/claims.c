/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* claims.c - what servers call themselves, and what confirms it. */
#define _GNU_SOURCE
#include "config.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "plugin/conf/names.h"
#include "helper/wsman/ntlmchal.h"
#include "helper/doctor/web.h"

#define ASK_MAX (CLAIMS_MAX / 2)        /* addresses that are asked */

/* Does DNS say that this name is that address? */
static int
leads_to(const char *name, const char *address)
{
    struct addrinfo hints, *list = NULL, *ai;
    char text[NI_MAXHOST];
    int found = 0;

    memset(&hints, 0, sizeof(hints));
    hints.ai_socktype = SOCK_STREAM;
    if (getaddrinfo(name, NULL, &hints, &list) != 0)
        return 0;
    for (ai = list; ai != NULL && !found; ai = ai->ai_next)
        found = getnameinfo(ai->ai_addr, ai->ai_addrlen, text, sizeof(text),
                            NULL, 0, NI_NUMERICHOST) == 0 &&
            strcasecmp(text, address) == 0;
    freeaddrinfo(list);
    return found;
}

static int
is_vouched(const struct doctor *d, const char *name, const char *address)
{
    const char *host = d->conf->policy->host;

    return hc_node_ok(d->conf, name) ||
        (host != NULL && strcasecmp(host, name) == 0) ||
        leads_to(name, address);
}

int
claim_ok(const char *name)
{
    return gw_host_ok(name) && *name != '-';
}

/* Those from `from' on are of the same address. */
static void
note_claim(struct doctor *d, const char *name, const char *address,
           size_t from)
{
    struct claim *c;
    size_t i;

    if (!claim_ok(name) || d->nclaims == CLAIMS_MAX)
        return;
    for (i = from; i < d->nclaims; i++)
        d->nodes_differ |= strcasecmp(d->claims[i].name, name) != 0;
    for (i = 0; i < d->nclaims; i++) {
        c = &d->claims[i];
        if (strcasecmp(c->name, name) != 0)
            continue;
        if (!c->vouched && is_vouched(d, name, address)) {
            c->vouched = 1;
            doc_set(&c->address, "%s", address);
        }
        return;
    }
    c = &d->claims[d->nclaims];
    c->name = strdup(name);
    c->address = strdup(address);
    if (c->name == NULL || c->address == NULL) {
        free(c->name);
        free(c->address);
        return;
    }
    c->vouched = is_vouched(d, name, address);
    d->nclaims++;
}

/* NTLM's challenge has the name of who answers. */
static int
ask_name(struct doctor *d, const char *address, size_t from)
{
    static const struct cs_span none = { NULL, 0 };
    struct up_reply reply;
    struct cs_error err;
    struct web web;
    char name[256];
    int ret;

    memset(&web, 0, sizeof(web));
    memset(&reply, 0, sizeof(reply));
    ret = web_open(d, address, &web, &err);
    if (ret == 0)
        ret = web_post(&web, "Negotiate", gate_ntlm_negotiate(), NULL, none,
                       &reply, &err);
    if (ret == 0 && !(reply.challenge.with_token & GATE_OFFERS_NEGOTIATE))
        ret = -1;
    if (ret == 0)
        ret = gate_ntlm_name(cs_buf_span(&reply.challenge.token[0]), name,
                             sizeof(name), &err);
    if (ret == 0)
        note_claim(d, name, address, from);
    up_reply_free(&reply);
    web_close(&web);
    return ret;
}

static void
say_claims(struct doctor *d)
{
    const struct claim *c;
    size_t i;

    for (i = 0; i < d->nclaims; i++) {
        c = &d->claims[i];
        if (c->vouched)
            doc_say(d, OUTPUT_NOTE, "%s calls itself %s", c->address, c->name);
        else
            doc_say(d, OUTPUT_WARN, "%s calls itself %s, but neither DNS nor "
                    "krb5.conf confirms it: it is sent no ticket for that name",
                    c->address, c->name);
    }
    if (d->nodes_differ)
        doc_say(d, OUTPUT_WARN, "the address leads to several machines");
}

/* Each address; one alone is asked twice, in case it leads to several. */
void
claims_ask(struct doctor *d)
{
    json_t *list = json_array();
    size_t i, before;

    for (i = 0; i < d->naddresses && i < ASK_MAX; i++) {
        before = d->nclaims;
        if (ask_name(d, d->addresses[i], before) == 0 && d->naddresses == 1)
            (void)ask_name(d, d->addresses[i], before);
    }
    say_claims(d);
    for (i = 0; i < d->nclaims; i++)
        (void)json_array_append_new(list, json_pack(
            "{s:s, s:s, s:b}", "name", d->claims[i].name, "address",
            d->claims[i].address, "vouched", d->claims[i].vouched));
    (void)json_object_set_new(d->current, "claims", list);
}

void
claims_free(struct doctor *d)
{
    size_t i;

    for (i = 0; i < d->nclaims; i++) {
        free(d->claims[i].name);
        free(d->claims[i].address);
    }
    d->nclaims = 0;
}

const char *
claims_vouched(const struct doctor *d, size_t n)
{
    size_t i;

    for (i = 0; i < d->nclaims; i++) {
        if (d->claims[i].vouched && n-- == 0)
            return d->claims[i].name;
    }
    return NULL;
}

const char *
claims_doubted(const struct doctor *d)
{
    size_t i;

    for (i = 0; i < d->nclaims; i++) {
        if (!d->claims[i].vouched)
            return d->claims[i].name;
    }
    return NULL;
}
