/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * t_tokens.c - tokens that have been tampered with.
 *
 * Real tokens of both directions with bytes changed, cut off and made up, into
 * every leg of an initiator and an acceptor that are interposed: nothing may
 * crash, and nobody may be fooled. The random numbers are the same in each run.
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/k5/k5.h"

#define ROUNDS 600
#define TOKEN_MAX 8192

#define WEB01 "h:HTTP@web01.test.example"

static uint32_t
next_random(void)
{
    static uint32_t x = 2463534242u; /* xorshift32 */

    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return x;
}

/* An acceptor's error token around a KRB-ERROR of sorts, for heal(). */
static size_t
make_error(unsigned char *out)
{
    static const unsigned char head[] = {
        0x60, 0x3f, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01,
        0x02, 0x02, 0x03, 0x00, 0x7e
    };
    size_t i, len = sizeof(head) + next_random() % 80;

    memcpy(out, head, sizeof(head));
    for (i = sizeof(head); i < len; i++)
        out[i] = (unsigned char)next_random();
    return len;
}

/* Make something else of a genuine token. */
static gss_buffer_desc
tamper(const gss_buffer_desc *genuine, unsigned char *out)
{
    gss_buffer_desc bad = { genuine->length, out };
    size_t i, n;

    memcpy(out, genuine->value, genuine->length);
    switch (next_random() % 5) {
    case 0: /* some bits */
        for (n = 1 + next_random() % 8; n > 0; n--)
            out[next_random() % bad.length] ^=
                (unsigned char)(1 << next_random() % 8);
        break;
    case 1: /* cut off */
        bad.length = 1 + next_random() % (bad.length - 1);
        break;
    case 2: /* the lengths and tags in front */
        for (n = 1 + next_random() % 4; n > 0; n--)
            out[next_random() % 32] = (unsigned char)next_random();
        break;
    case 3: /* noise */
        bad.length = 1 + next_random() % 200;
        for (i = 0; i < bad.length; i++)
            out[i] = (unsigned char)next_random();
        break;
    default:
        bad.length = make_error(out);
    }
    return bad;
}

static int
same(const gss_buffer_desc *a, const gss_buffer_desc *b)
{
    return a->length == b->length && memcmp(a->value, b->value, a->length) == 0;
}

/* Keep a copy of a reply's token. */
static gss_buffer_desc
keep(const struct k5_side *side)
{
    const gss_buffer_desc *token = &side->reply.part[0];
    gss_buffer_desc copy = { token->length, malloc(token->length + 1) };

    if (copy.value == NULL || copy.length == 0 || copy.length > TOKEN_MAX)
        bail("no token of a usual size");
    memcpy(copy.value, token->value, copy.length);
    return copy;
}

/*
 * Leg 2 of the initiator: what is not the genuine answer is refused, or begins
 * again with another name. (Some bytes of a token's frame are nobody's business:
 * with those changed it may complete, with the genuine keys.)
 */
static void
check_answers(uint32_t mech)
{
    unsigned char bytes[TOKEN_MAX];
    struct k5_side me, server;
    gss_buffer_desc answer, bad;
    int i, completed = 0, fooled = 0, tampered = 0;
    int rounds = k5_slow() ? ROUNDS / 10 : ROUNDS;

    k5_local(&me);
    k5_spawn(&server, K5_BARE, "machine");
    for (i = 0; i < rounds; i++) {
        (void)k5_call(&me, K5_RESET, 0, 0, NULL, NULL, NULL);
        (void)k5_call(&server, K5_RESET, 0, 0, NULL, NULL, NULL);
        (void)k5_init(&me, WEB01, mech, ALL_FLAGS, NULL);
        bad = keep(&me);
        (void)k5_accept(&server, &bad);
        free(bad.value);
        if (GSS_ERROR(server.reply.major)) {
            /* It was sent another name than its own: by a made-up error of the
             * round before, and not to be tampered with. */
            continue;
        }
        tampered++;
        answer = keep(&server);
        bad = tamper(&answer, bytes);
        (void)k5_init(&me, WEB01, mech, ALL_FLAGS, &bad);
        if (me.reply.major == GSS_S_COMPLETE && !same(&bad, &answer)) {
            completed++;
            fooled += !k5_talk(&me, &server);
        }
        free(answer.value);
    }
    is_int(fooled, 0, "answers, mechanism %u: none of %d fools it", mech,
           rounds);
    ok(tampered > rounds / 2, "answers, mechanism %u: %d tampered with", mech,
       tampered);
    ok(completed <= rounds / 50, "answers, mechanism %u: %d complete", mech,
       completed);
    k5_close(&me);
    k5_close(&server);
}

/* A token for a context that has not begun. */
static void
check_stale(uint32_t mech)
{
    unsigned char bytes[TOKEN_MAX];
    struct k5_side me;
    gss_buffer_desc first, bad;
    int i, completed = 0, rounds = k5_slow() ? ROUNDS / 10 : ROUNDS;

    k5_local(&me);
    (void)k5_init(&me, WEB01, mech, ALL_FLAGS, NULL);
    first = keep(&me);
    for (i = 0; i < rounds; i++) {
        (void)k5_call(&me, K5_RESET, 0, 0, NULL, NULL, NULL);
        bad = tamper(&first, bytes);
        (void)k5_init(&me, WEB01, mech, ALL_FLAGS, &bad);
        completed += me.reply.major == GSS_S_COMPLETE;
    }
    is_int(completed, 0, "stale tokens, mechanism %u: none of %d completes",
           mech, rounds);
    free(first.value);
    k5_close(&me);
}

/* The acceptor's side, which only passes through. */
static void
check_requests(uint32_t mech)
{
    unsigned char bytes[TOKEN_MAX];
    struct k5_side me, server;
    gss_buffer_desc request, bad;
    int i, completed = 0, rounds = k5_slow() ? ROUNDS / 10 : ROUNDS;

    k5_local(&me);
    k5_spawn(&server, K5_SAME, "machine");
    (void)k5_init(&me, WEB01, mech, ALL_FLAGS, NULL);
    request = keep(&me);
    for (i = 0; i < rounds; i++) {
        (void)k5_call(&server, K5_RESET, 0, 0, NULL, NULL, NULL);
        bad = tamper(&request, bytes);
        (void)k5_accept(&server, &bad);
        completed += server.reply.major == GSS_S_COMPLETE &&
            !same(&bad, &request);
    }
    ok(completed <= rounds / 20, "requests, mechanism %u: %d of %d complete",
       mech, completed, rounds);
    free(request.value);
    k5_close(&me);
    k5_close(&server);
}

int
main(int argc, char **argv)
{
    uint32_t mech;

    k5_begin(argc, argv);
    k5_conf(NULL, " match = always\n");
    (void)k5_fresh("alice");
    for (mech = 0; mech < 2; mech++) {
        check_answers(mech);
        check_stale(mech);
        check_requests(mech);
    }
    return k5_end();
}
