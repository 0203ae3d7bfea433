/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * credselect.h - with which credential, and under which service name, a host is
 * asked: krb5.conf, the vault and the KDC decide, not the caller.
 */
#ifndef BD_CREDSELECT_H
#define BD_CREDSELECT_H

#include <krb5.h>

#include "helper/broker/broker.h"
#include "helper/common/conf.h"
#include "plugin/credssp/ticket.h"

/* What the caller says; strings borrowed. */
struct wish {
    const char *host, *node;    /* node: NULL, or of the host's nodes */
    uint16_t port;
    uint32_t candidate;         /* the first name to try */
};

struct credselect {                 /* owns everything */
    krb5_context krb5;          /* keeps krb5.conf parsed, for all that is done
                                 * for this context */
    struct hc_host *host;
    struct cs_creds *creds;     /* NULL: the user's own tickets */
    char **names;
    uint32_t candidate, candidates;
    unsigned int mechs;         /* CS_MECH_KRB5, CS_MECH_NTLM: what may work */
    gss_name_t target;          /* names[candidate] */
    enum hc_gift gift;          /* what the server gets, beyond a proof of who
                                 * the user is */
    struct cs_ticket ticket;    /* with a gift, unless NTLM is left: its own */
};

/* Load the host's policy, and check the port.  credssp: it is to get the
 * password. */
int credselect_host(const struct wish *wish, int credssp,
                    struct credselect *out, struct cs_error *err);
/* Find the credential. */
int credselect_creds(struct vault *vault, struct credselect *choice,
                     struct cs_error *err);
/*
 * Check the node, and find the first name, from the one that was wished for, for which the KDC has
 * a ticket.  With ntlm no such name is no error; but what the KDC says about
 * the user (a wrong password, say) always is.
 */
int credselect_name(const struct wish *wish, int ntlm,
                    struct credselect *choice, struct cs_error *err);
void credselect_free(struct credselect *choice);
/* The name that was chosen, for people; as the ticket has it, if there is one. */
const char *credselect_spn(const struct credselect *choice);

#endif /* BD_CREDSELECT_H */
