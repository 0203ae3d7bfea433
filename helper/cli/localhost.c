/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* localhost.c - warnings about names that may not be this machine's. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "helper/cli/cli.h"
#include "helper/common/localnames.h"

#define SUFFIX ".localhost"

int
cli_warn_of_name(const char *name)
{
    char *warning = local_names_warning(name);
    int warned = warning != NULL;

    if (warned)
        cli_error("%s", warning);
    free(warning);
    return warned;
}

/* The name below .localhost that there is in "http://NAME:5980/wsman" and the
 * like, in new memory; or NULL. */
static char *
name_in(const char *text)
{
    const char *end = text, *begin;

    while ((end = strcasestr(end, SUFFIX)) != NULL) {
        begin = end;
        end += sizeof(SUFFIX) - 1;
        while (begin > text && strchr("/@=,;'\" \t", begin[-1]) == NULL)
            begin--;
        if (begin < end - (sizeof(SUFFIX) - 1) &&
            strchr(":/,;'\"?# \t", *end) != NULL)
            return strndup(begin, (size_t)(end - begin));
    }
    return NULL;
}

void
cli_warn_of_arguments(char **argv)
{
    int warned = 0;
    char *name;

    for (; *argv != NULL && !warned; argv++) {
        name = name_in(*argv);
        if (name != NULL)
            warned = cli_warn_of_name(name);
        free(name);
    }
}
