/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* uid.c - is a user id somebody's? */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "plugin/base/uid.h"

#define OVERFLOW_UID 65534      /* the kernel's default */
#define EVERYBODY 4294967295ULL /* -1 is no uid */

static ssize_t
read_again(int fd, char *buf, size_t size)
{
    ssize_t n;

    do
        n = read(fd, buf, size);
    while (n < 0 && errno == EINTR);
    return n;
}

static uid_t
overflow_uid(void)
{
    int fd = open("/proc/sys/kernel/overflowuid", O_RDONLY | O_CLOEXEC);
    unsigned long uid = OVERFLOW_UID;
    char text[32];
    ssize_t n = -1;

    if (fd != -1)
        n = read_again(fd, text, sizeof(text) - 1);
    if (n > 0) {
        text[n] = '\0';
        uid = strtoul(text, NULL, 10);
    }
    if (fd != -1)
        (void)close(fd);
    return (uid_t)uid;
}

unsigned long long
gw_uid_map_count(const char *piece, size_t len, int *at,
                 unsigned long long *n)
{
    unsigned long long count = 0;
    const char *end = piece + len;

    for (; piece < end; piece++) {
        if (*piece >= '0' && *piece <= '9') {
            /* at is odd in a number, even between two. */
            *n = (*at % 2 == 0) ? 0 : *n;
            *at += *at % 2 == 0;
            if (*n <= EVERYBODY)
                *n = 10 * *n + (unsigned long long)(*piece - '0');
        } else {
            count += (*at == 5) ? *n : 0;
            *at = (*piece == '\n') ? 0 : *at + *at % 2;
        }
    }
    return count;
}

/* Does this process's user namespace map all users? */
static int
everybody_is_mapped(void)
{
    int fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC), at = 0;
    unsigned long long sum = 0, number = 0;
    char piece[512];
    ssize_t n;

    if (fd == -1)
        return 0;
    while ((n = read_again(fd, piece, sizeof(piece))) > 0)
        sum += gw_uid_map_count(piece, (size_t)n, &at, &number);
    (void)close(fd);
    return sum >= EVERYBODY;
}

int
gw_uid_is_anybodys(uid_t uid)
{
    int error = errno, is;

    is = uid == overflow_uid() && !everybody_is_mapped();
    errno = error;
    return is;
}

int
gw_uid_is_ours(uid_t uid)
{
    return uid == geteuid() && !gw_uid_is_anybodys(uid);
}
