/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* unit.h - what the unit tests share. */
#ifndef UNIT_H
#define UNIT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <krb5.h>
#include <profile.h>

/* A directory of this program's own, removed at its end. */
const char *unit_dir(void);

/* Write a file in unit_dir() and return its path (static storage). */
const char *unit_file(const char *name, const char *text);

/* Write krb5.conf with this text and point KRB5_CONFIG to it. */
void unit_krb5_conf(const char *text);

/* The profile of a [appdefaults] section with this text. */
profile_t unit_profile(const char *appdefaults);

/* The whole of a file in new memory, or "" when there is none. */
char *unit_read(const char *path);

#endif /* UNIT_H */
