/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* environ.c - what GSS_WINRM in the environment says. */
#include "config.h"

#include <stdlib.h>

#include "plugin/conf/environ.h"
#include "plugin/base/trace.h"
#include "plugin/base/strlist.h"

int
gw_environment_word(const char *value, enum gw_match *match)
{
    static const char *const words[] = { "auto", "always", "off", NULL };
    static const enum gw_match matches[] = {
        GW_MATCH_AUTO, GW_MATCH_ALWAYS, GW_MATCH_NEVER
    };
    int i = (value != NULL) ? gw_strlist_find(value, words) : -1;

    if (i < 0)
        return 0;
    *match = matches[i];
    return 1;
}

int
gw_environment_match(enum gw_match *match)
{
    const char *value = secure_getenv("GSS_WINRM");

    if (value == NULL || *value == '\0')
        return 0;
    if (gw_environment_word(value, match))
        return 1;
    gw_trace("GSS_WINRM=%s is not off, auto or always; ignored", value);
    return 0;
}
