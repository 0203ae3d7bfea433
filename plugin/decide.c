/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* decide.c - is this call about WinRM, and where does it go? */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/decide.h"
#include "plugin/conf/environ.h"
#include "plugin/sockets.h"
#include "plugin/learned.h"
#include "plugin/rejcache.h"
#include "plugin/base/program.h"
#include "plugin/base/trace.h"
#include "plugin/base/strlist.h"

/* What one decision works with. */
struct inquiry {
    const struct gw_cred *cred;
    const struct gw_name *name;
    struct gw_conns conns;
    const struct gw_conn *conn; /* the one to WinRM, borrowed from conns */
    struct gw_decision *d;
};

void
gw_decision_free(struct gw_decision *d)
{
    gw_settings_put(d->settings);
    gw_strlist_free(d->hosts);
    free(d->learned);
    gw_offer_free(&d->offer);
    memset(d, 0, sizeof(*d));
}

/* Say what the answer is, and why. */
static enum gw_answer
say(const struct inquiry *q, enum gw_answer answer, const char *why,
    const char *detail)
{
    gw_trace("%s%s: %s (%s%s)", gw_name_prefix(q->name),
             gw_name_typed(q->name),
             answer == GW_YES ? "WinRM" : "not WinRM", why, detail);
    return answer;
}

/* Rule 2: the environment, the target's match, the programs. */
static enum gw_answer
told(struct inquiry *q)
{
    const struct gw_policy *p = q->d->policy;
    char program[GW_PROGRAM_MAX];
    enum gw_match match = p->match;
    const char *why = "GSS_WINRM", *detail = "";

    if (!p->enabled)
        return say(q, GW_LEAVE, "enabled = false", "");
    if (!gw_environment_match(&match)) {
        why = "match of ";
        detail = (p->match_source != NULL) ? p->match_source : "";
    }
    if (match != GW_MATCH_AUTO)
        return say(q, match == GW_MATCH_ALWAYS ? GW_YES : GW_LEAVE, why,
                   detail);
    if (p->programs == NULL)
        return GW_UNDECIDED;
    gw_program_name(program, sizeof(program));
    if (gw_strlist_find(program, (const char *const *)p->programs) < 0)
        return GW_UNDECIDED;
    return say(q, GW_YES, "program ", program);
}

/* Rule 3: the sockets. */
static enum gw_answer
connected(struct inquiry *q)
{
    const struct gw_policy *p = q->d->policy;
    enum gw_verdict verdict;
    char text[64];

    verdict = gw_judge(&q->conns, p->ports, p->nports, gw_name_host(q->name),
                       &q->conn);
    if (verdict == GW_NO_WINRM)
        return GW_UNDECIDED;
    gw_conn_format(q->conn, text, sizeof(text));
    if (verdict == GW_WINRM)
        return say(q, GW_YES, "connection to ", text);
    return say(q, GW_NO, "connections to other ports of the host as well "
               "as to ", text);
}

/* What was learned about the host, if anything. */
static void
recall(struct inquiry *q)
{
    char name[GW_MEMORY_NAME];

    if (q->d->learned != NULL)
        return;
    if (gw_rejcache_learned(gw_name_host(q->name), name))
        q->d->learned = strdup(name);
    else
        q->d->learned = gw_learned_get(q->cred, q->d->settings->ccache,
                                       gw_name_host(q->name));
}

/*
 * Ask this user's gateway.  It cannot know which connection this is about: one
 * that leads to the host itself is the web site's, or WinRM's without it.  (A
 * gateway with a fixed target takes every name for that.)
 */
static void
ask_gateway(struct inquiry *q)
{
    struct gw_offer *offer = &q->d->offer;

    gw_gateway_ask(&q->conns, q->name, offer);
    if (offer->kind == GW_OFFER_NONE ||
        !gw_other_connection(&q->conns, &offer->port, 1,
                             gw_name_host(q->name)))
        return;
    gw_trace("%s%s: connected to the host itself as well as to the gateway",
             gw_name_prefix(q->name), gw_name_typed(q->name));
    gw_offer_free(offer);
}

/* Rule 3, for a connection to this user's gateway: that goes to WinRM only. */
static enum gw_answer
by_gateway(struct inquiry *q)
{
    char port[16];

    ask_gateway(q);
    if (q->d->offer.kind == GW_OFFER_NONE)
        return GW_UNDECIDED;
    (void)snprintf(port, sizeof(port), "%u", (unsigned)q->d->offer.port);
    return say(q, GW_YES, "the gateway at port ", port);
}

/* Rule 4: this program got in here before. */
static enum gw_answer
remembered(struct inquiry *q)
{
    const struct gw_policy *p = q->d->policy;

    recall(q);
    if (q->d->learned == NULL)
        return GW_UNDECIDED;
    if (gw_other_connection(&q->conns, p->ports, p->nports,
                            gw_name_host(q->name)))
        return say(q, GW_NO, "connected to another port of the host", "");
    return say(q, GW_YES, "learned ", q->d->learned);
}

/* The nodes of a cluster that this process has a connection to. */
static int
reached_nodes(struct inquiry *q)
{
    const struct gw_policy *p = q->d->policy;
    char *const *node;
    size_t n = 0;
    int ret = 0;

    for (node = p->nodes; node != NULL && *node != NULL && ret == 0; node++) {
        if (!gw_connected_to(&q->conns, p->ports, p->nports, *node))
            continue;
        gw_trace("%s%s: reached node %s", gw_name_prefix(q->name),
                 gw_name_typed(q->name), *node);
        ret = gw_strlist_add(&q->d->hosts, &n, *node);
    }
    return ret;
}

/* The hosts that the caller's may stand for.  Which of a cluster's nodes is
 * meant, if no connection says so, a rejection will tell. */
static int
choose_hosts(struct inquiry *q)
{
    int ret = reached_nodes(q);

    return (ret == 0 && q->d->hosts == NULL) ?
        gw_policy_hosts(q->d->policy, gw_name_host(q->name), NULL,
                        &q->d->hosts) : ret;
}

/*
 * What is known of the connection: its port, for %p; and the connection itself
 * if it is the only one to WinRM, since one of several may be another
 * context's.
 */
static void
note_connection(struct inquiry *q)
{
    const struct gw_policy *p = q->d->policy;
    const struct gw_conn *only;

    only = gw_only_connection(&q->conns, p->ports, p->nports);
    if (only != NULL)
        q->d->conn = *only;
    if (q->conn == NULL)
        q->conn = only;
    q->d->port = (q->conn != NULL) ? q->conn->port : p->ports[0];
}

static int
decide(struct inquiry *q)
{
    const struct gw_policy *p;
    int ret;

    q->d->settings = gw_settings_get(q->name);
    if (q->d->settings == NULL)
        return EINVAL;
    q->d->policy = p = q->d->settings->policy;
    q->d->answer = told(q);
    if (q->d->answer == GW_LEAVE)
        return 0;
    ret = gw_conns_list(&q->conns);
    if (ret != 0)
        return ret;
    q->d->unconnected = (q->conns.n == 0);
    if (q->d->answer == GW_UNDECIDED)
        q->d->answer = connected(q);
    /* It may listen at a port of WinRM's; and what is WinRM by krb5.conf may
     * still go through it. */
    if (q->d->answer == GW_YES)
        ask_gateway(q);
    if (q->d->answer == GW_UNDECIDED)
        q->d->answer = by_gateway(q);
    if (q->d->answer == GW_UNDECIDED)
        q->d->answer = remembered(q);
    if (q->d->answer == GW_NO)
        return 0;
    if (q->d->answer == GW_UNDECIDED) {
        (void)say(q, GW_UNDECIDED, "no connection to its ports", "");
        if (p->host == NULL && p->nodes == NULL)
            return 0;
    }
    note_connection(q);
    recall(q);
    return choose_hosts(q);
}

/*
 * host@HOST and WSMAN@HOST are the machine's own names: there is nothing to put
 * in their place but a gateway's ticket.
 */
static int
decide_other(struct inquiry *q)
{
    int ret;

    q->d->answer = GW_LEAVE;
    ret = gw_conns_list(&q->conns);
    if (ret != 0)
        return ret;
    /* A program without a connection may be ssh, whatever its proxy is. */
    if (!gw_gateway_reached(&q->conns))
        return 0;
    q->d->settings = gw_settings_get(q->name);
    if (q->d->settings == NULL)
        return EINVAL;
    q->d->policy = q->d->settings->policy;
    if (told(q) == GW_LEAVE)
        return 0;
    (void)by_gateway(q);
    if (q->d->offer.kind == GW_OFFER_TICKET)
        q->d->answer = GW_YES;
    return 0;
}

int
gw_decide(const struct gw_cred *cred, const struct gw_name *name,
          struct gw_decision *d)
{
    struct inquiry q = { .cred = cred, .name = name, .d = d };
    int ret;

    memset(d, 0, sizeof(*d));
    d->conn.fd = -1;
    ret = (name->other != NULL) ? decide_other(&q) : decide(&q);
    free(q.conns.v);
    return ret;
}
