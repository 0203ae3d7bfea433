/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* issuer.c - Kerberos tickets of the gateway's own. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <gssapi/gssapi_ext.h>
#include <krb5.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "plugin/credssp/creds.h"
#include "plugin/credssp/gsserr.h"
#include "helper/gateway/issuer.h"
#include "helper/gateway/ticket.h"

#define SERIAL_LENGTH ISSUER_SERIAL_LENGTH
#define KVNO 1

/* One that has not been used yet. */
struct issued {
    char serial[SERIAL_LENGTH + 1];
    char *host;
    time_t expiry;
};

struct issuer {
    pthread_mutex_t lock;       /* of all below */
    krb5_context context;
    krb5_keyblock key;          /* what tickets are sealed with */
    krb5_keytab keytab;         /* in memory: that key, for each host */
    gss_cred_id_t acceptor;
    struct issued issued[ISSUER_MAX];
    size_t nissued;
};

static int
krb5_failed(struct issuer *m, krb5_error_code code, const char *what,
            struct cs_error *err)
{
    const char *text = krb5_get_error_message(m->context, code);

    (void)cs_fail(err, CS_SYSTEM, "%s: %s", what, text);
    krb5_free_error_message(m->context, text);
    return CS_SYSTEM;
}

/* --- Making one --- */

static void
forget(struct issuer *m, size_t i)
{
    free(m->issued[i].host);
    m->issued[i] = m->issued[--m->nissued];
}

static void
forget_expired(struct issuer *m, time_t now)
{
    size_t i = 0;

    while (i < m->nissued) {
        if (m->issued[i].expiry < now)
            forget(m, i);
        else
            i++;
    }
}

static int
remember(struct issuer *m, const char *serial, const char *host, time_t now)
{
    struct issued *n;

    if (m->nissued == ISSUER_MAX)
        return CS_NOMEM;
    n = &m->issued[m->nissued];
    n->host = strdup(host);
    if (n->host == NULL)
        return CS_NOMEM;
    memcpy(n->serial, serial, sizeof(n->serial));
    n->expiry = now + ISSUER_LIFETIME;
    m->nissued++;
    return 0;
}

/* The acceptor looks the key up by the name. */
static krb5_error_code
add_key(struct issuer *m, krb5_principal server)
{
    krb5_keytab_entry entry;
    krb5_error_code code;

    code = krb5_kt_get_entry(m->context, m->keytab, server, KVNO,
                             m->key.enctype, &entry);
    if (code == 0)
        return krb5_free_keytab_entry_contents(m->context, &entry);
    memset(&entry, 0, sizeof(entry));
    entry.principal = server;
    entry.vno = KVNO;
    entry.key = m->key;
    return krb5_kt_add_entry(m->context, m->keytab, &entry);
}

/* The ticket, sealed: what a KDC does (RFC 4120 5.3). */
static krb5_error_code
seal_ticket(struct issuer *m, krb5_creds *creds)
{
    struct cs_buf plain = CS_BUF_INIT(4096), whole = CS_BUF_INIT(8192);
    krb5_enc_data sealed;
    krb5_data in;
    krb5_error_code code;
    size_t size = 0;

    memset(&sealed, 0, sizeof(sealed));
    ticket_encode_part(&plain, creds);
    code = (plain.error != 0) ? ENOMEM :
        krb5_c_encrypt_length(m->context, m->key.enctype, plain.len, &size);
    sealed.ciphertext.data = (code == 0) ? malloc(size) : NULL;
    sealed.ciphertext.length = (unsigned int)size;
    if (code == 0 && sealed.ciphertext.data == NULL)
        code = ENOMEM;
    in = (krb5_data){ 0, (unsigned int)plain.len, (char *)plain.p };
    if (code == 0)
        code = krb5_c_encrypt(m->context, &m->key, KRB5_KEYUSAGE_KDC_REP_TICKET,
                              NULL, &in, &sealed);
    if (code == 0)
        ticket_encode(&whole, creds->server, m->key.enctype, KVNO,
                      &sealed.ciphertext);
    if (code == 0 && whole.error != 0)
        code = ENOMEM;
    if (code == 0) {            /* given away: krb5 frees with free() */
        creds->ticket.data = (char *)whole.p;
        creds->ticket.length = (unsigned int)whole.len;
        memset(&whole, 0, sizeof(whole));
    }
    free(sealed.ciphertext.data);
    cs_buf_free(&plain);
    cs_buf_free(&whole);
    return code;
}

static krb5_error_code
make_creds(struct issuer *m, const char *serial, const char *host, time_t now,
           krb5_creds *creds)
{
    krb5_error_code code;

    memset(creds, 0, sizeof(*creds));
    code = krb5_build_principal(m->context, &creds->client,
                                strlen(ISSUER_REALM), ISSUER_REALM, "gateway",
                                serial, (char *)NULL);
    if (code == 0)
        code = krb5_build_principal(m->context, &creds->server,
                                    strlen(ISSUER_REALM), ISSUER_REALM, "HTTP",
                                    host, (char *)NULL);
    if (code == 0)
        code = krb5_c_make_random_key(m->context, m->key.enctype,
                                      &creds->keyblock);
    creds->times.authtime = creds->times.starttime = (krb5_timestamp)now;
    creds->times.endtime = (krb5_timestamp)(now + ISSUER_SESSION);
    creds->ticket_flags = TKT_FLG_INITIAL;
    if (code == 0)
        code = seal_ticket(m, creds);
    return (code == 0) ? add_key(m, creds->server) : code;
}

/* The mechglue frames what a mechanism exports: u32 n, OID[n], u32 m,
 * token[m]. */
int
issuer_unframe(struct cs_span framed, struct cs_buf *out)
{
    const uint8_t *p = framed.p;
    size_t left = framed.len, n = 0;
    int i;

    for (i = 0; i < 2; i++) {
        if (left < 4)
            return CS_MALFORMED;
        n = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
        p += 4;
        left -= 4;
        if (n > left)
            return CS_MALFORMED;
        if (i == 0) {
            p += n;
            left -= n;
        }
    }
    cs_buf_add(out, p, n);
    return n == left ? out->error : CS_MALFORMED;
}

static int
export_cache(const char *cache, struct cs_buf *out, struct cs_error *err)
{
    gss_key_value_element_desc element = { "ccache", cache };
    gss_key_value_set_desc store = { 1, &element };
    gss_OID_set_desc mechs = { 1, (gss_OID)(uintptr_t)&cs_oid_krb5 };
    gss_cred_id_t cred = GSS_C_NO_CREDENTIAL;
    gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, minor, tmp;
    struct cs_span framed;
    int ret = 0;

    major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE,
                                  &mechs, GSS_C_INITIATE, &store, &cred, NULL,
                                  NULL);
    if (!GSS_ERROR(major))
        major = gss_export_cred(&minor, cred, &token);
    framed.p = token.value;
    framed.len = token.length;
    if (GSS_ERROR(major))
        ret = cs_gss_fail(err, "a ticket of the gateway", major, minor,
                          &cs_oid_krb5);
    else if (issuer_unframe(framed, out) != 0)
        ret = cs_fail(err, CS_SYSTEM, "krb5 exports credentials in an unknown "
                      "form");
    (void)gss_release_buffer(&tmp, &token);
    (void)gss_release_cred(&tmp, &cred);
    return ret;
}

/* A credential is a cache: one in memory, for as long as it takes. */
static int
export_creds(struct issuer *m, krb5_creds *creds, struct cs_buf *out,
             struct cs_error *err)
{
    krb5_ccache cache = NULL;
    krb5_error_code code;
    char *name = NULL;
    int ret;

    code = krb5_cc_new_unique(m->context, "MEMORY", NULL, &cache);
    if (code == 0)
        code = krb5_cc_initialize(m->context, cache, creds->client);
    if (code == 0)
        code = krb5_cc_store_cred(m->context, cache, creds);
    if (code == 0)
        code = krb5_cc_get_full_name(m->context, cache, &name);
    ret = (code != 0) ? krb5_failed(m, code, "a ticket's cache", err) :
        export_cache(name, out, err);
    krb5_free_string(m->context, name);
    if (cache != NULL)
        (void)krb5_cc_destroy(m->context, cache);
    return ret;
}

static int
new_serial(char serial[SERIAL_LENGTH + 1])
{
    unsigned char random[SERIAL_LENGTH / 2];
    size_t i;

    if (RAND_bytes(random, sizeof(random)) != 1)
        return -1;
    for (i = 0; i < sizeof(random); i++)
        (void)snprintf(serial + 2 * i, 3, "%02x", random[i]);
    return 0;
}

static int
make_ticket(struct issuer *m, const char *host, struct cs_buf *cred,
            char **name, struct cs_error *err)
{
    char serial[SERIAL_LENGTH + 1];
    krb5_creds creds;
    krb5_error_code code;
    time_t now = time(NULL);
    int ret;

    if (new_serial(serial) != 0)
        return cs_fail(err, CS_SYSTEM, "no random numbers");
    forget_expired(m, now);
    code = make_creds(m, serial, host, now, &creds);
    ret = (code != 0) ? krb5_failed(m, code, "creating a ticket", err) :
        export_creds(m, &creds, cred, err);
    if (ret == 0 && (remember(m, serial, host, now) != 0 ||
                     asprintf(name, "HTTP/%s@" ISSUER_REALM, host) < 0)) {
        *name = NULL;
        ret = cs_fail(err, CS_NOMEM, "too many tickets at the same time");
    }
    krb5_free_cred_contents(m->context, &creds);
    return ret;
}

int
issuer_ticket(struct issuer *m, const char *host, struct cs_buf *cred,
              char **name, struct cs_error *err)
{
    int ret;

    *name = NULL;
    (void)pthread_mutex_lock(&m->lock);
    ret = make_ticket(m, host, cred, name, err);
    (void)pthread_mutex_unlock(&m->lock);
    return ret;
}

/* --- Taking one --- */

gss_cred_id_t
issuer_acceptor(const struct issuer *m)
{
    return m->acceptor;
}

int
issuer_serial(const char *text, size_t len,
              char serial[ISSUER_SERIAL_LENGTH + 1])
{
    static const char head[] = "gateway/", tail[] = "@" ISSUER_REALM;
    const size_t hlen = sizeof(head) - 1, tlen = sizeof(tail) - 1;

    if (len != hlen + SERIAL_LENGTH + tlen ||
        memcmp(text, head, hlen) != 0 ||
        memcmp(text + len - tlen, tail, tlen) != 0 ||
        memchr(text, '\0', len) != NULL)
        return CS_MALFORMED;
    memcpy(serial, text + hlen, SERIAL_LENGTH);
    serial[SERIAL_LENGTH] = '\0';
    return 0;
}

static int
get_serial(gss_ctx_id_t ctx, char serial[SERIAL_LENGTH + 1])
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    gss_name_t source = GSS_C_NO_NAME;
    OM_uint32 minor;
    int ret = -1;

    if (!GSS_ERROR(gss_inquire_context(&minor, ctx, &source, NULL, NULL, NULL,
                                       NULL, NULL, NULL)) &&
        source != GSS_C_NO_NAME &&
        !GSS_ERROR(gss_display_name(&minor, source, &text, NULL)))
        ret = issuer_serial(text.value, text.length, serial);
    (void)gss_release_buffer(&minor, &text);
    (void)gss_release_name(&minor, &source);
    return ret;
}

int
issuer_redeem(struct issuer *m, gss_ctx_id_t ctx, const char *host,
              struct cs_error *err)
{
    char serial[SERIAL_LENGTH + 1];
    size_t i;
    int ret;

    if (get_serial(ctx, serial) != 0)
        return cs_fail(err, CS_POLICY, "the client's ticket is not one of the "
                       "gateway's");
    (void)pthread_mutex_lock(&m->lock);
    forget_expired(m, time(NULL));
    for (i = 0; i < m->nissued; i++) {
        if (strcmp(m->issued[i].serial, serial) == 0)
            break;
    }
    if (i == m->nissued)
        ret = cs_fail(err, CS_POLICY, "the client's ticket was already used");
    else if (strcmp(m->issued[i].host, host) != 0)
        ret = cs_fail(err, CS_POLICY, "the client's ticket is for %s, not for "
                      "%s", m->issued[i].host, host);
    else
        ret = 0;
    if (i < m->nissued)
        forget(m, i);
    (void)pthread_mutex_unlock(&m->lock);
    return ret;
}

/* --- The issuer itself --- */

static int
acquire(struct issuer *m, const char *keytab, struct cs_error *err)
{
    /* The replay cache would be a file; each ticket is good once anyway. */
    gss_key_value_element_desc elements[] = {
        { "keytab", keytab }, { "rcache", "none:" }
    };
    gss_key_value_set_desc store = { 2, elements };
    gss_OID_desc oids[] = { cs_oid_krb5, cs_oid_spnego };
    gss_OID_set_desc krb5 = { 1, oids }, both = { 2, oids };
    OM_uint32 major, minor;

    major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE,
                                  &both, GSS_C_ACCEPT, &store, &m->acceptor,
                                  NULL, NULL);
    if (!GSS_ERROR(major))
        major = gss_set_neg_mechs(&minor, m->acceptor, &krb5);
    return GSS_ERROR(major) ?
        cs_gss_fail(err, "the gateway's own key", major, minor,
                    &cs_oid_krb5) : 0;
}

/* A keytab without entries is none, so one that nobody asks for is first. */
static krb5_error_code
first_key(struct issuer *m)
{
    krb5_principal server;
    krb5_error_code code;

    code = krb5_build_principal(m->context, &server, strlen(ISSUER_REALM),
                                ISSUER_REALM, "gateway", (char *)NULL);
    if (code != 0)
        return code;
    code = add_key(m, server);
    krb5_free_principal(m->context, server);
    return code;
}

static int
prepare(struct issuer *m, struct cs_error *err)
{
    krb5_enctype enctype;
    char serial[SERIAL_LENGTH + 1], keytab[64];
    krb5_error_code code;

    code = krb5_init_context(&m->context);
    if (code != 0)
        return cs_krb5_conf_fail(code, err);
    if (new_serial(serial) != 0)
        return cs_fail(err, CS_SYSTEM, "no random numbers");
    (void)snprintf(keytab, sizeof(keytab), "MEMORY:gss-winrm-%s", serial);
    code = ticket_enctype(m->context, &enctype);
    if (code == 0 && enctype == ENCTYPE_NULL)
        return cs_fail(err, CS_SYSTEM, "krb5.conf permits no AES: the "
                       "gateway's own tickets need it in permitted_enctypes "
                       "(libdefaults, or an included crypto-policies)");
    if (code == 0)
        code = krb5_c_make_random_key(m->context, enctype, &m->key);
    if (code == 0)
        code = krb5_kt_resolve(m->context, keytab, &m->keytab);
    if (code == 0)
        code = first_key(m);
    return (code != 0) ? krb5_failed(m, code, "the gateway's own key", err) :
        acquire(m, keytab, err);
}

int
issuer_new(struct issuer **out, struct cs_error *err)
{
    struct issuer *m = calloc(1, sizeof(*m));
    int ret;

    *out = m;
    if (m == NULL)
        return cs_nomem(err);
    (void)pthread_mutex_init(&m->lock, NULL);
    ret = prepare(m, err);
    if (ret != 0)
        issuer_free(out);
    return ret;
}

/* Whoever is in the middle of something fails. */
void
issuer_wipe(struct issuer *m)
{
    OPENSSL_cleanse(m->key.contents, m->key.length);
}

void
issuer_free(struct issuer **mint)
{
    struct issuer *m = *mint;
    OM_uint32 minor;

    *mint = NULL;
    if (m == NULL)
        return;
    (void)gss_release_cred(&minor, &m->acceptor);
    while (m->nissued > 0)
        forget(m, m->nissued - 1);
    if (m->context != NULL) {
        if (m->keytab != NULL)
            (void)krb5_kt_close(m->context, m->keytab);
        krb5_free_keyblock_contents(m->context, &m->key);
        krb5_free_context(m->context);
    }
    (void)pthread_mutex_destroy(&m->lock);
    free(m);
}
