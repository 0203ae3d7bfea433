/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * test_cs_secrets.c - after a delegation, no copy of the password is left: not
 * in the client, not in the server once it has let go of it, not in a core of
 * either, and not in a trace.
 *
 * Both ends are processes, which search themselves.  (By the mechanism, and
 * with Kerberos inside: tests/credssp/secrets.c.)
 */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/credssp/credsint.h"
#include "plugin/credssp/credssp.h"
#include "tests/unit/cs_cert.h"
#include "tests/unit/cs_search.h"

/* gss-ntlmssp's acceptor leaves in its memory what the file of its users says.
 * So that this is another password, the client logs on with this one's hash
 * and delegates the other. */
#define LOGON "something else altogether"

/* --- The search finds what there is --- */

static void
test_memory(void **state)
{
    char *narrow = malloc(SECRET_LENGTH + 1), *wide = calloc(1, 64);
    size_t i;

    (void)state;
    assert_int_equal(secret_in_memory(), 0);
    secret_decode(narrow);
    assert_int_equal(secret_in_memory(), 1);
    for (i = 0; i < SECRET_LENGTH; i++)
        wide[2 * i] = narrow[i];
    explicit_bzero(narrow, SECRET_LENGTH);
    assert_int_equal(secret_in_memory(), 1);
    explicit_bzero(wide, 64);
    assert_int_equal(secret_in_memory(), 0);
    free(narrow);
    free(wide);
}

static void
test_core(void **state)
{
    char *text = malloc(SECRET_LENGTH + 1);
    int with, without;

    (void)state;
    secret_decode(text);
    with = secret_in_core();
    explicit_bzero(text, SECRET_LENGTH);
    without = secret_in_core();
    free(text);
    if (with == -1)
        return;                 /* and it is said why */
    assert_true(with > 0);
    assert_int_equal(without, 0);
}

static void
test_file(void **state)
{
    const char *path = unit_file("planted", "");
    char text[SECRET_LENGTH + 1];
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    (void)state;
    assert_int_equal(secret_in_file(path), 0);
    secret_decode(text);
    /* (A stream would keep a copy in its buffer.) */
    assert_int_equal(write(fd, text, SECRET_LENGTH), SECRET_LENGTH);
    explicit_bzero(text, sizeof(text));
    (void)close(fd);
    assert_int_equal(secret_in_file(path), 1);
}

/* --- The exchange --- */

static int server_announces;    /* its version; 0: the usual */

static int
converse(int fd, struct credssp *c, int first)
{
    struct cs_buf in = CS_BUF_INIT(1 << 20), out = CS_BUF_INIT(1 << 20);
    struct cs_error err = { 0 };
    int done = 0, ret = 0;

    while (!done && ret == 0 && (first || receive_token(fd, &in))) {
        cs_buf_reset(&out);
        ret = credssp_step(c, cs_buf_span(&in), &out, &done, &err);
        if (out.len > 0)
            send_token(fd, cs_buf_span(&out));
        first = 0;
    }
    if (ret != 0)
        print_message("# %s\n", err.text);
    cs_buf_free(&in);
    cs_buf_free(&out);
    return done;
}

/* The server.  Its status says what is wrong; 1: it got no password. */
static int
serve(int fd)
{
    struct cs_tls_options options = {
        .acceptor = 1, .cert_file = cert_file("server.pem")
    };
    struct cs_policy policy = { 0, 0, 2 };
    struct credssp_params params = { .minimum_version = 2,
                                     .announce = server_announces };
    struct credssp *c;
    int done, held;

    if (cs_tls_config_new(&options, &params.tls, NULL) != 0 ||
        cs_inner_acceptor(GSS_C_NO_CREDENTIAL, &policy, &params.inner,
                          NULL) != 0 ||
        credssp_new(&params, &c, NULL) != 0)
        return 2;
    done = converse(fd, c, 0);
    held = secret_in_memory();
    if ((held > 0) != done)
        return 3;
    credssp_free(&c);
    cs_tls_config_free(&params.tls);
    if (secret_in_memory() != 0)
        return 4;
    if (secret_in_core() > 0)
        return 5;
    return done ? 0 : 1;
}

/* The credential is for the one password, and knows the other's hash. */
static struct cs_creds *
client_creds(void)
{
    struct cs_creds_options options = {
        .user = "TEST\\alice",
        .password = { (const uint8_t *)LOGON, strlen(LOGON) }
    };
    char password[SECRET_LENGTH + 1], hex[2 * CS_NTHASH_LENGTH + 1];
    struct cs_creds *creds, *other;

    assert_int_equal(cs_creds_new(&options, &other, NULL), 0);
    assert_int_equal(cs_nthash_hex(other, hex, NULL), 0);
    secret_decode(password);
    options.password.p = (const uint8_t *)password;
    options.password.len = SECRET_LENGTH;
    assert_int_equal(cs_creds_new(&options, &creds, NULL), 0);
    explicit_bzero(password, SECRET_LENGTH);
    assert_int_equal(cs_secret_set(&creds->nthash,
                                   cs_secret_span(&other->nthash), 0), 0);
    cs_creds_free(&other);
    return creds;
}

static struct cs_inner *
client_inner(void)
{
    struct cs_policy policy = { 1, 1, 0 };
    gss_buffer_desc text = { 10, (void *)"HTTP@web01" };
    struct cs_creds *creds = client_creds();
    struct cs_proof proof = { 0 };
    struct cs_inner *inner;
    OM_uint32 minor;

    assert_int_equal(gss_import_name(&minor, &text, GSS_C_NT_HOSTBASED_SERVICE,
                                     &proof.ntlm), GSS_S_COMPLETE);
    assert_true(secret_in_memory() > 0);        /* there it is */
    assert_int_equal(cs_inner_initiator(creds, &proof, &policy, 0, &inner, NULL),
                     0);
    cs_creds_free(&creds);
    (void)gss_release_name(&minor, &proof.ntlm);
    return inner;
}

static void
run(int announce)
{
    struct cs_tls_options options = { 0 };
    struct credssp_params params = { 0 };
    struct credssp *c;
    pid_t pid;
    int fd;

    server_announces = announce;
    pid = start_process(serve, &fd);
    assert_int_equal(cs_tls_config_new(&options, &params.tls, NULL), 0);
    params.inner = client_inner();
    assert_int_equal(credssp_new(&params, &c, NULL), 0);
    assert_int_equal(converse(fd, c, 1), announce == 0);
    /* The context lives on, for messages, and the password does not. */
    assert_int_equal(secret_in_memory(), 0);
    assert_true(secret_in_core() <= 0);
    (void)close(fd);
    assert_int_equal(end_process(pid), announce != 0);
    credssp_free(&c);
    assert_int_equal(secret_in_memory(), 0);
    cs_tls_config_free(&params.tls);
}

static void
test_delegation(void **state)
{
    (void)state;
    run(0);
}

/* A version that is too old for the client, who gives up. */
static void
test_refusal(void **state)
{
    (void)state;
    run(4);
}

static void
test_traces(void **state)
{
    (void)state;
    secret_in_no_trace("KRB5_TRACE");
    secret_in_no_trace("GSSNTLMSSP_DEBUG");
}

static int
setup(void **state)
{
    const char *users = unit_file("ntlm", "TEST:alice:" LOGON "\n");

    (void)state;
    assert_int_equal(chmod(users, 0600), 0);
    assert_int_equal(setenv("NTLM_USER_FILE", users, 1), 0);
    assert_int_equal(setenv("KRB5_TRACE", unit_file("trace", ""), 1), 0);
    assert_int_equal(setenv("GSSNTLMSSP_DEBUG", unit_file("debug", ""), 1), 0);
    unit_krb5_conf("[libdefaults]\n default_realm = TEST.EXAMPLE\n"
                   " dns_canonicalize_hostname = false\n"
                   " dns_lookup_kdc = false\n");
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_core),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_delegation),
        cmocka_unit_test(test_refusal),
        cmocka_unit_test(test_traces),
    };

    return cmocka_run_group_tests_name("CredSSP's secrets", tests, setup,
                                       NULL);
}
