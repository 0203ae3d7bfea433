/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* check_cert.c - the certificate of port 5986: names, dates, bindings. */
#define _GNU_SOURCE
#include "config.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "helper/wsman/bindings.h"
#include "helper/doctor/certificate.h"
#include "helper/doctor/reach.h"
#include "plugin/base/strlist.h"

#define PATIENCE 5000           /* ms for a handshake, all of it */

static int
set_trust(const struct doctor *d, SSL_CTX *tls)
{
    const char *file = d->conf->ca_file;

    SSL_CTX_set_verify(tls, SSL_VERIFY_NONE, NULL);     /* seen afterwards */
    if (file != NULL && strcmp(file, "system") != 0)
        return SSL_CTX_load_verify_locations(tls, file, NULL);
    return SSL_CTX_set_default_verify_paths(tls);
}

/* The name that the certificate has to be for. */
static const char *
wanted_name(const struct doctor *d)
{
    return d->conf->policy->host != NULL ? d->conf->policy->host : d->host;
}

/* The handshake, however slowly the other side speaks: 0, or -1. */
static int
shake_hands(SSL *ssl, int fd)
{
    long until = reach_now() + PATIENCE;
    int ret, why;

    for (;;) {
        ERR_clear_error();
        ret = SSL_connect(ssl);
        if (ret == 1)
            return 0;
        why = SSL_get_error(ssl, ret);
        if ((why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) ||
            reach_wait(fd, why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT,
                       until) != 0)
            return -1;
    }
}

/* A connection with TLS on a socket that *fd gets, or NULL. */
static SSL *
secure(const struct doctor *d, SSL_CTX *tls, int *fd)
{
    SSL *ssl = NULL;

    if (reach(d->host, d->tls ? d->port : 5986, fd) == 0)
        ssl = SSL_new(tls);
    if (ssl != NULL && SSL_set_fd(ssl, *fd) == 1 &&
        SSL_set_tlsext_host_name(ssl, wanted_name(d)) == 1 &&
        shake_hands(ssl, *fd) == 0)
        return ssl;
    SSL_free(ssl);
    return NULL;
}

static void
hex(const unsigned char *p, size_t n, char *out)
{
    size_t i;

    for (i = 0; i < n; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", p[i]);
}

static void
note_key(struct doctor *d, X509 *cert)
{
    unsigned char *der = NULL, hash[EVP_MAX_MD_SIZE];
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
    unsigned int n = 0;

    if (len > 0 && EVP_Digest(der, len, hash, &n, EVP_sha256(), NULL) == 1 &&
        n == 32)
        hex(hash, n, d->pin);
    OPENSSL_free(der);
}

static void
time_of(const ASN1_TIME *t, char *buf, size_t size)
{
    struct tm tm;

    buf[0] = '\0';
    if (ASN1_TIME_to_tm(t, &tm) == 1)
        (void)strftime(buf, size, "%Y-%m-%d", &tm);
}

static void
say_names(struct doctor *d, X509 *cert)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL,
                                            NULL);
    char text[400] = "";
    unsigned char *utf8, *nul;
    size_t used = 0;
    int i, n;

    for (i = 0; i < sk_GENERAL_NAME_num(names) && used < 300; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

        if (name->type != GEN_DNS)
            continue;
        n = ASN1_STRING_to_UTF8(&utf8, name->d.dNSName);
        if (n < 0)
            continue;
        for (nul = utf8; (nul = memchr(nul, '\0', utf8 + n - nul)) != NULL;)
            *nul = '?';         /* the name does not end there */
        used += snprintf(text + used, sizeof(text) - used, "%s%.*s",
                         used > 0 ? ", " : "", n < 90 ? n : 90,
                         (const char *)utf8);
        OPENSSL_free(utf8);
    }
    GENERAL_NAMES_free(names);
    doc_say(d, OUTPUT_NOTE, "for %s", used > 0 ? text : "no name");
}

static int
name_fits(const struct doctor *d, X509 *cert)
{
    const char *name = wanted_name(d);

    return gw_is_address(name) ? X509_check_ip_asc(cert, name, 0) == 1 :
        X509_check_host(cert, name, 0, 0, NULL) == 1;
}

/* What is wrong with it, the first thing that is. */
static void
judge(struct doctor *d, X509 *cert, long verified, const char *until)
{
    int ends = X509_cmp_current_time(X509_get0_notAfter(cert));

    if (ends == 0 || *until == '\0') {
        doc_set(&d->certificate_why, "its expiry date cannot be read");
    } else if (ends < 0) {
        d->certificate_expired = 1;
        doc_set(&d->certificate_why, "it has expired (%s)", until);
    } else if (d->conf->pin != NULL) {
        if (strcmp(d->conf->pin, d->pin) != 0)
            doc_set(&d->certificate_why, "its key is not the one that "
                    "krb5.conf pins");
    } else if (!name_fits(d, cert)) {
        doc_set(&d->certificate_why, "it is not for %s", wanted_name(d));
    } else if (verified != X509_V_OK) {
        doc_set(&d->certificate_why, "%s",
                X509_verify_cert_error_string(verified));
    }
    doc_say(d, d->certificate_why == NULL ? OUTPUT_OK : d->tls ? OUTPUT_BAD :
            OUTPUT_WARN, "%s (until %s)", d->certificate_why != NULL ?
            d->certificate_why : "verified", until);
    doc_fact(d, "wrong", d->certificate_why);
}

static void
say_bindings(struct doctor *d, X509 *cert)
{
    struct cs_buf bindings = CS_BUF_INIT(GATE_BINDINGS_MAX);
    struct cs_error err;
    const size_t prefix = sizeof("tls-server-end-point:") - 1;
    const char *hash = "SHA-256";

    if (gate_bindings(cert, &bindings, &err) == 0 && bindings.len > prefix) {
        hash = bindings.len - prefix == 64 ? "SHA-512" :
            bindings.len - prefix == 48 ? "SHA-384" : hash;
        doc_say(d, OUTPUT_NOTE, "signed with %s; channel bindings use %s",
                OBJ_nid2sn(X509_get_signature_nid(cert)), hash);
    } else {
        doc_say(d, OUTPUT_WARN, "no channel bindings can be computed from it");
    }
    cs_buf_free(&bindings);
}

void
certificate_look(struct doctor *d, X509 *cert, long verified)
{
    char until[32];

    note_key(d, cert);
    time_of(X509_get0_notAfter(cert), until, sizeof(until));
    judge(d, cert, verified, until);
    say_names(d, cert);
    say_bindings(d, cert);
}

void
check_certificate(struct doctor *d)
{
    SSL_CTX *tls = NULL;
    X509 *cert = NULL;
    SSL *ssl;
    int fd = -1;

    if (d->naddresses == 0 || !(d->tls ? d->port_open : d->open[1])) {
        doc_say(d, OUTPUT_NOTE, "there is no TLS port to ask");
        return;
    }
    tls = SSL_CTX_new(TLS_client_method());
    if (tls != NULL && set_trust(d, tls) != 1)
        doc_say(d, OUTPUT_WARN, "the authorities cannot be read (%s)",
                d->conf->ca_file);
    ssl = tls != NULL ? secure(d, tls, &fd) : NULL;
    cert = ssl != NULL ? SSL_get1_peer_certificate(ssl) : NULL;
    if (cert == NULL) {
        doc_set(&d->certificate_why, "TLS does not work there");
        doc_say(d, d->tls ? OUTPUT_BAD : OUTPUT_WARN, "%s", d->certificate_why);
    } else {
        certificate_look(d, cert, SSL_get_verify_result(ssl));
    }
    X509_free(cert);
    SSL_free(ssl);
    if (fd != -1)
        (void)close(fd);
    SSL_CTX_free(tls);
}
