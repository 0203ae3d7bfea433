/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* stats.c - the sessions that there are, and counts of those that were. */
#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include "plugin/bytes/clean.h"
#include "helper/gateway/stats.h"
#include "helper/common/say.h"

#define TEXT_MAX 128            /* bytes of a string that is kept */

struct stats_entry {
    struct stats_entry *next, *prev;   /* newest first */
    uint64_t id;
    time_t since, last;
    uint64_t requests, up, down;
    char program[SOCKOWNER_MAX], credential[TEXT_MAX];
    char host[GATE_HOST_MAX + 1], node[GATE_HOST_MAX + 1];
    char way[16], spn[2 * GATE_HOST_MAX], why[TEXT_MAX], mech[16], tls[16];
    uint16_t port;
    uint32_t candidate, candidates;
    unsigned int version;
    int delegated;
};

struct stats {
    pthread_mutex_t lock;       /* of all below */
    struct stats_entry *first;
    time_t since;
    uint64_t next_id, open, sessions, delegations, failures, requests, up,
        down;
};

int
stats_new(struct stats **out, struct cs_error *err)
{
    struct stats *l = calloc(1, sizeof(*l));

    *out = l;
    if (l == NULL)
        return cs_nomem(err);
    (void)pthread_mutex_init(&l->lock, NULL);
    l->since = time(NULL);
    return 0;
}

void
stats_free(struct stats **ledger)
{
    struct stats *l = *ledger;
    struct stats_entry *e;

    *ledger = NULL;
    if (l == NULL)
        return;
    while ((e = l->first) != NULL) {
        l->first = e->next;
        free(e);
    }
    (void)pthread_mutex_destroy(&l->lock);
    free(l);
}

#define COPY(to, from) clean_copy((to), sizeof(to), (from))

static void
fill(struct stats_entry *e, const struct stats_session *s)
{
    COPY(e->program, s->program);
    COPY(e->credential, s->credential);
    COPY(e->host, s->host);
    COPY(e->node, s->node);
    COPY(e->way, s->way);
    COPY(e->spn, s->spn);
    COPY(e->why, s->why);
    COPY(e->mech, s->mech);
    COPY(e->tls, s->tls);
    e->port = s->port;
    e->candidate = s->candidate;
    e->candidates = s->candidates;
    e->version = s->version;
    e->delegated = s->delegated;
    e->since = e->last = time(NULL);
}

/* Who, by what program, where, how, under which name. */
static void
log_session(const struct stats_entry *e)
{
    char version[16] = "";

    if (e->version != 0)
        (void)snprintf(version, sizeof(version), " %u", e->version);
    say_log(LOG_INFO, "session %llu: %s, by %s, to %s%s%s port %u: %s%s%s%s "
            "(%s), %s%s", (unsigned long long)e->id, e->credential, e->program,
            e->host, e->node[0] != '\0' ? " node " : "", e->node,
            (unsigned int)e->port, e->way, version,
            e->tls[0] != '\0' ? " over " : "", e->tls, e->mech, e->spn,
            e->delegated ? "; credential delegated" : "");
}

/* A session that is there already begins anew. */
void
stats_open(struct stats *l, struct stats_entry **entry,
           const struct stats_session *s)
{
    struct stats_entry *e;

    stats_close(l, entry);
    e = calloc(1, sizeof(*e));
    *entry = e;
    if (e == NULL)
        return;
    fill(e, s);
    (void)pthread_mutex_lock(&l->lock);
    e->id = ++l->next_id;
    e->next = l->first;
    if (e->next != NULL)
        e->next->prev = e;
    l->first = e;
    l->open++;
    l->sessions++;
    l->delegations += (e->delegated != 0);
    (void)pthread_mutex_unlock(&l->lock);
    log_session(e);
}

void
stats_request(struct stats *l, struct stats_entry *e, uint64_t up,
              uint64_t down)
{
    (void)pthread_mutex_lock(&l->lock);
    l->requests++;
    l->up += up;
    l->down += down;
    if (e != NULL) {
        e->requests++;
        e->up += up;
        e->down += down;
        e->last = time(NULL);
    }
    (void)pthread_mutex_unlock(&l->lock);
}

void
stats_failed(struct stats *l)
{
    (void)pthread_mutex_lock(&l->lock);
    l->failures++;
    (void)pthread_mutex_unlock(&l->lock);
}

void
stats_close(struct stats *l, struct stats_entry **entry)
{
    struct stats_entry *e = *entry;

    *entry = NULL;
    if (e == NULL)
        return;
    (void)pthread_mutex_lock(&l->lock);
    if (e->next != NULL)
        e->next->prev = e->prev;
    if (e->prev != NULL)
        e->prev->next = e->next;
    else
        l->first = e->next;
    l->open--;
    (void)pthread_mutex_unlock(&l->lock);
    free(e);
}

/* --- As JSON --- */

/* What is no UTF-8 is no string of JSON; the session is still to be seen. */
static json_t *
text(const char *s)
{
    json_t *string = json_string(s);

    return (string != NULL) ? string : json_string("?");
}

static json_t *
entry_json(const struct stats_entry *e)
{
    return json_pack("{sI sI sI so so so so si so so so si si so si so sb sI "
                     "sI sI}",
                     "id", (json_int_t)e->id, "since", (json_int_t)e->since,
                     "last", (json_int_t)e->last, "program",
                     text(e->program), "credential", text(e->credential),
                     "host", text(e->host), "node", text(e->node), "port",
                     (int)e->port, "way", text(e->way), "spn", text(e->spn),
                     "why", text(e->why), "candidate", (int)e->candidate,
                     "candidates", (int)e->candidates, "mech", text(e->mech),
                     "version", (int)e->version, "tls", text(e->tls),
                     "delegated", e->delegated, "requests", (json_int_t)e->requests,
                     "bytes_up", (json_int_t)e->up, "bytes_down",
                     (json_int_t)e->down);
}

/* Under the lock. */
static json_t *
stats_root(const struct stats *l, size_t most)
{
    json_t *root, *sessions = json_array();
    const struct stats_entry *e;
    size_t n = 0;

    for (e = l->first; e != NULL && n < most; e = e->next, n++)
        (void)json_array_append_new(sessions, entry_json(e));
    root = json_pack("{sI sI sI sI sI sI sI sI sI so}",
                     "since", (json_int_t)l->since,
                     "open", (json_int_t)l->open,
                     "sessions", (json_int_t)l->sessions,
                     "delegations", (json_int_t)l->delegations,
                     "failures", (json_int_t)l->failures,
                     "requests", (json_int_t)l->requests,
                     "bytes_up", (json_int_t)l->up,
                     "bytes_down", (json_int_t)l->down,
                     "left_out", (json_int_t)(l->open - n),
                     "list", sessions);
    return root;
}

char *
stats_json(struct stats *l, size_t max)
{
    size_t most;
    char *all;
    json_t *root;

    for (most = 4096; ; most /= 2) {
        (void)pthread_mutex_lock(&l->lock);
        root = stats_root(l, most);
        (void)pthread_mutex_unlock(&l->lock);
        all = (root != NULL) ? json_dumps(root, JSON_COMPACT) : NULL;
        json_decref(root);
        if (all == NULL || strlen(all) <= max || most == 0)
            return all;
        free(all);
    }
}
