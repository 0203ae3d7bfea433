/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_dispatch.c - which messages are legal when, and for whom. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/broker/context.h"
#include "helper/broker/dispatch.h"
#include "tests/unit/unit.h"

static struct broker broker;
static struct dispatch *s;
static struct bp_message *reply;
static struct cs_buf sent_back = CS_BUF_INIT(BP_FRAME_MAX + 4);
static int adopted_confined;

static int
adopt(struct broker *b, int fd, int is_confined, struct cs_error *err)
{
    (void)b;
    (void)err;
    (void)close(fd);
    adopted_confined = is_confined;
    return 0;
}

/*
 * A context is real (context.c), which without a KDC never begins, or a
 * stand-in that grants whatever it is asked.
 */
static struct {
    int on;
    int freed;
    struct cs_binding binding;  /* the last one */
    struct context_info info;
} fake;

#define FAKE ((struct context *)&fake)

/* The linker has them called in the place of context.c's. */
__typeof__(context_credssp) __real_context_credssp, __wrap_context_credssp;
__typeof__(context_plain) __real_context_plain, __wrap_context_plain;
__typeof__(context_free) __real_context_free, __wrap_context_free;
__typeof__(context_step) __wrap_context_step;
__typeof__(context_info) __wrap_context_info;
__typeof__(context_bind) __wrap_context_bind;
__typeof__(context_verify) __wrap_context_verify;
__typeof__(context_delegate) __wrap_context_delegate;
__typeof__(context_export) __wrap_context_export;
__typeof__(context_outcome) __wrap_context_outcome;

int
__wrap_context_credssp(struct broker *b, const struct wish *wish,
                       struct context **out, struct cs_error *err)
{
    if (!fake.on)
        return __real_context_credssp(b, wish, out, err);
    *out = FAKE;
    return 0;
}

int
__wrap_context_plain(struct broker *b, const struct wish *wish,
                     enum bp_scheme scheme, struct cs_span bindings,
                     struct context **out, struct cs_error *err)
{
    if (!fake.on)
        return __real_context_plain(b, wish, scheme, bindings, out, err);
    *out = FAKE;
    return 0;
}

void
__wrap_context_free(struct context **out)
{
    if (*out != FAKE) {
        __real_context_free(out);
        return;
    }
    *out = NULL;
    fake.freed++;
}

const struct context_info *
__wrap_context_info(const struct context *c)
{
    (void)c;
    fake.info = (struct context_info){
        .host = "web01.x", .spn = "HOST/web01.x", .credential = "alice",
        .candidates = 1, .mech = BP_MECH_KRB5, .source = "alice",
        .target = "HOST/web01.x"
    };
    return &fake.info;
}

int
__wrap_context_step(struct context *c, struct cs_span in, struct cs_buf *out,
                    int *ready, int *complete, struct cs_error *err)
{
    (void)c;
    (void)in;
    (void)err;
    cs_buf_add(out, "token", 5);
    *ready = *complete = 1;
    return 0;
}

int
__wrap_context_bind(struct context *c, const struct cs_binding *binding,
                    struct cs_buf *out, struct cs_error *err)
{
    (void)c;
    (void)err;
    fake.binding = *binding;
    cs_buf_add(out, "proof", 5);
    return 0;
}

int
__wrap_context_verify(struct context *c, const struct cs_binding *binding,
                      struct cs_span sealed, struct cs_error *err)
{
    (void)c;
    (void)sealed;
    (void)err;
    fake.binding = *binding;
    return 0;
}

int
__wrap_context_delegate(struct context *c, struct cs_buf *out,
                        struct cs_error *err)
{
    (void)c;
    (void)err;
    cs_buf_add(out, "secret", 6);
    return 0;
}

int
__wrap_context_export(struct context *c, struct krb_keys *keys,
                      struct cs_buf *out, struct cs_error *err)
{
    (void)c;
    (void)out;
    (void)err;
    keys->len = 16;
    return 0;
}

void
__wrap_context_outcome(struct broker *b, const struct context *c,
                       const struct cs_error *err, const char *text)
{
    (void)b;
    (void)c;
    (void)err;
    (void)text;
}

static int
setup(void **state)
{
    (void)state;
    broker.adopt = adopt;
    broker.lifetime = 60;
    reply = calloc(1, sizeof(*reply));
    unit_krb5_conf("[libdefaults]\n default_realm = TEST.EXAMPLE\n"
                   " dns_lookup_kdc = false\n dns_canonicalize_hostname = "
                   "false\n[realms]\n TEST.EXAMPLE = {\n kdc = 127.0.0.1:1\n"
                   " }\n[appdefaults]\n winrm = {\n credssp = {\n delegate_to "
                   "= web01.x\n }\n gateway = {\n targets = web01.x\n }\n }\n");
    setenv("KRB5CCNAME", "MEMORY:test", 1);
    return vault_new(&broker.vault, NULL) | hoststatus_new(&broker.journal, NULL);
}

static int
teardown(void **state)
{
    (void)state;
    vault_free(&broker.vault);
    hoststatus_free(&broker.journal);
    cs_buf_free(&sent_back);
    free(reply);
    return 0;
}

static int
begin(void **state)
{
    (void)state;
    (void)vault_remove(broker.vault, NULL);
    memset(&fake, 0, sizeof(fake));
    return dispatch_new(&broker, 0, 0, &s, NULL);
}

static int
end(void **state)
{
    (void)state;
    dispatch_free(&s);
    return 0;
}

/* Send it; the number of the reply, minus if the connection ends. */
static int
send_frame(struct cs_span frame, int *fd)
{
    int passed, closed;

    cs_buf_reset(&sent_back);
    closed = dispatch_frame(s, frame, &sent_back, &passed);
    if (fd != NULL)
        *fd = passed;
    else if (passed >= 0)
        (void)close(passed);
    assert_true(sent_back.len > 4);
    assert_int_equal(bp_decode((struct cs_span){ sent_back.p + 4,
                                                 sent_back.len - 4 },
                               reply, NULL), 0);
    return closed ? -(int)reply->number : (int)reply->number;
}

static int
say(struct bp_message *m, int *fd)
{
    struct cs_buf frame = CS_BUF_INIT(BP_FRAME_MAX + 4);
    int ret;

    assert_int_equal(bp_encode(m, &frame, NULL), 0);
    ret = send_frame((struct cs_span){ frame.p + 4, frame.len - 4 }, fd);
    cs_buf_free(&frame);
    return ret;
}

static struct cs_span
span(const char *text)
{
    struct cs_span s_ = { (const uint8_t *)text, strlen(text) };

    return s_;
}

/* A message by its number, with what makes it one. */
static int
ask(enum bp_number number)
{
    struct bp_message *m = calloc(1, sizeof(*m));
    int ret;

    m->number = number;
    m->version = BP_VERSION;
    m->user = span("alice@TEST.EXAMPLE");
    m->password = span("secret");
    m->host = span("web01.x");
    m->port = 5985;
    m->scheme = BP_NEGOTIATE;
    ret = say(m, NULL);
    free(m);
    return ret;
}

static void
test_hello_first(void **state)
{
    struct bp_message *m = calloc(1, sizeof(*m));

    (void)state;
    assert_int_equal(ask(BP_STATUS), -BP_ERROR);
    assert_int_equal(reply->code, -CS_UNEXPECTED);
    m->number = BP_HELLO;
    m->version = 2;
    assert_int_equal(say(m, NULL), BP_ERROR);
    assert_int_equal(reply->code, -CS_VERSION);
    assert_int_equal(ask(BP_HELLO), BP_WELCOME);
    assert_int_equal(reply->pid, getpid());
    assert_int_equal(ask(BP_HELLO), -BP_ERROR);
    free(m);
}

static void
test_login(void **state)
{
    (void)state;
    assert_int_equal(ask(BP_HELLO), BP_WELCOME);
    assert_int_equal(ask(BP_LOGIN), BP_LOGGED_IN);
    assert_memory_equal(reply->name.p, "alice@TEST.EXAMPLE", reply->name.len);
    assert_true(reply->expiry > 0);
    assert_int_equal(ask(BP_STATUS), BP_STATUS_IS);
    assert_int_equal(reply->ncredentials, 1);
    assert_int_equal(ask(BP_LOGOUT), BP_OK);
    assert_int_equal(vault_count(broker.vault), 0);
}

static void
test_logout_unknown(void **state)
{
    struct bp_message *m = calloc(1, sizeof(*m));

    (void)state;
    assert_int_equal(ask(BP_HELLO), BP_WELCOME);
    m->number = BP_LOGOUT;
    m->name = span("nobody");
    assert_int_equal(say(m, NULL), BP_ERROR);
    m->number = BP_LOGIN;
    m->user = span("alice");
    m->password = span("");
    assert_int_equal(say(m, NULL), BP_ERROR);
    m->user = span("");
    m->password = span("x");
    assert_int_equal(say(m, NULL), BP_ERROR);
    assert_int_equal(ask(BP_STATUS), BP_STATUS_IS);
    free(m);
}

/* What a caller has said comes back fit for a terminal. */
static void
test_error_text(void **state)
{
    struct bp_message *m = calloc(1, sizeof(*m));

    (void)state;
    assert_int_equal(ask(BP_HELLO), BP_WELCOME);
    m->number = BP_LOGOUT;
    m->name = span("no\033body\n\302\233x");
    assert_int_equal(say(m, NULL), BP_ERROR);
    assert_non_null(memmem(reply->text.p, reply->text.len, "no?body??x", 10));
    free(m);
}

/*
 * What is legal in which state, and the state that it leads to.  What is not
 * here is refused, whatever its number: a message that comes to the broker
 * comes here as well.  The second table is for confined connections.
 */
enum state { NEW, IDLE, CREDSSP, CONTEXT, STATES };

static const char *const states[] = { "NEW", "IDLE", "CREDSSP", "CONTEXT" };

struct legal {
    enum state in;
    enum bp_number number;
    enum bp_number reply;
    enum state then;
};

static const struct legal anybody[] = {
    { NEW, BP_HELLO, BP_WELCOME, IDLE },
    { IDLE, BP_LOGIN, BP_LOGGED_IN, IDLE },
    { IDLE, BP_LOGOUT, BP_OK, IDLE },
    { IDLE, BP_STATUS, BP_STATUS_IS, IDLE },
    { IDLE, BP_CONFINE, BP_OK, IDLE },
    { IDLE, BP_CHANNEL, BP_OK, IDLE },
    { IDLE, BP_CREDSSP, BP_STARTED, CREDSSP },
    { IDLE, BP_CONTEXT, BP_STARTED, CONTEXT },
    { IDLE, BP_REPORT, BP_OK, IDLE },
    { CREDSSP, BP_STEP, BP_STEPPED, CREDSSP },
    { CREDSSP, BP_BIND, BP_DATA, CREDSSP },
    { CREDSSP, BP_VERIFY, BP_OK, CREDSSP },
    { CREDSSP, BP_DELEGATE, BP_DATA, CREDSSP },
    { CREDSSP, BP_FINISH, BP_OK, IDLE },
    { CREDSSP, BP_REPORT, BP_OK, CREDSSP },
    { CONTEXT, BP_STEP, BP_STEPPED, CONTEXT },
    { CONTEXT, BP_EXPORT, BP_KEYS, IDLE },
    { CONTEXT, BP_FINISH, BP_OK, IDLE },
    { CONTEXT, BP_REPORT, BP_OK, CONTEXT },
    { STATES, 0, 0, 0 }
};

static const struct legal confined[] = {
    { NEW, BP_HELLO, BP_WELCOME, IDLE },
    { IDLE, BP_CHANNEL, BP_OK, IDLE },
    { IDLE, BP_CREDSSP, BP_STARTED, CREDSSP },
    { IDLE, BP_CONTEXT, BP_STARTED, CONTEXT },
    { IDLE, BP_REPORT, BP_OK, IDLE },
    { CREDSSP, BP_STEP, BP_STEPPED, CREDSSP },
    { CREDSSP, BP_BIND, BP_DATA, CREDSSP },
    { CREDSSP, BP_VERIFY, BP_OK, CREDSSP },
    { CREDSSP, BP_DELEGATE, BP_DATA, CREDSSP },
    { CREDSSP, BP_FINISH, BP_OK, IDLE },
    { CREDSSP, BP_REPORT, BP_OK, CREDSSP },
    { CONTEXT, BP_STEP, BP_STEPPED, CONTEXT },
    { CONTEXT, BP_EXPORT, BP_KEYS, IDLE },
    { CONTEXT, BP_FINISH, BP_OK, IDLE },
    { CONTEXT, BP_REPORT, BP_OK, CONTEXT },
    { STATES, 0, 0, 0 }
};

static const struct legal *
find_legal(const struct legal *l, enum state in, int number)
{
    for (; l->in != STATES; l++) {
        if (l->in == in && (int)l->number == number)
            return l;
    }
    return NULL;
}

/* A connection in this state, whose contexts are the stand-in. */
static void
begin_in(enum state in, int is_confined)
{
    static const enum bp_number ways[STATES] = {
        [CREDSSP] = BP_CREDSSP, [CONTEXT] = BP_CONTEXT
    };

    dispatch_free(&s);
    memset(&fake, 0, sizeof(fake));
    fake.on = 1;
    assert_int_equal(dispatch_new(&broker, 0, is_confined, &s, NULL), 0);
    if (in != NEW)
        assert_int_equal(ask(BP_HELLO), BP_WELCOME);
    if (ways[in] != 0)
        assert_int_equal(ask(ways[in]), BP_STARTED);
}

/* By what it takes: only one of these is possible in each. */
static void
state_is(enum state want)
{
    if (want == NEW) {
        assert_int_equal(ask(BP_HELLO), BP_WELCOME);
    } else if (want == IDLE) {
        assert_int_equal(ask(BP_CONTEXT), BP_STARTED);
    } else if (want == CREDSSP) {
        assert_int_equal(ask(BP_BIND), BP_DATA);
    } else {
        assert_int_equal(ask(BP_EXPORT), BP_KEYS);
    }
}

/* Every number that a message can have, even those that are no message's. */
static void
check_table(const struct legal *table, int is_confined)
{
    const struct legal *l;
    int in, number, got;

    for (in = NEW; in < STATES; in++) {
        for (number = 0; number < 256; number++) {
            l = find_legal(table, in, number);
            begin_in(in, is_confined);
            if (strcmp(bp_name(number), "unknown") == 0) {
                uint8_t octet = (uint8_t)number;

                assert_null(l);
                got = send_frame((struct cs_span){ &octet, 1 }, NULL);
            } else {
                got = ask(number);
            }
            if (got != (l != NULL ? (int)l->reply : -BP_ERROR))
                fail_msg("%s%s in %s: %s%s", is_confined ? "confined: " : "",
                         bp_name(number), states[in], got < 0 ? "the end, " :
                         "", bp_name(abs(got)));
            if (l != NULL)
                state_is(l->then);
        }
    }
}

static void
test_table(void **state)
{
    (void)state;
    check_table(anybody, 0);
}

static void
test_table_confined(void **state)
{
    (void)state;
    check_table(confined, 1);
}

/* CONFINE holds from then on, and is what a channel is born with. */
static void
test_confine(void **state)
{
    (void)state;
    assert_int_equal(ask(BP_HELLO), BP_WELCOME);
    assert_int_equal(ask(BP_CONFINE), BP_OK);
    assert_int_equal(ask(BP_LOGIN), -BP_ERROR);
    assert_int_equal(reply->code, -CS_POLICY);
}

/* What belongs to a context is not legal without one: the code says so. */
static void
test_no_context(void **state)
{
    (void)state;
    assert_int_equal(ask(BP_HELLO), BP_WELCOME);
    assert_int_equal(ask(BP_DELEGATE), -BP_ERROR);
    assert_int_equal(reply->code, -CS_UNEXPECTED);
}

/* What a caller says of the server's certificate. */
static int
says_verified(enum bp_number number, int is_confined)
{
    struct bp_message *m = calloc(1, sizeof(*m));

    begin_in(CREDSSP, is_confined);
    m->number = number;
    m->binding.version = 6;
    m->binding.key = span("key");
    m->binding.verified = 1;
    assert_int_equal(say(m, NULL), number == BP_BIND ? BP_DATA : BP_OK);
    assert_int_equal(fake.binding.version, 6);
    free(m);
    return fake.binding.verified;
}

/* With it NTLM is enough; from a gateway it is worth nothing. */
static void
test_verified(void **state)
{
    (void)state;
    assert_int_equal(says_verified(BP_BIND, 0), 1);
    assert_int_equal(says_verified(BP_VERIFY, 0), 1);
    assert_int_equal(says_verified(BP_BIND, 1), 0);
    assert_int_equal(says_verified(BP_VERIFY, 1), 0);
}

/* A context ends with its FINISH or EXPORT, and with the connection. */
static void
test_context_ends(void **state)
{
    (void)state;
    begin_in(CONTEXT, 0);
    assert_int_equal(ask(BP_EXPORT), BP_KEYS);
    assert_int_equal(fake.freed, 1);
    assert_int_equal(ask(BP_CREDSSP), BP_STARTED);
    assert_int_equal(ask(BP_FINISH), BP_OK);
    assert_int_equal(fake.freed, 2);
    assert_int_equal(ask(BP_CREDSSP), BP_STARTED);
    dispatch_free(&s);
    assert_int_equal(fake.freed, 3);
}

static void
test_channel(void **state)
{
    struct bp_message *m = calloc(1, sizeof(*m));
    int fd = -1;

    (void)state;
    m->number = BP_CHANNEL;
    assert_int_equal(ask(BP_HELLO), BP_WELCOME);
    assert_int_equal(say(m, &fd), BP_OK);
    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(adopted_confined, 0);
    assert_int_equal(ask(BP_CONFINE), BP_OK);
    assert_int_equal(ask(BP_CHANNEL), BP_OK);
    assert_int_equal(adopted_confined, 1);
    free(m);
}

/* A channel is past HELLO, and stays what it was born as. */
static void
test_adopted(void **state)
{
    (void)state;
    dispatch_free(&s);
    assert_int_equal(dispatch_new(&broker, 1, 1, &s, NULL), 0);
    assert_int_equal(ask(BP_REPORT), BP_OK);
    assert_int_equal(ask(BP_LOGIN), -BP_ERROR);
}

static int
report(const char *host, uint32_t ntstatus, const char *text)
{
    struct bp_message *m = calloc(1, sizeof(*m));
    int ret;

    m->number = BP_REPORT;
    m->host = span(host);
    m->ntstatus = ntstatus;
    m->text = span(text);
    ret = say(m, NULL);
    free(m);
    return ret;
}

/* Is there this text, as it is or at the beginning, for web01? */
static int
is_in_status(const char *text)
{
    uint32_t i;

    assert_int_equal(ask(BP_STATUS), BP_STATUS_IS);
    for (i = 0; i < reply->nhosts; i++) {
        if (reply->hosts[i].text.len >= strlen(text) &&
            memcmp(reply->hosts[i].text.p, text, strlen(text)) == 0)
            return 1;
    }
    return 0;
}

/* A gateway's word is marked, and takes no place of the broker's own. */
static void
test_report(void **state)
{
    (void)state;
    assert_int_equal(ask(BP_HELLO), BP_WELCOME);
    hoststatus_note(broker.journal, "web01.x", 0, "authenticated");
    assert_int_equal(report("web01.x", 0xC0000001, "delegated\n\033by\302\233"),
                     BP_OK);
    assert_true(is_in_status("authenticated"));
    assert_true(is_in_status("gateway says: delegated??by?"));
    assert_false(is_in_status("delegated"));
    assert_int_equal(report("web02.x", 0xC0000001, "x"), BP_ERROR);
    assert_int_equal(reply->code, -CS_POLICY);
    assert_int_equal(report("web01.x\nx", 0xC0000001, "x"), BP_ERROR);
    assert_int_equal(report("", 0xC0000001, "x"), BP_ERROR);
    assert_int_equal(report("web01.x", 0, "delegated by CredSSP"), BP_OK);
    assert_true(is_in_status("gateway says: delegated by CredSSP"));
    assert_int_equal(reply->hosts[1].ntstatus, 0xC0000001);
    assert_int_equal(report("web01.x", 0, ""), BP_OK);
    assert_false(is_in_status("gateway says"));
    assert_false(is_in_status("delegated"));
    assert_true(is_in_status("authenticated"));
}

static void
test_malformed(void **state)
{
    (void)state;
    assert_int_equal(send_frame(span("\x01"), NULL), -BP_ERROR);
    assert_int_equal(reply->code, -CS_MALFORMED);
    assert_int_equal(send_frame(span(""), NULL), -BP_ERROR);
    assert_int_equal(send_frame(span("\x63"), NULL), -BP_ERROR);
}

/* No KDC answers: errors leave the state, and are kept. */
static void
test_no_kdc(void **state)
{
    (void)state;
    assert_int_equal(ask(BP_HELLO), BP_WELCOME);
    assert_int_equal(ask(BP_CREDSSP), BP_ERROR);
    assert_non_null(memmem(reply->text.p, reply->text.len, "login", 5));
    assert_int_equal(ask(BP_LOGIN), BP_LOGGED_IN);
    assert_int_equal(ask(BP_CREDSSP), BP_ERROR);
    assert_int_equal(reply->ntstatus, 0xC000005E);
    assert_int_equal(ask(BP_CONTEXT), BP_ERROR);
    assert_int_equal(ask(BP_STATUS), BP_STATUS_IS);
    assert_int_equal(reply->nhosts, 1);
    assert_int_equal(reply->credentials[0].ntstatus, 0xC000005E);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_hello_first, begin, end),
        cmocka_unit_test_setup_teardown(test_login, begin, end),
        cmocka_unit_test_setup_teardown(test_logout_unknown, begin, end),
        cmocka_unit_test_setup_teardown(test_error_text, begin, end),
        cmocka_unit_test_setup_teardown(test_table, begin, end),
        cmocka_unit_test_setup_teardown(test_table_confined, begin, end),
        cmocka_unit_test_setup_teardown(test_confine, begin, end),
        cmocka_unit_test_setup_teardown(test_no_context, begin, end),
        cmocka_unit_test_setup_teardown(test_verified, begin, end),
        cmocka_unit_test_setup_teardown(test_context_ends, begin, end),
        cmocka_unit_test_setup_teardown(test_channel, begin, end),
        cmocka_unit_test_setup_teardown(test_adopted, begin, end),
        cmocka_unit_test_setup_teardown(test_report, begin, end),
        cmocka_unit_test_setup_teardown(test_malformed, begin, end),
        cmocka_unit_test_setup_teardown(test_no_kdc, begin, end)
    };

    return cmocka_run_group_tests_name("dispatch", tests, setup, teardown);
}
