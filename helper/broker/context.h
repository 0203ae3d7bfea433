/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * context.h - one security context of a connection.
 *
 * All checks are here, whoever asks: the host's policy, the order of events,
 * mutual authentication.  After an error the context is dead.
 */
#ifndef BD_CONTEXT_H
#define BD_CONTEXT_H

#include "helper/broker/credselect.h"
#include "helper/common/krbkeys.h"

struct context;

/* Borrowed from the context. */
struct context_info {
    const char *host, *spn;
    const char *credential;     /* for people */
    uint32_t candidate, candidates;
    uint32_t flags;             /* granted so far: with GSS_C_DELEG_FLAG a
                                 * ticket is in the first token */
    /* Once it is complete: */
    enum bp_mech mech;
    const char *source, *target;
    uint32_t lifetime;
};

/* For CredSSP. */
int context_credssp(struct broker *broker, const struct wish *wish,
                    struct context **out, struct cs_error *err);
/* For Negotiate or Kerberos.  bindings: application data, or empty. */
int context_plain(struct broker *broker, const struct wish *wish,
                  enum bp_scheme scheme, struct cs_span bindings,
                  struct context **out, struct cs_error *err);
void context_free(struct context **context);

int context_step(struct context *context, struct cs_span in,
                 struct cs_buf *out, int *ready, int *complete,
                 struct cs_error *err);
const struct context_info *context_info(const struct context *context);

/* CredSSP alone, in that order; see inner.h. */
int context_bind(struct context *context, const struct cs_binding *binding,
                 struct cs_buf *out, struct cs_error *err);
int context_verify(struct context *context, const struct cs_binding *binding,
                   struct cs_span sealed, struct cs_error *err);
int context_delegate(struct context *context, struct cs_buf *out,
                     struct cs_error *err);

/*
 * The others alone: export what encrypts messages, and forget the context.
 * For Kerberos that is *keys, which the caller wipes; for NTLM the context
 * itself, in out: its keys belong to this one exchange and are of no use
 * elsewhere.
 */
int context_export(struct context *context, struct krb_keys *keys,
                   struct cs_buf *out, struct cs_error *err);

/* Keep how it ended for STATUS: as err says, or well with text. */
void context_outcome(struct broker *broker, const struct context *context,
                     const struct cs_error *err, const char *text);

#endif /* BD_CONTEXT_H */
