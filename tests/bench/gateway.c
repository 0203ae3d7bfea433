/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * gateway.c - a client that times what the gateway adds, for gateway.py.  A
 * command per line on standard input, a line of reply to each:
 *
 *   target HOST PORT GATEWAY USER PASSWORD
 *   laps SIZE N KIND...      N times one request of each kind, in turns, each
 *                            on a connection of its own that stays: "ok" and
 *                            nanoseconds, in the order they were taken
 *   rate KIND CONNS SIZE MS  as many requests as CONNS connections at once get
 *                            answered: "ok NUMBER" a second
 *   sessions KIND N          N times a new connection with one request on it:
 *                            "ok" and nanoseconds for each
 *   hold N SIZE REQUESTS     N more connections through the gateway, REQUESTS
 *                            on each, and keep them
 *   release                  all of those
 *
 * KIND: credssp|negotiate|gateway|plain (conn.h).  "error TEXT" if something
 * failed.
 */
#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bench/conn.h"
#include "tests/bench/parts.h"

#define BODY_MAX (1 << 20)
#define LAPS_MAX 100000
#define CONNS_MAX 1000
#define KINDS_MAX 4
#define SESSION_SIZE 1024

static const char *const kind_names[] = {
    [CONN_CREDSSP] = "credssp", [CONN_NEGOTIATE] = "negotiate",
    [CONN_GATEWAY] = "gateway", [CONN_PLAIN] = "plain"
};

static struct {
    struct conn_target target;
    char words[5][256];         /* what target points to */
    unsigned char body[BODY_MAX];
    struct conn *held[CONNS_MAX];
    int nheld;
    double took[LAPS_MAX];
} state;

static double
now(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static struct cs_span
body_of(size_t size)
{
    struct cs_span span = { state.body, size };

    return span;
}

static int
kind_of(const char *name, enum conn_kind *kind)
{
    int k;

    for (k = 0; k < KINDS_MAX; k++) {
        if (strcmp(kind_names[k], name) == 0) {
            *kind = (enum conn_kind)k;
            return 1;
        }
    }
    fail("unknown kind: %s", name);
    return 0;
}

static int
in_range(int n, int max)
{
    if (n >= 1 && n <= max)
        return 1;
    fail("number out of range: %d", n);
    return 0;
}

static void
say_times(int n)
{
    int i;

    if (failed)
        return;
    (void)fputs("ok", stdout);
    for (i = 0; i < n; i++)
        (void)printf(" %.0f", state.took[i]);
    (void)putchar('\n');
}

/* --- Latency --- */

static void
run_laps(struct conn **conns, int kinds, size_t size, int n)
{
    double start;
    int i, k;

    for (i = 0; i < n && !failed; i++) {
        for (k = 0; k < kinds && !failed; k++) {
            start = now();
            (void)conn_request(conns[k], body_of(size));
            state.took[i * kinds + k] = now() - start;
        }
    }
}

static void
measure_laps(size_t size, int n, char names[KINDS_MAX][32], int kinds)
{
    struct conn *conns[KINDS_MAX] = { NULL };
    enum conn_kind kind;
    int k;

    for (k = 0; k < kinds && !failed; k++)
        if (kind_of(names[k], &kind))
            conns[k] = conn_open(kind, &state.target);
    if (!failed)
        run_laps(conns, kinds, size, n / 10 + 5);     /* not counted */
    if (!failed)
        run_laps(conns, kinds, size, n);
    for (k = 0; k < kinds; k++)
        conn_close(&conns[k]);
    say_times(n * kinds);
}

/* --- Throughput --- */

struct worker {
    pthread_t thread;
    pthread_barrier_t *ready;
    enum conn_kind kind;
    size_t size;
    double end;                 /* set when all are ready */
    double period;
    unsigned long requests;
};

static void *
work(void *data)
{
    struct worker *w = data;
    struct conn *c = conn_open(w->kind, &state.target);
    int good = c != NULL && conn_request(c, body_of(w->size));

    (void)pthread_barrier_wait(w->ready);
    w->end = now() + w->period;
    while (good && now() < w->end) {
        good = conn_request(c, body_of(w->size));
        w->requests += good;
    }
    conn_close(&c);
    return NULL;
}

static void
measure_rate(const char *name, int conns, size_t size, int ms)
{
    static struct worker workers[CONNS_MAX];
    pthread_barrier_t ready;
    enum conn_kind kind;
    unsigned long requests = 0;
    int i;

    if (!kind_of(name, &kind))
        return;
    (void)pthread_barrier_init(&ready, NULL, (unsigned int)conns);
    for (i = 0; i < conns; i++) {
        workers[i] = (struct worker){ .ready = &ready, .kind = kind,
                                      .size = size, .period = ms * 1e6 };
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            abort();            /* the others wait for it */
    }
    for (i = 0; i < conns; i++) {
        (void)pthread_join(workers[i].thread, NULL);
        requests += workers[i].requests;
    }
    (void)pthread_barrier_destroy(&ready);
    if (!failed)
        (void)printf("ok %.1f\n", (double)requests * 1e3 / ms);
}

/* --- Sessions --- */

static void
measure_sessions(const char *name, int n)
{
    struct conn *c;
    enum conn_kind kind;
    double start;
    int i;

    if (!kind_of(name, &kind))
        return;
    for (i = 0; i < n && !failed; i++) {
        start = now();
        c = conn_open(kind, &state.target);
        if (c != NULL)
            (void)conn_request(c, body_of(SESSION_SIZE));
        conn_close(&c);
        state.took[i] = now() - start;
    }
    say_times(n);
}

/* --- Memory --- */

static void
release(void)
{
    while (state.nheld > 0)
        conn_close(&state.held[--state.nheld]);
}

static void
hold(int n, size_t size, int requests)
{
    struct conn *c;
    int k;

    for (; n > 0 && !failed; n--) {
        c = conn_open(CONN_GATEWAY, &state.target);
        state.held[state.nheld++] = c;
        for (k = 0; k < requests && !failed; k++)
            (void)conn_request(c, body_of(size));
    }
    if (!failed)
        (void)puts("ok");
}

/* --- Commands --- */

static void
set_target(void)
{
    struct conn_target *t = &state.target;

    t->host = state.words[0];
    t->port = (uint16_t)atoi(state.words[1]);
    t->gateway = state.words[2];
    t->user = state.words[3];
    t->password = state.words[4];
    if (conn_prepare(t))
        (void)puts("ok");
}

static void
obey(const char *line)
{
    char (*w)[256] = state.words, names[KINDS_MAX][32], name[32];
    int size, n, conns, ms, kinds;

    failed = 0;
    kinds = sscanf(line, "laps %d %d %31s %31s %31s %31s", &size, &n, names[0],
                   names[1], names[2], names[3]) - 2;
    if (kinds > 0) {
        if (in_range(size, BODY_MAX) && in_range(n, LAPS_MAX / kinds))
            measure_laps((size_t)size, n, names, kinds);
    } else if (sscanf(line, "rate %31s %d %d %d", name, &conns, &size,
                      &ms) == 4) {
        if (in_range(conns, CONNS_MAX) && in_range(size, BODY_MAX))
            measure_rate(name, conns, (size_t)size, ms);
    } else if (sscanf(line, "sessions %31s %d", name, &n) == 2) {
        if (in_range(n, LAPS_MAX))
            measure_sessions(name, n);
    } else if (sscanf(line, "hold %d %d %d", &conns, &size, &n) == 3) {
        if (in_range(conns, CONNS_MAX - state.nheld) &&
            in_range(size, BODY_MAX))
            hold(conns, (size_t)size, n);
    } else if (strcmp(line, "release\n") == 0) {
        release();
        (void)puts("ok");
    } else if (sscanf(line, "target %255s %255s %255s %255s %255s", w[0], w[1],
                      w[2], w[3], w[4]) == 5) {
        set_target();
    } else {
        fail("unknown command: %.*s", (int)strcspn(line, "\n"), line);
    }
    (void)fflush(stdout);
}

int
main(void)
{
    char line[2048];
    size_t i;

    for (i = 0; i < BODY_MAX; i++)
        state.body[i] = (unsigned char)(' ' + (i * 7 + i / 251) % 90);
    while (fgets(line, sizeof(line), stdin) != NULL)
        obey(line);
    release();
    return 0;
}
