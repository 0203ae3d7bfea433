/*
 * journal.h - the last outcome for each host, for `gss-winrm status'.
 *
 * What the broker knows, and what gateways say, are kept apart: neither takes
 * the other's place, and only the first is without a mark.  Safe to use from
 * several threads.  The oldest host makes room for a new one.
 */
#ifndef BD_JOURNAL_H
#define BD_JOURNAL_H

#include "plugin/bytes/error.h"
#include "helper/link/proto.h"

#define JOURNAL_REPORTS 64
#define JOURNAL_MAX (BP_LIST_MAX - JOURNAL_REPORTS)
#define JOURNAL_TEXT 256        /* bytes of an outcome, with its NUL */
#define JOURNAL_MARK "gateway says: "
#define STATUS_UNSUCCESSFUL 0xC0000001  /* MS-ERREF 2.3: no better number */

struct journal;

int journal_new(struct journal **out, struct cs_error *err);
void journal_free(struct journal **journal);

/* What the broker knows itself. */
void journal_note(struct journal *journal, const char *host, uint32_t ntstatus,
                  const char *text);

/* A failure that a gateway reports, marked with JOURNAL_MARK; and that there
 * is none any more. */
void journal_report(struct journal *journal, const char *host,
                    uint32_t ntstatus, const char *text);
void journal_withdraw(struct journal *journal, const char *host);

/* Fill m's hosts; the spans are good until journal_unlock(). */
void journal_lock(struct journal *journal, struct bp_message *m);
void journal_unlock(struct journal *journal);

#endif /* BD_JOURNAL_H */
