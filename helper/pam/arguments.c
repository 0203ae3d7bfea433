/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* arguments.c - what the line of a PAM service's file says. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "helper/pam/arguments.h"
#include "helper/pam/tell.h"

#define MINIMUM_UID 1000
#define TIMEOUT 2
#define TIMEOUT_MAX 30

/* The value of NAME=VALUE, or NULL if text is another argument. */
static const char *
value_of(const char *text, const char *name)
{
    size_t n = strlen(name);

    return (strncmp(text, name, n) == 0 && text[n] == '=') ? text + n + 1 :
        NULL;
}

/* 0, or -1 with *out as it was. */
static int
number(const char *text, unsigned long min, unsigned long max,
       unsigned long *out)
{
    unsigned long n;
    char *end;

    errno = 0;
    n = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || n < min ||
        n > max)
        return -1;
    *out = n;
    return 0;
}

/* 0 if it is one of those with a value, and that is good. */
static int
with_value(const char *text, struct arguments *out)
{
    const char *value;
    unsigned long n;

    if ((value = value_of(text, "realm")) != NULL && *value != '\0') {
        out->realm = value;
    } else if ((value = value_of(text, "domain")) != NULL && *value != '\0') {
        out->domain = value;
    } else if ((value = value_of(text, "lifetime")) != NULL) {
        if (number(value, 1, UINT32_MAX - 1, &n) != 0)
            return -1;
        out->lifetime = (uint32_t)n;
    } else if ((value = value_of(text, "minimum_uid")) != NULL) {
        if (number(value, 0, UINT32_MAX - 1, &n) != 0)
            return -1;
        out->minimum_uid = (uid_t)n;
    } else if ((value = value_of(text, "timeout")) != NULL) {
        if (number(value, 1, TIMEOUT_MAX, &n) != 0)
            return -1;
        out->timeout = (unsigned int)n;
    } else {
        return -1;
    }
    return 0;
}

void
arguments_parse(pam_handle_t *pamh, int argc, const char **argv,
                struct arguments *out)
{
    int i;

    memset(out, 0, sizeof(*out));
    out->minimum_uid = MINIMUM_UID;
    out->timeout = TIMEOUT;
    for (i = 0; i < argc; i++) {
        if (strcmp(argv[i], "debug") == 0)
            out->debug = 1;
        else if (strcmp(argv[i], "logout") == 0)
            out->logout = 1;
        else if (with_value(argv[i], out) != 0)
            tell(pamh, LOG_ERR, "ignoring the argument %s: unknown or invalid",
                 argv[i]);
    }
    if (out->realm != NULL && out->domain != NULL) {
        tell(pamh, LOG_ERR, "both a realm and a domain are given: ignoring "
             "the domain");
        out->domain = NULL;
    }
}
