/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* check_server.c - the server: its ports, what it offers, its clock. */
#define _GNU_SOURCE
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <curl/curl.h>

#include "helper/doctor/reach.h"
#include "helper/doctor/web.h"

#define SKEW_WARN 60

/* --- Ports --- */

void
check_ports(struct doctor *d)
{
    uint16_t ports[3] = { 5985, 5986, 0 };
    size_t i;
    int ret, fd;

    if (d->port != 5985 && d->port != 5986)
        ports[2] = d->port;
    for (i = 0; i < 3 && d->naddresses > 0; i++) {
        if (ports[i] == 0)
            continue;
        ret = reach(d->host, ports[i], &fd);
        if (ret == 0)
            (void)close(fd);
        if (i < 2)
            d->open[i] = ret == 0;
        if (ports[i] == d->port) {
            d->port_open = ret == 0;
            if (ret != 0)
                doc_set(&d->port_why, "%s", strerror(ret));
        }
        doc_say(d, ret == 0 ? OUTPUT_OK : ports[i] == d->port ? OUTPUT_BAD :
                OUTPUT_NOTE, "%u %s", (unsigned int)ports[i], ret == 0 ?
                "is open" : strerror(ret));
    }
    if (d->naddresses == 0)
        doc_say(d, OUTPUT_UNSEEN, "there is no address to connect to");
}

/* --- What it offers --- */

void
server_date(struct doctor *d, const char *date)
{
    time_t then = date != NULL ? curl_getdate(date, NULL) : -1;

    if (then == -1)
        return;
    d->server_ahead = (long)(then - time(NULL));
    d->server_clock = 1;
}

void
check_schemes(struct doctor *d)
{
    static const struct cs_span none = { NULL, 0 };
    struct up_reply reply;
    struct cs_error err;
    struct web web;
    char offers[80];
    int ret;

    if (!d->port_open) {
        doc_say(d, OUTPUT_UNSEEN, "nothing to ask");
        return;
    }
    memset(&web, 0, sizeof(web));
    memset(&reply, 0, sizeof(reply));
    d->web_until = web_now() + WEB_SERVER_MAX;
    ret = web_open(d, NULL, &web, &err);
    if (ret == 0)
        ret = web_post(&web, NULL, none, NULL, none, &reply, &err);
    if (ret == 0) {
        d->answered = 1;
        d->offers = reply.challenge.offers;
        server_date(d, up_header(&reply, "Date"));
        doc_say(d, (d->offers & (GATE_OFFERS_NEGOTIATE |
                                 GATE_OFFERS_KERBEROS)) ? OUTPUT_OK : OUTPUT_BAD,
                "HTTP status %ld, offers %s", reply.status,
                web_offers(d->offers, offers, sizeof(offers)));
        doc_fact(d, "offers", offers);
    } else {
        doc_set(&d->port_why, "%s", err.text);
        doc_say(d, OUTPUT_BAD, "%s", err.text);
    }
    up_reply_free(&reply);
    web_close(&web);
    if (d->offers & GATE_OFFERS_NEGOTIATE)
        claims_ask(d);
}

/* --- Clocks --- */

static void
say_clock(struct doctor *d, const char *whose, long ahead)
{
    long by = labs(ahead);

    doc_say(d, by > SKEW_MAX ? OUTPUT_BAD : by > SKEW_WARN ? OUTPUT_WARN :
            OUTPUT_OK, "%s is %ld s %s this one", whose, by, ahead >= 0 ?
            "ahead of" : "behind");
}

void
check_clock(struct doctor *d)
{
    if (d->dir != NULL)
        d->dc_ahead = dir_ahead(d->dir, &d->dc_clock);
    if (d->server_clock) {
        say_clock(d, "the server's clock", d->server_ahead);
        (void)json_object_set_new(d->current, "server_ahead",
                                  json_integer(d->server_ahead));
    }
    if (d->dc_clock) {
        say_clock(d, "the domain controller's clock", d->dc_ahead);
        (void)json_object_set_new(d->current, "domain_ahead",
                                  json_integer(d->dc_ahead));
    }
    if (!d->server_clock && !d->dc_clock)
        doc_say(d, OUTPUT_UNSEEN, "no server says what time it is");
}
