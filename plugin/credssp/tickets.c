/* tickets.c - what the mechanisms inside are given in the password's place. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <krb5.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include "credsint.h"
#include "gsserr.h"
#include "kdcerr.h"
#include "tscreds.h"

#define SPARE_SECONDS 300       /* a ticket is renewed before its end */

/* said: the NTSTATUS that came with it, or 0. */
static int
krb5_fail(krb5_context context, krb5_error_code code, uint32_t said,
          const char *what, struct cs_error *err)
{
    const char *text = krb5_get_error_message(context, code);
    uint32_t status = (said != 0) ? said : cs_krb5_ntstatus((uint32_t)code);

    if (code == ENOMEM)
        (void)cs_nomem(err);
    else if (status != 0)
        (void)cs_fail(err, CS_INNER, "%s: %s (%s)", what,
                      cs_ntstatus_text(status), text);
    else
        (void)cs_fail(err, CS_INNER, "%s: %s", what, text);
    if (err != NULL)
        err->ntstatus = status;
    krb5_free_error_message(context, text);
    return (code == ENOMEM) ? CS_NOMEM : CS_INNER;
}

/* The domain controller's own word on why not. */
static uint32_t
said_status(krb5_context context, krb5_init_creds_context request)
{
    krb5_error *error = NULL;
    struct cs_span e_data;
    uint32_t status;

    if (krb5_init_creds_get_error(context, request, &error) != 0 ||
        error == NULL)
        return 0;
    e_data.p = (const uint8_t *)error->e_data.data;
    e_data.len = error->e_data.length;
    status = cs_kdc_error_status(e_data);
    krb5_free_error(context, error);
    return status;
}

static krb5_error_code
ask_kdc(krb5_context context, krb5_principal client, const char *password,
        krb5_creds *creds, uint32_t *said)
{
    krb5_init_creds_context request = NULL;
    krb5_error_code code;

    code = krb5_init_creds_init(context, client, NULL, NULL, 0, NULL,
                                &request);
    if (code == 0)
        code = krb5_init_creds_set_password(context, request, password);
    if (code == 0) {
        code = krb5_init_creds_get(context, request);
        if (code != 0)
            *said = said_status(context, request);
    }
    if (code == 0)
        code = krb5_init_creds_get_creds(context, request, creds);
    krb5_init_creds_free(context, request);
    return code;
}

/* A ticket-granting ticket, by password, in a new memory cache. */
static krb5_error_code
get_tickets(krb5_context context, struct cs_creds *c, char **name,
            time_t *expiry, uint32_t *said)
{
    krb5_principal client = NULL;
    krb5_ccache cache = NULL;
    krb5_creds creds;
    krb5_error_code code;

    memset(&creds, 0, sizeof(creds));
    code = krb5_parse_name(context, c->principal, &client);
    if (code == 0)
        code = ask_kdc(context, client, (const char *)c->password.p, &creds,
                       said);
    if (code == 0)
        code = krb5_cc_new_unique(context, "MEMORY", NULL, &cache);
    if (code == 0)
        code = krb5_cc_initialize(context, cache, creds.client);
    if (code == 0)
        code = krb5_cc_store_cred(context, cache, &creds);
    if (code == 0)
        code = krb5_cc_get_full_name(context, cache, name);
    *expiry = creds.times.endtime;
    if (cache != NULL && code != 0)
        (void)krb5_cc_destroy(context, cache);
    else if (cache != NULL)
        (void)krb5_cc_close(context, cache);
    krb5_free_cred_contents(context, &creds);
    krb5_free_principal(context, client);
    return code;
}

/* Destroy a cache, if there is one. */
static void
destroy(krb5_context context, const char *name)
{
    krb5_ccache cache;

    if (name != NULL && krb5_cc_resolve(context, name, &cache) == 0)
        (void)krb5_cc_destroy(context, cache);
}

void
cs_tickets_forget(struct cs_creds *c)
{
    krb5_context context;

    if (c->tickets == NULL)
        return;
    if (krb5_init_context(&context) == 0) {
        destroy(context, c->tickets);
        krb5_free_context(context);
    }
    /* Without a context the cache stays, out of reach. */
    free(c->tickets);
    c->tickets = NULL;
}

/* Under the lock. */
static int
refresh(struct cs_creds *c, struct cs_error *err)
{
    krb5_context context;
    krb5_error_code code;
    char *name = NULL, *copy;
    uint32_t said = 0;
    time_t expiry;

    code = krb5_init_context(&context);
    if (code != 0)
        return krb5_fail(NULL, code, 0, "krb5.conf", err);
    code = get_tickets(context, c, &name, &expiry, &said);
    if (code == 0) {
        copy = strdup(name);
        code = (copy == NULL) ? ENOMEM : 0;
        destroy(context, (code == 0) ? c->tickets : name);
        if (code == 0) {
            free(c->tickets);
            c->tickets = copy;
            c->expiry = expiry;
        }
        krb5_free_string(context, name);
    }
    code = (code == 0) ? 0 : krb5_fail(context, code, said,
                                       "no Kerberos ticket", err);
    krb5_free_context(context);
    return code;
}

/* Is there a ticket-granting ticket that lasts for a while? */
static int
has_ticket(krb5_context context, krb5_ccache cache)
{
    krb5_cc_cursor cursor;
    krb5_creds creds;
    int found = 0;

    if (krb5_cc_start_seq_get(context, cache, &cursor) != 0)
        return 0;
    while (!found &&
           krb5_cc_next_cred(context, cache, &cursor, &creds) == 0) {
        found = !krb5_is_config_principal(context, creds.server) &&
            krb5_princ_size(context, creds.server) == 2 &&
            krb5_princ_component(context, creds.server, 0)->length == 6 &&
            memcmp(krb5_princ_component(context, creds.server, 0)->data,
                   "krbtgt", 6) == 0 &&
            creds.times.endtime > time(NULL) + SPARE_SECONDS;
        krb5_free_cred_contents(context, &creds);
    }
    (void)krb5_cc_end_seq_get(context, cache, &cursor);
    return found;
}

/* The name of a cache of the user's with tickets of this principal; or NULL,
 * also when anything fails: then the password is used. */
static char *
users_own(const char *principal)
{
    krb5_context context;
    krb5_principal client = NULL;
    krb5_ccache cache = NULL;
    char *name = NULL, *copy = NULL;

    if (krb5_init_context(&context) != 0)
        return NULL;
    if (krb5_parse_name(context, principal, &client) == 0 &&
        krb5_cc_cache_match(context, client, &cache) == 0 &&
        has_ticket(context, cache) &&
        krb5_cc_get_full_name(context, cache, &name) == 0)
        copy = strdup(name);
    krb5_free_string(context, name);
    if (cache != NULL)
        (void)krb5_cc_close(context, cache);
    krb5_free_principal(context, client);
    krb5_free_context(context);
    return copy;
}

/* Under the lock. */
static int
get_ours(struct cs_creds *c, char **name, struct cs_error *err)
{
    int ret = 0;

    if (c->ccache == NULL && c->password.p == NULL)
        return cs_fail(err, CS_INNER, "no Kerberos ticket: there is neither a "
                       "credential cache nor a password");
    if (c->ccache == NULL && (c->tickets == NULL ||
                              time(NULL) > c->expiry - SPARE_SECONDS))
        ret = refresh(c, err);
    if (ret != 0)
        return ret;
    *name = strdup(c->ccache != NULL ? c->ccache : c->tickets);
    return (*name == NULL) ? cs_nomem(err) : 0;
}

int
cs_tickets_get(struct cs_creds *c, char **name, struct cs_error *err)
{
    int ret;

    *name = c->user_tickets ? users_own(c->principal) : NULL;
    if (*name != NULL)
        return 0;
    (void)pthread_mutex_lock(&c->lock);
    ret = get_ours(c, name, err);
    (void)pthread_mutex_unlock(&c->lock);
    return ret;
}

int
cs_creds_check(struct cs_creds *c, time_t *expiry, struct cs_error *err)
{
    int ret;

    (void)pthread_mutex_lock(&c->lock);
    ret = (c->password.p != NULL) ? refresh(c, err) :
        cs_fail(err, CS_INNER, "no password to get a Kerberos ticket with");
    if (ret == 0 && expiry != NULL)
        *expiry = c->expiry;
    (void)pthread_mutex_unlock(&c->lock);
    return ret;
}

/* MD4 is in OpenSSL's legacy provider, loaded for this alone: the library's
 * default context, which is the program's, stays as it is. */
static int
md4(struct cs_span in, unsigned char *out)
{
    OSSL_LIB_CTX *ctx = OSSL_LIB_CTX_new();
    OSSL_PROVIDER *legacy = NULL;
    EVP_MD *md = NULL;
    EVP_MD_CTX *work = NULL;
    int ok;

    if (ctx != NULL)
        legacy = OSSL_PROVIDER_load(ctx, "legacy");
    if (legacy != NULL)
        md = EVP_MD_fetch(ctx, "MD4", NULL);
    if (md != NULL)
        work = EVP_MD_CTX_new();
    ok = work != NULL && EVP_DigestInit_ex(work, md, NULL) == 1 &&
        EVP_DigestUpdate(work, in.p, in.len) == 1 &&
        EVP_DigestFinal_ex(work, out, NULL) == 1;
    EVP_MD_CTX_free(work);
    EVP_MD_free(md);
    if (legacy != NULL)
        (void)OSSL_PROVIDER_unload(legacy);
    OSSL_LIB_CTX_free(ctx);
    return ok;
}

/* Under the lock. */
static int
make_nthash(struct cs_creds *c, struct cs_error *err)
{
    struct cs_buf wide = CS_BUF_INIT(CS_TSCREDS_MAX);
    uint8_t hash[CS_NTHASH_LENGTH];
    struct cs_span span = { hash, sizeof(hash) };
    int ret = cs_utf16_from_utf8(cs_secret_span(&c->password), &wide);

    if (ret == 0 && !md4(cs_buf_span(&wide), hash))
        ret = cs_fail(err, CS_INNER, "NTLM needs MD4, which OpenSSL's legacy "
                      "provider does not give here");
    else if (ret == 0 && cs_secret_set(&c->nthash, span, c->private) != 0)
        ret = cs_nomem(err);
    else if (ret != 0)
        ret = (ret == CS_NOMEM) ? cs_nomem(err) :
            cs_fail(err, CS_USAGE, "the password is not valid UTF-8");
    explicit_bzero(hash, sizeof(hash));
    cs_buf_free(&wide);
    return ret;
}

/* Under the lock. */
static int
get_nthash(struct cs_creds *c, char *hex, struct cs_error *err)
{
    static const char digits[] = "0123456789abcdef";
    int ret = 0;
    size_t i;

    if (c->password.p == NULL)
        return cs_fail(err, CS_INNER, "NTLM needs a password");
    if (c->nthash.p == NULL)
        ret = make_nthash(c, err);
    for (i = 0; i < CS_NTHASH_LENGTH && ret == 0; i++) {
        *hex++ = digits[c->nthash.p[i] >> 4];
        *hex++ = digits[c->nthash.p[i] & 15];
    }
    *hex = '\0';
    return ret;
}

int
cs_nthash_hex(struct cs_creds *c, char hex[2 * CS_NTHASH_LENGTH + 1],
              struct cs_error *err)
{
    int ret;

    hex[0] = '\0';
    (void)pthread_mutex_lock(&c->lock);
    ret = get_nthash(c, hex, err);
    (void)pthread_mutex_unlock(&c->lock);
    return ret;
}
