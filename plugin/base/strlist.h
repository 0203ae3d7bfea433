/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* strlist.h - words, and lists of them: arrays of strings that end with NULL. */
#ifndef GW_STRLIST_H
#define GW_STRLIST_H

#include <stddef.h>
#include <stdint.h>

/* Free a list and its strings.  NULL is fine. */
void gw_strlist_free(char **words);

/* Append a copy of word to a list of *n.  Returns 0 or ENOMEM; the list stays
 * the caller's to free either way. */
int gw_strlist_add(char ***words, size_t *n, const char *word);

/* The same unless it is there already, in whatever case. */
int gw_strlist_add_once(char ***words, size_t *n, const char *word);

/*
 * Split each of the values at white space and commas.  *out becomes a new
 * list, or NULL when there is no word.  Returns 0 or ENOMEM.
 */
int gw_strlist_split(char **values, char ***out);

/* Index of word in a list, ignoring case, or -1. */
int gw_strlist_find(const char *word, const char *const *names);

/* 1 for "true", "yes", "on"..., 0 for "false", "no", "off"..., else -1. */
int gw_boolean(const char *word);

/* Is this an IPv4 or IPv6 address rather than a name? */
int gw_is_address(const char *host);

/* FNV-1a of a word in lower case: names compare without case. */
uint64_t gw_hash(const char *word);

#endif /* GW_STRLIST_H */
