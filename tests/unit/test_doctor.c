/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_doctor.c - what servers and domain controllers send to the doctor. */
#define _GNU_SOURCE
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <ldap.h>
#include <openldap.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "helper/doctor/certificate.h"
#include "helper/cli/cli.h"
#include "tests/unit/unit.h"

#define HOST "web01.corp.example.com"
#define DAY (24L * 60 * 60)

const struct cli_command cli_commands[] = { { NULL, NULL, NULL, NULL, NULL } };

static void
begin(struct doctor *d)
{
    memset(d, 0, sizeof(*d));
    unit_krb5_conf("[libdefaults]\n");
    d->host = HOST;
    d->port = 5986;
    d->tls = d->quiet = 1;
    d->label = "";
    d->current = json_pack("{s:[]}", "found");
    assert_int_equal(hc_host_load(HOST, &d->conf, NULL), 0);
}

static void
end(struct doctor *d)
{
    hc_host_free(&d->conf);
    accounts_free(d);
    dir_close(&d->dir);
    free(d->certificate_why);
    free(d->resembling);
    json_decref(d->current);
}

/* --- Certificates --- */

static X509 *
certificate(const char *name, size_t len, long until)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    GENERAL_NAME *one = GENERAL_NAME_new();
    ASN1_IA5STRING *text = ASN1_IA5STRING_new();
    X509 *cert = X509_new();

    assert_true(key != NULL && names != NULL && one != NULL && text != NULL);
    assert_int_equal(ASN1_STRING_set(text, name, (int)len), 1);
    GENERAL_NAME_set0_value(one, GEN_DNS, text);
    assert_true(sk_GENERAL_NAME_push(names, one) > 0);
    assert_int_equal(X509_set_version(cert, 2), 1);
    assert_int_equal(X509_set_pubkey(cert, key), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), -10 * DAY));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), until));
    assert_int_equal(X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0,
                                       X509V3_ADD_DEFAULT), 1);
    assert_true(X509_sign(cert, key, NULL) > 0);
    GENERAL_NAMES_free(names);
    EVP_PKEY_free(key);
    return cert;
}

/* What is wrong with one, and what was said of it. */
static void
expect(X509 *cert, const char *wrong, const char *said)
{
    struct doctor d;
    char *text;

    begin(&d);
    certificate_look(&d, cert, X509_V_OK);
    if (wrong == NULL)
        assert_null(d.certificate_why);
    else if (d.certificate_why == NULL ||
             strstr(d.certificate_why, wrong) == NULL)
        fail_msg("not \"%s\", but: %s", wrong, d.certificate_why);
    text = json_dumps(d.current, JSON_COMPACT);
    if (strstr(text, said) == NULL)
        fail_msg("no \"%s\" in: %s", said, text);
    free(text);
    end(&d);
    X509_free(cert);
}

static void
test_certificate(void **state)
{
    static const char nul[] = HOST "\0.evil.example";

    (void)state;
    expect(certificate(HOST, strlen(HOST), DAY), NULL, "\"for " HOST "\"");
    expect(certificate(HOST, strlen(HOST), -DAY), "it has expired",
           "\"for " HOST "\"");
    expect(certificate("web02", 5, DAY), "it is not for " HOST, "for web02");
    /* A name does not end at its NUL, neither for us nor for who reads. */
    expect(certificate(nul, sizeof(nul) - 1, DAY), "it is not for " HOST,
           "\"for " HOST "?.evil.example\"");
}

/* No date is not "still good". */
static void
test_no_date(void **state)
{
    X509 *cert = certificate(HOST, strlen(HOST), DAY);

    (void)state;
    assert_int_equal(ASN1_STRING_set(X509_getm_notAfter(cert), "soon", 4), 1);
    expect(cert, "cannot be read", "cannot be read");
}

/* --- The directory --- */

/* An answer with the root entry, and one without any to the search. */
#define ROOT "\x30\x2b\x02\x01\x01\x64\x26\x04\x00\x30\x22\x30\x20" \
    "\x04\x14" "defaultNamingContext" "\x31\x08\x04\x06" "DC=x,d" \
    "\x30\x0c\x02\x01\x01\x65\x07\x0a\x01\x00\x04\x00\x04\x00"
#define PAGED "1.2.840.113556.1.4.319"

static int
refuse_all(void *arg, struct account **account)
{
    (void)arg;
    (void)account;
    return -1;
}

/* What a search comes to with these bytes from the controller. */
static int
search(const char *bytes, size_t len, struct cs_error *err)
{
    struct doctor d;
    LDAP *ld;
    int fds[2], ret;

    begin(&d);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    assert_int_equal(write(fds[1], bytes, len), len);
    assert_int_equal(shutdown(fds[1], SHUT_WR), 0);
    assert_int_equal(ldap_init_fd(fds[0], LDAP_PROTO_TCP, NULL, &ld), 0);
    assert_int_equal(dir_adopt(ld, "dc1:389", &d.dir, err), 0);
    assert_string_equal(dir_server(d.dir), "dc1");
    ret = dir_search(d.dir, "(a=b)", refuse_all, &d, err);
    end(&d);
    (void)close(fds[1]);
    return ret;
}

static void
test_search(void **state)
{
    static const char nothing[] = ROOT
        "\x30\x0c\x02\x01\x02\x65\x07\x0a\x01\x00\x04\x00\x04\x00";
    static const char gone[] = ROOT;
    /* The control for the next page, without a value, or with an empty one:
     * libldap's parser ends the process. */
    static const char none[] = ROOT
        "\x30\x28\x02\x01\x02\x65\x07\x0a\x01\x00\x04\x00\x04\x00"
        "\xa0\x1a\x30\x18\x04\x16" PAGED;
    static const char empty[] = ROOT
        "\x30\x2a\x02\x01\x02\x65\x07\x0a\x01\x00\x04\x00\x04\x00"
        "\xa0\x1c\x30\x1a\x04\x16" PAGED "\x04\x00";
    /* Says that two gigabytes are to come. */
    static const char huge[] = ROOT "\x30\x84\x7f\xff\xff\xf0\x02\x01\x02";
    struct cs_error err;

    (void)state;
    assert_int_equal(search(nothing, sizeof(nothing) - 1, &err), 0);
    assert_int_equal(search(gone, sizeof(gone) - 1, &err), CS_SYSTEM);
    assert_int_equal(search(none, sizeof(none) - 1, &err), CS_SYSTEM);
    assert_int_equal(search(huge, sizeof(huge) - 1, &err), CS_SYSTEM);
    assert_int_equal(search(empty, sizeof(empty) - 1, &err), CS_SYSTEM);
    assert_non_null(strstr(err.text, "dc1: "));
}

/* The name that a machine says it has is no option of a command. */
static void
test_resembling(void **state)
{
    struct account *a = calloc(1, sizeof(*a)), *b = calloc(1, sizeof(*b));
    struct doctor d;

    (void)state;
    begin(&d);
    assert_true(a != NULL && b != NULL);
    a->name = strdup("WEB01$");
    a->host = strdup("--help");
    assert_int_equal(accounts_keep(&d, &a), 0);
    accounts_resembling(&d);
    assert_null(d.resembling);
    b->name = strdup("web01$");
    b->host = strdup("web01.other.example.com");
    assert_int_equal(accounts_keep(&d, &b), 0);
    accounts_resembling(&d);
    assert_string_equal(d.resembling, "web01.other.example.com");
    end(&d);
}

/* --- The names to ask the KDC for --- */

/* Those of krb5.conf, and then what would be asked for without it. */
static void
test_candidates(void **state)
{
    static const struct {
        const char *name;
        int ours, plain;
    } want[] = {
        { "HTTP@" HOST, 1, 1 }, { "HOST@" HOST, 0, 0 },
        { "WSMAN@" HOST, 0, 0 }, { "HTTP/web01@", 0, 0 }
    };
    struct doctor d;
    size_t i;

    (void)state;
    begin(&d);
    hc_host_free(&d.conf);
    unit_krb5_conf("[libdefaults]\n dns_canonicalize_hostname = false\n"
                   "[appdefaults]\n winrm = {\n  spn = HTTP/%f\n }\n");
    assert_int_equal(hc_host_load(HOST, &d.conf, NULL), 0);
    assert_int_equal(krb5_init_context(&d.k5), 0);
    candidates_add(&d);
    assert_int_equal(d.ncandidates, sizeof(want) / sizeof(*want));
    for (i = 0; i < d.ncandidates; i++) {
        assert_string_equal(d.candidates[i].name, want[i].name);
        assert_int_equal(d.candidates[i].ours, want[i].ours);
        assert_int_equal(d.candidates[i].plain, want[i].plain);
    }
    candidates_free(&d);
    krb5_free_context(d.k5);
    end(&d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_certificate),
        cmocka_unit_test(test_no_date),
        cmocka_unit_test(test_search),
        cmocka_unit_test(test_resembling),
        cmocka_unit_test(test_candidates),
    };

    return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
