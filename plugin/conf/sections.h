/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * sections.h - sections of krb5.conf, on several lines or on one.
 *
 * MIT's profile parser takes
 *
 *     web01 = {
 *         match = always
 *     }
 *
 * for a section, but "web01 = { match = always }" for a string.  People write
 * the second, and so do our own examples; here both are sections.
 */
#ifndef GW_SECTIONS_H
#define GW_SECTIONS_H

#include <profile.h>

/*
 * The names of the sections inside the one at path (NULL-terminated), in new
 * memory (gw_strlist_free), or NULL when there is none.
 */
char **gw_section_names(profile_t profile, const char *const *path);

/*
 * All values of the key that path ends with, in new memory (gw_strlist_free),
 * or NULL when it is not set.
 */
char **gw_section_values(profile_t profile, const char *const *path);

/* The names of the keys in the section at path, as above. */
char **gw_section_keys(profile_t profile, const char *const *path);

/*
 * The value of key in "{ KEY = WORD... KEY = WORD... }", its words with a
 * space between, in new memory; NULL when it is not there or text is not of
 * that form.  Without a key (NULL), the names of all keys, likewise.  Pure.
 */
char *gw_inline_value(const char *text, const char *key);

#endif /* GW_SECTIONS_H */
