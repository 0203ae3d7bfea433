/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * test_issuer.c - tickets of the gateway's own: real contexts, by krb5, with what
 * the mint gives out; and with what it does not.
 */
#include "config.h"

#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>

#include "helper/gateway/accept.h"
#include "plugin/credssp/creds.h"
#include "helper/gateway/issuer.h"

#define WEB01 "web01.corp.example.com"
#define WEB02 "web02.corp.example.com"
#define OPEN_BYTES 140          /* of a token, at most, in front of the sealed */
#define THREADS 8
#define EACH 40

/* The clock of everybody in this process, libkrb5 included. */
static time_t later;

time_t
time(time_t *out)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL)
        *out = now.tv_sec + later;
    return now.tv_sec + later;
}

struct client {
    gss_cred_id_t cred;
    gss_name_t name;
    gss_ctx_id_t ctx;
    struct cs_buf token;        /* the first one */
};

/* The mechglue's frame: u32 n, OID[n], u32 m, token[m]. */
static gss_cred_id_t
import(struct cs_span cred)
{
    struct cs_buf framed = CS_BUF_INIT(65536);
    uint8_t length[4] = { 0, 0, 0, (uint8_t)cs_oid_krb5.length };
    gss_cred_id_t out = GSS_C_NO_CREDENTIAL;
    gss_buffer_desc token;
    OM_uint32 minor;

    cs_buf_add(&framed, length, 4);
    cs_buf_add(&framed, cs_oid_krb5.elements, cs_oid_krb5.length);
    length[2] = (uint8_t)(cred.len >> 8);
    length[3] = (uint8_t)cred.len;
    cs_buf_add(&framed, length, 4);
    cs_buf_add(&framed, cred.p, cred.len);
    assert_int_equal(framed.error, 0);
    token.value = framed.p;
    token.length = framed.len;
    assert_int_equal(gss_import_cred(&minor, &token, &out), GSS_S_COMPLETE);
    cs_buf_free(&framed);
    return out;
}

static gss_name_t
import_name(char *text)
{
    gss_buffer_desc buffer = { strlen(text), text };
    gss_name_t name = GSS_C_NO_NAME;
    OM_uint32 minor;

    assert_int_equal(gss_import_name(&minor, &buffer,
                                     (gss_OID)GSS_KRB5_NT_PRINCIPAL_NAME,
                                     &name), GSS_S_COMPLETE);
    return name;
}

/* A client with a ticket of the mint's for host, and its first token. */
static void
begin(struct client *c, struct issuer *mint, const char *host)
{
    struct cs_buf cred = CS_BUF_INIT(ISSUER_CRED_MAX);
    gss_OID_desc krb5 = cs_oid_krb5;
    gss_buffer_desc out = GSS_C_EMPTY_BUFFER;
    struct cs_error err;
    OM_uint32 major, minor;
    char *name = NULL;

    memset(c, 0, sizeof(*c));
    c->token.max = 65536;
    assert_int_equal(issuer_ticket(mint, host, &cred, &name, &err), 0);
    assert_true(strncmp(name, "HTTP/", 5) == 0);
    c->cred = import(cs_buf_span(&cred));
    c->name = import_name(name);
    major = gss_init_sec_context(&minor, c->cred, &c->ctx, c->name, &krb5,
                                 GSS_C_MUTUAL_FLAG | GSS_C_CONF_FLAG |
                                 GSS_C_INTEG_FLAG, 0,
                                 GSS_C_NO_CHANNEL_BINDINGS, GSS_C_NO_BUFFER,
                                 NULL, &out, NULL, NULL);
    assert_int_equal(major, GSS_S_CONTINUE_NEEDED);
    cs_buf_add(&c->token, out.value, out.length);
    (void)gss_release_buffer(&minor, &out);
    cs_buf_free(&cred);
    free(name);
}

static void
end(struct client *c)
{
    OM_uint32 minor;

    (void)gss_delete_sec_context(&minor, &c->ctx, GSS_C_NO_BUFFER);
    (void)gss_release_cred(&minor, &c->cred);
    (void)gss_release_name(&minor, &c->name);
    cs_buf_free(&c->token);
}

/* What a gateway says to these bytes, as the first on a connection. */
static enum accept_state
accept_bytes(struct issuer *mint, struct cs_span bytes, const char *host,
             struct cs_buf *answer)
{
    struct accept a = { 0 };
    struct accept_header header = { "Kerberos", GATE_KERBEROS,
                                    CS_BUF_INIT(65536) };
    struct cs_buf out = CS_BUF_INIT(65536);
    enum accept_state state;
    struct cs_error err;
    int ret;

    cs_buf_add(&header.token, bytes.p, bytes.len);
    ret = accept_token(&a, mint, &header, host, &out, &err);
    state = a.state;
    if (ret != 0)
        assert_int_equal(state, ACCEPT_NONE);
    if (state == ACCEPT_DONE)
        assert_non_null(a.seal);
    if (answer != NULL)
        cs_buf_add(answer, out.p, out.len);
    accept_reset(&a);
    cs_buf_free(&header.token);
    cs_buf_free(&out);
    return state;
}

static enum accept_state
present(struct issuer *mint, const struct client *c, const char *host)
{
    return accept_bytes(mint, cs_buf_span(&c->token), host, NULL);
}

static struct issuer *
new_mint(void)
{
    struct issuer *mint = NULL;
    struct cs_error err;

    assert_int_equal(issuer_new(&mint, &err), 0);
    return mint;
}

/* Both ends of a context, to the end. */
static void
finish(struct issuer *mint, struct client *c)
{
    struct cs_buf answer = CS_BUF_INIT(65536);
    gss_buffer_desc in, out = GSS_C_EMPTY_BUFFER;
    gss_OID_desc krb5 = cs_oid_krb5;
    OM_uint32 major, minor;

    assert_int_equal(accept_bytes(mint, cs_buf_span(&c->token), WEB01,
                                  &answer), ACCEPT_DONE);
    in.value = answer.p;
    in.length = answer.len;
    major = gss_init_sec_context(&minor, c->cred, &c->ctx, c->name, &krb5,
                                 GSS_C_MUTUAL_FLAG, 0,
                                 GSS_C_NO_CHANNEL_BINDINGS, &in, NULL, &out,
                                 NULL, NULL);
    assert_int_equal(major, GSS_S_COMPLETE);
    cs_buf_free(&answer);
}

static void
test_good(void **state)
{
    struct issuer *mint = new_mint();
    struct client c;

    (void)state;
    begin(&c, mint, WEB01);
    finish(mint, &c);
    end(&c);
    issuer_free(&mint);
}

/* A session goes on for longer than a ticket has to be used in. */
static void
test_long_session(void **state)
{
    struct issuer *mint = new_mint();
    struct client c;
    OM_uint32 left = 0, minor;

    (void)state;
    begin(&c, mint, WEB01);
    finish(mint, &c);
    later = (time_t)12 * 60 * 60;
    assert_int_equal(gss_inquire_context(&minor, c.ctx, NULL, NULL, &left,
                                         NULL, NULL, NULL, NULL),
                     GSS_S_COMPLETE);
    later = 0;
    assert_true(left > 60 * 60);
    end(&c);
    issuer_free(&mint);
}

static void
test_once(void **state)
{
    struct issuer *mint = new_mint();
    struct client c;

    (void)state;
    begin(&c, mint, WEB01);
    assert_int_equal(present(mint, &c, WEB01), ACCEPT_DONE);
    assert_int_equal(present(mint, &c, WEB01), ACCEPT_NONE);
    end(&c);
    issuer_free(&mint);
}

/* Not even for its own host, once it was tried at another. */
static void
test_other_host(void **state)
{
    struct issuer *mint = new_mint();
    struct client c;

    (void)state;
    begin(&c, mint, WEB01);
    assert_int_equal(present(mint, &c, WEB02), ACCEPT_NONE);
    assert_int_equal(present(mint, &c, WEB01), ACCEPT_NONE);
    end(&c);
    issuer_free(&mint);
}

/* Two minutes are the mint's own; krb5 would let it in for longer. */
static void
test_expired(void **state)
{
    static const time_t ages[] = { ISSUER_LIFETIME + 1, (time_t)2 * ISSUER_SESSION };
    struct issuer *mint = new_mint();
    struct client c;
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        begin(&c, mint, WEB01);
        later = ages[i];
        assert_int_not_equal(present(mint, &c, WEB01), ACCEPT_DONE);
        later = 0;
        end(&c);
    }
    begin(&c, mint, WEB01);
    later = ISSUER_LIFETIME - 2;
    assert_int_equal(present(mint, &c, WEB01), ACCEPT_DONE);
    later = 0;
    end(&c);
    issuer_free(&mint);
}

/* One bit of a byte, and the state that this leads to. */
static enum accept_state
alter(struct issuer *mint, const struct client *c, size_t at, int bit)
{
    struct cs_buf bad = CS_BUF_INIT(65536);
    enum accept_state state;

    cs_buf_add(&bad, c->token.p, c->token.len);
    bad.p[at] ^= (uint8_t)(1 << bit);
    state = accept_bytes(mint, cs_buf_span(&bad), WEB01, NULL);
    cs_buf_free(&bad);
    return state;
}

/*
 * Whatever is changed in what is sealed, nobody gets in.  (In front of that are
 * options, a version and names, which are under no checksum in Kerberos.  They
 * decide nothing: what a ticket is for, the mint knows by its serial.)
 */
static void
test_altered(void **state)
{
    struct issuer *mint = new_mint();
    struct cs_span cut;
    struct client c;
    size_t i;

    (void)state;
    begin(&c, mint, WEB01);
    for (i = 0; i < c.token.len; i++) {
        if (alter(mint, &c, i, (int)(i % 8)) != ACCEPT_DONE)
            continue;
        if (i >= OPEN_BYTES)
            fail_msg("in, with byte %zu of %zu changed", i, c.token.len);
        end(&c);
        begin(&c, mint, WEB01);
    }
    for (cut.len = 0; cut.len < c.token.len; cut.len++) {
        cut.p = c.token.p;
        assert_int_not_equal(accept_bytes(mint, cut, WEB01, NULL),
                             ACCEPT_DONE);
    }
    assert_int_equal(present(mint, &c, WEB01), ACCEPT_DONE);
    end(&c);
    issuer_free(&mint);
}

/* Of another gateway; and of this one, when it was another process. */
static void
test_other_mint(void **state)
{
    struct issuer *mint = new_mint(), *other = new_mint();
    struct client mine, c;

    (void)state;
    begin(&mine, mint, WEB01);  /* so that there is a key for the name */
    begin(&c, other, WEB01);
    assert_int_not_equal(present(mint, &c, WEB01), ACCEPT_DONE);
    assert_int_equal(present(other, &c, WEB01), ACCEPT_DONE);
    end(&c);
    end(&mine);
    issuer_free(&other);
    issuer_free(&mint);
}

/* There is a limit to what is not used, and it passes. */
static void
test_many(void **state)
{
    struct issuer *mint = new_mint();
    struct cs_buf cred = CS_BUF_INIT(ISSUER_CRED_MAX);
    struct cs_error err;
    char *name;
    int i, ret = 0;

    (void)state;
    for (i = 0; i <= ISSUER_MAX && ret == 0; i++) {
        cs_buf_reset(&cred);
        ret = issuer_ticket(mint, WEB01, &cred, &name, &err);
        free(name);
    }
    assert_int_equal(i, ISSUER_MAX + 1);
    assert_int_equal(ret, CS_NOMEM);
    later = ISSUER_LIFETIME + 1;
    cs_buf_reset(&cred);
    assert_int_equal(issuer_ticket(mint, WEB01, &cred, &name, &err), 0);
    later = 0;
    free(name);
    cs_buf_free(&cred);
    issuer_free(&mint);
}

static void *
take_some(void *data)
{
    struct client c;
    int i;

    for (i = 0; i < EACH; i++) {
        begin(&c, data, i % 2 ? WEB01 : WEB02);
        if (present(data, &c, i % 2 ? WEB01 : WEB02) != ACCEPT_DONE)
            return data;
        end(&c);
    }
    return NULL;
}

static void
test_threads(void **state)
{
    struct issuer *mint = new_mint();
    pthread_t threads[THREADS];
    void *wrong;
    int i;

    (void)state;
    for (i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_some, mint),
                         0);
    for (i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    issuer_free(&mint);
}

/* krb5.conf with these encryption types, as crypto-policies writes them. */
static void
permit(const char *enctypes, char *path)
{
    FILE *f;
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    f = fdopen(fd, "w");
    assert_non_null(f);
    assert_true(fprintf(f, "[libdefaults]\npermitted_enctypes = %s\n",
                        enctypes) > 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(setenv("KRB5_CONFIG", path, 1), 0);
}

static void
unpermit(const char *path)
{
    assert_int_equal(unlink(path), 0);
    assert_int_equal(setenv("KRB5_CONFIG", "/dev/null", 1), 0);
}

/* The policies of EL 8, 9 and 10 and Fedora: DEFAULT, FUTURE, FIPS; and one
 * with AD-SUPPORT-LEGACY. */
static void
test_policies(void **state)
{
    static const char *const policies[] = {
        ("aes256-cts-hmac-sha1-96 aes256-cts-hmac-sha384-192 "
         "camellia256-cts-cmac aes128-cts-hmac-sha1-96 "
         "aes128-cts-hmac-sha256-128 camellia128-cts-cmac"),
        ("aes256-cts-hmac-sha384-192 aes128-cts-hmac-sha256-128 "
         "aes256-cts-hmac-sha1-96 aes128-cts-hmac-sha1-96"),
        "aes256-cts-hmac-sha384-192 camellia256-cts-cmac",
        "aes256-cts-hmac-sha384-192 aes128-cts-hmac-sha256-128",
        "aes128-cts-hmac-sha256-128",
        "aes128-cts-hmac-sha1-96",
        "arcfour-hmac-md5 aes256-cts-hmac-sha1-96",
    };
    char path[] = "/tmp/gss-winrm-mint.XXXXXX";
    struct client c;
    struct issuer *mint;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(policies) / sizeof(*policies); i++) {
        (void)strcpy(path + sizeof(path) - 7, "XXXXXX");
        permit(policies[i], path);
        mint = new_mint();
        begin(&c, mint, WEB01);
        finish(mint, &c);
        end(&c);
        issuer_free(&mint);
        unpermit(path);
    }
}

static void
test_nothing_permitted(void **state)
{
    char path[] = "/tmp/gss-winrm-mint.XXXXXX";
    struct issuer *mint = NULL;
    struct cs_error err;

    (void)state;
    permit("arcfour-hmac-md5", path);
    assert_int_not_equal(issuer_new(&mint, &err), 0);
    assert_null(mint);
    assert_non_null(strstr(err.text, "permitted_enctypes"));
    unpermit(path);
}

/* Nothing of the machine's: no realm, no replay cache, no interposer. */
static int
setup(void **state)
{
    (void)state;
    return setenv("KRB5_CONFIG", "/dev/null", 1) != 0 ||
        setenv("GSS_MECH_CONFIG", "/dev/null", 1) != 0;
}

/* In memory of exactly that size. */
static struct cs_span
exact(const void *bytes, size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);
    struct cs_span span = { copy, len };

    assert_non_null(copy);
    memcpy(copy, bytes, len);
    return span;
}

static int
has_serial(const char *text, size_t len)
{
    char serial[ISSUER_SERIAL_LENGTH + 1] = "";
    struct cs_span s = exact(text, len);
    int ret = issuer_serial((const char *)s.p, s.len, serial);

    free((void *)(uintptr_t)s.p);
    if (ret == 0)
        assert_int_equal(strlen(serial), ISSUER_SERIAL_LENGTH);
    else
        assert_string_equal(serial, "");
    return ret == 0;
}

/* Whose name is one of ours: nothing in front of it, and nothing behind. */
static void
test_serial(void **state)
{
    static const char good[] = "gateway/0123456789abcdef@" ISSUER_REALM;
    char text[sizeof(good) + 1];
    size_t len = sizeof(good) - 1, i;

    (void)state;
    assert_true(has_serial(good, len));
    for (i = 0; i < len; i++) {
        assert_false(has_serial(good, i));
        memcpy(text, good, sizeof(good));
        text[i] = (i >= 8 && i < 24) ? '\0' : '!';
        assert_false(has_serial(text, len));
    }
    memcpy(text, good, sizeof(good));
    text[len] = 'X';
    assert_false(has_serial(text, len + 1));
}

/* n and m as they are in the frame; the bytes behind it are left over. */
static int
unframes(uint8_t n, uint8_t m, size_t len)
{
    const uint8_t framed[] = { 0, 0, 0, n, 'o', 'i', 'd', 0, 0, 0, m, 'c',
                               'r', 'e', 'd', '!' };
    struct cs_buf out = CS_BUF_INIT(64);
    struct cs_span s = exact(framed, len);
    int ret = issuer_unframe(s, &out);

    free((void *)(uintptr_t)s.p);
    if (ret == 0) {
        assert_int_equal(out.len, 4);
        assert_memory_equal(out.p, "cred", 4);
    }
    cs_buf_free(&out);
    return ret == 0;
}

static void
test_unframe(void **state)
{
    size_t len;

    (void)state;
    assert_true(unframes(3, 4, 15));
    assert_false(unframes(3, 4, 16));
    for (len = 0; len < 15; len++)
        assert_false(unframes(3, 4, len));
    assert_false(unframes(3, 5, 15));
    assert_false(unframes(3, 3, 15));
    assert_false(unframes(255, 4, 15));
    assert_false(unframes(3, 255, 15));
    assert_false(unframes(15, 4, 15));
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_long_session),
        cmocka_unit_test(test_once),
        cmocka_unit_test(test_serial),
        cmocka_unit_test(test_unframe),
        cmocka_unit_test(test_other_host),
        cmocka_unit_test(test_expired),
        cmocka_unit_test(test_altered),
        cmocka_unit_test(test_other_mint),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_policies),
        cmocka_unit_test(test_nothing_permitted),
        cmocka_unit_test(test_threads),
    };

    return cmocka_run_group_tests_name("mint", tests, setup, NULL);
}
