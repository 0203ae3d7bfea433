/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * listen.c - the broker's socket.
 *
 * Whoever holds the lock of PATH.lock may replace PATH.  The lock goes with
 * the process, and its file stays: removing it would be a race.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <systemd/sd-daemon.h>

#include "helper/broker/listen.h"
#include "helper/proto/runtime.h"

#define BACKLOG 64

/* A broker that was killed keeps its lock until all its threads and locked
 * memory are gone: wait a little. */
static int
lock(int fd)
{
    int tries, ret = -1;

    for (tries = 0; tries < 40; tries++) {
        ret = flock(fd, LOCK_EX | LOCK_NB);
        if (ret == 0 || errno != EWOULDBLOCK)
            break;
        (void)usleep(50000);
    }
    return ret;
}

static int
already(const char *path, struct cs_error *err)
{
    return cs_fail(err, CS_SYSTEM, "a broker is already running at %s", path);
}

static int
take_lock(const char *path, int *out, struct cs_error *err)
{
    char *name;
    int fd, ret = 0;

    if (asprintf(&name, "%s.lock", path) < 0)
        return cs_nomem(err);
    fd = open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        ret = cs_fail_errno(err, CS_SYSTEM, errno, "cannot create %s", name);
    else if (lock(fd) != 0)
        ret = (errno == EWOULDBLOCK) ? already(path, err) :
            cs_fail_errno(err, CS_SYSTEM, errno, "cannot lock %s", name);
    free(name);
    if (ret != 0 && fd >= 0)
        (void)close(fd);
    *out = (ret == 0) ? fd : -1;
    return ret;
}

/* Does somebody without a lock (systemd, say) listen there? */
static int
is_alive(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int alive;

    if (fd < 0)
        return 0;
    alive = (connect(fd, (const struct sockaddr *)address,
                     sizeof(*address)) == 0 || errno == EAGAIN);
    (void)close(fd);
    return alive;
}

/* Remove what an earlier broker has left: a socket and nothing else. */
static int
clear_way(const struct sockaddr_un *address, struct cs_error *err)
{
    struct stat st;

    if (lstat(address->sun_path, &st) != 0)
        return 0;
    if (!S_ISSOCK(st.st_mode))
        return cs_fail(err, CS_SYSTEM, "%s exists and is not a socket",
                       address->sun_path);
    if (is_alive(address))
        return already(address->sun_path, err);
    if (unlink(address->sun_path) != 0)
        return cs_fail_errno(err, CS_SYSTEM, errno, "cannot remove %s",
                             address->sun_path);
    return 0;
}

static int
bind_socket(const char *path, int *out, struct cs_error *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd, ret;

    if (strlen(path) >= sizeof(address.sun_path))
        return cs_fail(err, CS_SYSTEM, "%s is too long for a socket's path",
                       path);
    memcpy(address.sun_path, path, strlen(path));
    ret = clear_way(&address, err);
    if (ret != 0)
        return ret;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(fd, BACKLOG) != 0) {
        ret = cs_fail_errno(err, CS_SYSTEM, errno, "cannot listen at %s", path);
        if (fd >= 0)
            (void)close(fd);
        return ret;
    }
    *out = fd;
    return 0;
}

/* systemd's: exactly one, of the right kind. */
static int
passed_socket(int n, struct listener *out, struct cs_error *err)
{
    int fd = SD_LISTEN_FDS_START;

    if (n != 1 || sd_is_socket_unix(fd, SOCK_STREAM, 1, NULL, 0) <= 0)
        return cs_fail(err, CS_SYSTEM, "systemd must pass exactly one "
                       "listening Unix stream socket");
    out->fd = fd;
    return 0;
}

int
listener_open(const char *path, struct listener *out, struct cs_error *err)
{
    int n = sd_listen_fds(1), ret;

    *out = (struct listener){ -1, -1, NULL };
    ret = rt_check_user(err);
    if (ret != 0)
        return ret;
    if (n > 0)
        return passed_socket(n, out, err);
    if (path == NULL) {
        ret = rt_socket(1, "broker", &out->path, err);
    } else {
        ret = rt_check_parent(path, err);
        if (ret == 0 && (out->path = strdup(path)) == NULL)
            ret = cs_nomem(err);
    }
    if (ret == 0)
        ret = take_lock(out->path, &out->lock, err);
    if (ret == 0)
        ret = bind_socket(out->path, &out->fd, err);
    if (ret != 0) {
        /* Not ours to remove. */
        free(out->path);
        out->path = NULL;
        listener_close(out);
    }
    return ret;
}

void
listener_close(struct listener *l)
{
    if (l->path != NULL)
        (void)unlink(l->path);
    free(l->path);
    if (l->fd >= 0)
        (void)close(l->fd);
    if (l->lock >= 0)
        (void)close(l->lock);
    *l = (struct listener){ -1, -1, NULL };
}
