/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* spnego.c - a peer's SPNEGO token, as this machine's library reads it. */
#include "config.h"

#include <string.h>
#include <gssapi/gssapi_ext.h>

#include "plugin/credssp/creds.h"
#include "plugin/bytes/der.h"
#include "plugin/credssp/mechglue.h"
#include "plugin/credssp/spnego.h"

#define RESP CS_DER_CONTEXT(1)  /* NegotiationToken: negTokenResp */
#define MIC CS_DER_CONTEXT(3)   /* NegTokenResp: mechListMIC */
#define ODD_MIC CS_DER_CONTEXT(4)

/* --- The self-test --- */

/* A credential that is good for a first token and nothing else. */
static OM_uint32
make_cred(gss_cred_id_t *cred)
{
    gss_buffer_desc text = { 4, (void *)"test" };
    gss_OID_desc spnego = cs_oid_spnego, ntlm = cs_oid_ntlmssp;
    gss_OID_set_desc mechs = { 1, &spnego }, only = { 1, &ntlm };
    gss_key_value_element_desc hash = {
        "ntlmssp_nthash", "00000000000000000000000000000000"
    };
    gss_key_value_set_desc store = { 1, &hash };
    gss_name_t name = GSS_C_NO_NAME;
    OM_uint32 major, minor;

    major = gss_import_name(&minor, &text, GSS_C_NT_USER_NAME, &name);
    if (!GSS_ERROR(major))
        major = gss_acquire_cred_from(&minor, name, GSS_C_INDEFINITE, &mechs,
                                      GSS_C_INITIATE, &store, cred, NULL,
                                      NULL);
    (void)gss_release_name(&minor, &name);
    return GSS_ERROR(major) ? major :
        gss_set_neg_mechs(&minor, *cred, &only);
}

/*
 * Is a field with this tag read?  The answer to a first token is a refusal,
 * with a field that claims to be longer than the token is: that makes the
 * token a defective one for who reads the field, and for others it is a
 * refusal.  -1: the library does not get as far.
 */
static int
is_read(gss_cred_id_t cred, gss_name_t target, uint8_t tag)
{
    uint8_t refusal[] = {
        RESP, 9, CS_DER_SEQUENCE, 7, CS_DER_CONTEXT(0), 3, 10, 1, 2, tag, 127
    };
    gss_buffer_desc answer = { sizeof(refusal), refusal };
    gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
    gss_OID_desc mech = cs_oid_spnego;
    gss_ctx_id_t ctx = GSS_C_NO_CONTEXT;
    OM_uint32 major, minor;
    int i;

    for (i = 0, major = GSS_S_CONTINUE_NEEDED;
         i < 2 && major == GSS_S_CONTINUE_NEEDED; i++) {
        major = gss_init_sec_context(&minor, cred, &ctx, target, &mech, 0,
                                     GSS_C_INDEFINITE,
                                     GSS_C_NO_CHANNEL_BINDINGS,
                                     i > 0 ? &answer : GSS_C_NO_BUFFER, NULL,
                                     &token, NULL, NULL);
        (void)gss_release_buffer(&minor, &token);
    }
    (void)gss_delete_sec_context(&minor, &ctx, GSS_C_NO_BUFFER);
    return (i < 2) ? -1 : GSS_ROUTINE_ERROR(major) == GSS_S_DEFECTIVE_TOKEN;
}

/* 1: the library wants [4]; 0: it wants [3]; -1: that could not be found. */
static int
test_library(void)
{
    gss_buffer_desc text = { 9, (void *)"HTTP@test" };
    gss_cred_id_t cred = GSS_C_NO_CREDENTIAL;
    gss_name_t target = GSS_C_NO_NAME;
    OM_uint32 minor;
    int right = -1, odd = -1;

    if (!GSS_ERROR(make_cred(&cred)) &&
        !GSS_ERROR(gss_import_name(&minor, &text, GSS_C_NT_HOSTBASED_SERVICE,
                                   &target))) {
        right = is_read(cred, target, MIC);
        odd = is_read(cred, target, ODD_MIC);
    }
    (void)gss_release_name(&minor, &target);
    (void)gss_release_cred(&minor, &cred);
    /* Neither: it failed for another reason, such as a lack of memory. */
    return (right > 0) ? 0 : (right == 0 && odd > 0) ? 1 : -1;
}

/* Threads that ask at the same time test twice, and find the same. */
static int
wants_odd_tag(void)
{
    static int known = -1;      /* atomic */
    int odd = __atomic_load_n(&known, __ATOMIC_RELAXED);

    if (odd < 0) {
        odd = test_library();
        __atomic_store_n(&known, odd, __ATOMIC_RELAXED);
    }
    return odd > 0;
}

/* --- The token --- */

/* Where is a NegTokenResp's mechListMIC?  NULL: there is none. */
static int
find_mic(struct cs_span in, const uint8_t **mic, struct cs_error *err)
{
    struct cs_der token, resp, fields, skipped;
    unsigned int i;

    *mic = NULL;
    cs_der_begin(&token, in.p, in.len);
    cs_der_enter(&token, RESP, &resp);
    cs_der_enter(&resp, CS_DER_SEQUENCE, &fields);
    for (i = 0; i < 3; i++) {
        if (cs_der_next_is(&fields, CS_DER_CONTEXT(i)))
            cs_der_enter(&fields, CS_DER_CONTEXT(i), &skipped);
    }
    if (cs_der_next_is(&fields, MIC))
        *mic = fields.p;
    /* Some releases read from NULL when it is not an octet string. */
    (void)cs_der_optional_octets(&fields, *mic != NULL ? 3 : 4);
    return token.root_bad == 0 ? 0 :
        cs_fail(err, CS_MALFORMED, "a SPNEGO token is malformed");
}

int
cs_spnego_token(struct cs_span in, struct cs_buf *room,
                struct cs_span *token, struct cs_error *err)
{
    const uint8_t *mic;
    int ret;

    *token = in;
    if (in.len == 0 || in.p[0] != RESP)
        return 0;
    ret = find_mic(in, &mic, err);
    if (ret != 0 || mic == NULL || !wants_odd_tag())
        return ret;
    cs_buf_add(room, in.p, in.len);
    if (room->error != 0)
        return cs_nomem(err);
    room->p[mic - in.p] = ODD_MIC;
    *token = cs_buf_span(room);
    return 0;
}
