/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* environ.h - what GSS_WINRM in the environment says. */
#ifndef GW_ENVIRON_H
#define GW_ENVIRON_H

#include "plugin/conf/policy.h"

/*
 * GSS_WINRM (secure_getenv), over the target's match: returns 1 with *match
 * set, or 0 when it is unset or not understood.
 */
int gw_environment_match(enum gw_match *match);

/* The same for a value of it, or NULL. */
int gw_environment_word(const char *value, enum gw_match *match);

#endif /* GW_ENVIRON_H */
