/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * inner.h - CredSSP's inner security context, as an interface.
 *
 * TLS and the inner context are separate layers.  Everything that touches the
 * password is behind this interface, together with the checks that must come
 * first, so another process can parse the network.  An implementation enforces
 * the order
 *
 *     initiator  step... bind verify delegate
 *     acceptor   step... verify bind receive
 *
 * and the policy, and refuses anything else with CS_USAGE or CS_POLICY.
 */
#ifndef CS_INNER_H
#define CS_INNER_H

#include "plugin/credssp/creds.h"
#include "plugin/credssp/pubkey.h"
#include "plugin/credssp/ticket.h"

/* What may be done.  Plain values. */
struct cs_policy {
    int delegate;               /* may this target have the password? */
    int ntlm;                   /* ... if only NTLM authenticates it? */
    int minimum_version;        /* of MS-CSSP; 0: 5 */
};

/* After the context is complete.  Borrowed from the context. */
struct cs_inner_info {
    gss_const_OID mech;         /* the inner one: krb5 or NTLMSSP */
    gss_name_t source, target;  /* GSS_C_NO_NAME where unknown */
    OM_uint32 flags;            /* granted: GSS_C_MUTUAL_FLAG... */
    OM_uint32 lifetime;         /* seconds, at that time */
};

struct cs_inner;

struct cs_inner_ops {
    /*
     * One token in (p == NULL: none yet), at most one out.  Sets inner->ready
     * once messages can be encrypted, inner->complete once nothing is missing.
     */
    int (*step)(struct cs_inner *inner, struct cs_span in, struct cs_buf *out,
                struct cs_error *err);
    /* Our pubKeyAuth, encrypted.  Needs inner->ready. */
    int (*bind)(struct cs_inner *inner, const struct cs_binding *binding,
                struct cs_buf *out, struct cs_error *err);
    /* Decrypt and verify the peer's.  An initiator must be complete. */
    int (*verify)(struct cs_inner *inner, const struct cs_binding *binding,
                  struct cs_span sealed, struct cs_error *err);
    /* Initiator: TSCredentials, encrypted.  Once. */
    int (*delegate)(struct cs_inner *inner, struct cs_buf *out,
                    struct cs_error *err);
    /* Acceptor: decrypt the peer's TSCredentials: their DER.  Once. */
    int (*receive)(struct cs_inner *inner, struct cs_span sealed,
                   struct cs_buf *plain, struct cs_error *err);
    const struct cs_inner_info *(*info)(const struct cs_inner *inner);
    /* Wipe the keys and what else only the exchange needs; info stays. */
    void (*finish)(struct cs_inner *inner);
    void (*free)(struct cs_inner *inner);
};

/* The first member of every implementation. */
struct cs_inner {
    const struct cs_inner_ops *ops;
    int ready, complete;
};

/* How the server must authenticate itself: by one or the other. */
struct cs_proof {
    struct cs_ticket ticket;    /* Kerberos, as ticket.server; or none */
    gss_name_t ntlm;            /* else NTLM; its name for the server, borrowed */
    int raw;                    /* ... without SPNEGO around it */
};

/*
 * The context in this process, by GSSAPI.  The ticket is taken, also when that
 * fails, and wiped at the end; creds are referenced.  With a ticket only
 * Kerberos is offered, so that a man in the middle cannot downgrade it; NTLM
 * is refused without policy->ntlm or a verified certificate.
 */
int cs_inner_initiator(struct cs_creds *creds, struct cs_proof *proof,
                       const struct cs_policy *policy, int verified,
                       struct cs_inner **out, struct cs_error *err);

/* SPNEGO, and NTLMSSP without it.  cred is borrowed and must live as long;
 * GSS_C_NO_CREDENTIAL is the default one. */
int cs_inner_acceptor(gss_cred_id_t cred, const struct cs_policy *policy,
                      struct cs_inner **out, struct cs_error *err);

/* Free one of any kind, and set it to NULL. */
void cs_inner_free(struct cs_inner **inner);

#endif /* CS_INNER_H */
