/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* parts.c - what a CredSSP exchange consists of, without CredSSP. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <krb5.h>
#include <gssapi/gssapi_ext.h>
#include <openssl/bio.h>
#include <openssl/err.h>

#include "tests/bench/parts.h"
#include "plugin/credssp/spnego.h"

#define LEGS_MAX 10
#define FLAGS (GSS_C_MUTUAL_FLAG | GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG)

static gss_OID_desc spnego = { 6, (void *)"\x2b\x06\x01\x05\x05\x02" };

int failed;

void
fail(const char *fmt, ...)
{
    va_list ap;

    if (failed)
        return;
    failed = 1;
    va_start(ap, fmt);
    (void)fputs("error ", stdout);
    (void)vprintf(fmt, ap);
    (void)putchar('\n');
    va_end(ap);
}

int
gss_ok(const char *what, OM_uint32 major, OM_uint32 minor)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    OM_uint32 tmp, more = 0;

    if (!GSS_ERROR(major))
        return 1;
    (void)gss_display_status(&tmp, minor, GSS_C_MECH_CODE, &spnego, &more,
                             &text);
    fail("%s: major %x, minor %u: %.*s", what, major, minor, (int)text.length,
         text.value != NULL ? (char *)text.value : "");
    (void)gss_release_buffer(&tmp, &text);
    return 0;
}

/* --- TLS --- */

static int
tls_failed(const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    fail("%s: %s", what, reason != NULL ? reason : "no reason given");
    return 0;
}

/* As plugin/credssp/tlsconf.c. */
static void
set_like_ours(SSL_CTX *ctx)
{
    SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                        SSL_OP_NO_ENCRYPT_THEN_MAC |
                        SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS |
                        SSL_OP_CLEANSE_PLAINTEXT | SSL_OP_NO_QUERY_MTU);
    SSL_CTX_clear_options(ctx, SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
}

static SSL_CTX *
new_ctx(int end, int version, int stock)
{
    SSL_CTX *ctx = SSL_CTX_new(end == SERVER ? TLS_server_method() :
                               TLS_client_method());

    if (ctx == NULL)
        return NULL;
    /* A full handshake each time, in any case. */
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_num_tickets(ctx, 0);
    (void)SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    (void)SSL_CTX_set_max_proto_version(ctx, version);
    if (!stock)
        set_like_ours(ctx);
    return ctx;
}

int
bare_tls_new(int version, const char *pem, int stock, struct bare_tls *out)
{
    int end;

    for (end = CLIENT; end <= SERVER; end++) {
        out->ctx[end] = new_ctx(end, version, stock);
        if (out->ctx[end] == NULL)
            return tls_failed("SSL_CTX_new");
    }
    if (SSL_CTX_use_certificate_chain_file(out->ctx[SERVER], pem) != 1 ||
        SSL_CTX_use_PrivateKey_file(out->ctx[SERVER], pem,
                                    SSL_FILETYPE_PEM) != 1)
        return tls_failed(pem);
    return 1;
}

void
bare_tls_free(struct bare_tls *tls)
{
    int end;

    for (end = CLIENT; end <= SERVER; end++) {
        SSL_CTX_free(tls->ctx[end]);
        tls->ctx[end] = NULL;
    }
}

static int
open_end(const struct bare_tls *tls, int end, struct bare_pair *pair)
{
    SSL *ssl = SSL_new(tls->ctx[end]);

    pair->ssl[end] = ssl;
    pair->in[end] = BIO_new(BIO_s_mem());
    pair->out[end] = BIO_new(BIO_s_mem());
    if (ssl == NULL || pair->in[end] == NULL || pair->out[end] == NULL)
        return 0;
    BIO_set_mem_eof_return(pair->in[end], -1);
    BIO_set_mem_eof_return(pair->out[end], -1);
    SSL_set_bio(ssl, pair->in[end], pair->out[end]);
    if (end == SERVER)
        SSL_set_accept_state(ssl);
    else
        SSL_set_connect_state(ssl);
    return 1;
}

/* Whatever one end has to say goes to the other. */
static int
move(struct bare_pair *pair, int from)
{
    int n = BIO_read(pair->out[from], pair->buf, (int)pair->size);

    return n <= 0 || BIO_write(pair->in[!from], pair->buf, n) == n;
}

static int
shake_hands(struct bare_pair *pair)
{
    int done[2] = { 0, 0 }, leg;

    for (leg = 0; leg < LEGS_MAX && !(done[CLIENT] && done[SERVER]); leg++) {
        int end = leg % 2;

        done[end] = SSL_do_handshake(pair->ssl[end]) == 1;
        if (!move(pair, end))
            return 0;
    }
    return done[CLIENT] && done[SERVER];
}

int
bare_connect(const struct bare_tls *tls, size_t size, struct bare_pair *out)
{
    memset(out, 0, sizeof(*out));
    out->size = size;
    out->buf = malloc(size);
    if (out->buf == NULL || !open_end(tls, CLIENT, out) ||
        !open_end(tls, SERVER, out))
        return tls_failed("SSL_new");
    return shake_hands(out) ? 1 : tls_failed("the bare handshake");
}

void
bare_close(struct bare_pair *pair, int end)
{
    SSL_free(pair->ssl[end]);
    pair->ssl[end] = NULL;
}

void
bare_close_both(struct bare_pair *pair)
{
    bare_close(pair, CLIENT);
    bare_close(pair, SERVER);
    free(pair->buf);
    pair->buf = NULL;
}

int
bare_pass(struct bare_pair *pair, const unsigned char *plain, size_t len,
          unsigned char *to)
{
    size_t done = 0, n;

    if (SSL_write_ex(pair->ssl[CLIENT], plain, len, &n) != 1 ||
        !move(pair, CLIENT))
        return tls_failed("SSL_write");
    while (done < len) {
        if (SSL_read_ex(pair->ssl[SERVER], to + done, len - done, &n) != 1)
            return tls_failed("SSL_read");
        done += n;
    }
    return 1;
}

/* --- SPNEGO --- */

char *
bare_tickets(const char *user, const char *password)
{
    krb5_context context = NULL;
    krb5_principal client = NULL;
    krb5_ccache cache = NULL;
    krb5_creds creds;
    krb5_error_code code;
    char *name = NULL;

    memset(&creds, 0, sizeof(creds));
    code = krb5_init_context(&context);
    if (code == 0)
        code = krb5_parse_name(context, user, &client);
    if (code == 0)
        code = krb5_get_init_creds_password(context, &creds, client, password,
                                            NULL, NULL, 0, NULL, NULL);
    if (code == 0)
        code = krb5_cc_new_unique(context, "MEMORY", NULL, &cache);
    if (code == 0)
        code = krb5_cc_initialize(context, cache, client);
    if (code == 0)
        code = krb5_cc_store_cred(context, cache, &creds);
    if (code == 0)
        code = krb5_cc_get_full_name(context, cache, &name);
    if (code != 0)
        fail("no tickets for the bare context: %ld", (long)code);
    krb5_free_cred_contents(context, &creds);
    krb5_free_principal(context, client);
    krb5_free_context(context);
    return name;
}

static int
acquire(const struct bare_gss *g, gss_cred_id_t *out)
{
    gss_OID_set_desc set = { 1, &spnego };
    OM_uint32 major, minor;

    major = gss_acquire_cred_from(&minor, g->user, GSS_C_INDEFINITE, &set,
                                  GSS_C_INITIATE, g->store, out, NULL, NULL);
    if (!gss_ok("gss_acquire_cred_from", major, minor))
        return 0;
    major = gss_set_neg_mechs(&minor, *out, g->mechs);
    return gss_ok("gss_set_neg_mechs", major, minor);
}

/* As this machine's library reads it: a tag may differ, no length. */
static void
as_read(gss_buffer_t token)
{
    struct cs_span in = { token->value, token->length }, ours;
    struct cs_buf room = CS_BUF_INIT(65536);

    if (cs_spnego_token(in, &room, &ours, NULL) == 0 && ours.p != in.p)
        memcpy(token->value, ours.p, ours.len);
    cs_buf_free(&room);
}

static int
negotiate(const struct bare_gss *g, gss_cred_id_t cred, gss_ctx_id_t *ctx)
{
    gss_buffer_desc to = GSS_C_EMPTY_BUFFER, from = GSS_C_EMPTY_BUFFER;
    OM_uint32 init = GSS_S_CONTINUE_NEEDED, acc = init, minor, tmp;

    while (!failed && init == GSS_S_CONTINUE_NEEDED) {
        init = gss_init_sec_context(&minor, cred, &ctx[CLIENT], g->target,
                                    &spnego, FLAGS, GSS_C_INDEFINITE,
                                    GSS_C_NO_CHANNEL_BINDINGS, &from, NULL,
                                    &to, NULL, NULL);
        (void)gss_release_buffer(&tmp, &from);
        if (!gss_ok("gss_init_sec_context", init, minor) || to.length == 0)
            break;
        as_read(&to);
        acc = gss_accept_sec_context(&minor, &ctx[SERVER], g->acceptor, &to,
                                     GSS_C_NO_CHANNEL_BINDINGS, NULL, NULL,
                                     &from, NULL, NULL, NULL);
        (void)gss_release_buffer(&tmp, &to);
        (void)gss_ok("gss_accept_sec_context", acc, minor);
        as_read(&from);
    }
    (void)gss_release_buffer(&tmp, &from);
    (void)gss_release_buffer(&tmp, &to);
    if (init != GSS_S_COMPLETE || acc != GSS_S_COMPLETE)
        fail("the bare context is not complete");
    return !failed;
}

/* So many bytes, from one end to the other. */
static int
seal_and_open(gss_ctx_id_t *ctx, int from, size_t len)
{
    static char bytes[1024];
    gss_buffer_desc in = { len, bytes }, sealed = GSS_C_EMPTY_BUFFER;
    gss_buffer_desc out = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, minor, tmp;

    if (len > sizeof(bytes))
        fail("TSCredentials are too long");
    if (failed)
        return 0;
    major = gss_wrap(&minor, ctx[from], 1, GSS_C_QOP_DEFAULT, &in, NULL,
                     &sealed);
    if (gss_ok("gss_wrap", major, minor)) {
        major = gss_unwrap(&minor, ctx[!from], &sealed, &out, NULL, NULL);
        (void)gss_ok("gss_unwrap", major, minor);
    }
    (void)gss_release_buffer(&tmp, &sealed);
    (void)gss_release_buffer(&tmp, &out);
    return !failed;
}

/* A new cache like g->tickets, and its name as the store's. */
static krb5_ccache
copy_tickets(const struct bare_gss *g, krb5_context context, char **name)
{
    krb5_ccache from = NULL, to = NULL;
    krb5_principal client = NULL;
    krb5_error_code code = krb5_cc_resolve(context, g->tickets, &from);

    if (code == 0)
        code = krb5_cc_get_principal(context, from, &client);
    if (code == 0)
        code = krb5_cc_new_unique(context, "MEMORY", NULL, &to);
    if (code == 0)
        code = krb5_cc_initialize(context, to, client);
    if (code == 0)
        code = krb5_cc_copy_creds(context, from, to);
    if (code == 0)
        code = krb5_cc_get_full_name(context, to, name);
    if (code != 0)
        fail("no cache for the bare context: %ld", (long)code);
    g->store->elements[0].value = *name;
    krb5_free_principal(context, client);
    if (from != NULL)
        (void)krb5_cc_close(context, from);
    return to;
}

static int
context_with(const struct bare_gss *g)
{
    gss_ctx_id_t ctx[2] = { GSS_C_NO_CONTEXT, GSS_C_NO_CONTEXT };
    gss_cred_id_t cred = GSS_C_NO_CREDENTIAL;
    OM_uint32 minor;
    int ok;

    ok = acquire(g, &cred) && negotiate(g, cred, ctx) &&
        seal_and_open(ctx, CLIENT, PROOF_LENGTH) &&
        seal_and_open(ctx, SERVER, PROOF_LENGTH) &&
        seal_and_open(ctx, CLIENT, g->creds_length);
    (void)gss_delete_sec_context(&minor, &ctx[CLIENT], GSS_C_NO_BUFFER);
    (void)gss_delete_sec_context(&minor, &ctx[SERVER], GSS_C_NO_BUFFER);
    (void)gss_release_cred(&minor, &cred);
    return ok;
}

int
bare_context(const struct bare_gss *g)
{
    krb5_context context;
    krb5_ccache cache;
    char *name = NULL;
    int ok;

    if (g->tickets == NULL)
        return context_with(g);
    if (krb5_init_context(&context) != 0)
        fail("krb5.conf");
    if (failed)
        return 0;
    cache = copy_tickets(g, context, &name);
    ok = !failed && context_with(g);
    if (cache != NULL)
        (void)krb5_cc_destroy(context, cache);
    krb5_free_string(context, name);
    krb5_free_context(context);
    return ok;
}
