/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * proto.h - the broker's messages, as bytes (docs/PROTOCOL.broker.md).
 *
 * Encode and decode stand side by side and do no I/O.  A message is a
 * number and the fields that it has; those it does not have are zero.
 */
#ifndef BP_PROTO_H
#define BP_PROTO_H

#include <stddef.h>
#include <stdint.h>

#include "plugin/bytes/buf.h"
#include "plugin/bytes/error.h"
#include "plugin/credssp/pubkey.h"

#define BP_VERSION 1
#define BP_FRAME_MAX ((size_t)256 * 1024)       /* bytes behind the length */
#define BP_LIST_MAX 256         /* entries of a list in STATUS_IS */

enum bp_number {
    BP_HELLO = 1, BP_LOGIN = 2, BP_LOGOUT = 3, BP_STATUS = 4, BP_CONFINE = 5,
    BP_CHANNEL = 6,
    BP_CREDSSP = 10, BP_STEP = 11, BP_BIND = 12, BP_VERIFY = 13,
    BP_DELEGATE = 14, BP_FINISH = 15,
    BP_CONTEXT = 20, BP_EXPORT = 21,
    BP_REPORT = 30,
    BP_OK = 128, BP_ERROR = 129, BP_WELCOME = 130, BP_DATA = 131,
    BP_STEPPED = 132, BP_STATUS_IS = 133, BP_STARTED = 134, BP_LOGGED_IN = 135,
    BP_KEYS = 136
};

enum bp_scheme { BP_NEGOTIATE = 1, BP_KERBEROS = 2 };
enum bp_mech { BP_MECH_KRB5 = 1, BP_MECH_NTLM = 2 };

struct bp_credential {          /* spans borrowed */
    struct cs_span name, source;
    uint64_t expiry;            /* seconds since 1970; 0: none */
    uint32_t uses, ntstatus;
    struct cs_span text;        /* the last outcome; empty: none yet */
};

struct bp_host {                /* spans borrowed */
    struct cs_span host;
    uint64_t when;              /* seconds since 1970 */
    uint32_t ntstatus;
    struct cs_span text;
};

/* Every field of every message: large, so allocate it.  Its spans are
 * borrowed.  Which are used is a row of the table in proto.c. */
struct bp_message {
    enum bp_number number;
    uint32_t version, pid, lifetime, port, candidate, candidates, flags;
    uint32_t code, ntstatus, major, minor;
    uint32_t enctype;
    uint64_t expiry, send_seq, recv_seq;
    uint8_t check, has_token, scheme, locked, ready, complete, mech, subkey;
    struct cs_span user, domain, password, name, host, node, token, sealed,
        data, bindings, text, source, target, spn, credential;
    struct cs_binding binding;
    uint32_t ncredentials, nhosts;
    struct bp_credential credentials[BP_LIST_MAX];
    struct bp_host hosts[BP_LIST_MAX];
};

/* Append a frame, its length included, to out.  Returns 0, CS_NOMEM or
 * CS_MALFORMED (longer than BP_FRAME_MAX, or text that is not). */
int bp_encode(const struct bp_message *message, struct cs_buf *out,
              struct cs_error *err);

/* Decode one frame without its length; the spans of out point into it.
 * Returns 0 or CS_MALFORMED. */
int bp_decode(struct cs_span frame, struct bp_message *out,
              struct cs_error *err);

/* "LOGIN"; "unknown". */
const char *bp_name(enum bp_number number);

#endif /* BP_PROTO_H */
