/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * localnames.h - what resolves NAME.localhost?
 *
 * By RFC 6761 names below .localhost are this machine, and no server is asked.
 * The C library asks what nsswitch.conf lists; on Debian by default that is
 * DNS, so whoever answers receives what was meant for the gateway.
 */
#ifndef HC_LOCALNAMES_H
#define HC_LOCALNAMES_H

/* What there is on a system. */
struct local_names {
    const char *services;       /* the line "hosts:" of nsswitch.conf, behind
                                 * the colon; NULL: none */
    int in_hosts;               /* /etc/hosts has the name */
    int myhostname, resolve;    /* these modules are there, and work */
    int stub;                   /* DNS is systemd-resolved, on this machine */
};

/* Does the name leave this machine?  *by: the service that answers, a word of
 * the line or a constant. */
int local_names_leave(const struct local_names *system, const char **by);

/* The same for a name on this system, which is looked at without asking
 * anybody.  services: to be freed, the line of nsswitch.conf, or NULL. */
int local_names_ask(const char *name, const char **by, char **services);

/* A warning for people, of one line, in new memory; NULL if the name stays
 * here (or without memory). */
char *local_names_warning(const char *name);

/* What to do about it. */
#define LOCAL_NAMES_FIX "put myhostname in front of dns in " \
    "/etc/nsswitch.conf (Debian: the package libnss-myhostname does), or use " \
    "`gss-winrm run' or `gss-winrm forward'"

#endif /* HC_LOCALNAMES_H */
