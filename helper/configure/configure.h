/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * configure.h - the commands that write the system's files.
 *
 * As in cli.h: argv[0] is the command's name, the result the exit status.
 */
#ifndef CLI_CONFIGURE_H
#define CLI_CONFIGURE_H

int cli_configure(int argc, char **argv);
int cli_enable(int argc, char **argv);
int cli_disable(int argc, char **argv);

#endif /* CLI_CONFIGURE_H */
