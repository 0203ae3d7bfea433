/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * cspolicy.h - what krb5.conf allows for one target: delegate_to, ntlm,
 * minimum_version of [appdefaults] winrm credssp (gss-winrm.conf(5)).
 */
#ifndef CS_CSPOLICY_H
#define CS_CSPOLICY_H

#include "plugin/credssp/inner.h"
#include "plugin/conf/policy.h"

/* host is the target as the caller asked for it, never a name from a server or
 * from DNS.  Nothing is allowed where krb5.conf says nothing.  Returns 0, or
 * an error when krb5.conf cannot be read. */
int cs_policy_for_host(const char *host, struct cs_policy *out,
                       struct cs_error *err);

/*
 * The names (candidates.h) that may be given a password or a forwarded ticket
 * by this policy, best first: all principals, and no network.  node: of the
 * policy's, or NULL; port 0: the first of the policy's.  *names is new memory
 * (gw_strlist_free).  CS_POLICY with a sentence that says what to write where
 * there is none: for an address, a short name, or nothing but HTTP in spn.
 */
int cs_delegate_names(const struct gw_policy *policy, const char *host,
                      const char *node, uint16_t port, char ***names,
                      struct cs_error *err);

/*
 * The same for a service as a program names it, "CLASS@HOST" or a principal:
 * of class HTTP, krb5.conf's names for the host; else that class at the host.
 */
int cs_delegate_service(const char *service, char ***names,
                        struct cs_error *err);

/*
 * How such a service is to prove itself by one of these mechanisms: Kerberos
 * where the KDC knows it, with a ticket for this one context; else NTLM, where
 * ntlm_ok says so and the KDC has not refused the user.  ntlm: the name for
 * NTLM, which *out borrows.
 */
int cs_proof_find(struct cs_creds *creds, const char *service,
                  gss_name_t ntlm, unsigned int mechs, int ntlm_ok,
                  struct cs_proof *out, struct cs_error *err);

/* The host in such a service; new memory, or NULL without. */
char *cs_service_host(const char *service);

#endif /* CS_CSPOLICY_H */
