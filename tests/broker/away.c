/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * away.c - a DNS server that does not answer, for the process that this is
 * loaded into.
 *
 * While there is the file $AWAY, getaddrinfo() says what it says then, and adds
 * a byte to the file.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

int
getaddrinfo(const char *node, const char *service,
            const struct addrinfo *hints, struct addrinfo **out)
{
    int (*next)(const char *, const char *, const struct addrinfo *,
                struct addrinfo **);
    const char *path = getenv("AWAY");
    int fd = (path != NULL) ? open(path, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;
    ssize_t n;

    if (fd >= 0) {
        n = write(fd, ".", 1);
        (void)close(fd);
        return (n == 1) ? EAI_AGAIN : EAI_SYSTEM;
    }
    *(void **)&next = dlsym(RTLD_NEXT, "getaddrinfo");
    return next(node, service, hints, out);
}
