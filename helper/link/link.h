/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * link.h - a connection to the broker: its messages as functions.
 *
 * Blocking, one request at a time; a link may be used by one thread at a time.
 * An error that the broker has reported comes back as it was there (code,
 * ntstatus, text).  After an error of the connection itself, CS_SYSTEM, all
 * further calls fail in the same way, and only bl_close() is useful.
 */
#ifndef BL_LINK_H
#define BL_LINK_H

#include <gssapi/gssapi.h>

#include "plugin/credssp/inner.h"
#include "helper/common/krbkeys.h"
#include "helper/proto/proto.h"

struct bl_link;

/* Connect to the broker of this user, check its uid, and say HELLO.  path
 * NULL: the default (runtime.h).  CS_SYSTEM with a text that says how to start
 * one when nobody listens there. */
int bl_open(const char *path, struct bl_link **out, struct cs_error *err);
void bl_close(struct bl_link **link);

/* Have told(arg) called, once for each reply that takes longer than that.
 * Before the first request. */
void bl_when_slow(struct bl_link *link, int seconds, void (*told)(void *arg),
                  void *arg);

uint32_t bl_pid(const struct bl_link *link);
int bl_secrets_locked(const struct bl_link *link);
/* The connection's descriptor, for a sandbox or to wait until it hangs up. */
int bl_fd(const struct bl_link *link);

/* Lifetime in seconds; 0: the broker's default.  check: get a Kerberos ticket
 * with it now, and keep the credential only if that works.  *expiry (or NULL)
 * is seconds since 1970; *name (or NULL) is new memory. */
int bl_login(struct bl_link *link, const char *user, const char *domain,
             struct cs_span password, uint32_t lifetime, int check,
             char **name, uint64_t *expiry, struct cs_error *err);
/* name NULL: all of them. */
int bl_logout(struct bl_link *link, const char *name, struct cs_error *err);
/* *out is borrowed from link until the next call. */
int bl_status(struct bl_link *link, const struct bp_message **out,
              struct cs_error *err);

/* From here on this link and all its channels may ask for contexts only. */
int bl_confine(struct bl_link *link, struct cs_error *err);
/* Another link of the same kind.  Safe from several threads at once: it is
 * the one call that locks. */
int bl_channel(struct bl_link *link, struct bl_link **out,
               struct cs_error *err);

struct bl_target {              /* strings borrowed for the call */
    const char *host;           /* as the client asked for it */
    uint16_t port;
    const char *node;           /* of a cluster's name; or NULL */
    uint32_t candidate;         /* which service name, from 0 */
};

/* What was started; owned by the link until its next context. */
struct bl_started {
    const char *spn;            /* the service name that is asked for */
    uint32_t candidate;         /* its number: may be above the one asked for,
                                 * when the KDC does not know that one */
    uint32_t candidates;        /* how many there are */
    const char *credential;     /* whose: for people */
};

/*
 * A context for CredSSP, run by the broker.  The link is borrowed and has to
 * outlive *out, which is freed with cs_inner_free(); another context can be
 * started on the link after that.
 */
int bl_credssp(struct bl_link *link, const struct bl_target *target,
               struct bl_started *started, struct cs_inner **out,
               struct cs_error *err);

/* A context for Negotiate or Kerberos.  bindings: application data of the
 * channel bindings, or p == NULL. */
int bl_context(struct bl_link *link, enum bp_scheme scheme,
               const struct bl_target *target, struct cs_span bindings,
               struct bl_started *started, struct cs_error *err);
/* A token in (p == NULL: none), perhaps one out. */
int bl_step(struct bl_link *link, struct cs_span in, struct cs_buf *out,
            int *complete, struct cs_error *err);
/* The inner mechanism, once a context is complete, and the name that the
 * server is authenticated under; borrowed from link. */
enum bp_mech bl_mech(const struct bl_link *link);
const char *bl_proved(const struct bl_link *link);
/* The flags that were granted (GSS_C_DELEG_FLAG...), likewise. */
uint32_t bl_granted(const struct bl_link *link);
/* What encrypts the messages of a complete context. */
struct bl_exported {
    enum bp_mech mech;          /* the inner one */
    struct krb_keys keys;       /* Kerberos: wipe them */
    gss_ctx_id_t ntlm;          /* NTLM: the context, in this process; owned */
};
int bl_export(struct bl_link *link, struct bl_exported *out,
              struct cs_error *err);
/* Give up a context that was not completed.  No context is fine. */
void bl_abandon(struct bl_link *link);

/* Report how it ended, for `gss-winrm status'.  Success: ntstatus 0 and no
 * text. */
void bl_report(struct bl_link *link, const char *host, uint32_t ntstatus,
               const char *text);

#endif /* BL_LINK_H */
