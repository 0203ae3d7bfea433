/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * test_cs_faults.c - every allocation, and every call of OpenSSL, GSSAPI and
 * libkrb5 that CredSSP makes, fails once.
 *
 * The linker sends the library's calls through here.  A whole exchange is
 * repeated with the first, second, third... of them failing until none does.
 * It must never crash, leak (under a sanitizer), or leave the server with
 * credentials that the client does not know it has sent.
 */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <krb5.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include "plugin/credssp/credsint.h"
#include "plugin/credssp/credssp.h"
#include "tests/unit/unit.h"

static long countdown = -1;     /* calls until the one that fails */
static const char *failed;      /* its name */
static int tickets;             /* that were asked for */

static int
fails(const char *name)
{
    if (countdown < 0)
        return 0;
    countdown--;
    if (countdown >= 0)
        return 0;
    failed = name;
    errno = ENOMEM;
    return 1;
}

/* A row is a call: what it returns when it fails, its type, parameters and
 * arguments. */
#define CALL(name, bad, type, params, args)     \
    type __real_##name params;                  \
    type __wrap_##name params;                  \
    type                                        \
    __wrap_##name params                        \
    {                                           \
        return fails(#name) ? (bad) : __real_##name args; \
    }

CALL(malloc, NULL, void *, (size_t n), (n))
CALL(calloc, NULL, void *, (size_t n, size_t m), (n, m))
CALL(strdup, NULL, char *, (const char *s), (s))
CALL(strndup, NULL, char *, (const char *s, size_t n), (s, n))
CALL(mmap, MAP_FAILED, void *, (void *p, size_t n, int r, int f, int d,
                                off_t o), (p, n, r, f, d, o))
CALL(SSL_CTX_new, NULL, SSL_CTX *, (const SSL_METHOD *m), (m))
CALL(SSL_CTX_set_num_tickets, 0, int, (SSL_CTX *c, size_t n), (c, n))
CALL(SSL_CTX_use_certificate, 0, int, (SSL_CTX *c, X509 *x), (c, x))
CALL(SSL_CTX_use_PrivateKey, 0, int, (SSL_CTX *c, EVP_PKEY *k), (c, k))
CALL(X509_new, NULL, X509 *, (void), ())
CALL(X509_sign, 0, int, (X509 *x, EVP_PKEY *k, const EVP_MD *m), (x, k, m))
CALL(SSL_new, NULL, SSL *, (SSL_CTX *c), (c))
CALL(BIO_new, NULL, BIO *, (const BIO_METHOD *m), (m))
CALL(BIO_write, -1, int, (BIO *b, const void *p, int n), (b, p, n))
CALL(SSL_do_handshake, -1, int, (SSL *s), (s))
CALL(SSL_read_ex, 0, int, (SSL *s, void *p, size_t n, size_t *r),
     (s, p, n, r))
CALL(SSL_write_ex, 0, int, (SSL *s, const void *p, size_t n, size_t *w),
     (s, p, n, w))
CALL(SSL_key_update, 0, int, (SSL *s, int t), (s, t))
CALL(SSL_get0_peer_certificate, NULL, X509 *, (const SSL *s), (s))
CALL(X509_get0_pubkey_bitstr, NULL, ASN1_BIT_STRING *, (const X509 *x), (x))
CALL(RAND_bytes, 0, int, (unsigned char *p, int n), (p, n))
CALL(EVP_MD_CTX_new, NULL, EVP_MD_CTX *, (void), ())
CALL(EVP_DigestInit_ex, 0, int, (EVP_MD_CTX *c, const EVP_MD *m, ENGINE *e),
     (c, m, e))
CALL(EVP_DigestUpdate, 0, int, (EVP_MD_CTX *c, const void *p, size_t n),
     (c, p, n))
CALL(EVP_DigestFinal_ex, 0, int, (EVP_MD_CTX *c, unsigned char *p,
                                  unsigned int *n), (c, p, n))
CALL(EVP_MD_fetch, NULL, EVP_MD *, (OSSL_LIB_CTX *c, const char *a,
                                    const char *p), (c, a, p))
CALL(OSSL_LIB_CTX_new, NULL, OSSL_LIB_CTX *, (void), ())
CALL(OSSL_PROVIDER_load, NULL, OSSL_PROVIDER *, (OSSL_LIB_CTX *c,
                                                 const char *n), (c, n))

#define GSS(name, params, args) \
    CALL(name, (*minor = ENOMEM, GSS_S_FAILURE), OM_uint32, params, args)

GSS(gss_import_name, (OM_uint32 *minor, gss_buffer_t b, gss_OID t,
                      gss_name_t *n), (minor, b, t, n))
GSS(gss_duplicate_name, (OM_uint32 *minor, const gss_name_t n, gss_name_t *o),
    (minor, n, o))
GSS(gss_acquire_cred_from, (OM_uint32 *minor, gss_name_t n, OM_uint32 t,
                            gss_OID_set m, gss_cred_usage_t u,
                            gss_const_key_value_set_t s, gss_cred_id_t *c,
                            gss_OID_set *a, OM_uint32 *r),
    (minor, n, t, m, u, s, c, a, r))
GSS(gss_set_neg_mechs, (OM_uint32 *minor, gss_cred_id_t c,
                        const gss_OID_set s), (minor, c, s))
GSS(gss_init_sec_context, (OM_uint32 *minor, gss_cred_id_t c, gss_ctx_id_t *x,
                           gss_name_t n, gss_OID m, OM_uint32 f, OM_uint32 t,
                           gss_channel_bindings_t b, gss_buffer_t i,
                           gss_OID *a, gss_buffer_t o, OM_uint32 *r,
                           OM_uint32 *l),
    (minor, c, x, n, m, f, t, b, i, a, o, r, l))
GSS(gss_accept_sec_context, (OM_uint32 *minor, gss_ctx_id_t *x,
                             gss_cred_id_t c, gss_buffer_t i,
                             gss_channel_bindings_t b, gss_name_t *n,
                             gss_OID *m, gss_buffer_t o, OM_uint32 *f,
                             OM_uint32 *t, gss_cred_id_t *d),
    (minor, x, c, i, b, n, m, o, f, t, d))
GSS(gss_inquire_context, (OM_uint32 *minor, gss_ctx_id_t x, gss_name_t *s,
                          gss_name_t *t, OM_uint32 *l, gss_OID *m,
                          OM_uint32 *f, int *i, int *o),
    (minor, x, s, t, l, m, f, i, o))
GSS(gss_wrap, (OM_uint32 *minor, gss_ctx_id_t x, int c, gss_qop_t q,
               gss_buffer_t i, int *s, gss_buffer_t o),
    (minor, x, c, q, i, s, o))
GSS(gss_unwrap, (OM_uint32 *minor, gss_ctx_id_t x, gss_buffer_t i,
                 gss_buffer_t o, int *s, gss_qop_t *q),
    (minor, x, i, o, s, q))

#define KRB5(name, params, args) \
    CALL(name, KRB5_CC_IO, krb5_error_code, params, args)

KRB5(krb5_init_context, (krb5_context *c), (c))
KRB5(krb5_parse_name, (krb5_context c, const char *s, krb5_principal *p),
     (c, s, p))
KRB5(krb5_cc_new_unique, (krb5_context c, const char *t, const char *h,
                          krb5_ccache *o), (c, t, h, o))
KRB5(krb5_cc_initialize, (krb5_context c, krb5_ccache o, krb5_principal p),
     (c, o, p))
KRB5(krb5_cc_store_cred, (krb5_context c, krb5_ccache o, krb5_creds *k),
     (c, o, k))
KRB5(krb5_cc_get_full_name, (krb5_context c, krb5_ccache o, char **n),
     (c, o, n))
KRB5(krb5_cc_cache_match, (krb5_context c, krb5_principal p, krb5_ccache *o),
     (c, p, o))
KRB5(krb5_cc_start_seq_get, (krb5_context c, krb5_ccache o,
                             krb5_cc_cursor *u), (c, o, u))
KRB5(krb5_cc_next_cred, (krb5_context c, krb5_ccache o, krb5_cc_cursor *u,
                         krb5_creds *k), (c, o, u, k))
KRB5(krb5_cc_resolve, (krb5_context c, const char *n, krb5_ccache *o),
     (c, n, o))

KRB5(krb5_init_creds_set_password,
     (krb5_context c, krb5_init_creds_context r, const char *p), (c, r, p))

/* A ticket that no server would take: there is no KDC here to ask for one. */
static krb5_principal asked_for;

__typeof__(krb5_init_creds_init) __real_krb5_init_creds_init;
__typeof__(krb5_init_creds_init) __wrap_krb5_init_creds_init;

krb5_error_code
__wrap_krb5_init_creds_init(krb5_context c, krb5_principal p,
                            krb5_prompter_fct prompter, void *data,
                            krb5_deltat start, krb5_get_init_creds_opt *o,
                            krb5_init_creds_context *r)
{
    asked_for = p;
    return fails("krb5_init_creds_init") ? ENOMEM :
        __real_krb5_init_creds_init(c, p, prompter, data, start, o, r);
}

__typeof__(krb5_init_creds_get) __wrap_krb5_init_creds_get;

krb5_error_code
__wrap_krb5_init_creds_get(krb5_context c, krb5_init_creds_context r)
{
    (void)c;
    (void)r;
    tickets++;
    return fails("krb5_init_creds_get") ? KRB5_KDC_UNREACH : 0;
}

__typeof__(krb5_init_creds_get_creds) __wrap_krb5_init_creds_get_creds;

krb5_error_code
__wrap_krb5_init_creds_get_creds(krb5_context c, krb5_init_creds_context r,
                                 krb5_creds *creds)
{
    krb5_error_code code;

    (void)r;
    if (fails("krb5_init_creds_get_creds"))
        return ENOMEM;
    code = krb5_copy_principal(c, asked_for, &creds->client);
    if (code == 0)
        code = krb5_build_principal(c, &creds->server, asked_for->realm.length,
                                    asked_for->realm.data, "krbtgt",
                                    asked_for->realm.data, NULL);
    creds->times.endtime = time(NULL) + 3600;
    return code;
}

int __wrap_asprintf(char **out, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

int
__wrap_asprintf(char **out, const char *fmt, ...)
{
    va_list ap;
    int n;

    if (fails("asprintf")) {
        *out = (char *)0x1;     /* as good as any: it is undefined */
        return -1;
    }
    va_start(ap, fmt);
    n = vasprintf(out, fmt, ap);
    va_end(ap);
    return n;
}

/* Do some work with its first, second, third... call failing, until none does.
 * Returns how often the work failed. */
static int
fail_each(int (*work)(void *arg), void *arg)
{
    int failures = 0, ok;
    long n;

    for (n = 0; n < 5000; n++) {
        countdown = n;
        failed = NULL;
        ok = work(arg);
        countdown = -1;
        if (failed == NULL) {
            print_message("# %ld calls failed, each once; %d times it "
                          "mattered\n", n, failures);
            assert_true(ok);
            return failures;
        }
        failures += !ok;
    }
    fail_msg("there is no end of calls");
    return 0;
}

/* --- One exchange --- */

/* Made once: a key takes its time. */
static struct cs_tls_config *client_tls, *server_tls;

struct ends {
    struct cs_creds *creds;
    struct credssp *client, *server;
};

static int
make_ends(struct ends *e, gss_name_t target)
{
    struct cs_creds_options who = {
        .user = "TEST\\alice",
        .password = { (const uint8_t *)"open sesame", 11 }
    };
    struct cs_policy policy = { 1, 1, 0 };
    struct credssp_params params = { 0 };
    struct cs_proof proof = { .ntlm = target };
    struct cs_error err;

    if (cs_creds_new(&who, &e->creds, &err) != 0 ||
        cs_inner_initiator(e->creds, &proof, &policy, 0, &params.inner,
                           &err) != 0)
        return 0;
    params.tls = client_tls;
    if (credssp_new(&params, &e->client, &err) != 0 ||
        cs_inner_acceptor(GSS_C_NO_CREDENTIAL, &policy, &params.inner,
                          &err) != 0)
        return 0;
    params.tls = server_tls;
    return credssp_new(&params, &e->server, &err) == 0;
}

static void
free_ends(struct ends *e)
{
    credssp_free(&e->client);
    credssp_free(&e->server);
    cs_creds_free(&e->creds);
}

static int
exchange(struct ends *e)
{
    struct cs_buf a = CS_BUF_INIT(1 << 20), b = CS_BUF_INIT(1 << 20);
    struct cs_error err;
    int client_done = 0, server_done = 0, ret = 0, leg;

    for (leg = 0; leg < 20 && ret == 0 && !server_done; leg++) {
        cs_buf_reset(&a);
        if (!client_done)
            ret = credssp_step(e->client, cs_buf_span(&b), &a, &client_done,
                               &err);
        cs_buf_reset(&b);
        if (ret == 0)
            ret = credssp_step(e->server, cs_buf_span(&a), &b, &server_done,
                               &err);
    }
    if (ret != 0)
        assert_true(err.code == ret && err.text[0] != '\0');
    if (!server_done)
        assert_int_equal(credssp_delegated(e->server).len, 0);
    assert_true(client_done || !server_done);
    cs_buf_free(&a);
    cs_buf_free(&b);
    return ret == 0 && client_done && server_done;
}

static int
delegate(void *target)
{
    struct ends e = { 0 };
    int ok = make_ends(&e, target) && exchange(&e);

    free_ends(&e);
    return ok;
}

/* Both configurations; the last are kept. */
static int
configure(void *unused)
{
    struct cs_tls_options client = { 0 }, server = { .acceptor = 1 };

    (void)unused;
    cs_tls_config_free(&client_tls);
    cs_tls_config_free(&server_tls);
    return cs_tls_config_new(&client, &client_tls, NULL) == 0 &&
        cs_tls_config_new(&server, &server_tls, NULL) == 0;
}

static void
test_configurations(void **state)
{
    (void)state;
    assert_true(fail_each(configure, NULL) >= 8);
}

struct use {
    unsigned int mechs;
    int user_tickets, check;
};

/* A credential with tickets, and its TSCredentials. */
static int
use_creds(void *arg)
{
    const struct use *use = arg;
    struct cs_creds_options o = {
        .user = "alice@test.example",
        .password = { (const uint8_t *)"open sesame", 11 },
        .user_tickets = use->user_tickets
    };
    struct cs_buf der = CS_BUF_INIT(CS_TSREQUEST_MAX);
    gss_cred_id_t cred = GSS_C_NO_CREDENTIAL;
    struct cs_creds *creds = NULL;
    struct cs_error err = { 0 };
    OM_uint32 minor;
    int ok;

    ok = cs_creds_new(&o, &creds, &err) == 0 &&
        (!use->check || cs_creds_check(creds, NULL, &err) == 0) &&
        cs_creds_acquire(creds, use->mechs, NULL, &cred, &err) == 0;
    assert_true(ok || (err.code != 0 && err.text[0] != '\0'));
    assert_true(ok == (cred != GSS_C_NO_CREDENTIAL));
    ok = ok && cs_creds_encode(creds, &der, &err) == 0;
    cs_buf_free(&der);
    (void)gss_release_cred(&minor, &cred);
    cs_creds_free(&creds);
    return ok;
}

static void
test_credentials(void **state)
{
    struct use krb5 = { CS_MECH_KRB5, 0, 0 };
    struct use checked = { CS_MECH_KRB5, 0, 1 };
    struct use both = { CS_MECH_KRB5 | CS_MECH_NTLM, 0, 0 };
    int failures;

    (void)state;
    failures = fail_each(use_creds, &krb5);
    assert_true(failures >= 20);
    assert_true(fail_each(use_creds, &checked) >= failures);
    /* Of two mechanisms one is enough. */
    assert_true(fail_each(use_creds, &both) < failures);
}

/* The user's own tickets are as good as the password, and the other way
 * round: there is always one of the two. */
static void
test_own_tickets(void **state)
{
    struct cs_creds_options o = {
        .user = "alice@test.example",
        .password = { (const uint8_t *)"open sesame", 11 }
    };
    struct use own = { CS_MECH_KRB5, 1, 0 };
    struct cs_creds *creds;
    char *name;
    int failures;

    (void)state;
    assert_int_equal(cs_creds_new(&o, &creds, NULL), 0);
    assert_int_equal(cs_tickets_get(creds, 0, &name, NULL), 0);
    assert_int_equal(setenv("KRB5CCNAME", name, 1), 0);
    tickets = 0;
    failures = fail_each(use_creds, &own);
    /* Where looking for them failed, some were got. */
    assert_true(tickets >= 5 && failures >= 5);
    assert_int_equal(unsetenv("KRB5CCNAME"), 0);
    free(name);
    cs_creds_free(&creds);
}

static void
test_exchange(void **state)
{
    gss_buffer_desc text = { 10, (void *)"HTTP@web01" };
    gss_name_t target;
    OM_uint32 minor;

    (void)state;
    assert_int_equal(gss_import_name(&minor, &text, GSS_C_NT_HOSTBASED_SERVICE,
                                     &target), GSS_S_COMPLETE);
    assert_true(fail_each(delegate, target) > 100);
    (void)gss_release_name(&minor, &target);
    cs_tls_config_free(&client_tls);
    cs_tls_config_free(&server_tls);
}

static int
setup(void **state)
{
    const char *users = unit_file("ntlm", "TEST:alice:open sesame\n");

    (void)state;
    assert_int_equal(chmod(users, 0600), 0);
    assert_int_equal(setenv("NTLM_USER_FILE", users, 1), 0);
    unit_krb5_conf("[libdefaults]\n default_realm = TEST.EXAMPLE\n"
                   " dns_canonicalize_hostname = false\n"
                   " dns_lookup_kdc = false\n");
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_configurations),
        cmocka_unit_test(test_exchange),
        cmocka_unit_test(test_credentials),
        cmocka_unit_test(test_own_tickets),
    };

    return cmocka_run_group_tests_name("CredSSP's faults", tests, setup,
                                       NULL);
}
