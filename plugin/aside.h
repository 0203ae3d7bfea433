/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* aside.h - whether to be there at all. */
#ifndef GW_ASIDE_H
#define GW_ASIDE_H

/*
 * Should the plugin not be there at all?  True for GSS_USE_PROXY, for
 * GSS_WINRM=off, for "enabled = false" and the programs of "except", when
 * krb5.conf cannot be read, and when the module was installed after this
 * process had begun.
 */
int gw_stand_aside(void);

#endif /* GW_ASIDE_H */
