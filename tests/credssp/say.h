/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* say.h - what an end says when it is over: one line of JSON on stderr. */
#ifndef SAY_H
#define SAY_H

#include "plugin/credssp/credssp.h"

/* How it is done; for an acceptor with what was delegated, of the password
 * only its SHA-256. */
void say_done(const struct credssp *c, int acceptor, int talked);

/* Why it is not.  c may be NULL. */
void say_error(const struct cs_error *err, const struct credssp *c);

#endif /* SAY_H */
