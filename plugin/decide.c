/* decide.c - is this call about WinRM, and where does it go? */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decide.h"
#include "evidence.h"
#include "lesson.h"
#include "memory.h"
#include "program.h"
#include "trace.h"
#include "words.h"

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
    gw_free_words(d->hosts);
    free(d->learned);
    memset(d, 0, sizeof(*d));
}

static void
say(const struct inquiry *q, int yes, const char *why, const char *detail)
{
    gw_trace("HTTP@%s: %s (%s%s)", q->name->http_host,
             yes ? "WinRM" : "not WinRM", why, detail);
}

/* Rule 2: the environment, the target's match, the programs.  1: answered. */
static int
told(struct inquiry *q)
{
    const struct gw_policy *p = q->d->policy;
    char program[GW_PROGRAM_MAX];
    enum gw_match match = p->match;
    const char *why = "GSS_WINRM", *detail = "";

    if (!p->enabled) {
        q->d->leave_alone = 1;
        say(q, 0, "enabled = false", "");
        return 1;
    }
    if (!gw_environment_match(&match)) {
        why = "match of ";
        detail = (p->match_source != NULL) ? p->match_source : "";
    }
    if (match != GW_MATCH_AUTO) {
        q->d->is_winrm = (match == GW_MATCH_ALWAYS);
        q->d->leave_alone = (match == GW_MATCH_NEVER);
        say(q, q->d->is_winrm, why, detail);
        return 1;
    }
    if (p->programs == NULL)
        return 0;
    gw_program_name(program, sizeof(program));
    if (gw_find_word(program, (const char *const *)p->programs) < 0)
        return 0;
    q->d->is_winrm = 1;
    say(q, 1, "program ", program);
    return 1;
}

/* Rule 3: the sockets.  1: answered. */
static int
connected(struct inquiry *q)
{
    const struct gw_policy *p = q->d->policy;
    enum gw_verdict verdict;
    char text[64];

    verdict = gw_judge(&q->conns, p->ports, p->nports, q->name->http_host,
                       &q->conn);
    if (verdict == GW_NO_WINRM)
        return 0;
    q->d->is_winrm = (verdict == GW_WINRM);
    gw_conn_format(q->conn, text, sizeof(text));
    say(q, q->d->is_winrm, verdict == GW_WINRM ? "connection to " :
        "connections to other ports of the host as well as to ", text);
    return 1;
}

/* What was learned about the host, if anything. */
static void
recall(struct inquiry *q)
{
    char name[GW_MEMORY_NAME];

    if (q->d->learned != NULL)
        return;
    if (gw_memory_learned(q->name->http_host, name))
        q->d->learned = strdup(name);
    else
        q->d->learned = gw_lesson_get(q->cred, q->d->settings->ccache,
                                      q->name->http_host);
}

/* Rule 4: this program got in here before.  1: answered. */
static int
remembered(struct inquiry *q)
{
    const struct gw_policy *p = q->d->policy;

    recall(q);
    if (q->d->learned == NULL)
        return 0;
    if (gw_other_connection(&q->conns, p->ports, p->nports,
                            q->name->http_host)) {
        say(q, 0, "connected to another port of the host", "");
        return 1;
    }
    q->d->is_winrm = 1;
    say(q, 1, "learned ", q->d->learned);
    return 1;
}

/*
 * The nodes of a cluster that this process has a connection to, or else all of
 * them: which is meant, a rejection will tell.
 */
static int
choose_nodes(struct inquiry *q, int reached)
{
    const struct gw_policy *p = q->d->policy;
    char *const *node;
    size_t n = 0;
    int ret = 0;

    for (node = p->nodes; *node != NULL && ret == 0; node++) {
        if (reached && !gw_connected_to(&q->conns, p->ports, p->nports, *node))
            continue;
        if (reached)
            gw_trace("HTTP@%s: reached node %s", q->name->http_host, *node);
        ret = gw_add_word(&q->d->hosts, &n, *node);
    }
    return ret;
}

/* The hosts that the caller's may stand for. */
static int
choose_hosts(struct inquiry *q)
{
    const struct gw_policy *p = q->d->policy;
    size_t n = 0;
    int ret;

    if (p->nodes == NULL)
        return gw_add_word(&q->d->hosts, &n, p->host != NULL ? p->host :
                           q->name->http_host);
    ret = choose_nodes(q, 1);
    return (ret == 0 && q->d->hosts == NULL) ? choose_nodes(q, 0) : ret;
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
    int ret, answered;

    q->d->settings = gw_settings_get(q->name);
    if (q->d->settings == NULL)
        return EINVAL;
    q->d->policy = p = q->d->settings->policy;
    answered = told(q);
    if (q->d->leave_alone)
        return 0;
    ret = gw_conns_list(&q->conns);
    if (ret != 0)
        return ret;
    q->d->unconnected = (q->conns.n == 0);
    answered = answered || connected(q) || remembered(q);
    if (!answered)
        say(q, 0, "no connection to its ports", "");
    if (!q->d->is_winrm && (answered || (p->host == NULL && p->nodes == NULL)))
        return 0;
    note_connection(q);
    recall(q);
    return choose_hosts(q);
}

int
gw_decide(const struct gw_cred *cred, const struct gw_name *name,
          struct gw_decision *d)
{
    struct inquiry q = { .cred = cred, .name = name, .d = d };
    int ret;

    memset(d, 0, sizeof(*d));
    d->conn.fd = -1;
    ret = decide(&q);
    free(q.conns.v);
    return ret;
}
