/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * auth.c - how a session is authenticated: which way, as which node of a
 * cluster, and which service name after the first has been refused.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "helper/wsman/ntlmchal.h"
#include "helper/gateway/session.h"

/*
 * Which node of a cluster has this connection led to?  Its NTLM challenge has
 * its name: a claim, taken only if krb5.conf lists it, and then proved by
 * Kerberos.
 */
static int
learn_node(struct session *s, const char *path, struct cs_error *err)
{
    struct up_reply reply;
    char offers[64], name[sizeof(s->node)];
    int ret;

    s->node[0] = '\0';
    ret = leg_post(s, path, "Negotiate", gate_ntlm_negotiate(), &reply, err);
    if (ret == 0 && !(reply.challenge.with_token & GATE_OFFERS_NEGOTIATE))
        ret = cs_fail(err, CS_INNER, "%s is a cluster (krb5.conf: nodes), and "
                      "its answer does not name the node (it offers %s)",
                      s->host, leg_offers(&reply, offers, sizeof(offers)));
    if (ret == 0)
        ret = gate_ntlm_name(cs_buf_span(&reply.challenge.token[0]), name,
                             sizeof(name), err);
    up_reply_free(&reply);
    if (ret != 0)
        return ret;
    if (!hc_node_ok(s->conf, name))
        return cs_fail(err, CS_POLICY, "%s led to a node that calls itself "
                       "%s, which krb5.conf does not list (targets, nodes)",
                       s->host, name);
    memcpy(s->node, name, sizeof(name));
    return 0;
}

/* An answer without authentication: the certificate, and what is offered. */
static int
look_first(struct session *s, const char *path, struct cs_error *err)
{
    struct cs_span none = { NULL, 0 };
    struct up_reply reply;
    int ret = leg_post(s, path, NULL, none, &reply, err);

    if (ret == 0 && reply.status != 401)
        ret = cs_fail(err, CS_SYSTEM, "%s:%u answered HTTP status %ld instead "
                      "of asking for authentication: is it WinRM?", s->host,
                      (unsigned int)s->port, reply.status);
    up_reply_free(&reply);
    return ret;
}

/* A new connection, ready for the legs. */
static int
begin(struct session *s, const char *path, enum gate_way way,
      struct cs_error *err)
{
    int ret = up_fresh(s->up, err);

    /* CredSSP binds to the TLS inside, and takes no channel bindings. */
    if (ret == 0 && s->tls && way != GATE_WAY_CREDSSP)
        ret = look_first(s, path, err);
    if (ret == 0 && s->conf->policy->nodes != NULL)
        ret = learn_node(s, path, err);
    return ret;
}

static int
try_name(struct session *s, const char *path, enum gate_way way,
         uint32_t *candidate, uint32_t *candidates, struct cs_error *err)
{
    int ret;

    s->authenticated = 0;
    seal_free(&s->seal);
    ret = begin(s, path, way, err);
    if (ret != 0)
        return ret;
    return (way == GATE_WAY_CREDSSP) ?
        legs_credssp(s, path, candidate, candidates, err) :
        legs_gss(s, path, way, candidate, candidates, err);
}

/*
 * A refusal is nobody's word in particular: where something is to be given
 * away, whoever is in between must not choose the name.  With NTLM a wrong name
 * looks like a wrong password, and counts as one.
 */
static int
may_try_another(const struct session *s, enum gate_way way)
{
    return way != GATE_WAY_CREDSSP && hc_gift(s->conf) != HC_TICKET &&
        !s->conf->ntlm;
}

static int
try_names(struct session *s, const char *path, enum gate_way way,
          struct cs_error *err)
{
    uint32_t candidate = 0, candidates = 0;
    int ret;

    do {
        ret = try_name(s, path, way, &candidate, &candidates, err);
    } while (ret == GATE_LEGS_REFUSED && ++candidate < candidates &&
             may_try_another(s, way));
    return (ret == GATE_LEGS_REFUSED) ? CS_INNER : ret;
}

static int
choose(const struct session *s, enum gate_way *way, struct cs_error *err)
{
    enum hc_gift gift = hc_gift(s->conf);

    *way = (gift == HC_PASSWORD) ? GATE_WAY_CREDSSP : GATE_WAY_NEGOTIATE;
    if (gift != HC_REFUSED)
        return 0;
    return cs_fail(err, CS_POLICY, "krb5.conf has delegation = credssp for %s "
                   "but does not allow a password to be delegated to it "
                   "(credssp: delegate_to)", s->host);
}

static const char *const way_names[] = { "CredSSP", "Negotiate", "Kerberos" };

static void
enter(struct session *s, enum gate_way way)
{
    const char *source = s->conf->policy->spn_source;
    struct stats_session l;
    unsigned long inode;
    char program[SOCKOWNER_MAX] = "?";

    memset(&l, 0, sizeof(l));
    if (peer_find(s->gate->peer, s->client, NULL, &inode, NULL) == 0)
        sockowner_program(s->gate->who, inode, program);
    l.program = program;
    l.credential = s->how.credential;
    l.host = s->host;
    l.node = s->node;
    l.port = s->port;
    l.way = way_names[way];
    l.spn = s->how.spn;
    l.why = (source != NULL) ? source : "default";
    l.candidate = s->how.candidate;
    l.candidates = s->how.candidates;
    l.mech = s->how.mech;
    l.version = s->how.version;
    l.tls = s->how.tls;
    l.delegated = s->how.delegated;
    stats_open(s->gate->ledger, &s->entry, &l);
}

int
session_authenticate(struct session *s, const char *path,
                     struct cs_error *err)
{
    enum gate_way way;
    int ret;

    memset(err, 0, sizeof(*err));
    ret = choose(s, &way, err);
    if (ret == 0)
        ret = bl_channel(s->gate->broker, &s->link, err);
    if (ret == 0)
        ret = try_names(s, path, way, err);
    if (ret == GATE_LEGS_KERBEROS && way == GATE_WAY_NEGOTIATE)
        ret = try_names(s, path, way = GATE_WAY_KERBEROS, err);
    if (ret > 0)
        ret = CS_INNER;
    s->authenticated = (ret == 0);
    if (ret == 0) {
        enter(s, way);
        bl_report(s->link, s->host, 0, "");
    }
    bl_close(&s->link);         /* a thread of the broker's */
    return ret;
}
