/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * confpath.h - the sections of a file of krb5.conf's kind, by their names.
 *
 * A section may be there several times, and libkrb5 makes one of them: so a
 * path leads to any number of places.
 */
#ifndef CLI_CONFPATH_H
#define CLI_CONFPATH_H

#include "helper/configure/conflines.h"

/* { "appdefaults", "winrm", NULL } is winrm in [appdefaults].  A fourth name is
 * a target's: case and a final dot do not matter. */
typedef const char *const *confpath;

int confpath_same_target(const char *a, const char *b);

/* One of the places: its first line, and what is inside of it. */
struct region {
    size_t head, from, to, depth;
};

/* Not 0 ends the walk, which returns it. */
typedef int (*confpath_visit)(struct lines *lines, const struct region *r,
                              void *arg);

/*
 * Visit the sections that the first n names of path lead to, in order.  Returns
 * 0, what visit returned, or CS_MALFORMED where one is on one line.
 */
int confpath_each(struct lines *lines, confpath path, size_t n,
                  confpath_visit visit, void *arg, struct cs_error *err);

/* The first of them: 1, 0 if there is none, or an error as above. */
int confpath_first(struct lines *lines, confpath path, size_t n,
                   struct region *r, struct cs_error *err);

/* Make the one that all n names lead to.  Returns 0, or an error. */
int confpath_make(struct lines *lines, confpath path, size_t n,
                  struct region *r, struct cs_error *err);

/*
 * Remove sections that are empty from those that path leads to, if something has
 * been removed in them, and then so the ones around them (in confprune.c).
 * Returns 1 if what stays at path is comments only, 0, or an error as above.
 */
int confpath_prune(struct lines *lines, confpath path, size_t n,
                   struct cs_error *err);

/* Insert a line of three pieces at index at.  0 or CS_NOMEM. */
int confpath_insert(struct lines *lines, size_t at, size_t depth,
                    const char *a, const char *b, const char *c);

#endif /* CLI_CONFPATH_H */
