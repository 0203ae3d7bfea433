/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * mechglue.c - the mechglue's functions, by names with their version.
 *
 * In an object of its own, which the Makefile compiles without link-time
 * optimization whatever else is: that one takes two symbols of one name for
 * the same, whatever an asm statement says of them, and the mechanism would
 * call itself.
 */
#include "config.h"

#define CS_MECHGLUE_HERE
#include "plugin/credssp/mechglue.h"

#define DEFINE(name)                                                        \
    __asm__(".symver gss_" #name ", gss_" #name "@gssapi_krb5_2_MIT");      \
    __typeof__(gss_##name) *const cs_mechglue_##name = gss_##name;

CS_MECHGLUE_ROWS(DEFINE)
