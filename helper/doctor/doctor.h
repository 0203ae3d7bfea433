/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * doctor.h - what gss-winrm doctor finds out, check by check.
 *
 * A check examines one thing, reports what it has found (doc_say), and leaves
 * in struct doctor what the verdict needs.  Each does what it can: what an
 * earlier one could not find out is NULL or 0.
 */
#ifndef DOC_DOCTOR_H
#define DOC_DOCTOR_H

#include <sys/types.h>
#include <jansson.h>
#include <krb5.h>
#include <profile.h>

#include "helper/common/conf.h"
#include "helper/doctor/directory.h"
#include "helper/doctor/output.h"

/* The classes of verdicts, and the exit status: gss-winrm(1). */
enum doc_class {
    DOC_WELL = 0, DOC_CLIENT = 10, DOC_TICKETS, DOC_NAME, DOC_DOMAIN,
    DOC_NETWORK, DOC_SERVER, DOC_CLOCK
};

enum doc_outcome { DOC_UNTRIED, DOC_ACCEPTED, DOC_REFUSED, DOC_FAILED };

/* A service name that could be asked for.  Owns its strings. */
struct candidate {
    char *name;                 /* a form of names.h */
    int ours;                   /* krb5.conf's spn lead to it; else one that
                                 * is usual, tried to say what would do */
    int plain;                  /* what a program asks for by itself */
    char *spn;                  /* as the KDC is asked: "HOST/web01.x.y" */
    char *realm;                /* whose KDC; "" for a referral */
    char *at;                   /* where it is tried: the address that has
                                 * called itself so; NULL: the host's */
    int asked;                  /* was the KDC? */
    krb5_error_code code;       /* its answer; 0: a ticket */
    char *issued;               /* the realm whose ticket it is, or NULL */
    int kvno;
    krb5_enctype enctype;
    enum doc_outcome outcome;   /* of a real authentication */
    char *why;                  /* of code or outcome, in words; or NULL */
};

#define CANDIDATES_MAX 48

/*
 * What one of the addresses calls itself, by NTLM: nobody has authenticated
 * that.  An attacker there may name another machine to get a ticket for that,
 * and relay it.  So a name is tried only if DNS (as little to be trusted as
 * krb5 trusts it) says that it is that address, or krb5.conf that it is the
 * host.  Owns its strings.
 */
struct claim {
    char *name, *address;
    int vouched;                /* by DNS or krb5.conf */
};

#define CLAIMS_MAX 8

/* What a program with this machine's mechanisms does: mechprobe.h. */
struct program_seen {
    int looked;                 /* it has said what it has loaded */
    char *plugin;               /* the module's path, when it was loaded */
    int gssproxy;               /* its interposer was loaded as well */
    enum doc_outcome outcome;
    char *sent;                 /* the name that the plugin sent; or NULL */
    char *why;
};

struct doctor {
    /* What was asked. */
    const char *host, *client;
    uint16_t port;
    int tls;

    /* Set up at the start. */
    struct hc_host *conf;
    struct hc_gateway *limits;
    krb5_context k5;
    profile_t profile;
    struct mechprobe *witness;    /* mechprobe.h */
    char *environment[3];       /* GSS_USE_PROXY, GSS_WINRM, GSS_MECH_CONFIG as
                                 * they were; or NULL */

    /* krb5.conf, mech.d */
    int unread_dropins;         /* /etc/krb5.conf.d has files, nobody reads */
    char *mech_file;            /* that lists the plugin; or NULL */
    char *mech_module;          /* the module that it names */
    char *mech_why;             /* what is wrong with the line; or NULL */
    int mech_off;               /* a line is put off (gss-winrm disable) */
    int off_in_general;         /* krb5.conf: enabled = false for everything */
    struct program_seen seen;

    /* The user. */
    krb5_ccache cache;          /* a copy in memory, service tickets left out;
                                 * NULL without tickets */
    char *user, *user_realm;
    char *user_cache;           /* the real one's name, "FILE:/tmp/..." */
    time_t expired;             /* when, if the tickets are of no use now */

    /* The name. */
    int is_address;
    char **addresses;           /* ends with NULL; NULL: unknown */
    size_t naddresses;
    char *dns_name;             /* what DNS calls it (AI_CANONNAME) */
    char *reverse;              /* what its address is called; or NULL */
    char *krb5_name;            /* what krb5 makes of it */
    char *realm;                /* that krb5 thinks it is in; or NULL */
    struct claim claims[CLAIMS_MAX];    /* of different names */
    size_t nclaims;
    int nodes_differ;           /* ... at one address, in turn */
    char *resembling;           /* a computer whose first label is the same */

    struct candidate candidates[CANDIDATES_MAX];
    size_t ncandidates;

    /* The directory. */
    struct dir *dir;
    char *dir_realm;            /* whose; it knows nothing of other realms */
    int dir_seen;               /* was it to be searched? */
    char *dir_why;
    struct account **accounts;  /* all that have a candidate's name */
    size_t naccounts;

    /* The server. */
    int open[2];                /* ports 5985 and 5986 (or d->port first) */
    int port_open;              /* the one that was asked for */
    char *port_why;
    time_t web_until;           /* when it has had enough time: web_now() */
    int answered;               /* HTTP was */
    unsigned int offers;        /* GATE_OFFERS_* */
    char *certificate_why;      /* what is wrong with it; NULL: nothing */
    int certificate_expired;
    char pin[65];               /* its key's SHA-256; "" without TLS */
    int needs_bindings;         /* authentication without is refused */
    int encrypted;              /* messages can be: 1; -1: it failed */
    long server_ahead, dc_ahead;        /* their clocks, less ours: seconds */
    int server_clock, dc_clock; /* are they known? */

    /* The report. */
    json_t *checks, *current;
    const char *label;
    int quiet;                  /* nothing for people now */
};

/* --- report.c --- */

/* How far ahead a server's clock is, by its Date header; NULL: it has none. */
void server_date(struct doctor *d, const char *date);

/* One line of what the current check has found. */
void doc_say(struct doctor *d, enum output_mark mark, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for programs. */
void doc_fact(struct doctor *d, const char *key, const char *value);
/* strdup() of a text, or of "?" : never NULL but without memory. */
char *doc_copy(const char *text);
/* Replace *to by a formatted text. */
void doc_set(char **to, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#define SKEW_MAX 300            /* seconds: Kerberos' limit */

/* --- claims.c --- */

/* Is a name that others have chosen fit for a command and for krb5.conf? */
int claim_ok(const char *name);

/* Ask each of the host's addresses what it calls itself. */
void claims_ask(struct doctor *d);
void claims_free(struct doctor *d);
/* The nth name that DNS or krb5.conf vouches for; the first that they do not;
 * or NULL. */
const char *claims_vouched(const struct doctor *d, size_t n);
const char *claims_doubted(const struct doctor *d);

/* --- The checks, in their order --- */

void check_conf(struct doctor *d);
void check_mech(struct doctor *d);
void check_tickets(struct doctor *d);
void check_name(struct doctor *d);
void check_localhost(struct doctor *d);
void check_services(struct doctor *d);
void check_accounts(struct doctor *d);
void check_ports(struct doctor *d);
void check_schemes(struct doctor *d);
void check_certificate(struct doctor *d);
void check_authentication(struct doctor *d);
void check_programs(struct doctor *d);
void check_clock(struct doctor *d);
void check_client(struct doctor *d);

/* --- candidates.c --- */

/* Add krb5.conf's names for the host, and then those that are usual. */
void candidates_add(struct doctor *d);
/* Add those of the host that one of the addresses says it is. */
void candidates_claim(struct doctor *d, const struct claim *claim);
/* Ask the KDC for those that have not been asked for yet. */
void candidates_ask(struct doctor *d);
void candidates_free(struct doctor *d);

/* One more of d->accounts; takes it over.  A dir_visit. */
int accounts_keep(void *doctor, struct account **account);
/* All accounts that have a candidate's name (again), into d->accounts; when
 * d->dir is bound.  Returns 0 or an error, with d->dir_seen accordingly. */
int accounts_find(struct doctor *d, struct cs_error *err);
void accounts_free(struct doctor *d);
/* A computer among them with the same first label is what may have been meant:
 * into d->resembling. */
void accounts_resembling(struct doctor *d);

/* The realm that it is in: of its ticket, else as krb5 thinks; or "". */
const char *candidate_realm(const struct doctor *d,
                            const struct candidate *c);
/* Who owns it: the number of accounts, and the first.  *alias: it is HOST/
 * that is registered, and HTTP/ stands for that.  SIZE_MAX without the
 * directory of its realm. */
size_t candidate_owners(const struct doctor *d, const struct candidate *c,
                        struct account **first, int *alias);

/* The first that was accepted, of all (ours 0) or of krb5.conf's; or NULL. */
const struct candidate *candidate_accepted(const struct doctor *d, int ours);
/* What programs ask for. */
const struct candidate *candidate_plain(const struct doctor *d);

#endif /* DOC_DOCTOR_H */
