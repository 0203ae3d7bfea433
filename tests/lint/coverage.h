/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * coverage.h - in front of every source in the build of make coverage: what
 * ends by _exit(), as forked processes do, writes its counts before.
 */
#ifndef COVERAGE_H
#define COVERAGE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1           /* as config.h has it, which comes later */
#endif
#include <unistd.h>

void __gcov_dump(void);
#define _exit(status) (__gcov_dump(), _exit(status))

#endif /* COVERAGE_H */
