/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * reader.h - reading the keys of keytable.h, level by level.
 *
 * For policy.c, and for what other programs keep in the same section.
 */
#ifndef GW_READER_H
#define GW_READER_H

#include "plugin/conf/keys.h"
#include "plugin/conf/levels.h"

/*
 * Read each of an array of keys into its fields of the struct at base, which
 * is all zero before: from the first level that may have it and has a usable
 * value, or its default.  A value that cannot be used is a complaint in the
 * trace.  Returns 0 or ENOMEM; gw_free_keys() in either case.
 */
int gw_read_keys(const struct gw_levels *levels, const struct gw_key *keys,
                 void *base);
void gw_free_keys(const struct gw_key *keys, void *base);

extern const struct gw_key gw_policy_keys[];    /* struct gw_policy */
extern const struct gw_key gw_credssp_keys[];   /* struct gw_credssp_policy */

/* A WORD's word with that index, *len long; NULL if there is none. */
const char *gw_key_word(const struct gw_key *key, int index, size_t *len);

/* A whole number in [low, high], or -1. */
long gw_whole_number(const char *text, long low, long high);

/* A name to ask for, with a class: the check of spn. */
int gw_spn_ok(char *text);

#endif /* GW_READER_H */
