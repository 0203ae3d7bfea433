/* journal.c - how it last went with each host. */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "clean.h"
#include "journal.h"
#include "text.h"

struct line {
    char host[256];
    uint64_t when, order;       /* order 0: free */
    uint32_t ntstatus;
    char text[256];
};

struct journal {
    pthread_mutex_t lock;
    uint64_t order;             /* counts notes */
    struct line lines[JOURNAL_MAX];
};

int
journal_new(struct journal **out, struct cs_error *err)
{
    *out = calloc(1, sizeof(**out));
    if (*out == NULL)
        return cs_nomem(err);
    (void)pthread_mutex_init(&(*out)->lock, NULL);
    return 0;
}

void
journal_free(struct journal **journal)
{
    if (*journal != NULL)
        (void)pthread_mutex_destroy(&(*journal)->lock);
    free(*journal);
    *journal = NULL;
}

/* The line of this host; or a free one, or the oldest. */
static struct line *
line_for(struct journal *j, const char *host)
{
    struct line *l, *oldest = j->lines;

    for (l = j->lines; l < j->lines + JOURNAL_MAX; l++) {
        if (l->order != 0 && strcasecmp(l->host, host) == 0)
            return l;
        if (l->order < oldest->order)
            oldest = l;
    }
    return oldest;
}

void
journal_note(struct journal *j, const char *host, uint32_t ntstatus,
             const char *text)
{
    char kept[sizeof(j->lines[0].host)] = "";
    struct line *l;

    clean_copy(kept, sizeof(kept), host);
    (void)pthread_mutex_lock(&j->lock);
    l = line_for(j, kept);
    memcpy(l->host, kept, sizeof(kept));
    clean_copy(l->text, sizeof(l->text), text);
    l->ntstatus = ntstatus;
    l->when = (uint64_t)time(NULL);
    l->order = ++j->order;
    (void)pthread_mutex_unlock(&j->lock);
}

void
journal_lock(struct journal *j, struct bp_message *m)
{
    struct bp_host *h = m->hosts;
    const struct line *l;

    (void)pthread_mutex_lock(&j->lock);
    for (l = j->lines; l < j->lines + JOURNAL_MAX; l++) {
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
journal_unlock(struct journal *j)
{
    (void)pthread_mutex_unlock(&j->lock);
}
