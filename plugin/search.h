/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * search.h - one context's search for a name that the server can answer to.
 */
#ifndef GW_SEARCH_H
#define GW_SEARCH_H

#include "plugin/handles.h"

struct gw_search;

/*
 * Look at a first gss_init_sec_context() for HTTP@host: is it WinRM, and what
 * are the candidates?  stale_token tells that the caller passed a token, which
 * no initiator's first call needs; flags are the caller's.  Returns NULL when
 * the call is to be left alone for good (policy, an absurd host, no memory).
 */
struct gw_search *gw_search_begin(const struct gw_cred *cred,
                                  const struct gw_name *name,
                                  OM_uint32 flags, int stale_token);

/* Is it WinRM?  If not, the search only remembers how the plain name does. */
int gw_search_is_winrm(const struct gw_search *attempt);

/*
 * It is not WinRM, and the caller passed a token.  Does that answer a name of
 * ours, sent before the program had connected to what turned out to be a web
 * site?  Then it must not reach krb5, which knows of no such context.
 */
int gw_search_owns_token(const struct gw_search *attempt);

/*
 * There was no evidence, and the KDC does not know the plain name: nothing is
 * lost by trying the names of a host that krb5.conf puts in its place.  If it
 * does, the search is for WinRM from now on; returns 1 or 0.
 */
int gw_search_insist(struct gw_search *attempt);

/* Look at the connection again: what has come over it before a name goes out
 * is no answer to that name. */
void gw_search_look(struct gw_search *attempt);

/* The caller's flags, with or without those of delegation, for the candidate
 * (gw_candidate_flags()). */
OM_uint32 gw_search_flags(const struct gw_search *attempt);

/*
 * Go to the next candidate.  Returns 0 when there is none.  The name to send
 * is then gw_search_target(): NULL for the caller's own, else borrowed, and
 * good for every later leg of the same context.
 */
int gw_search_next(struct gw_search *attempt);
gss_name_t gw_search_target(const struct gw_search *attempt);

/* The credential to use for it in the place of the caller's: a ticket of the
 * gateway's; else GSS_C_NO_CREDENTIAL.  Borrowed, as the target. */
gss_cred_id_t gw_search_cred(const struct gw_search *attempt);

/* What became of the candidate.  one_leg: no answer is wanted. */
void gw_search_sent(struct gw_search *attempt, int one_leg);
void gw_search_unknown(struct gw_search *attempt);
void gw_search_failed(struct gw_search *attempt, OM_uint32 minor);
void gw_search_rejected(struct gw_search *attempt);

/* The server has proved itself (mutual authentication): learn, if there was
 * anything to learn.  inner is the finished context. */
void gw_search_proven(struct gw_search *attempt, const struct gw_cred *cred,
                      gss_ctx_id_t inner);

void gw_search_free(struct gw_search *attempt);

#endif /* GW_SEARCH_H */
