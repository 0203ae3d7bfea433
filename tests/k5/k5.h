/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * k5.h - what the k5 test programs share: TAP, the two ends of a context, a
 * krb5.conf and a credential cache per case.
 *
 * They run inside realm.py (through run_tests.py) with $K5_MODULE naming the
 * interposer.
 */
#ifndef K5_H
#define K5_H

#include "tests/k5/end.h"

#include <sys/types.h>

#define ALL_FLAGS                                                             \
    (GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG              \
     | GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG)

/* --- TAP --- */

/* Each prints one result and returns whether it was good. After a failure,
 * diag() says why. */
int ok(int good, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int is_str(const char *got, const char *want, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int is_int(long got, long want, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int has_str(const char *got, const char *want, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int lacks_str(const char *got, const char *bad, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void skip(const char *name, const char *reason);
void diag(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Stop the program: the tests cannot be run. */
void bail(const char *fmt, ...)
    __attribute__((format(printf, 1, 2), noreturn));

/*
 * Start: bails out unless the interposer is loaded in this process.  When a
 * test has spawned this very program as one of its ends (K5_SAME), does that
 * instead and does not return.
 */
void k5_begin(int argc, char **argv);
/*
 * Run a part of the tests in a process of its own, so that it neither has nor
 * leaves anything in the plugin's memory.
 */
void k5_apart(void (*part)(void));
/* Is everything slower than usual, under a sanitizer or valgrind? */
int k5_slow(void);
/* Does krb5.conf say "dns_canonicalize_hostname = fallback" (realm.py)?  Names
 * then have no realm until there is a ticket, and krb5 asks for what the caller
 * says first, for what DNS says next. */
int k5_fallback(void);
/* End: print the plan; the value is main's. */
int k5_end(void);

/* --- files --- */

/* A path in this program's own directory; valid until the 16th call after this
 * one. */
const char *k5_path(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));
void k5_write(const char *path, const void *data, size_t len);
/* The whole file (NUL-terminated, malloc'ed), "" if there is none. */
char *k5_read(const char *path);

/* Use a new krb5.conf: lines for libdefaults (or NULL) and for [appdefaults]
 * winrm (or NULL) before the realms' own, which are in $K5_DIR/krb5.conf or in
 * the file there that $K5_BASE names. */
void k5_conf(const char *libdefaults, const char *winrm);
/* Use a new ccache with nothing but the user's ticket-granting ticket; "alice"
 * is the usual user. Returns its path; or its name, if the daemon of KCM caches
 * has it (el-kcm of realm.py). */
const char *k5_fresh(const char *user);
/* The services that there are tickets for in a ccache, in order, without this
 * realm's name: "HOST/a.test.example". */
const char *k5_tickets(const char *path);
/* The names in the config entries "winrm_spn" of a ccache with their values,
 * as "PRINCIPAL=VALUE". */
const char *k5_lessons(const char *path);
/* What has been added to the trace since the last call; only gss-winrm's
 * lines, without the process and the time. */
const char *k5_trace(void);
/*
 * What a program prints (malloc'ed), and its wait status (which may be NULL).
 * A program of krb5's own is run bare (K5_BARE): with nothing preloaded.
 */
char *k5_run(int interposed, const char *const *argv, int *status);
/* Requests for service tickets that the KDC has seen since the last call. */
int k5_kdc_requests(void);

/* --- sockets, as evidence --- */

struct k5_socket {
    int fd, port, control;
    pid_t server; /* holds the other end of the connection */
};
/*
 * A TCP connection from this process to address (IPv4 or IPv6), at a port of
 * the system's choice (0) or the given one.
 */
struct k5_socket k5_connect(const char *address, int port);
/* Have the server send something, as an answer to whatever was sent last. */
void k5_answer(const struct k5_socket *s);
void k5_disconnect(struct k5_socket *s);

/* --- the two ends --- */

/*
 * K5_SAME: interposed, in another process of the program that runs.
 * K5_PERHAPS: the plugin is configured, but may have stepped aside.
 */
enum { K5_BARE, K5_INTERPOSED, K5_SAME, K5_PERHAPS };

struct k5_side {
    struct k5_end end; /* if fd < 0 */
    int fd;
    pid_t pid;
    struct k5_msg reply; /* of the last call; valid until the next */
};

/* An end in this process. */
void k5_local(struct k5_side *side);
/* An end in a process of its own with a keytab ("machine", "iis", "gw",
 * "none") and with this moment's krb5.conf. */
void k5_spawn(struct k5_side *side, int interposed, const char *keytab);
void k5_close(struct k5_side *side);

/* Make one call. Up to three parts; (buf){NULL} for none. */
struct k5_msg *k5_call(struct k5_side *side, enum k5_op op, uint32_t a,
                       uint32_t b, const gss_buffer_desc *part0,
                       const gss_buffer_desc *part1,
                       const gss_buffer_desc *part2);
struct k5_msg *k5_send(struct k5_side *side, const struct k5_msg *request);
gss_buffer_desc k5_str(const char *text);
const char *k5_part(const struct k5_side *side, unsigned int i);

/* The initiator's next leg with a token (or NULL). */
struct k5_msg *k5_init(struct k5_side *side, const char *target, uint32_t mech,
                       uint32_t flags, const gss_buffer_desc *token);
struct k5_msg *k5_accept(struct k5_side *side, const gss_buffer_desc *token);

struct k5_exchange {
    const char *target;
    uint32_t mech, flags;
    const char *bind_initiator, *bind_acceptor; /* channel bindings, or NULL */
    int legs; /* out: tokens sent by the initiator */
};

/* Exchange tokens until both are done (1) or one has failed (0: the replies
 * say why). */
int k5_establish(struct k5_side *initiator, struct k5_side *acceptor,
                 struct k5_exchange *exchange);
/* The usual case: mutual authentication and everything else but delegation. */
int k5_connect_ends(struct k5_side *initiator, struct k5_side *acceptor,
                    const char *target, uint32_t mech);
/* Send messages both ways in every form; 1 if all arrive. The first that does
 * not is told by diag(). */
int k5_talk(struct k5_side *one, struct k5_side *other);

#endif
