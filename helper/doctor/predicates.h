/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * predicates.h - the conditions of verdicts: tests of what the checks have found.
 *
 * The table in verdicts.c is asked from the top, so each may take for granted
 * that those above it do not hold.
 */
#ifndef DOC_PREDICATES_H
#define DOC_PREDICATES_H

#include "helper/doctor/verdict.h"

typedef int holds(const struct doctor *d);

/* Tickets and the KDC. */
holds holds_clock, holds_expired, holds_no_ticket, holds_revoked, holds_no_kdc;
/* The name. */
holds holds_resembling, holds_unknown_host, holds_wrong_realm, holds_address,
    holds_reversed, holds_short, holds_balanced, holds_cluster, holds_alias,
    holds_unproved;
/* The domain. */
holds holds_disabled, holds_duplicate, holds_missing;
/* The server. */
holds holds_closed, holds_closed_here, holds_expired_certificate,
    holds_bad_certificate, holds_silent, holds_not_kerberos,
    holds_server_clock, holds_bindings;
/* Programs here. */
holds holds_untried, holds_for_gateway, holds_rewritten, holds_works,
    holds_misled, holds_proxied, holds_off, holds_off_in_conf,
    holds_off_for_host, holds_never, holds_replaced, holds_put_off,
    holds_bad_line, holds_not_loadable, holds_not_loaded, holds_narrow,
    holds_not_sent;
/* Whatever is left. */
holds holds_anything;

#endif /* DOC_PREDICATES_H */
