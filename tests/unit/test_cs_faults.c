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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <krb5.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include "credssp.h"
#include "unit.h"

static long countdown = -1;     /* calls until the one that fails */
static const char *failed;      /* its name */

static int
fails(const char *name)
{
    if (countdown < 0 || countdown-- > 0)
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
    struct cs_error err;

    if (cs_creds_new(&who, &e->creds, &err) != 0 ||
        cs_inner_initiator(e->creds, target, CS_MECH_NTLM, &policy, 0,
                           &params.inner, &err) != 0)
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
work(gss_name_t target)
{
    struct ends e = { 0 };
    int ok = make_ends(&e, target) && exchange(&e);

    free_ends(&e);
    return ok;
}

/* Both configurations; the second is kept. */
static int
configure(void)
{
    struct cs_tls_options client = { 0 }, server = { .acceptor = 1 };

    cs_tls_config_free(&client_tls);
    cs_tls_config_free(&server_tls);
    return cs_tls_config_new(&client, &client_tls, NULL) == 0 &&
        cs_tls_config_new(&server, &server_tls, NULL) == 0;
}

static void
test_configurations(void **state)
{
    int done = 0, failures = 0;
    long n;

    (void)state;
    for (n = 0; !done && n < 100; n++) {
        countdown = n;
        failed = NULL;
        done = configure() && failed == NULL;
        countdown = -1;
        failures += (failed != NULL);
    }
    assert_true(done);
    assert_true(failures >= 8);
}

static void
test_exchange(void **state)
{
    gss_buffer_desc text = { 10, (void *)"HTTP@web01" };
    const char *users = unit_file("ntlm", "TEST:alice:open sesame\n");
    int done = 0, failures = 0;
    gss_name_t target;
    OM_uint32 minor;
    long n;

    (void)state;
    assert_int_equal(chmod(users, 0600), 0);
    assert_int_equal(setenv("NTLM_USER_FILE", users, 1), 0);
    unit_krb5_conf("[libdefaults]\n default_realm = TEST.EXAMPLE\n"
                   " dns_canonicalize_hostname = false\n"
                   " dns_lookup_kdc = false\n");
    assert_int_equal(gss_import_name(&minor, &text, GSS_C_NT_HOSTBASED_SERVICE,
                                     &target), GSS_S_COMPLETE);
    for (n = 0; !done && n < 5000; n++) {
        countdown = n;
        failed = NULL;
        done = work(target) && failed == NULL;
        countdown = -1;
        failures += (failed != NULL);
    }
    print_message("# %d calls failed, each once\n", failures);
    assert_true(done);
    assert_true(failures > 100);
    (void)gss_release_name(&minor, &target);
    cs_tls_config_free(&client_tls);
    cs_tls_config_free(&server_tls);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_configurations),
        cmocka_unit_test(test_exchange),
    };

    return cmocka_run_group_tests_name("CredSSP's faults", tests, NULL, NULL);
}
