/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* hoststatus.c - the last outcome for each host. */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "plugin/bytes/clean.h"
#include "helper/broker/hoststatus.h"
#include "helper/broker/text.h"

struct line {
    char host[256];
    uint64_t when, order;       /* order 0: free */
    uint32_t ntstatus;
    char text[HOSTSTATUS_TEXT];
};

struct hoststatus {
    pthread_mutex_t lock;
    uint64_t order;             /* counts notes */
    struct line lines[HOSTSTATUS_MAX];
    struct line reports[HOSTSTATUS_REPORTS];
};

int
hoststatus_new(struct hoststatus **out, struct cs_error *err)
{
    *out = calloc(1, sizeof(**out));
    if (*out == NULL)
        return cs_nomem(err);
    (void)pthread_mutex_init(&(*out)->lock, NULL);
    return 0;
}

void
hoststatus_free(struct hoststatus **journal)
{
    if (*journal != NULL)
        (void)pthread_mutex_destroy(&(*journal)->lock);
    free(*journal);
    *journal = NULL;
}

/* The line of this host among n; or a free one, or the oldest. */
static struct line *
line_for(struct line *lines, size_t n, const char *host)
{
    struct line *l, *oldest = lines;

    for (l = lines; l < lines + n; l++) {
        if (l->order != 0 && strcasecmp(l->host, host) == 0)
            return l;
        if (l->order < oldest->order)
            oldest = l;
    }
    return oldest;
}

static void
keep(struct hoststatus *j, struct line *lines, size_t n, const char *host,
     uint32_t ntstatus, const char *mark, const char *text)
{
    char kept[sizeof(j->lines[0].host)] = "";
    size_t len = strlen(mark);
    struct line *l;

    clean_copy(kept, sizeof(kept), host);
    (void)pthread_mutex_lock(&j->lock);
    l = line_for(lines, n, kept);
    memcpy(l->host, kept, sizeof(kept));
    memcpy(l->text, mark, len);
    clean_copy(l->text + len, sizeof(l->text) - len, text);
    l->ntstatus = ntstatus;
    l->when = (uint64_t)time(NULL);
    l->order = ++j->order;
    (void)pthread_mutex_unlock(&j->lock);
}

void
hoststatus_note(struct hoststatus *j, const char *host, uint32_t ntstatus,
                const char *text)
{
    keep(j, j->lines, HOSTSTATUS_MAX, host, ntstatus, "", text);
}

void
hoststatus_report(struct hoststatus *j, const char *host, uint32_t ntstatus,
                  const char *text)
{
    keep(j, j->reports, HOSTSTATUS_REPORTS, host, ntstatus, HOSTSTATUS_MARK, text);
}

void
hoststatus_withdraw(struct hoststatus *j, const char *host)
{
    struct line *l;

    (void)pthread_mutex_lock(&j->lock);
    l = line_for(j->reports, HOSTSTATUS_REPORTS, host);
    if (strcasecmp(l->host, host) == 0)
        l->order = 0;
    (void)pthread_mutex_unlock(&j->lock);
}

static void
fill(struct bp_message *m, const struct line *lines, size_t n)
{
    struct bp_host *h = m->hosts + m->nhosts;
    const struct line *l;

    for (l = lines; l < lines + n; l++) {
        if (l->order == 0)
            continue;
        h->host = text_span(l->host);
        h->text = text_span(l->text);
        h->when = l->when;
        h->ntstatus = l->ntstatus;
        h++;
        m->nhosts++;
    }
}

void
hoststatus_lock(struct hoststatus *j, struct bp_message *m)
{
    (void)pthread_mutex_lock(&j->lock);
    fill(m, j->lines, HOSTSTATUS_MAX);
    fill(m, j->reports, HOSTSTATUS_REPORTS);
}

void
hoststatus_unlock(struct hoststatus *j)
{
    (void)pthread_mutex_unlock(&j->lock);
}
