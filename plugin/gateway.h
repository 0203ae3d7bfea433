/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * gateway.h - asking gss-winrm-gateway for a ticket (docs/PROTOCOL.tickets.md).
 *
 * A program whose connection leads to the gateway of its own user speaks
 * Kerberos to the gateway, with a ticket that the gateway issues; or the
 * gateway forwards what it sends.  Costs nothing where there is no connection
 * to this machine and no proxy in the environment, nor where the gateway is
 * gone; one that is slow is waited for, five seconds at most for all gateways
 * together.
 */
#ifndef GW_GATEWAY_H
#define GW_GATEWAY_H

#include "plugin/sockets.h"
#include "plugin/handles.h"

enum gw_offer_kind {
    GW_OFFER_NONE,              /* there is no gateway, or not for this host */
    GW_OFFER_PASS,              /* it is WinRM, and the server will decide */
    GW_OFFER_TICKET
};

/* Owns name and token. */
struct gw_offer {
    enum gw_offer_kind kind;
    uint16_t port;              /* of the gateway */
    char *name;                 /* TICKET: of the service, a principal */
    void *token;                /* ... and krb5's exported credential */
    size_t len;                 /* bytes */
};

/* Has this user ever had one?  One look at the file system. */
int gw_gateway_exists(void);

/* Does a connection lead to this machine, at a port that a gateway has, or had?
 * Asks nobody. */
int gw_gateway_reached(const struct gw_conns *conns);

/*
 * Ask each gateway that one of the connections leads to, or with no connection
 * that http_proxy names, about the host of name.  Any failure is no offer.
 */
void gw_gateway_ask(const struct gw_conns *conns, const struct gw_name *name,
                    struct gw_offer *out);
void gw_offer_free(struct gw_offer *offer);

/* The port in "http://ADDRESS:PORT[/]" if the address is of this machine, else
 * 0.  Pure. */
uint16_t gw_proxy_port(const char *url);

/* The question about host into buf: its length, or 0 for a host that is too
 * long, or empty.  Pure. */
#define GW_QUESTION_MAX 257     /* bytes: 1, a host, and its NUL, not sent */
size_t gw_question_make(const char *host, char buf[GW_QUESTION_MAX]);

/* Take an answer of len bytes apart: 0 with out filled, EINVAL, ENOMEM.  Pure. */
int gw_offer_parse(const void *bytes, size_t len, struct gw_offer *out);

#endif /* GW_GATEWAY_H */
