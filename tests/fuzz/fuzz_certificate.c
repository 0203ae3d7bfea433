/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* fuzz_certificate.c - a server's certificate, as the doctor reads it. */
#define _GNU_SOURCE
#include "config.h"

#include <openssl/x509v3.h>

#include "helper/doctor/certificate.h"
#include "tests/fuzz/doctor_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The text behind "for ". */
static const char *
names_said(const struct doctor *d)
{
    const json_t *list = json_object_get(d->current, "found"), *one;
    const char *text;
    size_t i;

    json_array_foreach(list, i, one) {
        text = json_string_value(json_object_get(one, "text"));
        check(text != NULL);
        if (strncmp(text, "for ", 4) == 0)
            return text + 4;
    }
    return NULL;
}

/* A name with a NUL in it is not shown as the one that ends there. */
static void
check_names(const struct doctor *d, X509 *cert)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL,
                                            NULL);
    const char *said = names_said(d);
    const GENERAL_NAME *name;
    const ASN1_STRING *text;

    check(said != NULL);
    name = (sk_GENERAL_NAME_num(names) > 0) ?
        sk_GENERAL_NAME_value(names, 0) : NULL;
    text = (name != NULL && name->type == GEN_DNS) ? name->d.dNSName : NULL;
    if (text != NULL && text->length > 0 && text->length < 80 &&
        memchr(text->data, '\0', (size_t)text->length) != NULL)
        check(strchr(said, '?') != NULL);
    GENERAL_NAMES_free(names);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = part_copy(data, size);
    const uint8_t *p = copy;
    X509 *cert = d2i_X509(NULL, &p, (long)size);
    struct doctor d;

    if (cert != NULL) {
        state_begin(&d);
        certificate_look(&d, cert, X509_V_OK);
        check(d.pin[0] == '\0' || strlen(d.pin) == 64);
        check_names(&d, cert);
        state_found(&d);
        state_check(&d);
        /* It is for the host, and not over; or it is said why not. */
        check(d.certificate_why != NULL ||
              (X509_check_host(cert, HOST, 0, 0, NULL) == 1 &&
               X509_cmp_current_time(X509_get0_notAfter(cert)) > 0));
        state_end(&d);
        X509_free(cert);
    }
    free(copy);
    return 0;
}
