/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * decide.h - is this call about WinRM, and where does it go?
 *
 * Brings together what krb5.conf, the environment, this process's sockets and
 * the credential cache say.
 */
#ifndef GW_DECIDE_H
#define GW_DECIDE_H

#include "plugin/sockets.h"
#include "plugin/gateway.h"
#include "plugin/handles.h"
#include "plugin/settings.h"

enum gw_answer {
    GW_UNDECIDED,               /* no rule has an answer */
    GW_LEAVE,                   /* leave the name alone: we are told to */
    GW_NO,                      /* it is about something else on the host */
    GW_YES                      /* it is WinRM */
};

/* Owns hosts, learned, offer and a share of settings. */
struct gw_decision {
    enum gw_answer answer;
    const struct gw_settings *settings;
    const struct gw_policy *policy;     /* of settings */
    char **hosts;               /* to make names of; ends with NULL.  Also set
                                 * without evidence when krb5.conf puts other
                                 * hosts in this one's place */
    uint16_t port;              /* for %p */
    struct gw_conn conn;        /* the only one to WinRM; else fd -1 */
    int unconnected;            /* no TCP connection to anywhere */
    char *learned;              /* a name that worked before, or NULL */
    struct gw_offer offer;      /* of a gateway that the connection leads to */
};

/*
 * Decide about a call for HTTP@host with this credential (NULL: the default).
 * Returns 0 or an errno; either way free *decision with gw_decision_free().
 */
int gw_decide(const struct gw_cred *cred, const struct gw_name *name,
              struct gw_decision *decision);

void gw_decision_free(struct gw_decision *decision);

#endif /* GW_DECIDE_H */
