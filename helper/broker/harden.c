/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* harden.c - what a process with secrets does to itself first. */
#include "config.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/broker/harden.h"
#include "helper/broker/log.h"
#include "helper/common/rlimits.h"

void
harden_process(void)
{
    static const struct rlimit none = { 0, 0 };
    int fd;

    if (prctl(PR_SET_DUMPABLE, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
        log_line(LOG_WARNING, "cannot disable core dumps: %m");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        log_line(LOG_WARNING, "cannot set no_new_privs: %m");
    /* A page or two for each secret. */
    rlimits_raise(RLIMIT_MEMLOCK);
    /* A gateway may have many connections; the usual limit is for programs
     * that call select(). */
    rlimits_raise(RLIMIT_NOFILE);
    (void)umask(S_IRWXG | S_IRWXO);
    fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0 || dup2(fd, 0) < 0)
        log_line(LOG_WARNING, "cannot redirect stdin to /dev/null: %m");
    if (fd > 2)
        (void)close(fd);
}
