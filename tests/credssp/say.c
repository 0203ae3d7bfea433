/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* say.c - what an end says when it is over: one line of JSON on stderr. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/sha.h>

#include "tests/credssp/say.h"
#include "plugin/bytes/utf16.h"
#include "plugin/credssp/tscreds.h"

static void
put_json(const char *key, const char *value)
{
    fprintf(stderr, ",\"%s\":\"", key);
    for (; value != NULL && *value != '\0'; value++)
        fprintf(stderr, (*value == '"' || *value == '\\') ? "\\%c" :
                ((unsigned char)*value < ' ') ? "\\u%04x" : "%c", *value);
    fputc('"', stderr);
}

static void
put_wide(const char *key, struct cs_span wide)
{
    struct cs_buf text = CS_BUF_INIT(CS_TSCREDS_MAX);
    int ret = cs_utf8_from_utf16(wide, &text);

    cs_buf_add(&text, "", 1);
    put_json(key, (ret == 0 && text.error == 0) ? (char *)text.p : "?");
    cs_buf_free(&text);
}

static void
put_digest(const char *key, struct cs_span wide)
{
    struct cs_buf text = CS_BUF_INIT(CS_TSCREDS_MAX);
    unsigned char digest[SHA256_DIGEST_LENGTH];
    char hex[2 * sizeof(digest) + 1];
    size_t i;

    if (cs_utf8_from_utf16(wide, &text) == 0 && text.error == 0) {
        SHA256(text.p, text.len, digest);
        for (i = 0; i < sizeof(digest); i++)
            snprintf(hex + 2 * i, 3, "%02x", digest[i]);
        put_json(key, hex);
    }
    cs_buf_free(&text);
}

static void
put_delegated(const struct credssp *c)
{
    struct cs_tscreds creds;

    if (cs_tscreds_decode(credssp_delegated(c), &creds, NULL) != 0)
        return;
    fprintf(stderr, ",\"type\":%u", (unsigned int)creds.type);
    if (creds.type != CS_PASSWORD)
        return;
    put_wide("domain", creds.u.password.domain);
    put_wide("user", creds.u.password.user);
    put_digest("password_sha256", creds.u.password.password);
}

static void
put_source(const struct cs_inner_info *inner)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor;
    char *copy;

    if (inner->source == GSS_C_NO_NAME ||
        GSS_ERROR(gss_display_name(&minor, inner->source, &text, NULL)))
        return;
    copy = strndup(text.value, text.length);
    put_json("source", copy);
    free(copy);
    gss_release_buffer(&minor, &text);
}

void
say_done(const struct credssp *c, int acceptor, int talked)
{
    struct credssp_info info;

    credssp_info(c, &info);
    fprintf(stderr, "{\"done\":%s,\"version\":%u,\"peer_version\":%u",
            info.done ? "true" : "false", (unsigned int)info.version,
            (unsigned int)info.peer_version);
    put_json("tls", info.tls_version);
    put_json("cipher", info.tls_cipher);
    put_json("state", info.state);
    fprintf(stderr, ",\"verified\":%d,\"talked\":%d", info.verified, talked);
    if (info.inner != NULL) {
        put_json("mech", info.inner->mech == &cs_oid_krb5 ? "krb5" : "ntlm");
        put_source(info.inner);
    }
    if (acceptor)
        put_delegated(c);
    fputs("}\n", stderr);
}

void
say_error(const struct cs_error *err, const struct credssp *c)
{
    struct credssp_info info = { 0 };

    if (c != NULL)
        credssp_info(c, &info);
    fprintf(stderr, "{\"code\":%d,\"ntstatus\":\"0x%08x\",\"version\":%u",
            err->code, (unsigned int)err->ntstatus,
            (unsigned int)info.version);
    put_json("error", err->text);
    fputs("}\n", stderr);
}
