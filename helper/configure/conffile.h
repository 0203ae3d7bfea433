/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* conffile.h - the files that gss-winrm configure reads and writes. */
#ifndef CLI_CONFFILE_H
#define CLI_CONFFILE_H

#include <sys/stat.h>

#include "helper/configure/confedit.h"

#define CONF_MAX ((size_t)1024 * 1024)  /* bytes of a file */

struct conf_file {
    const char *path;           /* borrowed */
    int exists;
    struct stat st;             /* what it was, if it exists */
    struct confedit *edit;      /* owned */
};

struct conf_job {
    const char *target;         /* borrowed: a key of targets, or a realm */
    int realm;
    struct conf_file dropin;
    struct conf_file main;      /* the first file of krb5.conf; edit is NULL
                                 * unless it has to be changed */
    char *directory;            /* where the drop-in is; owned, as is: */
    char *config;               /* KRB5_CONFIG, or its default */
};

/* Read the drop-in; one that is not there is empty.  Returns 0, CS_SYSTEM,
 * CS_MALFORMED, CS_USAGE or CS_NOMEM. */
int conf_load(struct conf_job *job, struct cs_error *err);
void conf_unload(struct conf_job *job);

/* Is the drop-in read, by an includedir or by itself?  Then *included, else
 * job->main.path is the file to change; it need not be understood before. */
int conf_included(struct conf_job *job, int *included, struct cs_error *err);
/* Put the includedir into it, if conf_directory_ok().  Returns as conf_load(). */
int conf_include(struct conf_job *job, struct cs_error *err);

/* Does libkrb5 read a file of that name in a directory? */
int conf_is_read(const char *name);
/* Can those who read krb5.conf read the drop-in's directory and what is in it,
 * and can not everybody write there?  0, or CS_SYSTEM and what to do. */
int conf_directory_ok(const struct conf_job *job, struct cs_error *err);
/* Is krb5.conf with the includedir one that libkrb5 reads?  0 or CS_SYSTEM. */
int conf_main_ok(const struct conf_job *job, struct cs_error *err);

/* Is there such a key for such a target?  0 or CS_USAGE. */
int conf_key_ok(const struct conf_job *job, const char *key,
                struct cs_error *err);
/* Is the value taken from the text as it would be written; or the key not there,
 * if value is NULL?  0, CS_USAGE, CS_SYSTEM or CS_NOMEM. */
int conf_value_ok(const struct conf_job *job, const char *key,
                  const char *value, struct cs_error *err);

/* Write a file if it has changed: beside it, then in its place, with its mode
 * and owner.  0 or CS_SYSTEM. */
int conf_save(const struct conf_file *file, struct cs_error *err);

#endif /* CLI_CONFFILE_H */
