/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* elsewhere.c - subcommands that are programs of their own. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/cli/cli.h"

int
cli_doctor(int argc, char **argv)
{
    char **list = calloc((size_t)argc + 2, sizeof(*list));
    char *path = cli_program("gss-winrm-doctor");
    struct cs_error missing = {
        .code = CS_SYSTEM, .text = "there is no gss-winrm-doctor"
    };
    int i;

    if (path == NULL || list == NULL) {
        cli_look_for_json(argc, argv);
        cli_json_error(CLI_FAILED, &missing);
        free(path);
        free(list);
        return CLI_FAILED;
    }
    list[0] = path;
    for (i = 0; i < argc; i++)
        list[i + 1] = argv[i];
    (void)execv(path, list);
    cli_error("cannot run %s: %m", path);
    free(path);
    free(list);
    return CLI_FAILED;
}
