/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* vault.c - the credentials of the user, each for its lifetime. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "plugin/bytes/clean.h"
#include "helper/broker/log.h"
#include "plugin/bytes/secret.h"
#include "helper/broker/text.h"
#include "helper/broker/vault.h"

/* Time goes on while the machine sleeps. */
#define CLOCK CLOCK_BOOTTIME

struct entry {
    struct cs_creds *creds;     /* NULL: a free place */
    char source[64];
    time_t deadline;            /* of CLOCK; 0: none */
    uint64_t expiry;            /* the same for people, since 1970 */
    uint32_t uses, ntstatus;
    char text[256];
};

struct vault {
    pthread_mutex_t lock;
    int timer;
    int unlocked;               /* a secret could not be locked */
    struct entry e[VAULT_MAX];
};

static time_t
now(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK, &ts);
    return ts.tv_sec;
}

/* Can a password's page be locked?  Ask before there is one. */
static int
probe(void)
{
    struct cs_span nothing = { (const uint8_t *)"", 0 };
    struct cs_secret s = { 0 };
    int locked;

    if (cs_secret_set(&s, nothing, 1) != 0)
        return 0;
    locked = s.locked;
    cs_secret_free(&s);
    return locked;
}

int
vault_new(struct vault **out, struct cs_error *err)
{
    struct vault *v = calloc(1, sizeof(*v));

    *out = NULL;
    if (v == NULL)
        return cs_nomem(err);
    v->timer = timerfd_create(CLOCK, TFD_CLOEXEC | TFD_NONBLOCK);
    if (v->timer < 0) {
        free(v);
        return cs_fail_errno(err, CS_SYSTEM, errno, "timerfd_create");
    }
    (void)pthread_mutex_init(&v->lock, NULL);
    v->unlocked = !probe();
    *out = v;
    return 0;
}

/* Under the lock, as all that follow up to the next of vault.h's. */
static void
drop(struct entry *e)
{
    if (e->creds == NULL)
        return;
    cs_creds_wipe(e->creds);
    cs_creds_free(&e->creds);
    memset(e, 0, sizeof(*e));
}

/* Have the timer go off at the next deadline. */
static void
arm(struct vault *v)
{
    struct itimerspec when = { { 0, 0 }, { 0, 0 } };
    const struct entry *e;

    for (e = v->e; e < v->e + VAULT_MAX; e++) {
        if (e->creds != NULL && e->deadline != 0 &&
            (when.it_value.tv_sec == 0 ||
             e->deadline < when.it_value.tv_sec))
            when.it_value.tv_sec = e->deadline;
    }
    (void)timerfd_settime(v->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static struct entry *
find(struct vault *v, const char *name)
{
    struct entry *e;

    for (e = v->e; e < v->e + VAULT_MAX; e++) {
        if (e->creds != NULL && strcasecmp(cs_creds_name(e->creds), name) == 0)
            return e;
    }
    return NULL;
}

static struct entry *
find_free(struct vault *v)
{
    struct entry *e;

    for (e = v->e; e < v->e + VAULT_MAX; e++) {
        if (e->creds == NULL)
            return e;
    }
    return NULL;
}

static void
expire(struct vault *v)
{
    time_t t = now();
    struct entry *e;

    for (e = v->e; e < v->e + VAULT_MAX; e++) {
        if (e->creds == NULL || e->deadline == 0 || e->deadline > t)
            continue;
        log_line(LOG_INFO, "expired: %s", cs_creds_name(e->creds));
        drop(e);
    }
}

void
vault_free(struct vault **out)
{
    struct vault *v = *out;

    *out = NULL;
    if (v == NULL)
        return;
    (void)vault_remove(v, NULL);
    (void)close(v->timer);
    (void)pthread_mutex_destroy(&v->lock);
    free(v);
}

int
vault_fd(const struct vault *v)
{
    return v->timer;
}

void
vault_expire(struct vault *v)
{
    uint64_t times;

    (void)!read(v->timer, &times, sizeof(times));
    (void)pthread_mutex_lock(&v->lock);
    expire(v);
    arm(v);
    (void)pthread_mutex_unlock(&v->lock);
}

static void
fill(struct vault *v, struct entry *e, struct cs_creds **creds,
     const char *source, uint32_t lifetime)
{
    drop(e);
    e->creds = *creds;
    *creds = NULL;
    clean_copy(e->source, sizeof(e->source), source);
    if (lifetime != VAULT_FOREVER) {
        e->deadline = now() + lifetime;
        e->expiry = (uint64_t)time(NULL) + lifetime;
    }
    if (!cs_creds_locked(e->creds) && !v->unlocked) {
        v->unlocked = 1;
        log_line(LOG_WARNING, "cannot lock a password in memory: raise the "
                 "limit (ulimit -l, LimitMEMLOCK=)");
    }
}

int
vault_add(struct vault *v, struct cs_creds **creds, const char *source,
          uint32_t lifetime, uint64_t *expiry, struct cs_error *err)
{
    struct entry *e = NULL;
    int ret = 0;

    if (strlen(cs_creds_name(*creds)) > VAULT_NAME_MAX)
        ret = cs_fail(err, CS_USAGE, "the name is too long");
    (void)pthread_mutex_lock(&v->lock);
    if (ret == 0) {
        expire(v);
        e = find(v, cs_creds_name(*creds));
        if (e == NULL)
            e = find_free(v);
        if (e == NULL)
            ret = cs_fail(err, CS_POLICY, "the broker already holds %d "
                          "credentials, its limit", VAULT_MAX);
    }
    if (ret == 0 && e != NULL) {
        fill(v, e, creds, source, lifetime);
        if (expiry != NULL)
            *expiry = e->expiry;
        arm(v);
    }
    (void)pthread_mutex_unlock(&v->lock);
    if (*creds != NULL)
        cs_creds_wipe(*creds);
    cs_creds_free(creds);
    return ret;
}

int
vault_remove(struct vault *v, const char *name)
{
    struct entry *e;
    int n = 0;

    if (name != NULL && *name == '\0')
        name = NULL;
    (void)pthread_mutex_lock(&v->lock);
    for (e = v->e; e < v->e + VAULT_MAX; e++) {
        if (e->creds == NULL || (name != NULL && e != find(v, name)))
            continue;
        drop(e);
        n++;
    }
    arm(v);
    (void)pthread_mutex_unlock(&v->lock);
    return n;
}

int
vault_count(struct vault *v)
{
    const struct entry *e;
    int n = 0;

    (void)pthread_mutex_lock(&v->lock);
    for (e = v->e; e < v->e + VAULT_MAX; e++)
        n += (e->creds != NULL);
    (void)pthread_mutex_unlock(&v->lock);
    return n;
}

int
vault_locked(struct vault *v)
{
    int locked;

    (void)pthread_mutex_lock(&v->lock);
    locked = !v->unlocked;
    (void)pthread_mutex_unlock(&v->lock);
    return locked;
}

/* --- Which one --- */

/* Is this domain the realm, or the first label of it? */
static int
same_realm(const char *domain, const char *realm)
{
    size_t n;

    if (realm == NULL || *domain == '\0')
        return 0;
    n = strcspn(realm, ".");
    return strcasecmp(domain, realm) == 0 ||
        (strlen(domain) == n && strncasecmp(domain, realm, n) == 0);
}

/* Those that there are, for an error. */
static void
list(struct vault *v, char *to, size_t room)
{
    const struct entry *e;
    size_t n = 0;

    *to = '\0';
    for (e = v->e; e < v->e + VAULT_MAX && n < room; e++) {
        if (e->creds != NULL)
            n += (size_t)snprintf(to + n, room - n, "%s%s", n > 0 ? ", " : "",
                                  cs_creds_name(e->creds));
    }
}

/* The only one that fits; *n says how many do. */
static struct entry *
only(struct vault *v, const char *realm, int *n)
{
    struct entry *e, *found = NULL;

    *n = 0;
    for (e = v->e; e < v->e + VAULT_MAX; e++) {
        if (e->creds != NULL &&
            (realm == NULL || same_realm(cs_creds_domain(e->creds), realm))) {
            found = e;
            (*n)++;
        }
    }
    return (*n == 1) ? found : NULL;
}

static int
choose(struct vault *v, const char *name, const char *realm,
       struct entry **out, struct cs_error *err)
{
    char names[160];
    int fit = 0, all;

    list(v, names, sizeof(names));
    if (name != NULL) {
        *out = find(v, name);
        return *out != NULL ? 0 : cs_fail(
            err, CS_POLICY, "krb5.conf names the credential %s, which the "
            "broker does not have (it has: %s)", name,
            *names != '\0' ? names : "none");
    }
    *out = (realm != NULL) ? only(v, realm, &fit) : NULL;
    if (*out != NULL)
        return 0;
    *out = only(v, NULL, &all);
    if (*out != NULL || all == 0)
        return 0;
    return cs_fail(err, CS_POLICY, "the broker has %s for realm %s: name one "
                   "in krb5.conf (credential = ...); it has: %s",
                   fit > 1 ? "more than one credential" : "no credential",
                   realm != NULL ? realm : "(unknown)", names);
}

int
vault_choose(struct vault *v, const char *name, const char *realm,
             struct cs_creds **out, struct cs_error *err)
{
    struct entry *e;
    int ret;

    *out = NULL;
    (void)pthread_mutex_lock(&v->lock);
    expire(v);
    ret = choose(v, name, realm, &e, err);
    if (ret == 0 && e != NULL)
        *out = cs_creds_ref(e->creds);
    (void)pthread_mutex_unlock(&v->lock);
    return ret;
}

/* --- What became of them --- */

void
vault_outcome(struct vault *v, const struct cs_creds *creds, int count,
              uint32_t ntstatus, const char *text)
{
    struct entry *e;

    if (creds == NULL)
        return;
    (void)pthread_mutex_lock(&v->lock);
    for (e = v->e; e < v->e + VAULT_MAX; e++) {
        if (e->creds != creds)
            continue;
        e->uses += (count != 0);
        e->ntstatus = ntstatus;
        clean_copy(e->text, sizeof(e->text), text);
    }
    (void)pthread_mutex_unlock(&v->lock);
}

void
vault_lock(struct vault *v, struct bp_message *m)
{
    struct bp_credential *c = m->credentials;
    const struct entry *e;

    (void)pthread_mutex_lock(&v->lock);
    expire(v);
    for (e = v->e; e < v->e + VAULT_MAX; e++) {
        if (e->creds == NULL)
            continue;
        c->name = text_span(cs_creds_name(e->creds));
        c->source = text_span(e->source);
        c->expiry = e->expiry;
        c->uses = e->uses;
        c->ntstatus = e->ntstatus;
        c->text = text_span(e->text);
        c++;
        m->ncredentials++;
    }
}

void
vault_unlock(struct vault *v)
{
    (void)pthread_mutex_unlock(&v->lock);
}
