/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* tickets.c - what the inner mechanisms get instead of the password. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <krb5.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include "plugin/credssp/credsint.h"
#include "plugin/credssp/gsserr.h"
#include "plugin/credssp/kdcerr.h"
#include "plugin/bytes/utf16.h"
#include "plugin/credssp/tscreds.h"

#define SPARE_SECONDS 300       /* a ticket is renewed before its end */
#define STATUS_WRONG_PASSWORD 0xC000006A        /* MS-ERREF 2.3.1 */

int
cs_krb5_fail(krb5_context context, krb5_error_code code, uint32_t said,
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
    if (err != NULL) {
        err->ntstatus = status;
        err->minor = (uint32_t)code;
    }
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
get_tickets(krb5_context context, const char *principal,
            const struct cs_secret *password, char **name, time_t *expiry,
            uint32_t *said)
{
    krb5_principal client = NULL;
    krb5_ccache cache = NULL;
    krb5_creds creds;
    krb5_error_code code;

    memset(&creds, 0, sizeof(creds));
    code = krb5_parse_name(context, principal, &client);
    if (code == 0)
        code = ask_kdc(context, client, (const char *)password->p, &creds,
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

/* A copy of the password, so that it can be wiped while the KDC takes its
 * time. */
static int
copy_password(struct cs_creds *c, struct cs_secret *out, struct cs_error *err)
{
    int ret;

    (void)pthread_mutex_lock(&c->lock);
    if (c->password.p == NULL)
        ret = cs_fail(err, CS_INNER, "no password to get a Kerberos ticket "
                      "with");
    else if (cs_secret_set(out, cs_secret_span(&c->password), c->private) != 0)
        ret = cs_nomem(err);
    else
        ret = 0;
    (void)pthread_mutex_unlock(&c->lock);
    return ret;
}

/* Put the cache in the place of the last one, which is destroyed; or destroy
 * it, if all was wiped meanwhile. */
static krb5_error_code
keep_tickets(struct cs_creds *c, krb5_context context, const char *name,
             time_t expiry)
{
    char *copy = strdup(name), *gone = copy;
    krb5_error_code code = ENOMEM;

    (void)pthread_mutex_lock(&c->lock);
    if (copy != NULL && c->password.p != NULL) {
        gone = c->tickets;
        c->tickets = copy;
        c->expiry = expiry;
        code = 0;
    } else if (copy != NULL) {
        code = KRB5_CC_NOTFOUND;
    }
    (void)pthread_mutex_unlock(&c->lock);
    destroy(context, (copy != NULL) ? gone : name);
    free(gone);
    return code;
}

/* A wrong password stays wrong, and each time that it is tried counts: enough
 * of them lock the account. */
static void
note_verdict(struct cs_creds *c, int ret, const struct cs_error *err)
{
    (void)pthread_mutex_lock(&c->lock);
    memset(&c->refused, 0, sizeof(c->refused));
    if (ret == CS_INNER && err->ntstatus == STATUS_WRONG_PASSWORD)
        c->refused = *err;
    (void)pthread_mutex_unlock(&c->lock);
}

/* Under asking, and not under the lock. */
static int
refresh(struct cs_creds *c, struct cs_error *err)
{
    struct cs_secret password = { 0 };
    struct cs_error why = { 0 };
    krb5_context context;
    krb5_error_code code;
    uint32_t said = 0;
    char *name = NULL;
    time_t expiry;
    int ret = copy_password(c, &password, err);

    if (ret != 0)
        return ret;
    code = krb5_init_context(&context);
    if (code != 0) {
        cs_secret_free(&password);
        return cs_krb5_fail(NULL, code, 0, "krb5.conf", err);
    }
    code = get_tickets(context, c->principal, &password, &name, &expiry,
                       &said);
    cs_secret_free(&password);
    if (code == 0)
        code = keep_tickets(c, context, name, expiry);
    krb5_free_string(context, name);
    ret = (code == 0) ? 0 : cs_krb5_fail(context, code, said,
                                      "no Kerberos ticket", &why);
    krb5_free_context(context);
    note_verdict(c, ret, &why);
    if (ret != 0 && err != NULL)
        *err = why;
    return ret;
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
tell_again(const struct cs_creds *c, struct cs_error *err)
{
    if (err != NULL)
        *err = c->refused;
    return c->refused.code;
}

/* What is there already: 0 with *name, an error, or 1 when the KDC has to be
 * asked.  fresh: it just was. */
static int
get_present(struct cs_creds *c, int fresh, char **name, struct cs_error *err)
{
    const char *cache = NULL;
    int ret = 1;

    (void)pthread_mutex_lock(&c->lock);
    if (c->ccache != NULL)
        cache = c->ccache;
    else if (c->password.p == NULL)
        ret = cs_fail(err, CS_INNER, "no Kerberos ticket: there is neither a "
                      "credential cache nor a password");
    else if (c->tickets != NULL &&
             (fresh || time(NULL) <= c->expiry - SPARE_SECONDS))
        cache = c->tickets;
    else if (c->refused.code != 0)
        ret = tell_again(c, err);
    if (cache != NULL) {
        *name = strdup(cache);
        ret = (*name == NULL) ? cs_nomem(err) : 0;
    }
    (void)pthread_mutex_unlock(&c->lock);
    return ret;
}

/* Somebody else may have asked while we waited for our turn. */
static int
get_ours(struct cs_creds *c, char **name, struct cs_error *err)
{
    int ret = get_present(c, 0, name, err);

    if (ret <= 0)
        return ret;
    (void)pthread_mutex_lock(&c->asking);
    ret = get_present(c, 0, name, err);
    if (ret > 0 && (ret = refresh(c, err)) == 0)
        ret = get_present(c, 1, name, err);
    (void)pthread_mutex_unlock(&c->asking);
    return ret;
}

int
cs_tickets_get(struct cs_creds *c, int own, char **name, struct cs_error *err)
{
    *name = (c->user_tickets && !own) ? users_own(c->principal) : NULL;
    return (*name != NULL) ? 0 : get_ours(c, name, err);
}

int
cs_creds_check(struct cs_creds *c, time_t *expiry, struct cs_error *err)
{
    int ret;

    (void)pthread_mutex_lock(&c->asking);
    ret = refresh(c, err);
    (void)pthread_mutex_unlock(&c->asking);
    (void)pthread_mutex_lock(&c->lock);
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
        ret = cs_fail(err, CS_INNER, "NTLM needs MD4, and OpenSSL's legacy "
                      "provider is not available");
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
