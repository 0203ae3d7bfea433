/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * hoststatus.h - the last outcome for each host, for `gss-winrm status'.
 *
 * What the broker knows, and what gateways say, are kept apart: neither takes
 * the other's place, and only the first is without a mark.  Safe to use from
 * several threads.  The oldest host makes room for a new one.
 */
#ifndef BD_HOSTSTATUS_H
#define BD_HOSTSTATUS_H

#include "plugin/bytes/error.h"
#include "helper/proto/proto.h"

#define HOSTSTATUS_REPORTS 64
#define HOSTSTATUS_MAX (BP_LIST_MAX - HOSTSTATUS_REPORTS)
#define HOSTSTATUS_TEXT 256        /* bytes of an outcome, with its NUL */
#define HOSTSTATUS_MARK "gateway says: "
#define STATUS_UNSUCCESSFUL 0xC0000001  /* MS-ERREF 2.3: no better number */

struct hoststatus;

int hoststatus_new(struct hoststatus **out, struct cs_error *err);
void hoststatus_free(struct hoststatus **journal);

/* What the broker knows itself. */
void hoststatus_note(struct hoststatus *journal, const char *host,
                     uint32_t ntstatus, const char *text);

/* A failure that a gateway reports, marked with HOSTSTATUS_MARK; and that there
 * is none any more. */
void hoststatus_report(struct hoststatus *journal, const char *host,
                       uint32_t ntstatus, const char *text);
void hoststatus_withdraw(struct hoststatus *journal, const char *host);

/* Fill m's hosts; the spans are good until hoststatus_unlock(). */
void hoststatus_lock(struct hoststatus *journal, struct bp_message *m);
void hoststatus_unlock(struct hoststatus *journal);

#endif /* BD_HOSTSTATUS_H */
