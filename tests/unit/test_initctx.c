/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * test_initctx.c - every error of Kerberos, and what is done about it.
 *
 * The mechglue's calls are stand-ins: krb5 answers as each case says, and what
 * it was asked is written down.  test_rejcache.c has what is remembered, and
 * tests/k5 the same with a KDC and a server, but for few errors.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <krb5.h>

#include "plugin/handles.h"
#include "plugin/rejcache.h"
#include "tests/unit/unit.h"

#define CODES 128               /* of RFC 4120's errors, and krb5's own */
#define CALLS 8

extern __typeof__(gss_init_sec_context) gssi_init_sec_context;

__typeof__(gss_init_sec_context) __wrap_gss_init_sec_context;
__typeof__(gss_canonicalize_name) __wrap_gss_canonicalize_name;
__typeof__(gss_delete_sec_context) __wrap_gss_delete_sec_context;
__typeof__(gss_display_status) __wrap_gss_display_status;
__typeof__(gss_inquire_context) __wrap_gss_inquire_context;

/* What krb5 answers, call by call, and what it was asked. */
static struct {
    OM_uint32 major, minor;
    char name[64];              /* asked for */
    int has_token;
} calls[CALLS];
static int ncalls, nscript, contexts;
static const char *text;        /* of all minor statuses; NULL: krb5's */

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
    OM_uint32 tmp;

    (void)cred;
    (void)mech;
    (void)flags;
    (void)time_req;
    (void)bindings;
    (void)actual;
    (void)out;
    (void)ret_flags;
    (void)time_rec;
    assert_true(ncalls < nscript);
    assert_false(GSS_ERROR(gss_display_name(&tmp, target, &name, NULL)));
    (void)snprintf(calls[ncalls].name, sizeof(calls[ncalls].name), "%.*s",
                   (int)name.length, (char *)name.value);
    (void)gss_release_buffer(&tmp, &name);
    calls[ncalls].has_token = token != GSS_C_NO_BUFFER && token->length > 0;
    if (*ctx == GSS_C_NO_CONTEXT && !GSS_ERROR(calls[ncalls].major)) {
        *ctx = (gss_ctx_id_t)&calls[ncalls];
        contexts++;
    }
    *minor = calls[ncalls].minor;
    return calls[ncalls++].major;
}

OM_uint32 KRB5_CALLCONV
__wrap_gss_delete_sec_context(OM_uint32 *minor, gss_ctx_id_t *ctx,
                              gss_buffer_t out)
{
    (void)out;
    *minor = 0;
    contexts -= (*ctx != GSS_C_NO_CONTEXT);
    *ctx = GSS_C_NO_CONTEXT;
    return GSS_S_COMPLETE;
}

OM_uint32 KRB5_CALLCONV
__wrap_gss_canonicalize_name(OM_uint32 *minor, const gss_name_t in,
                             const gss_OID mech, gss_name_t *out)
{
    (void)mech;
    return gss_duplicate_name(minor, in, out);
}

OM_uint32 KRB5_CALLCONV
__wrap_gss_display_status(OM_uint32 *minor, OM_uint32 status, int type,
                          gss_OID mech, OM_uint32 *more, gss_buffer_t out)
{
    char said[80];

    (void)type;
    (void)mech;
    *minor = *more = 0;
    (void)snprintf(said, sizeof(said), "krb5's error %u", (unsigned)status);
    if (text != NULL)
        (void)snprintf(said, sizeof(said), "%s", text);
    out->length = strlen(said);
    out->value = (out->length > 0) ? strdup(said) : NULL;
    return GSS_S_COMPLETE;
}

OM_uint32 KRB5_CALLCONV
__wrap_gss_inquire_context(OM_uint32 *minor, gss_ctx_id_t ctx,
                           gss_name_t *source, gss_name_t *target,
                           OM_uint32 *lifetime, gss_OID *mech,
                           OM_uint32 *flags, int *local, int *opened)
{
    (void)ctx;
    (void)source;
    (void)target;
    (void)lifetime;
    (void)mech;
    (void)flags;
    (void)local;
    (void)opened;
    *minor = 0;
    return GSS_S_FAILURE;       /* no cache to write a lesson into */
}

/* One program's context for a host of its own. */
struct client {
    struct gw_name name;
    gss_ctx_id_t ctx;
    char host[64];
};

/* Kinds of hosts are those of krb5.conf, below. */
static void
client_begin(struct client *c, const char *kind)
{
    static int serial;
    gss_buffer_desc name;
    char plain[80];
    OM_uint32 minor;

    memset(c, 0, sizeof(*c));
    memset(calls, 0, sizeof(calls));
    ncalls = nscript = 0;
    text = NULL;
    (void)snprintf(c->host, sizeof(c->host), "h%d.%s", serial++, kind);
    (void)snprintf(plain, sizeof(plain), "HTTP@%s", c->host);
    name.value = plain;
    name.length = strlen(plain);
    assert_false(GSS_ERROR(gss_import_name(&minor, &name,
                                           GSS_C_NT_HOSTBASED_SERVICE,
                                           &c->name.inner)));
    c->name.http_host = c->host;
}

static void
client_end(struct client *c)
{
    OM_uint32 minor;

    if (c->ctx != GSS_C_NO_CONTEXT) {
        struct gw_ctx *ctx = (struct gw_ctx *)c->ctx;

        gw_ctx_free(ctx);
    }
    (void)gss_release_name(&minor, &c->name.inner);
    (void)gss_release_name(&minor, &c->name.canon);
    assert_int_equal(contexts, 0);
}

/* What krb5 will answer next. */
static void
expect(OM_uint32 major, long minor)
{
    assert_true(nscript < CALLS);
    calls[nscript].major = major;
    calls[nscript++].minor = (OM_uint32)minor;
}

static OM_uint32
leg(struct client *c, const void *bytes, size_t len, OM_uint32 *minor)
{
    gss_buffer_desc token = { len, (void *)(uintptr_t)bytes };
    gss_buffer_desc out = GSS_C_EMPTY_BUFFER;

    return gssi_init_sec_context(minor, GSS_C_NO_CREDENTIAL, &c->ctx,
                                 (gss_name_t)&c->name, &gw_oid_krb5,
                                 GSS_C_MUTUAL_FLAG, 0,
                                 GSS_C_NO_CHANNEL_BINDINGS,
                                 len > 0 ? &token : GSS_C_NO_BUFFER, NULL,
                                 &out, NULL, NULL);
}

/* The names that krb5 has been asked for, without the host. */
static void
asked(const struct client *c, const char *want)
{
    char got[256] = "", *at;
    int i;

    for (i = 0; i < ncalls; i++) {
        at = strchr(calls[i].name, '@');
        assert_non_null(at);
        assert_string_equal(at + 1, c->host);
        (void)snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%.*s",
                       i > 0 ? " " : "", (int)(at - calls[i].name),
                       calls[i].name);
    }
    assert_string_equal(got, want);
}

static int
is_rejected(const struct client *c, const char *class)
{
    char name[96];

    (void)snprintf(name, sizeof(name), "%s@%s", class, c->host);
    return gw_rejcache_is_rejected(c->host, name);
}

/* A KRB-ERROR, bare as Windows sends it, and as RFC 4121 wants it. */
static const uint8_t bare[] = { 0x7e, 0x03, 0x30, 0x01, 0x00 };
#define OID 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02
static const uint8_t framed[] = { 0x60, 16, OID, 3, 0, 0x7e, 1, 0 };
static const uint8_t framed_long[] = { 0x60, 0x81, 16, OID, 3, 0, 0x7e, 1, 0 };
static const uint8_t ap_rep[] = { 0x60, 16, OID, 2, 0, 0x6f, 1, 0 };
static const uint8_t ap_req[] = { 0x60, 16, OID, 1, 0, 0x6e, 1, 0 };
static const uint8_t other_oid[] = {
    0x60, 16, 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x03,
    3, 0, 0x7e, 1, 0
};
static const uint8_t odd_id[] = { 0x60, 16, OID, 3, 1, 0x7e, 1, 0 };

static const struct {
    const char *name;
    const uint8_t *bytes;
    size_t len;
    int is_error;
} tokens[] = {
    { "a bare KRB-ERROR", bare, sizeof(bare), 1 },
    { "a framed KRB-ERROR", framed, sizeof(framed), 1 },
    { "one with a long length", framed_long, sizeof(framed_long), 1 },
    { "an AP-REP", ap_rep, sizeof(ap_rep), 0 },
    { "an AP-REQ", ap_req, sizeof(ap_req), 0 },
    { "another mechanism's", other_oid, sizeof(other_oid), 0 },
    { "an unknown token", odd_id, sizeof(odd_id), 0 },
    { "one cut off", framed, 14, 0 },
    { "one byte", framed, 1, 0 },
};
#define NTOKENS (sizeof(tokens) / sizeof(*tokens))

/* What is done about an error of the KDC's.  What is not here is the program's
 * to report: no other name is tried. */
static int
means_unknown(long code)
{
    return code == KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN;
}

/* The same of an acceptor's, which is another account's. */
static int
means_another_account(long code)
{
    return code == KRB5KRB_AP_ERR_BAD_INTEGRITY ||
        code == KRB5KRB_AP_ERR_NOT_US || code == KRB5KRB_AP_ERR_BADMATCH ||
        code == KRB5KRB_AP_ERR_MODIFIED ||
        code == KRB5KRB_AP_ERR_BADKEYVER || code == KRB5KRB_AP_ERR_NOKEY;
}

static const long other_codes[] = {
    0, 1, ENOENT, EAGAIN, ENOMEM, ETIMEDOUT, KRB5_CC_NOTFOUND,
    KRB5_FCC_NOFILE, KRB5_KDC_UNREACH, KRB5_REALM_UNKNOWN,
    KRB5_CONFIG_BADFORMAT
};
#define NOTHERS (sizeof(other_codes) / sizeof(*other_codes))

static long
code_at(size_t i)
{
    return i < CODES ? KRB5KDC_ERR_NONE + (long)i : other_codes[i - CODES];
}

/* The first leg at WinRM: only a name that the KDC does not know is followed
 * by another, and only that one is not tried again. */
static void
test_kdc_errors(void **state)
{
    OM_uint32 minor, major;
    struct client c;
    size_t i;
    long code;

    (void)state;
    for (i = 0; i < CODES + NOTHERS; i++) {
        code = code_at(i);
        client_begin(&c, "winrm");
        expect(GSS_S_FAILURE, code);
        expect(GSS_S_CONTINUE_NEEDED, 0);
        major = leg(&c, NULL, 0, &minor);
        if (means_unknown(code)) {
            assert_int_equal(major, GSS_S_CONTINUE_NEEDED);
            asked(&c, "HOST WSMAN");
        } else {
            assert_int_equal(major, GSS_S_FAILURE);
            assert_int_equal(minor, (OM_uint32)code);
            assert_null(c.ctx);
            asked(&c, "HOST");
        }
        assert_int_equal(is_rejected(&c, "HOST"), means_unknown(code));
        client_end(&c);
    }
}

/* The mechglue has given the code another number: its text tells. */
static void
test_unknown_by_text(void **state)
{
    static const struct {
        const char *text;
        int unknown;
    } texts[] = {
        { "Server HOST/a@R not found in Kerberos database", 1 },
        { "Client alice@R not found in Kerberos database", 0 },
        { "Server HOST/a@R is overloaded", 0 },
        { "The Server HOST/a@R not found in Kerberos database", 0 },
        { "Server", 0 },
        { "", 0 }
    };
    OM_uint32 minor, major;
    struct client c;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        client_begin(&c, "winrm");
        expect(GSS_S_FAILURE, 100001);
        expect(GSS_S_CONTINUE_NEEDED, 0);
        text = texts[i].text;
        major = leg(&c, NULL, 0, &minor);
        assert_int_equal(!GSS_ERROR(major), texts[i].unknown);
        asked(&c, texts[i].unknown ? "HOST WSMAN" : "HOST");
        client_end(&c);
    }
}

/* None is known: what is left is the caller's own name, and its error. */
static void
test_all_unknown(void **state)
{
    OM_uint32 minor;
    struct client c;

    (void)state;
    client_begin(&c, "winrm");
    expect(GSS_S_FAILURE, KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN);
    expect(GSS_S_FAILURE, KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN);
    expect(GSS_S_FAILURE | 1, KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN);
    assert_int_equal(leg(&c, NULL, 0, &minor), GSS_S_FAILURE | 1);
    assert_int_equal(minor, (OM_uint32)KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN);
    asked(&c, "HOST WSMAN HTTP");
    assert_null(c.ctx);
    /* The next context knows, and asks for that name alone; then all over. */
    memset(calls, 0, sizeof(calls));
    ncalls = nscript = 0;
    expect(GSS_S_FAILURE, KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN);
    assert_int_equal(leg(&c, NULL, 0, &minor), GSS_S_FAILURE);
    asked(&c, "HTTP");
    assert_false(is_rejected(&c, "HOST"));
    client_end(&c);
}

/* A template that makes the caller's own name has had it tried. */
static void
test_plain_once(void **state)
{
    OM_uint32 minor;
    struct client c;

    (void)state;
    client_begin(&c, "plain");
    expect(GSS_S_FAILURE, KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN);
    expect(GSS_S_FAILURE, KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN);
    assert_int_equal(leg(&c, NULL, 0, &minor), GSS_S_FAILURE);
    asked(&c, "HTTP WSMAN");
    client_end(&c);
}

/* The acceptor's answer to the first name, in a token of this kind. */
static OM_uint32
answer(struct client *c, size_t kind, long code, OM_uint32 *minor)
{
    OM_uint32 major;

    client_begin(c, "winrm");
    expect(GSS_S_CONTINUE_NEEDED, 0);
    assert_int_equal(leg(c, NULL, 0, minor), GSS_S_CONTINUE_NEEDED);
    expect(GSS_S_FAILURE, code);
    expect(GSS_S_CONTINUE_NEEDED, 0);
    major = leg(c, tokens[kind].bytes, tokens[kind].len, minor);
    assert_true(calls[1].has_token);
    return major;
}

/* A server's error: another name is tried if the key was another account's,
 * and never because of clocks, tickets, or what is no error token at all. */
static void
test_acceptor_errors(void **state)
{
    OM_uint32 minor, major;
    struct client c;
    size_t i, t;
    long code;
    int heals;

    (void)state;
    for (t = 0; t < NTOKENS; t++) {
        for (i = 0; i < CODES + NOTHERS; i++) {
            code = code_at(i);
            heals = tokens[t].is_error && means_another_account(code);
            major = answer(&c, t, code, &minor);
            if ((GSS_ERROR(major) == 0) != heals)
                fail_msg("%s with error %ld: 0x%x", tokens[t].name, code,
                         major);
            if (heals) {
                assert_int_equal(major, GSS_S_CONTINUE_NEEDED);
                asked(&c, "HOST HOST WSMAN");
                assert_false(calls[2].has_token);
            } else {
                assert_int_equal(major, GSS_S_FAILURE);
                assert_int_equal(minor, (OM_uint32)code);
                asked(&c, "HOST HOST");
            }
            assert_int_equal(is_rejected(&c, "HOST"), heals);
            client_end(&c);
        }
    }
}

/* Then a later leg is of the name that was taken, and what proves itself is
 * learned; but not if the first name was good. */
static void
test_healed(void **state)
{
    char learned[GW_MEMORY_NAME];
    OM_uint32 minor;
    struct client c;

    (void)state;
    (void)answer(&c, 0, KRB5KRB_AP_ERR_MODIFIED, &minor);
    expect(GSS_S_COMPLETE, 0);
    assert_int_equal(leg(&c, ap_rep, sizeof(ap_rep), &minor), GSS_S_COMPLETE);
    asked(&c, "HOST HOST WSMAN WSMAN");
    assert_true(gw_rejcache_learned(c.host, learned));
    assert_memory_equal(learned, "WSMAN@h", 7);
    assert_false(is_rejected(&c, "HOST"));
    client_end(&c);
    client_begin(&c, "winrm");
    expect(GSS_S_CONTINUE_NEEDED, 0);
    expect(GSS_S_COMPLETE, 0);
    assert_int_equal(leg(&c, NULL, 0, &minor), GSS_S_CONTINUE_NEEDED);
    assert_int_equal(leg(&c, ap_rep, sizeof(ap_rep), &minor), GSS_S_COMPLETE);
    assert_false(gw_rejcache_learned(c.host, learned));
    client_end(&c);
}

/* No name is left: the server's error is the caller's, and the end. */
static void
test_hopeless(void **state)
{
    OM_uint32 minor;
    struct client c;

    (void)state;
    client_begin(&c, "winrm");
    expect(GSS_S_CONTINUE_NEEDED, 0);
    expect(GSS_S_FAILURE, KRB5KRB_AP_ERR_MODIFIED);
    expect(GSS_S_FAILURE, KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN);
    expect(GSS_S_BAD_NAME, KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN);
    (void)leg(&c, NULL, 0, &minor);
    assert_int_equal(leg(&c, bare, sizeof(bare), &minor), GSS_S_FAILURE);
    assert_int_equal(minor, (OM_uint32)KRB5KRB_AP_ERR_MODIFIED);
    asked(&c, "HOST HOST WSMAN HTTP");
    assert_int_equal(leg(&c, bare, sizeof(bare), &minor), GSS_S_NO_CONTEXT);
    assert_int_equal(ncalls, 4);
    client_end(&c);
}

/* Without evidence the plain name goes out, and its errors are the
 * caller's. */
static void
test_no_evidence(void **state)
{
    OM_uint32 minor, major;
    struct client c;
    size_t i;

    (void)state;
    for (i = 0; i < CODES + NOTHERS; i++) {
        client_begin(&c, "undecided");
        expect(GSS_S_FAILURE, code_at(i));
        expect(GSS_S_CONTINUE_NEEDED, 0);
        major = leg(&c, NULL, 0, &minor);
        assert_int_equal(major, GSS_S_FAILURE);
        assert_int_equal(minor, (OM_uint32)code_at(i));
        asked(&c, "HTTP");
        client_end(&c);
        client_begin(&c, "undecided");
        expect(GSS_S_CONTINUE_NEEDED, 0);
        expect(GSS_S_FAILURE, code_at(i));
        expect(GSS_S_CONTINUE_NEEDED, 0);
        (void)leg(&c, NULL, 0, &minor);
        assert_int_equal(leg(&c, bare, sizeof(bare), &minor), GSS_S_FAILURE);
        asked(&c, "HTTP HTTP");
        /* What is left of the context is krb5's affair, too. */
        assert_int_equal(leg(&c, bare, sizeof(bare), &minor),
                         GSS_S_CONTINUE_NEEDED);
        asked(&c, "HTTP HTTP HTTP");
        client_end(&c);
    }
}

/* ... unless krb5.conf has a host to put in its place, and the KDC does not
 * know the plain name. */
static void
test_insist(void **state)
{
    OM_uint32 minor, major;
    struct client c;
    size_t i;

    (void)state;
    for (i = 0; i < CODES + NOTHERS; i++) {
        client_begin(&c, "insist");
        expect(GSS_S_FAILURE, code_at(i));
        expect(GSS_S_CONTINUE_NEEDED, 0);
        major = leg(&c, NULL, 0, &minor);
        if (means_unknown(code_at(i))) {
            assert_int_equal(major, GSS_S_CONTINUE_NEEDED);
            assert_string_equal(calls[1].name, "HOST@real.example");
        } else {
            assert_int_equal(major, GSS_S_FAILURE);
            assert_int_equal(ncalls, 1);
        }
        client_end(&c);
    }
}

/* A first call with a token: of an earlier context of ours, which has been
 * refused with it.  It goes nowhere, and the name is not tried again. */
static void
test_stale_token(void **state)
{
    OM_uint32 minor;
    struct client c;

    (void)state;
    client_begin(&c, "winrm");
    expect(GSS_S_CONTINUE_NEEDED, 0);
    (void)leg(&c, NULL, 0, &minor);
    gw_ctx_free((struct gw_ctx *)c.ctx);
    c.ctx = GSS_C_NO_CONTEXT;
    expect(GSS_S_CONTINUE_NEEDED, 0);
    assert_int_equal(leg(&c, bare, sizeof(bare), &minor),
                     GSS_S_CONTINUE_NEEDED);
    asked(&c, "HOST WSMAN");
    assert_false(calls[1].has_token);
    client_end(&c);
    /* Where nothing of ours is pending it is the caller's, and krb5's. */
    client_begin(&c, "undecided");
    expect(GSS_S_FAILURE, 0);
    (void)leg(&c, bare, sizeof(bare), &minor);
    assert_true(calls[0].has_token);
    client_end(&c);
}

/* krb5.conf leaves the host alone: all is passed on, whatever comes. */
static void
test_left_alone(void **state)
{
    static const char *const kinds[] = { "never", "disabled" };
    char name[96];
    OM_uint32 minor;
    struct client c;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        client_begin(&c, kinds[i]);
        /* Not even a lesson counts. */
        (void)snprintf(name, sizeof(name), "WSMAN@%s", c.host);
        gw_rejcache_learn(c.host, name);
        expect(GSS_S_CONTINUE_NEEDED, 0);
        expect(GSS_S_FAILURE, KRB5KRB_AP_ERR_MODIFIED);
        (void)leg(&c, bare, sizeof(bare), &minor);
        assert_true(calls[0].has_token);
        assert_int_equal(leg(&c, bare, sizeof(bare), &minor), GSS_S_FAILURE);
        asked(&c, "HTTP HTTP");
        client_end(&c);
    }
}

/* It is switched off in between: a token is the caller's, then. */
static void
test_switched_off(void **state)
{
    OM_uint32 minor;
    struct client c;

    (void)state;
    client_begin(&c, "winrm");
    expect(GSS_S_CONTINUE_NEEDED, 0);
    (void)leg(&c, NULL, 0, &minor);
    asked(&c, "HOST");
    gw_ctx_free((struct gw_ctx *)c.ctx);
    c.ctx = GSS_C_NO_CONTEXT;
    assert_int_equal(setenv("GSS_WINRM", "off", 1), 0);
    expect(GSS_S_CONTINUE_NEEDED, 0);
    (void)leg(&c, bare, sizeof(bare), &minor);
    assert_int_equal(unsetenv("GSS_WINRM"), 0);
    asked(&c, "HOST HTTP");
    assert_true(calls[1].has_token);
    client_end(&c);
}

/* The environment has the last word: the first name that goes out. */
static void
test_environment(void **state)
{
    static const struct {
        const char *value, *kind, *name;
    } cases[] = {
        { "off", "winrm", "HTTP" }, { "OFF", "winrm", "HTTP" },
        { "auto", "winrm", "HTTP" }, { "auto", "never", "HTTP" },
        { "always", "undecided", "HOST" }, { "always", "never", "HOST" },
        { "always", "disabled", "HTTP" }, { "", "winrm", "HOST" },
        { "on", "winrm", "HOST" }, { "on", "undecided", "HTTP" },
    };
    OM_uint32 minor;
    struct client c;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_int_equal(setenv("GSS_WINRM", cases[i].value, 1), 0);
        client_begin(&c, cases[i].kind);
        expect(GSS_S_CONTINUE_NEEDED, 0);
        (void)leg(&c, NULL, 0, &minor);
        asked(&c, cases[i].name);
        client_end(&c);
    }
    assert_int_equal(unsetenv("GSS_WINRM"), 0);
}

/* A host that is no host name is nobody's to make names of. */
static void
test_odd_host(void **state)
{
    OM_uint32 minor;
    struct client c;

    (void)state;
    client_begin(&c, "winrm/x");
    expect(GSS_S_CONTINUE_NEEDED, 0);
    (void)leg(&c, NULL, 0, &minor);
    assert_int_equal(memcmp(calls[0].name, "HTTP@", 5), 0);
    client_end(&c);
}

static int
setup(void **state)
{
    (void)state;
    (void)unsetenv("GSS_WINRM");
    (void)unsetenv("http_proxy");
    (void)unsetenv("HTTP_PROXY");
    (void)setenv("XDG_RUNTIME_DIR", unit_dir(), 1);
    (void)setenv("KRB5CCNAME", "MEMORY:test", 1);
    unit_krb5_conf("[libdefaults]\n default_realm = R\n"
                   " dns_canonicalize_hostname = false\n"
                   " dns_lookup_kdc = false\n dns_lookup_realm = false\n"
                   "[appdefaults]\n winrm = {\n"
                   "  spn = HOST/%f WSMAN/%f\n"
                   "  targets = {\n"
                   "   .winrm = {\n    match = always\n   }\n"
                   "   .winrm/x = {\n    match = always\n   }\n"
                   "   .plain = {\n    match = always\n"
                   "    spn = HTTP/%f WSMAN/%f\n   }\n"
                   "   .never = {\n    match = never\n   }\n"
                   "   .disabled = {\n    match = always\n"
                   "    enabled = false\n   }\n"
                   "   .insist = {\n    host = real.example\n   }\n"
                   "  }\n }\n");
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kdc_errors),
        cmocka_unit_test(test_unknown_by_text),
        cmocka_unit_test(test_all_unknown),
        cmocka_unit_test(test_plain_once),
        cmocka_unit_test(test_acceptor_errors),
        cmocka_unit_test(test_healed),
        cmocka_unit_test(test_hopeless),
        cmocka_unit_test(test_no_evidence),
        cmocka_unit_test(test_insist),
        cmocka_unit_test(test_stale_token),
        cmocka_unit_test(test_left_alone),
        cmocka_unit_test(test_switched_off),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_odd_host),
    };

    return cmocka_run_group_tests_name("errors", tests, setup, NULL);
}
