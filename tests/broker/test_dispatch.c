/* test_dispatch.c - which messages are legal when, and for whom. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dispatch.h"
#include "unit.h"

static struct broker broker;
static struct dispatch *s;
static struct bp_message *reply;
static struct cs_buf out = CS_BUF_INIT(BP_FRAME_MAX + 4);
static int adopted_confined;

static int
adopt(struct broker *b, int fd, int confined, struct cs_error *err)
{
    (void)b;
    (void)err;
    (void)close(fd);
    adopted_confined = confined;
    return 0;
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
    return vault_new(&broker.vault, NULL) | journal_new(&broker.journal, NULL);
}

static int
teardown(void **state)
{
    (void)state;
    vault_free(&broker.vault);
    journal_free(&broker.journal);
    cs_buf_free(&out);
    free(reply);
    return 0;
}

static int
begin(void **state)
{
    (void)state;
    (void)vault_remove(broker.vault, NULL);
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

    cs_buf_reset(&out);
    closed = dispatch_frame(s, frame, &out, &passed);
    if (fd != NULL)
        *fd = passed;
    else if (passed >= 0)
        (void)close(passed);
    assert_true(out.len > 4);
    assert_int_equal(bp_decode((struct cs_span){ out.p + 4, out.len - 4 },
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

/* What belongs to a context is not legal without one. */
static void
test_no_context(void **state)
{
    static const enum bp_number numbers[] = {
        BP_STEP, BP_BIND, BP_VERIFY, BP_DELEGATE, BP_FINISH, BP_EXPORT, BP_OK,
        BP_ERROR, BP_WELCOME
    };
    size_t i;

    for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        assert_int_equal(ask(BP_HELLO), BP_WELCOME);
        assert_int_equal(ask(numbers[i]), -BP_ERROR);
        assert_int_equal(reply->code, -CS_UNEXPECTED);
        dispatch_free(&s);
        assert_int_equal(begin(state), 0);
    }
}

static void
test_confined(void **state)
{
    static const enum bp_number numbers[] = {
        BP_LOGIN, BP_LOGOUT, BP_STATUS, BP_CONFINE
    };
    size_t i;

    for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        assert_int_equal(ask(BP_HELLO), BP_WELCOME);
        assert_int_equal(ask(BP_CONFINE), BP_OK);
        assert_int_equal(ask(numbers[i]), -BP_ERROR);
        assert_int_equal(reply->code, -CS_POLICY);
        dispatch_free(&s);
        assert_int_equal(begin(state), 0);
    }
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
    journal_note(broker.journal, "web01.x", 0, "authenticated");
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
        cmocka_unit_test_setup_teardown(test_no_context, begin, end),
        cmocka_unit_test_setup_teardown(test_confined, begin, end),
        cmocka_unit_test_setup_teardown(test_channel, begin, end),
        cmocka_unit_test_setup_teardown(test_adopted, begin, end),
        cmocka_unit_test_setup_teardown(test_report, begin, end),
        cmocka_unit_test_setup_teardown(test_malformed, begin, end),
        cmocka_unit_test_setup_teardown(test_no_kdc, begin, end)
    };

    return cmocka_run_group_tests_name("dispatch", tests, setup, teardown);
}
