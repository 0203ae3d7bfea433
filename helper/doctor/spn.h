/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* spn.h - what the parts of gss-winrm spn share. */
#ifndef DOC_SPN_H
#define DOC_SPN_H

#include "helper/doctor/directory.h"

/* gss-winrm(1), EXIT STATUS. */
enum { SPN_NONE = 6, SPN_DUPLICATES = 7 };

int doc_spn(int argc, char **argv);

/*
 * Those of the accounts' SPNs that are registered more than once: an array of
 * { "spn", "accounts": [...] }.  host: only its, "web01" or "web01.x.y"; NULL:
 * the whole domain, with progress on a terminal.  *accounts: how many were
 * looked at.
 */
int spn_duplicates(struct dir *dir, const char *host, json_t **out,
                   size_t *accounts, struct cs_error *err);

#endif /* DOC_SPN_H */
