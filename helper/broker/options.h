/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* options.h - the command line of gss-winrmd. */
#ifndef BD_OPTIONS_H
#define BD_OPTIONS_H

#include <stdint.h>

struct options {                /* strings borrowed from argv */
    int foreground;
    const char *socket, *ntlm_file;
    uint32_t lifetime;          /* seconds */
    unsigned int idle_exit;     /* seconds; 0: never */
};

/* Returns -1 to continue, or the exit status. */
int options_parse(int argc, char **argv, struct options *out);

#endif /* BD_OPTIONS_H */
