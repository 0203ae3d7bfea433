/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * test_cs_states.c - every field of TSRequest where it is not legal, and
 * missing where it is due, in every state of both ends.
 *
 * The man in the middle adds a field to one message, or takes it away.  The
 * exchange has five messages, each of which meets its reader in another state.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/cs_pair.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const uint8_t junk[CS_NONCE_LENGTH] = { 1, 2, 3 };

struct change {
    const char *name;           /* the reader and its state */
    enum direction to;
    int message;                /* in that direction */
    unsigned int field;
    int code;                   /* of the reader; 0: all goes well */
    const char *text;
    int other;                  /* the reader goes on, and the other fails */
};

#define TURN "out of turn"
#define LOCKED "ACCOUNT_LOCKED_OUT"

static const struct change changes[] = {
    { "client: negotiation", TO_CLIENT, 0, CS_NEGO, CS_UNEXPECTED,
      "lacks negoTokens", 0 },
    { "client: negotiation", TO_CLIENT, 0, CS_AUTHINFO, CS_UNEXPECTED, TURN,
      0 },
    { "client: negotiation", TO_CLIENT, 0, CS_PUBKEY, CS_UNEXPECTED, TURN, 0 },
    { "client: negotiation", TO_CLIENT, 0, CS_ERRORCODE, CS_REMOTE, LOCKED,
      0 },
    /* Before ours is known: FreeRDP has one. */
    { "client: negotiation", TO_CLIENT, 0, CS_NONCE, 0, NULL, 0 },

    { "client: pubKeyAuth", TO_CLIENT, 1, CS_NEGO, CS_UNEXPECTED,
      "before the inner", 0 },
    { "client: pubKeyAuth", TO_CLIENT, 1, CS_AUTHINFO, CS_UNEXPECTED, TURN,
      0 },
    { "client: pubKeyAuth", TO_CLIENT, 1, CS_PUBKEY, CS_UNEXPECTED,
      "lacks pubKeyAuth", 0 },
    { "client: pubKeyAuth", TO_CLIENT, 1, CS_ERRORCODE, CS_REMOTE, LOCKED, 0 },
    { "client: pubKeyAuth", TO_CLIENT, 1, CS_NONCE, CS_UNEXPECTED,
      "changed clientNonce", 0 },

    { "server: negotiation", TO_SERVER, 0, CS_NEGO, CS_UNEXPECTED, "neither",
      0 },
    { "server: negotiation", TO_SERVER, 0, CS_AUTHINFO, CS_UNEXPECTED, TURN,
      0 },
    { "server: negotiation", TO_SERVER, 0, CS_PUBKEY, CS_UNEXPECTED,
      "no clientNonce", 0 },
    { "server: negotiation", TO_SERVER, 0, CS_ERRORCODE, CS_REMOTE, LOCKED,
      0 },
    /* It is as good as any, until the client sends its own. */
    { "server: negotiation", TO_SERVER, 0, CS_NONCE, CS_UNEXPECTED,
      "changed clientNonce", 0 },

    { "server: proof", TO_SERVER, 1, CS_NEGO, CS_UNEXPECTED, "before the inner",
      0 },
    { "server: proof", TO_SERVER, 1, CS_AUTHINFO, CS_UNEXPECTED, TURN, 0 },
    { "server: proof", TO_SERVER, 1, CS_PUBKEY, CS_UNEXPECTED,
      "lacks pubKeyAuth", 1 },
    { "server: proof", TO_SERVER, 1, CS_ERRORCODE, CS_REMOTE, LOCKED, 0 },
    { "server: proof", TO_SERVER, 1, CS_NONCE, CS_UNEXPECTED,
      "no clientNonce", 0 },

    { "server: authInfo", TO_SERVER, 2, CS_NEGO, CS_UNEXPECTED, TURN, 0 },
    { "server: authInfo", TO_SERVER, 2, CS_AUTHINFO, CS_UNEXPECTED,
      "lacks authInfo", 0 },
    { "server: authInfo", TO_SERVER, 2, CS_PUBKEY, CS_UNEXPECTED, TURN, 0 },
    { "server: authInfo", TO_SERVER, 2, CS_ERRORCODE, CS_REMOTE, LOCKED, 0 },
    { "server: authInfo", TO_SERVER, 2, CS_NONCE, CS_UNEXPECTED,
      "changed clientNonce", 0 },
};

static void
add_or_remove(struct pair *p, enum direction to, int n,
              struct cs_tsrequest *m, struct cs_buf *raw)
{
    const struct change *c = p->what;
    struct cs_span bytes = { junk, sizeof(junk) };

    (void)raw;
    if (to != c->to || n != c->message)
        return;
    m->fields ^= c->field;
    if (!(m->fields & c->field))
        return;
    switch (c->field) {
    case CS_NEGO: m->nego = bytes; break;
    case CS_AUTHINFO: m->auth_info = bytes; break;
    case CS_PUBKEY: m->pub_key_auth = bytes; break;
    case CS_NONCE: m->nonce = bytes; break;
    default: m->error_code = 0xC0000234; break;
    }
}

static void
check_change(const struct change *c, const struct pair *p)
{
    int at_client = (c->to == TO_CLIENT) != c->other, done;
    struct cs_buf more = CS_BUF_INIT(64);
    const struct cs_error *e = at_client ? &p->client_error :
        &p->server_error;

    print_message("# %s, %s: %s\n", c->name, cs_field_name(c->field),
                  e->code != 0 ? e->text : "goes on");
    assert_int_equal(e->code, c->code);
    if (c->code == 0) {
        assert_true(p->client_done && p->server_done);
        return;
    }
    assert_non_null(strstr(e->text, c->text));
    assert_int_equal(p->server_done, 0);
    assert_int_equal(p->delegated.len, 0);
    /* A client is through only when nothing but its last message is bad. */
    assert_int_equal(p->secrets, c->message == 2);
    assert_int_equal(p->client_done, c->message == 2);
    /* Whoever has failed does nothing more. */
    assert_int_equal(credssp_step(at_client ? p->client : p->server,
                                  (struct cs_span){ junk, sizeof(junk) },
                                  &more, &done, NULL), CS_USAGE);
    assert_int_equal(more.len, 0);
    assert_int_equal(done, 0);
    /* What the server tells the client is always the same. */
    if (!at_client && !p->client_done && c->code != CS_REMOTE)
        assert_non_null(strstr(p->client_error.text, "LOGON_FAILURE"));
}

static void
test_changes(void **state)
{
    struct pair p;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(changes); i++) {
        p = (struct pair){ .meddle = add_or_remove, .what = &changes[i] };
        pair_run(&p);
        check_change(&changes[i], &p);
        pair_free(&p);
    }
}

static uint8_t seen[CS_NONCE_LENGTH];
static int has_seen;

static void
repeat_nonce(struct pair *p, enum direction to, int n, struct cs_tsrequest *m,
             struct cs_buf *raw)
{
    (void)p;
    (void)to;
    (void)n;
    (void)raw;
    if (m->fields & CS_NONCE) {
        memcpy(seen, m->nonce.p, sizeof(seen));
        has_seen = 1;
    } else if (has_seen) {
        m->fields |= CS_NONCE;
        m->nonce.p = seen;
        m->nonce.len = sizeof(seen);
    }
}

/* The client's nonce in every message that follows, as sspi-rs' servers and
 * FreeRDP's clients have it. */
static void
test_same_nonce(void **state)
{
    struct pair p = { .meddle = repeat_nonce };

    (void)state;
    pair_run(&p);
    assert_true(has_seen && p.client_done && p.server_done);
    pair_free(&p);
}

/* A context inside that says more than it should: the real one is in it. */
struct talker {
    struct cs_inner base;
    struct cs_inner *real;
    int endless;                /* and says nothing else */
};

static int delegations;

static int
talk(struct cs_inner *inner, struct cs_span in, struct cs_buf *out,
     struct cs_error *err)
{
    struct talker *t = (struct talker *)inner;
    int was_ready = t->real->ready, ret;

    if (t->endless) {
        cs_buf_add(out, "more", 4);
        return 0;
    }
    ret = t->real->ops->step(t->real, in, out, err);
    inner->ready = t->real->ready;
    inner->complete = t->real->complete;
    if (ret == 0 && was_ready)
        cs_buf_add(out, "more", 4);
    return ret;
}

static int
talk_bind(struct cs_inner *inner, const struct cs_binding *binding,
          struct cs_buf *out, struct cs_error *err)
{
    struct talker *t = (struct talker *)inner;

    return t->real->ops->bind(t->real, binding, out, err);
}

static int
talk_verify(struct cs_inner *inner, const struct cs_binding *binding,
            struct cs_span sealed, struct cs_error *err)
{
    struct talker *t = (struct talker *)inner;

    return t->real->ops->verify(t->real, binding, sealed, err);
}

static int
talk_delegate(struct cs_inner *inner, struct cs_buf *out,
              struct cs_error *err)
{
    struct talker *t = (struct talker *)inner;

    delegations++;
    return t->real->ops->delegate(t->real, out, err);
}

static int
talk_receive(struct cs_inner *inner, struct cs_span sealed,
             struct cs_buf *plain, struct cs_error *err)
{
    struct talker *t = (struct talker *)inner;

    return t->real->ops->receive(t->real, sealed, plain, err);
}

static const struct cs_inner_info *
talk_info(const struct cs_inner *inner)
{
    const struct talker *t = (const struct talker *)inner;

    return t->real->ops->info(t->real);
}

static void
talk_finish(struct cs_inner *inner)
{
    struct talker *t = (struct talker *)inner;

    t->real->ops->finish(t->real);
}

static void
talk_free(struct cs_inner *inner)
{
    struct talker *t = (struct talker *)inner;

    cs_inner_free(&t->real);
    free(t);
}

static const struct cs_inner_ops talker_ops = {
    talk, talk_bind, talk_verify, talk_delegate, talk_receive, talk_info,
    talk_finish, talk_free
};

static struct cs_inner *
talkative(struct cs_inner *real)
{
    struct talker *t = calloc(1, sizeof(*t));

    assert_non_null(t);
    t->base.ops = &talker_ops;
    t->real = real;
    return &t->base;
}

static struct cs_inner *
endless(struct cs_inner *real)
{
    struct cs_inner *inner = talkative(real);

    ((struct talker *)inner)->endless = 1;
    return inner;
}

/* The client's token after pubKeyAuth would go out with the password. */
static void
test_goes_on(void **state)
{
    struct pair p = { .inside = talkative };

    (void)state;
    delegations = 0;
    pair_run(&p);
    assert_int_equal(p.client_error.code, CS_UNEXPECTED);
    assert_non_null(strstr(p.client_error.text, "continues after pubKeyAuth"));
    assert_int_equal(p.secrets, 0);
    assert_int_equal(delegations, 0);
    pair_free(&p);
}

/* A version that is too old is refused before anything is proved. */
static void
test_old_version(void **state)
{
    struct pair p = { .client_announce = 4 };

    (void)state;
    pair_run(&p);
    assert_int_equal(p.server_error.code, CS_VERSION);
    assert_int_equal(p.count[TO_SERVER], 1);
    pair_free(&p);
    p = (struct pair){ .server_announce = 4, .server_minimum = 2 };
    pair_run(&p);
    assert_int_equal(p.client_error.code, CS_VERSION);
    assert_int_equal(p.count[TO_SERVER], 1);
    pair_free(&p);
}

/* Two that never end. */
static void
test_endless(void **state)
{
    struct pair p = { .inside = endless };

    (void)state;
    pair_run(&p);
    assert_int_equal(p.server_error.code, CS_UNEXPECTED);
    assert_non_null(strstr(p.server_error.text, "too many"));
    assert_int_equal(p.count[TO_SERVER], 33);
    pair_free(&p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_same_nonce),
        cmocka_unit_test(test_goes_on),
        cmocka_unit_test(test_old_version),
        cmocka_unit_test(test_endless),
    };

    return cmocka_run_group_tests_name("CredSSP's states", tests,
                                       pair_setup, pair_teardown);
}
