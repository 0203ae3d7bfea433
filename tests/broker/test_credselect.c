/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * test_credselect.c - every error of the KDC's, and which name and which mechanism
 * are tried after it.
 *
 * The KDC is a stand-in: calls of GSSAPI answer as each case says, and the
 * names that they were asked for are written down.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/broker/credselect.h"
#include "plugin/credssp/credsint.h"
#include "plugin/credssp/gsserr.h"
#include "helper/broker/kdcqueue.h"
#include "tests/unit/unit.h"

#define CODES 128               /* of RFC 4120's errors, and krb5's own */

__typeof__(gss_init_sec_context) __wrap_gss_init_sec_context;
__typeof__(cs_gss_fail) __wrap_cs_gss_fail;
__typeof__(cs_creds_acquire) __wrap_cs_creds_acquire;
__typeof__(cs_tickets_get) __wrap_cs_tickets_get;
__typeof__(krb5_get_credentials) __wrap_krb5_get_credentials;
__typeof__(krb5_decode_ticket) __wrap_krb5_decode_ticket;
__typeof__(kdcqueue_again) __wrap_kdcqueue_again;

static struct {
    long code;                  /* of the first name that is asked for */
    const char *text;           /* of the status; NULL: nothing much */
    int others;                 /* how many names are answered like that */
    char asked[512];            /* the names, in order */
    int again;                  /* how often there was time for another try */
    int waits;
    const char *given;          /* a ticket for this; NULL: what was asked */
    int own;                    /* with a ticket-granting ticket of its own */
} kdc;

static krb5_principal server;   /* of the ticket that was given */

static struct vault *vault;

static long
answer(const char *name)
{
    (void)snprintf(kdc.asked + strlen(kdc.asked),
                   sizeof(kdc.asked) - strlen(kdc.asked), "%s%s",
                   kdc.asked[0] != '\0' ? " " : "", name);
    return kdc.others-- > 0 ? kdc.code : 0;
}

OM_uint32 KRB5_CALLCONV
__wrap_gss_init_sec_context(OM_uint32 *minor, gss_cred_id_t cred,
                            gss_ctx_id_t *ctx, gss_name_t target,
                            gss_OID mech, OM_uint32 flags, OM_uint32 time_req,
                            gss_channel_bindings_t bindings,
                            gss_buffer_t token, gss_OID *actual,
                            gss_buffer_t out, OM_uint32 *ret_flags,
                            OM_uint32 *time_rec)
{
    gss_buffer_desc name = GSS_C_EMPTY_BUFFER;
    char text[128];
    OM_uint32 tmp;

    (void)cred;
    (void)ctx;
    (void)mech;
    (void)time_req;
    (void)bindings;
    (void)token;
    (void)actual;
    (void)out;
    (void)ret_flags;
    (void)time_rec;
    assert_int_equal(flags & GSS_C_DELEG_FLAG, 0);
    assert_false(GSS_ERROR(gss_display_name(&tmp, target, &name, NULL)));
    (void)snprintf(text, sizeof(text), "%.*s", (int)name.length,
                   (char *)name.value);
    (void)gss_release_buffer(&tmp, &name);
    *minor = (OM_uint32)answer(text);
    return *minor == 0 ? GSS_S_CONTINUE_NEEDED : GSS_S_FAILURE;
}

/* The text of krb5's error is the case's.  (The library's own display of some
 * codes is never freed.) */
int
__wrap_cs_gss_fail(struct cs_error *err, const char *what, OM_uint32 major,
                   OM_uint32 minor, gss_const_OID mech)
{
    (void)mech;
    (void)cs_fail(err, CS_INNER, "%s: failed: %s", what,
                  kdc.text != NULL ? kdc.text : "what krb5 says");
    if (err != NULL) {
        err->major = major;
        err->minor = minor;
        err->ntstatus = cs_krb5_ntstatus(minor);
    }
    return CS_INNER;
}

int
__wrap_cs_creds_acquire(struct cs_creds *creds, unsigned int mechs,
                        const char *cache, gss_cred_id_t *out,
                        struct cs_error *err)
{
    (void)creds;
    (void)cache;
    (void)err;
    assert_int_equal(mechs, CS_MECH_RAW_KRB5);
    *out = GSS_C_NO_CREDENTIAL;
    return 0;
}

/* The ticket-granting ticket: a cache with nobody's. */
int
__wrap_cs_tickets_get(struct cs_creds *creds, int own, char **name,
                      struct cs_error *err)
{
    (void)creds;
    (void)err;
    kdc.own = own;
    *name = strdup("MEMORY:choice");
    return (*name != NULL) ? 0 : CS_NOMEM;
}

/* What a gift is asked for with. */
krb5_error_code KRB5_CALLCONV
__wrap_krb5_get_credentials(krb5_context context, krb5_flags options,
                            krb5_ccache cache, krb5_creds *want,
                            krb5_creds **out)
{
    krb5_error_code code;
    char *name;

    (void)options;
    (void)cache;
    assert_int_equal(krb5_unparse_name(context, want->server, &name), 0);
    code = (krb5_error_code)answer(name);
    krb5_free_unparsed_name(context, name);
    *out = (code == 0) ? calloc(1, sizeof(**out)) : NULL;
    if (code != 0)
        return code;
    assert_int_equal(krb5_copy_principal(context, want->client,
                                         &(*out)->client), 0);
    assert_int_equal(krb5_parse_name(context, kdc.given != NULL ? kdc.given :
                                     "HOST/x@TEST.EXAMPLE",
                                     &(*out)->server), 0);
    if (kdc.given == NULL) {
        krb5_free_principal(context, (*out)->server);
        assert_int_equal(krb5_copy_principal(context, want->server,
                                             &(*out)->server), 0);
    }
    server = (*out)->server;
    return 0;
}

/* Of no ticket that anybody could decode: its server. */
krb5_error_code KRB5_CALLCONV
__wrap_krb5_decode_ticket(const krb5_data *bytes, krb5_ticket **out)
{
    krb5_context context;

    (void)bytes;
    *out = calloc(1, sizeof(**out));
    assert_non_null(*out);
    assert_int_equal(krb5_init_context(&context), 0);
    assert_int_equal(krb5_copy_principal(context, server, &(*out)->server), 0);
    krb5_free_context(context);
    return 0;
}

int
__wrap_kdcqueue_again(int64_t limit)
{
    (void)limit;
    kdc.waits++;
    return kdc.again-- > 0;
}

static void
be(long code, int others)
{
    memset(&kdc, 0, sizeof(kdc));
    kdc.code = code;
    kdc.others = others;
}

/* A user who has logged in, or nobody. */
static void
log_in(const char *user)
{
    struct cs_creds_options o = { .user = user, .private = 1 };
    struct cs_creds *creds;

    (void)vault_remove(vault, NULL);
    if (user == NULL)
        return;
    o.password = (struct cs_span){ (const uint8_t *)"secret", 6 };
    assert_int_equal(cs_creds_new(&o, &creds, NULL), 0);
    assert_int_equal(vault_add(vault, &creds, "test", 60, NULL, NULL), 0);
}

/* Ask for a host, from this candidate on. */
static int
choose_from(const char *host, uint32_t candidate, int credssp, int ntlm,
            struct credselect *c, struct cs_error *err)
{
    struct wish wish = { host, NULL, 5985, candidate };
    int ret = credselect_host(&wish, credssp, c, err);

    if (ret == 0)
        ret = credselect_creds(vault, c, err);
    return (ret == 0) ? credselect_name(&wish, ntlm, c, err) : ret;
}

/* A host that nobody has asked for yet. */
static const char *
new_host(const char *kind)
{
    static char host[64];
    static int serial;

    (void)snprintf(host, sizeof(host), "h%d.%s", serial++, kind);
    return host;
}

static int
choose(const char *kind, int credssp, int ntlm, struct credselect *c,
       struct cs_error *err)
{
    memset(err, 0, sizeof(*err));
    return choose_from(new_host(kind), 0, credssp, ntlm, c, err);
}

/* How many names were asked for. */
static int
count(void)
{
    const char *p;
    int n = (kdc.asked[0] != '\0');

    for (p = kdc.asked; *p != '\0'; p++)
        n += (*p == ' ');
    return n;
}

/* A word about the user: NTLM would only repeat it, and count as another bad
 * logon. */
static int
is_about_the_user(long code)
{
    return code == KRB5KDC_ERR_PREAUTH_FAILED ||
        code == KRB5KRB_AP_ERR_BAD_INTEGRITY ||
        code == KRB5KDC_ERR_KEY_EXP || code == KRB5KDC_ERR_NAME_EXP ||
        code == KRB5KDC_ERR_CLIENT_REVOKED || code == KRB5KDC_ERR_POLICY;
}

static const long other_codes[] = {
    ENOENT, ETIMEDOUT, KRB5_CC_NOTFOUND, KRB5_FCC_NOFILE, KRB5_KDC_UNREACH,
    KRB5_REALM_UNKNOWN, KRB5_CONFIG_BADFORMAT
};
#define NOTHERS (sizeof(other_codes) / sizeof(*other_codes))

static long
code_at(size_t i)
{
    return i < CODES ? KRB5KDC_ERR_NONE + (long)i : other_codes[i - CODES];
}

/* Only an unknown name is followed by the next. */
static void
test_codes(void **state)
{
    struct credselect c;
    struct cs_error err;
    size_t i;
    int ret;

    (void)state;
    log_in("alice@TEST.EXAMPLE");
    for (i = 0; i < CODES + NOTHERS; i++) {
        be(code_at(i), 1);
        ret = choose("x", 0, 0, &c, &err);
        if (code_at(i) == KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN) {
            assert_int_equal(ret, 0);
            assert_int_equal(count(), 2);
            assert_int_equal(c.candidate, 1);
            assert_int_equal(c.mechs, CS_MECH_KRB5);
        } else {
            assert_int_equal(ret, CS_INNER);
            assert_int_equal(err.minor, (uint32_t)code_at(i));
            assert_int_equal(count(), 1);
        }
        credselect_free(&c);
    }
}

/* With NTLM allowed an error leaves that, but for a word about the user. */
static void
test_codes_ntlm(void **state)
{
    struct credselect c;
    struct cs_error err;
    size_t i;
    int ret;

    (void)state;
    log_in("alice@TEST.EXAMPLE");
    for (i = 0; i < CODES + NOTHERS; i++) {
        be(code_at(i), 1);
        ret = choose("x", 0, 1, &c, &err);
        if (is_about_the_user(code_at(i))) {
            assert_int_equal(ret, CS_INNER);
        } else if (code_at(i) == KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN) {
            assert_int_equal(ret, 0);
            assert_int_equal(c.mechs, CS_MECH_KRB5 | CS_MECH_NTLM);
        } else {
            assert_int_equal(ret, 0);
            assert_int_equal(c.mechs, CS_MECH_NTLM);
            assert_int_equal(memcmp(credselect_spn(&c), "HTTP@", 5), 0);
        }
        credselect_free(&c);
    }
}

/* Nobody has logged in: the user's tickets.  NTLM needs a password. */
static void
test_codes_tickets(void **state)
{
    struct credselect c;
    struct cs_error err;
    size_t i;
    int ret;

    (void)state;
    log_in(NULL);
    for (i = 0; i < CODES + NOTHERS; i++) {
        be(code_at(i), 1);
        ret = choose("x", 0, 1, &c, &err);
        assert_int_equal(ret == 0, code_at(i) ==
                         KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN);
        /* Where there are none either, that is what has to be done. */
        assert_int_equal(strstr(err.text, "kinit") != NULL,
                         code_at(i) == KRB5_FCC_NOFILE ||
                         code_at(i) == KRB5_CC_NOTFOUND);
        credselect_free(&c);
    }
}

/* The name was unknown, but the code has become another one. */
static void
test_text(void **state)
{
    static const struct {
        const char *text;
        int goes_on;
    } texts[] = {
        { "Server HOST/a@R not found in Kerberos database", 1 },
        { "Client alice@R not found in Kerberos database", 0 },
        { "Server HOST/a@R is busy", 0 },
    };
    struct credselect c;
    struct cs_error err;
    size_t i;

    (void)state;
    log_in("alice@TEST.EXAMPLE");
    for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        be(100001, 1);
        kdc.text = texts[i].text;
        assert_int_equal(choose("x", 0, 0, &c, &err) == 0, texts[i].goes_on);
        credselect_free(&c);
    }
}

/* None is known; and each was asked for once, the plain one last. */
static void
test_all_unknown(void **state)
{
    struct credselect c;
    struct cs_error err;
    const char *last;

    (void)state;
    log_in("alice@TEST.EXAMPLE");
    be(KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, 99);
    assert_int_equal(choose("x", 0, 0, &c, &err), CS_INNER);
    assert_int_equal(count(), c.candidates);
    last = strrchr(kdc.asked, ' ');
    assert_non_null(last);
    assert_int_equal(memcmp(last, " HTTP@", 6), 0);
    credselect_free(&c);
}

/* A password goes to a name that the KDC knows; an unknown one is followed by
 * the next that may have it, all else ends the search.  And NTLM, which proves
 * nothing, is not asked for by the KDC's word about the user. */
static void
test_codes_gift(void **state)
{
    struct credselect c;
    struct cs_error err;
    size_t i;
    int ret;

    (void)state;
    log_in("alice@TEST.EXAMPLE");
    for (i = 0; i < CODES + NOTHERS; i++) {
        be(code_at(i), 1);
        ret = choose("gift", 1, 0, &c, &err);
        if (code_at(i) == KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN) {
            assert_int_equal(ret, 0);
            assert_int_equal(count(), 2);
            assert_null(strstr(kdc.asked, "HTTP"));
            assert_true(kdc.own);
        } else {
            assert_int_equal(ret, CS_INNER);
            assert_int_equal(count(), 1);
        }
        credselect_free(&c);
    }
    be(KRB5KDC_ERR_CLIENT_REVOKED, 1);
    assert_int_equal(choose("gift", 1, 1, &c, &err), CS_INNER);
    credselect_free(&c);
    be(KRB5_KDC_UNREACH, 1);
    assert_int_equal(choose("gift", 1, 1, &c, &err), 0);
    assert_int_equal(c.mechs, CS_MECH_NTLM);
    credselect_free(&c);
}

/* The ticket is for whom it was asked for: in whatever case, but no other
 * class, host or realm. */
static void
test_given(void **state)
{
    static const struct {
        const char *given;
        int ret;
    } tickets[] = {
        { "HOST/fixed.gift@TEST.EXAMPLE", 0 },
        { "host/FIXED.gift@TEST.EXAMPLE", 0 },
        { "HTTP/fixed.gift@TEST.EXAMPLE", CS_UNEXPECTED },
        { "HOST/other.gift@TEST.EXAMPLE", CS_UNEXPECTED },
        { "HOST/fixed.gift@OTHER.EXAMPLE", CS_UNEXPECTED },
        { "HOST/fixed.gift/x@TEST.EXAMPLE", CS_UNEXPECTED },
    };
    struct credselect c;
    struct cs_error err;
    size_t i;

    (void)state;
    log_in("alice@TEST.EXAMPLE");
    for (i = 0; i < sizeof(tickets) / sizeof(*tickets); i++) {
        be(0, 0);
        kdc.given = tickets[i].given;
        assert_int_equal(choose_from("fixed.gift", 0, 1, 0, &c, &err),
                         tickets[i].ret);
        assert_int_equal(c.ticket.cache != NULL, tickets[i].ret == 0);
        credselect_free(&c);
        /* Nor does NTLM take its place. */
        if (tickets[i].ret != 0)
            assert_int_equal(choose_from("fixed.gift", 0, 1, 1, &c, &err),
                             tickets[i].ret);
        credselect_free(&c);
    }
}

/* A DNS server that is slow is asked again, while there is time. */
static void
test_for_now(void **state)
{
    struct credselect c;
    struct cs_error err;

    (void)state;
    log_in("alice@TEST.EXAMPLE");
    be(EAGAIN, 2);
    kdc.again = 5;
    assert_int_equal(choose("x", 0, 0, &c, &err), 0);
    assert_int_equal(count(), 3);
    assert_int_equal(kdc.waits, 2);
    credselect_free(&c);
    be(EAGAIN, 99);
    kdc.again = 5;
    assert_int_equal(choose("x", 0, 0, &c, &err), CS_INNER);
    assert_int_equal(count(), 6);
    assert_non_null(strstr(err.text, "no DNS server"));
    credselect_free(&c);
    be(KRB5_KDC_UNREACH, 99);
    kdc.again = 5;
    assert_int_equal(choose("x", 0, 0, &c, &err), CS_INNER);
    assert_int_equal(kdc.waits, 0);
    credselect_free(&c);
}

/* What the KDC has just had a ticket for is not asked for again, unless for
 * somebody else. */
static void
test_recent(void **state)
{
    const char *host = new_host("x");
    struct credselect c;
    struct cs_error err;

    (void)state;
    log_in("alice@TEST.EXAMPLE");
    be(0, 0);
    assert_int_equal(choose_from(host, 0, 0, 0, &c, &err), 0);
    assert_int_equal(count(), 1);
    credselect_free(&c);
    assert_int_equal(choose_from(host, 0, 0, 0, &c, &err), 0);
    assert_int_equal(count(), 1);
    credselect_free(&c);
    log_in("bob@TEST.EXAMPLE");
    assert_int_equal(choose_from(host, 0, 0, 0, &c, &err), 0);
    assert_int_equal(count(), 2);
    credselect_free(&c);
}

/* The caller may go on behind the names that the server has refused. */
static void
test_candidate(void **state)
{
    struct credselect c;
    struct cs_error err;
    uint32_t n;

    (void)state;
    log_in("alice@TEST.EXAMPLE");
    be(0, 0);
    assert_int_equal(choose_from(new_host("x"), 1, 0, 0, &c, &err), 0);
    assert_int_equal(c.candidate, 1);
    assert_int_equal(memcmp(kdc.asked, "WSMAN", 5), 0);
    n = c.candidates;
    credselect_free(&c);
    be(0, 0);
    assert_int_equal(choose_from(new_host("x"), n, 0, 0, &c, &err), CS_USAGE);
    assert_int_equal(count(), 0);
    credselect_free(&c);
}

/* DOMAIN\user is of the default realm if that begins with DOMAIN, as a label:
 * another one's user would be told of a bad logon. */
static void
test_realm(void **state)
{
    static const struct {
        const char *user;
        int asked;
    } users[] = {
        { "TEST\\alice", 1 }, { "test\\alice", 1 }, { "TES\\alice", 0 },
        { "TESTING\\alice", 0 }, { "WEB01\\alice", 0 },
        { "TEST.EXAMPLE\\alice", 1 }, { "alice@other.example", 1 },
        { "alice", 1 }
    };
    struct credselect c;
    struct cs_error err;
    size_t i;
    int ret;

    (void)state;
    for (i = 0; i < sizeof(users) / sizeof(*users); i++) {
        log_in(users[i].user);
        be(0, 0);
        ret = choose("x", 0, 0, &c, &err);
        assert_int_equal(ret, users[i].asked ? 0 : CS_POLICY);
        assert_int_equal(count(), users[i].asked);
        credselect_free(&c);
    }
}

/* A port that is not WinRM's there, and a node that is not the host's. */
static void
test_wish(void **state)
{
    struct wish wish = { "h.x", NULL, 443, 0 };
    struct credselect c;
    struct cs_error err;

    (void)state;
    log_in("alice@TEST.EXAMPLE");
    be(0, 0);
    assert_int_equal(credselect_host(&wish, 0, &c, &err), CS_POLICY);
    wish.port = 5986;
    wish.node = "other.x";
    assert_int_equal(credselect_host(&wish, 0, &c, &err), 0);
    assert_int_equal(credselect_creds(vault, &c, &err), 0);
    assert_int_equal(credselect_name(&wish, 1, &c, &err), CS_POLICY);
    assert_int_equal(count(), 0);
    credselect_free(&c);
}

static int
setup(void **state)
{
    krb5_context context;
    krb5_principal alice;
    krb5_ccache cache;

    (void)state;
    unit_krb5_conf("[libdefaults]\n default_realm = TEST.EXAMPLE\n"
                   " dns_canonicalize_hostname = false\n"
                   " dns_lookup_kdc = false\n dns_lookup_realm = false\n"
                   "[appdefaults]\n winrm = {\n"
                   "  spn = HOST/%f WSMAN/%f\n"
                   "  credssp = {\n   delegate_to = .gift\n  }\n }\n"
                   "[domain_realm]\n fixed.gift = TEST.EXAMPLE\n");
    assert_int_equal(krb5_init_context(&context), 0);
    assert_int_equal(krb5_parse_name(context, "alice@TEST.EXAMPLE", &alice),
                     0);
    assert_int_equal(krb5_cc_resolve(context, "MEMORY:choice", &cache), 0);
    assert_int_equal(krb5_cc_initialize(context, cache, alice), 0);
    (void)krb5_cc_close(context, cache);
    krb5_free_principal(context, alice);
    krb5_free_context(context);
    return vault_new(&vault, NULL);
}

static int
teardown(void **state)
{
    krb5_context context;
    krb5_ccache cache;

    (void)state;
    if (krb5_init_context(&context) == 0) {
        if (krb5_cc_resolve(context, "MEMORY:choice", &cache) == 0)
            (void)krb5_cc_destroy(context, cache);
        krb5_free_context(context);
    }
    vault_free(&vault);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_codes_ntlm),
        cmocka_unit_test(test_codes_tickets),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_all_unknown),
        cmocka_unit_test(test_codes_gift),
        cmocka_unit_test(test_given),
        cmocka_unit_test(test_for_now),
        cmocka_unit_test(test_recent),
        cmocka_unit_test(test_candidate),
        cmocka_unit_test(test_realm),
        cmocka_unit_test(test_wish),
    };

    return cmocka_run_group_tests_name("choice", tests, setup, teardown);
}
