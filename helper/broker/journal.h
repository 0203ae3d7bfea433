/*
 * journal.h - how it last went with each host, for `gss-winrm status'.
 *
 * Safe to use from several threads.  The oldest host makes room for a new one.
 */
#ifndef BD_JOURNAL_H
#define BD_JOURNAL_H

#include "error.h"
#include "proto.h"

#define JOURNAL_MAX BP_LIST_MAX

struct journal;

int journal_new(struct journal **out, struct cs_error *err);
void journal_free(struct journal **journal);

void journal_note(struct journal *journal, const char *host, uint32_t ntstatus,
                  const char *text);

/* Fill m's hosts; the spans are good until journal_unlock(). */
void journal_lock(struct journal *journal, struct bp_message *m);
void journal_unlock(struct journal *journal);

#endif /* BD_JOURNAL_H */
