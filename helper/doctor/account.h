/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* account.h - accounts of Active Directory: what owns service names. */
#ifndef DOC_ACCOUNT_H
#define DOC_ACCOUNT_H

#include <ldap.h>
#include <jansson.h>

/* userAccountControl (MS-ADTS 2.2.16). */
#define UAC_DISABLED 0x2
#define UAC_TRUSTED_FOR_DELEGATION 0x80000
#define UAC_NOT_DELEGATED 0x100000
#define UAC_PROTOCOL_TRANSITION 0x1000000

/* Owns all that it points to.  Strings are fit for a terminal. */
struct account {
    char *name;                 /* sAMAccountName: "WEB01$", "svc-iis" */
    char *dn;
    char *host;                 /* dNSHostName, or NULL */
    const char *kind;           /* "computer", "user", "gMSA", ...; static */
    unsigned long uac;
    char **spns;                /* ends with NULL; or NULL */
    char **delegates_to;        /* msDS-AllowedToDelegateTo; or NULL */
    int acted_for;              /* lists who may act on behalf of others
                                 * towards it (RBCD) */
};

/* The attributes to ask for, ending with NULL. */
extern const char *const account_attributes[];

/* New memory, or NULL. */
struct account *account_read(LDAP *ld, LDAPMessage *entry);
void account_free(struct account **account);

/* Is this SPN among its own?  Case does not matter. */
int account_has(const struct account *account, const char *spn);

/* "trusted for delegation, disabled", or "" when there is nothing to say. */
void account_rights(const struct account *account, char *buf, size_t size);

json_t *account_json(const struct account *account);

#endif /* DOC_ACCOUNT_H */
