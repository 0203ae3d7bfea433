/*
 * conf.h - what krb5.conf says about a host, for the broker, the gateway and
 * `gss-winrm explain'.
 *
 * [appdefaults] winrm (gss-winrm.conf(5)), read with the plugin's own code, so
 * that names and policy cannot differ from the plugin's.
 */
#ifndef HC_CONF_H
#define HC_CONF_H

#include "cspolicy.h"
#include "policy.h"

/* Owns all that it points to. */
struct hc_host {
    char *host;                 /* as given, lower case, no final dot */
    char *realm;                /* whose section counts; NULL: none known */
    struct gw_policy *policy;   /* spn, ports, nodes, host, delegation */
    struct cs_policy credssp;   /* delegate_to (as delegate), ntlm, ... */
    int reachable;              /* may the gateway connect there? */
    char *reachable_source;     /* which line said so; or NULL */
    int ntlm;                   /* may Negotiate end up as NTLM? */
    char *credential;           /* which credential; NULL: by realm */
    char *ca_file;              /* PEM for 5986; "system" by default */
    char *pin;                  /* SHA-256 of the server's key, hexadecimal,
                                 * in the place of authorities; or NULL */
};

/*
 * Everything about one host (a name or an address, without a port).
 * reachable is set when delegate_to, `targets' of the gateway section or a key
 * of the `targets' section (whose match is not never) covers it.
 * Returns 0, CS_NOMEM, or CS_SYSTEM when krb5.conf cannot be read.
 */
int hc_host_load(const char *host, struct hc_host **out,
                 struct cs_error *err);
void hc_host_free(struct hc_host **host);

/* Is this one of the ports that are WinRM's there? */
int hc_port_ok(const struct hc_host *host, uint16_t port);

/*
 * The service names to ask for, best first, each in a form of names.h; the
 * plain "HTTP@HOST" is the last.  node: the one that is meant, or NULL for all
 * of them.  *names is new memory (gw_free_words).  No network, unless a
 * template has %n or %p (names.h).
 */
int hc_names(const struct hc_host *host, const char *node, uint16_t port,
             char ***names, struct cs_error *err);

/* Is node one of the host's? */
int hc_node_ok(const struct hc_host *host, const char *node);

/* The gateway section: limits and addresses. */
struct hc_gateway {
    char **listen;              /* "127.0.0.1:5980", "[::1]:5980" */
    size_t max_message;         /* bytes of a body, both ways */
    size_t max_header;          /* bytes of all headers, both ways */
    unsigned int connections;   /* clients at a time */
    unsigned int connect_timeout;       /* seconds */
    unsigned int idle_timeout;  /* seconds without a request */
    unsigned int response_timeout;      /* seconds without a byte of a reply */
};
int hc_gateway_load(struct hc_gateway **out, struct cs_error *err);
void hc_gateway_free(struct hc_gateway **gateway);

#endif /* HC_CONF_H */
