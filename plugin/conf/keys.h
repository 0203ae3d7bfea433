/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * keys.h - a row of keytable.h in C.
 *
 * A key has two fields in its owner's struct: the value, under the key's name,
 * and NAME_source, the part of krb5.conf that the value came from (new memory:
 * "targets .corp.example.com", "realm CORP.EXAMPLE.COM" or "winrm"; NULL for
 * the default).  GW_FIELDS declares them, GW_ROW says where they are.
 */
#ifndef GW_KEYS_H
#define GW_KEYS_H

#include <stddef.h>
#include <stdint.h>

#define GW_PORTS_MAX 16

/* The subsections that keys may be in (policy.c); ends with NULL. */
extern const char *const gw_subsections[];
int gw_is_subsection(const char *name);

/* The kinds of levels (levels.h), and the sets of them that a row may name. */
enum gw_level_kind { L_TARGET = 1, L_REALM = 2, L_GENERAL = 4 };
#define GW_AT_anywhere (L_TARGET | L_REALM | L_GENERAL)
#define GW_AT_not_targets (L_REALM | L_GENERAL)
#define GW_AT_targets L_TARGET
#define GW_AT_general L_GENERAL

enum gw_type {
    GW_BOOLEAN, GW_WORD, GW_NUMBER, GW_SIZE, GW_STRING, GW_WORDS, GW_PORTS
};
#define GW_DECLARE_BOOLEAN(name) int name
#define GW_DECLARE_WORD(name) int name              /* index in .want */
#define GW_DECLARE_NUMBER(name) unsigned int name
#define GW_DECLARE_SIZE(name) size_t name           /* bytes; KiB as text */
#define GW_DECLARE_STRING(name) char *name          /* owned, or NULL */
#define GW_DECLARE_WORDS(name) char **name          /* likewise */
#define GW_DECLARE_PORTS(name) uint16_t name[GW_PORTS_MAX] /* the rest 0 */

/* Usable as GW_..._KEY, in a struct. */
#define GW_FIELDS(section_, name_, levels_, type_, ...) \
    GW_DECLARE_##type_(name_); \
    char *name_##_source;

struct gw_key {
    const char *section;        /* or "" */
    const char *name;           /* NULL: the end of an array */
    unsigned int levels;        /* a set of enum gw_level_kind */
    enum gw_type type;
    size_t field, source;       /* offsets in the owner's struct */
    const char *dflt;
    const char *want;
    long low, high;
    /* Can this be a value; of a list, a word of it?  It may shorten the text,
     * and write its digits otherwise. */
    int (*ok)(char *text);
};

/* For an initializer of an array of struct gw_key; a GW_..._KEY is
 * GW_ROW(the owner's struct, its own arguments). */
#define GW_ROW(owner_, section_, name_, levels_, type_, dflt_, example_, \
               sentence_, ...) \
    { .section = (section_), .name = #name_, .levels = GW_AT_##levels_, \
      .type = GW_##type_, .field = offsetof(owner_, name_), \
      .source = offsetof(owner_, name_##_source), .dflt = (dflt_), \
      __VA_ARGS__ },

#endif /* GW_KEYS_H */
