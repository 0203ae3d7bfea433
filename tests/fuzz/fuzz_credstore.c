/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * fuzz_credstore.c - the keys of a credential store: "KEY NUL VALUE NUL",
 * again and again.  What is taken has a meaning.
 */
#include "config.h"

#include <openssl/ssl.h>

#include "plugin/credssp/mech/mech.h"
#include "tests/fuzz/parts.h"
#include "tests/fuzz/shown.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PAIRS_MAX 8

static int
is_tls(int version)
{
    return version == 0 || (version >= TLS1_VERSION &&
                            version <= TLS1_3_VERSION);
}

static void
check_options(const struct csm_options *o)
{
    check((o->mechs & ~(CS_MECH_KRB5 | CS_MECH_NTLM | CS_MECH_RAW_NTLM)) == 0);
    check(is_tls(o->tls.min_version) && is_tls(o->tls.max_version));
    check(o->minimum_version == 0 ||
          (o->minimum_version >= 2 && o->minimum_version <= 6));
    check(o->framing >= CSM_FRAME_AUTO && o->framing <= CSM_FRAME_RFC2743);
    check(o->password_file == NULL || *o->password_file != '\0');
    check(o->keytab == NULL || *o->keytab != '\0');
    check(o->user.user == NULL || *o->user.user != '\0');
    check(o->tls.pin == NULL || *o->tls.pin != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gss_key_value_element_desc elements[PAIRS_MAX];
    gss_key_value_set_desc store = { 0, elements };
    struct parts in = { data, size };
    struct csm_options o = { 0 };
    OM_uint32 minor, i;

    o.mechs = CS_MECH_KRB5 | CS_MECH_NTLM;
    while (in.left > 0 && store.count < PAIRS_MAX) {
        elements[store.count].key = part_string(&in);
        elements[store.count++].value = part_string(&in);
    }
    if (csm_read_store(&minor, &store, &o) == GSS_S_COMPLETE)
        check_options(&o);
    else
        check(minor != 0);
    for (i = 0; i < store.count; i++) {
        free((char *)(uintptr_t)elements[i].key);
        free((char *)(uintptr_t)elements[i].value);
    }
    return 0;
}
