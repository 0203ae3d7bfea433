/* tickets.c - what the mechanisms inside are given in the password's place. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <krb5.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include "credsint.h"
#include "tscreds.h"

#define SPARE_SECONDS 300       /* a ticket is renewed before its end */

static int
krb5_fail(krb5_context context, krb5_error_code code, const char *what,
          struct cs_error *err)
{
    const char *text = krb5_get_error_message(context, code);

    if (code == ENOMEM)
        (void)cs_nomem(err);
    else
        (void)cs_fail(err, CS_INNER, "%s: %s", what, text);
    krb5_free_error_message(context, text);
    return (code == ENOMEM) ? CS_NOMEM : CS_INNER;
}

/* A ticket-granting ticket, by password, in a new memory cache. */
static krb5_error_code
get_tickets(krb5_context context, struct cs_creds *c, char **name,
            time_t *expiry)
{
    krb5_principal client = NULL;
    krb5_ccache cache = NULL;
    krb5_creds creds;
    krb5_error_code code;

    memset(&creds, 0, sizeof(creds));
    code = krb5_parse_name(context, c->principal, &client);
    if (code == 0)
        code = krb5_get_init_creds_password(context, &creds, client,
                                            c->password, NULL, NULL, 0, NULL,
                                            NULL);
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
    time_t expiry;

    code = krb5_init_context(&context);
    if (code != 0)
        return krb5_fail(NULL, code, "krb5.conf", err);
    code = get_tickets(context, c, &name, &expiry);
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
    code = (code == 0) ? 0 : krb5_fail(context, code, "no Kerberos ticket",
                                       err);
    krb5_free_context(context);
    return code;
}

int
cs_tickets_get(struct cs_creds *c, char **name, struct cs_error *err)
{
    int ret = 0;

    *name = NULL;
    if (c->ccache == NULL && c->password == NULL)
        return cs_fail(err, CS_INNER, "no Kerberos ticket: there is neither a "
                       "credential cache nor a password");
    (void)pthread_mutex_lock(&c->lock);
    if (c->ccache == NULL && (c->tickets == NULL ||
                              time(NULL) > c->expiry - SPARE_SECONDS))
        ret = refresh(c, err);
    if (ret == 0) {
        *name = strdup(c->ccache != NULL ? c->ccache : c->tickets);
        ret = (*name == NULL) ? cs_nomem(err) : 0;
    }
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
    struct cs_span password = { (const uint8_t *)c->password,
                                c->password_len };
    struct cs_buf wide = CS_BUF_INIT(CS_TSCREDS_MAX);
    int ret = cs_utf16_from_utf8(password, &wide);

    if (ret != 0)
        ret = (ret == CS_NOMEM) ? cs_nomem(err) :
            cs_fail(err, CS_USAGE, "the password is not valid UTF-8");
    else if (!md4(cs_buf_span(&wide), c->nthash))
        ret = cs_fail(err, CS_INNER, "NTLM needs MD4, which OpenSSL's legacy "
                      "provider does not give here");
    else
        c->has_nthash = 1;
    cs_buf_free(&wide);
    return ret;
}

int
cs_nthash_hex(struct cs_creds *c, char hex[2 * CS_NTHASH_LENGTH + 1],
              struct cs_error *err)
{
    static const char digits[] = "0123456789abcdef";
    int ret = 0;
    size_t i;

    hex[0] = '\0';
    if (c->password == NULL)
        return cs_fail(err, CS_INNER, "NTLM needs a password");
    (void)pthread_mutex_lock(&c->lock);
    if (!c->has_nthash)
        ret = make_nthash(c, err);
    for (i = 0; i < CS_NTHASH_LENGTH && ret == 0; i++) {
        hex[2 * i] = digits[c->nthash[i] >> 4];
        hex[2 * i + 1] = digits[c->nthash[i] & 15];
    }
    (void)pthread_mutex_unlock(&c->lock);
    hex[2 * (size_t)CS_NTHASH_LENGTH] = '\0';
    return ret;
}
