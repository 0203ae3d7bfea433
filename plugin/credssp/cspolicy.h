/*
 * cspolicy.h - what krb5.conf allows for one target: delegate_to, ntlm,
 * minimum_version of [appdefaults] winrm credssp (gss-winrm.conf(5)).
 */
#ifndef CS_CSPOLICY_H
#define CS_CSPOLICY_H

#include "inner.h"

/* host is the target as the caller asked for it, never a name from a server or
 * from DNS.  Nothing is allowed where krb5.conf says nothing.  Returns 0, or
 * an error when krb5.conf cannot be read. */
int cs_policy_for_host(const char *host, struct cs_policy *out,
                       struct cs_error *err);

#endif /* CS_CSPOLICY_H */
