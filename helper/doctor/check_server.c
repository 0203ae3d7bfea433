/* check_server.c - the server: its ports, what it offers, its names, clock. */
#define _GNU_SOURCE
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>
#include <curl/curl.h>

#include "names.h"
#include "ntlmchal.h"
#include "reach.h"
#include "web.h"
#include "words.h"

#define SKEW_MAX 300            /* seconds: Kerberos' limit */
#define SKEW_WARN 60
#define ASK_MAX 4               /* addresses that are asked for a name */

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
        doc_say(d, ret == 0 ? LOOK_OK : ports[i] == d->port ? LOOK_BAD :
                LOOK_NOTE, "%u %s", (unsigned int)ports[i], ret == 0 ?
                "is open" : strerror(ret));
    }
    if (d->naddresses == 0)
        doc_say(d, LOOK_UNSEEN, "there is no address to connect to");
}

/* --- What it offers, and what it calls itself --- */

static void
note_date(struct doctor *d, const struct up_reply *reply)
{
    const char *date = up_header(reply, "Date");
    time_t then = date != NULL ? curl_getdate(date, NULL) : -1;

    if (then == -1)
        return;
    d->ahead = (long)(then - time(NULL));
    d->clock_known = 1;
}

static void
note_claim(struct doctor *d, const char *name, size_t from)
{
    size_t i;

    if (!gw_host_ok(name))
        return;                 /* it may get into krb5.conf */
    for (i = from; i < d->nclaimed; i++)
        d->nodes_differ |= strcasecmp(d->claimed[i], name) != 0;
    if (d->claimed == NULL ||
        gw_find_word(name, (const char *const *)d->claimed) < 0)
        (void)gw_add_word(&d->claimed, &d->nclaimed, name);
}

/* NTLM's challenge has the name of who answers: a claim, which counts when
 * Kerberos has proved it. */
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
        note_claim(d, name, from);
    up_reply_free(&reply);
    web_close(&web);
    return ret;
}

/* Each address; one alone is asked twice, in case it leads to several. */
static void
ask_names(struct doctor *d)
{
    size_t i, before;

    for (i = 0; i < d->naddresses && i < ASK_MAX; i++) {
        before = d->nclaimed;
        if (ask_name(d, d->addresses[i], before) == 0 && d->naddresses == 1)
            (void)ask_name(d, d->addresses[i], before);
    }
    for (i = 0; i < d->nclaimed; i++)
        doc_say(d, LOOK_NOTE, "it calls itself %s", d->claimed[i]);
    if (d->nodes_differ)
        doc_say(d, LOOK_WARN, "one address leads to several machines");
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
        doc_say(d, LOOK_UNSEEN, "nothing to ask");
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
        note_date(d, &reply);
        doc_say(d, (d->offers & (GATE_OFFERS_NEGOTIATE |
                                 GATE_OFFERS_KERBEROS)) ? LOOK_OK : LOOK_BAD,
                "HTTP status %ld, offers %s", reply.status,
                web_offers(d->offers, offers, sizeof(offers)));
        doc_fact(d, "offers", offers);
    } else {
        doc_set(&d->port_why, "%s", err.text);
        doc_say(d, LOOK_BAD, "%s", err.text);
    }
    up_reply_free(&reply);
    web_close(&web);
    if (d->offers & GATE_OFFERS_NEGOTIATE)
        ask_names(d);
}

/* --- Clocks --- */

static void
say_clock(struct doctor *d, const char *whose, long ahead)
{
    long by = labs(ahead);

    doc_say(d, by > SKEW_MAX ? LOOK_BAD : by > SKEW_WARN ? LOOK_WARN :
            LOOK_OK, "%s is %ld s %s this one", whose, by, ahead >= 0 ?
            "ahead of" : "behind");
}

void
check_clock(struct doctor *d)
{
    int known = 0;
    long dc = 0;

    if (d->clock_known)
        say_clock(d, "the server's clock", d->ahead);
    if (d->dir != NULL)
        dc = dir_ahead(d->dir, &known);
    if (known) {
        say_clock(d, "the domain controller's clock", dc);
        if (!d->clock_known || labs(dc) > labs(d->ahead))
            d->ahead = dc;
        d->clock_known = 1;
    }
    if (!d->clock_known)
        doc_say(d, LOOK_UNSEEN, "nobody says what the time is");
    else
        (void)json_object_set_new(d->current, "ahead",
                                  json_integer(d->ahead));
}
