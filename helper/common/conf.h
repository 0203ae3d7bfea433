/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * conf.h - what krb5.conf says about a host, for the broker, the gateway and
 * `gss-winrm explain'.
 *
 * [appdefaults] winrm (gss-winrm.conf(5)), read with the plugin's own code, so
 * that names and policy cannot differ from the plugin's.
 */
#ifndef HC_CONF_H
#define HC_CONF_H

#include <krb5.h>

#include "plugin/credssp/cspolicy.h"
#include "plugin/conf/policy.h"

/*
 * Owns all that it points to.  The keys of keytable.h: ntlm is the gateway
 * section's; credential NULL: by realm; ca_file is an absolute path or
 * "system"; pin has 64 digits in lower case, or is NULL.
 */
struct hc_host {
#define GW_HOST_KEY GW_FIELDS
#include "plugin/conf/keytable.h"
    char *host;                 /* as given, lower case, no final dot */
    char *realm;                /* the host's, or the default one; or NULL */
    struct gw_policy *policy;   /* spn, ports, nodes, host, delegation */
    struct gw_credssp_policy *credssp_keys;
    struct cs_policy credssp;   /* what these come to for the host */
    int reachable;              /* may the gateway connect there? */
    char *reachable_source;     /* which line said so; or NULL */
};

/*
 * Everything about one host (a name or an address, without a port).
 * reachable is set when delegate_to, `targets' of the gateway section or a key
 * of the `targets' section (whose match is not never) covers it.
 *
 * policy is the plugin's: the name that krb5 makes of the host counts as well,
 * and DNS may be asked for it.  Everything else goes by the host as given:
 * what DNS says must not choose whom to trust.
 *
 * Returns 0, CS_NOMEM, CS_USAGE for what is no name of a host, or CS_SYSTEM
 * when krb5.conf cannot be read.
 */
int hc_host_load(const char *host, struct hc_host **out,
                 struct cs_error *err);
void hc_host_free(struct hc_host **host);

/* Is this one of the ports that are WinRM's there? */
int hc_port_ok(const struct hc_host *host, uint16_t port);

/* What the gateway and the broker give a host, by krb5.conf. */
enum hc_gift {
    HC_NOTHING,
    HC_TICKET,                  /* delegation = kerberos: it is forwarded */
    HC_PASSWORD,                /* delegation = credssp, and delegate_to */
    HC_REFUSED                  /* that without delegate_to: no session */
};
enum hc_gift hc_gift(const struct hc_host *host);

/*
 * The service names to ask for (candidates.h), best first, as the plugin would
 * for a program that wishes no delegation itself; the plain "HTTP@HOST" is the
 * last, if not before.  node: the one that is meant, or NULL for all of them;
 * CS_POLICY if it is not one.  port 0: the first of the host's.  *names is new
 * memory (gw_strlist_free).  No network, unless a template has %n or %p
 * (names.h).
 */
int hc_names(const struct hc_host *host, const char *node, uint16_t port,
             char ***names, struct cs_error *err);

/*
 * Those that may be given a password, or a forwarded ticket (candidates.h):
 * all principals, and no network.  CS_POLICY with a sentence that says what to
 * write where there is none: for an address, a short name, or a host whose
 * spn has nothing but HTTP.
 */
int hc_delegate_names(const struct hc_host *host, const char *node,
                      uint16_t port, char ***names, struct cs_error *err);

/* What krb5 makes of a name of either form (names.h): the principal that it
 * would ask the KDC for.  It may ask DNS.  A code of krb5's. */
krb5_error_code hc_principal(krb5_context context, const char *name,
                             krb5_principal *out);

/* Is node one of the host's?  (Case and a final dot do not matter.) */
int hc_node_ok(const struct hc_host *host, const char *node);

/* The gateway section: limits and addresses, as keytable.h has them.  What of
 * it is about a host is in struct hc_host. */
struct hc_gateway {
#define GW_GATEWAY_KEY GW_FIELDS
#include "plugin/conf/keytable.h"
};

/* Returns 0, CS_NOMEM or CS_SYSTEM.  Traces unknown keys of krb5.conf too. */
int hc_gateway_load(struct hc_gateway **out, struct cs_error *err);
void hc_gateway_free(struct hc_gateway **gateway);

/* A key as it came to be for a host.  Borrows from that and the gateway. */
struct hc_setting {
    const struct gw_key *key;
    const void *value;          /* the field, of the key's type */
    const char *source;         /* keys.h; NULL: the default */
};

/* All keys, by a count from 0.  gateway may be NULL, and its keys are left
 * out.  Returns 0 behind the last. */
int hc_setting_at(const struct hc_host *host, const struct hc_gateway *gateway,
                  size_t i, struct hc_setting *out);

/* The paths of all ca_file, wherever in the winrm section, in new memory
 * (gw_strlist_free); NULL when there is none.  0, CS_NOMEM or CS_SYSTEM. */
int hc_ca_files(char ***files, struct cs_error *err);

#endif /* HC_CONF_H */
