/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* command.h - the subcommands of gss-winrm-doctor. */
#ifndef DOC_COMMAND_H
#define DOC_COMMAND_H

int doc_doctor(int argc, char **argv);

#endif /* DOC_COMMAND_H */
