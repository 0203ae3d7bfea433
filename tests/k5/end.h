/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * end.h - one end of a security context, driven by messages.
 *
 * A test drives both ends of its contexts through the same messages, whether
 * an end is in the test's own process (interposed) or in another (usually not
 * interposed). So each exchange is written once and run in every pairing.
 */
#ifndef K5_END_H
#define K5_END_H

#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <stdint.h>

#define K5_PARTS 6

enum k5_op {
    K5_RESET,     /* forget the context and the credentials */
    K5_RESET_CTX, /* forget the context */
    K5_INIT, /* a: flags, b: mech; parts: target, token, bindings -> a: flags;
                token, error text */
    K5_ACCEPT,  /* parts: token, bindings -> a: flags, b: 1 if a credential was
                   delegated; token, error text */
    K5_INQUIRE, /* -> a: flags, b: open; source, target, mech, local is
                   initiator */
    K5_WRAP,    /* a: conf; message -> message */
    K5_UNWRAP,  /* message -> a: conf; message */
    K5_WRAP_IOV,   /* a: conf; message, data to sign only -> header, data,
                      padding, trailer */
    K5_UNWRAP_IOV, /* header, data, padding, trailer, signed data -> a: conf;
                      message */
    K5_UNWRAP_STREAM, /* message -> message, by gss_unwrap_iov */
    K5_MIC,           /* message -> mic */
    K5_VERIFY,        /* message, mic */
    K5_MIC_IOV,       /* message -> mic */
    K5_VERIFY_IOV,    /* message, mic */
    K5_SIZE_LIMIT,    /* a: output size -> a: input size */
    K5_EXPORT,        /* -> context token */
    K5_IMPORT,        /* context token */
    K5_ACQUIRE,       /* a: usage, b: mech; name, store "key=value;..." */
    K5_PASSWORD,      /* b: mech; name, password */
    K5_CRED,          /* -> a: usage, b: lifetime > 0; name, mechs */
    K5_CRED_EXPORT,   /* -> credential token */
    K5_CRED_IMPORT,   /* credential token */
    K5_CRED_STORE,    /* store "ccache=FILE:..." */
    K5_DELEGATED,     /* use the delegated credential as the credential */
    K5_IMPERSONATE,   /* name: S4U2Self with the credential, which the result
                         replaces */
    K5_LOADED, /* -> a: the interposer is loaded; b: number of mechanisms */
    K5_LAST,
};

/* Mechanisms, for b. */
enum { K5_KRB5, K5_SPNEGO };

/* A request or a reply. In a reply, major and minor are GSSAPI's. Parts are
 * malloc'ed. */
struct k5_msg {
    uint32_t op, a, b, major, minor;
    gss_buffer_desc part[K5_PARTS];
};

struct k5_end {
    gss_ctx_id_t ctx;
    gss_cred_id_t cred, delegated;
};

/* Handle one request. The reply's parts belong to the caller (k5_msg_clear).
 */
void k5_end_handle(struct k5_end *end, const struct k5_msg *request,
                   struct k5_msg *reply);
void k5_end_reset(struct k5_end *end);

/* Handle the requests that come over a socket until it is closed. */
void k5_end_serve(int fd);

void k5_msg_clear(struct k5_msg *msg);
/* Set a part to a copy of data (which may be NULL for none at all). */
void k5_msg_set(struct k5_msg *msg, unsigned int i, const void *data,
                size_t len);

/* Over a stream socket; 0, or -1 if the other side has gone. */
int k5_msg_send(int fd, const struct k5_msg *msg);
int k5_msg_receive(int fd, struct k5_msg *msg);

/* Import "h:SERVICE@HOST" (host-based), "p:PRINCIPAL" (krb5's form), "u:USER";
 * "n:" in front of a host-based name gives a name with the NUL at the first
 * '#'. */
OM_uint32 k5_name(OM_uint32 *minor, const gss_buffer_desc *text,
                  gss_name_t *name);
gss_OID k5_mech(uint32_t number);
/* Whether the module that $K5_MODULE names is mapped into this process. */
int k5_module_loaded(void);

#endif
