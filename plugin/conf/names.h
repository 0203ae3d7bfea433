/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* names.h - making a service name of a template and a host. */
#ifndef GW_NAMES_H
#define GW_NAMES_H

#include <stddef.h>
#include <stdint.h>
#include <krb5.h>

/* Longest host name that is ever rewritten (RFC 1035), without the NUL. */
#define GW_HOST_MAX 255

/*
 * A service name in one of two forms, told apart by what comes first:
 *
 *   "HOST@web01"        a host-based name (RFC 2743 section 4.1): krb5 makes
 *                       of the host what it makes of the caller's own
 *   "HTTP/web01@REALM"  a principal name, as it stands; an empty realm asks
 *                       the KDC for a referral
 */
int gw_is_principal(const char *name);

/* May this host be part of a principal name at all?  An address, or letters,
 * digits and "-_." only; 255 bytes at most. */
int gw_host_ok(const char *host);

/*
 * The name that a template stands for at a host:
 *   %f  the host as krb5 canonicalises it      %p  the port
 *   %n  its first label                        %%  a per cent sign
 * CLASS/%f is host-based and costs nothing; anything else is a principal, for
 * which krb5 may ask DNS.  Returns 0 with new memory in *out, ENOMEM, or
 * EINVAL for a template that has no meaning for this host.
 */
int gw_name_expand(const char *template, const char *host, uint16_t port,
                   char **out);

/*
 * The same with the host as it stands, in lower case, where krb5 would
 * canonicalise it: always a principal, and no network is asked.
 */
int gw_name_expand_at(const char *template, const char *host, uint16_t port,
                      char **out);

/*
 * Did the KDC not know the service, by krb5's code and the text of the error?
 * The mechglue keeps the code as the minor status unless another mechanism
 * came first with the same number; the text tells then.  (An unknown client's
 * differs in its first word.)  What comes before that is whose error it is:
 * "Kerberos: ".
 */
int gw_service_unknown(uint32_t code, const char *text);

/* Does krb5.conf let DNS choose a host's realm (dns_lookup_realm)?  Yes if
 * that is unknown. */
int gw_realm_by_dns(krb5_context context);

/*
 * The realm that krb5.conf gives to a host, or "" for a referral, in new memory;
 * NULL without any.  DNS never has a part in it: where krb5 would ask it, this is
 * what [domain_realm] says.
 */
char *gw_host_realm(krb5_context context, const char *host);

/* The same, or else the default realm: whose section of krb5.conf counts for the
 * host.  New memory; NULL where there is neither. */
char *gw_section_realm(krb5_context context, const char *host);

/* Would krb5 leave the host as it is (but for case and a final dot), so that DNS
 * has no part in its name?  krb5 may ask DNS for it. */
int gw_host_is_canonical(const char *host);

#endif /* GW_NAMES_H */
