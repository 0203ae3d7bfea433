/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * settings.h - the policy for a host, and the default cache, for a second.
 *
 * Making a krb5 context and reading krb5.conf costs more than everything else
 * that the plugin does for an HTTP name, so what was read is kept, as the
 * profile library keeps its own files, for one second.
 */
#ifndef GW_SETTINGS_H
#define GW_SETTINGS_H

#include "plugin/handles.h"
#include "plugin/conf/policy.h"

/* Read-only, shared between threads, counted. */
struct gw_settings {
    struct gw_policy *policy;
    char *ccache;               /* "TYPE:RESIDUAL" of the default, or NULL */
};

/* Returns the settings for name (which has a host), or NULL when
 * krb5.conf cannot be read.  Release with gw_settings_put(). */
const struct gw_settings *gw_settings_get(const struct gw_name *name);
void gw_settings_put(const struct gw_settings *settings);

/* Forget all; for the end of the module. */
void gw_settings_clear(void);

#endif /* GW_SETTINGS_H */
