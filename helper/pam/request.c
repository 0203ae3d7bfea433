/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* request.c - one request to a user's broker, from another user's process. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "helper/pam/request.h"
#include "plugin/base/rundir.h"

#define LAST_MS 100             /* for a killed child to go */
#define STEP_MS 2

/* --- Before: all that needs memory --- */

/* directory is the broker's, and would be in top. */
static int
add_place(struct request *e, const char *top, const char *directory,
          struct cs_error *err)
{
    struct place *p = &e->places[e->nplaces];

    if (strlen(top) >= sizeof(p->top) ||
        strlen(directory) + sizeof("/broker") > sizeof(p->address.sun_path))
        return cs_fail(err, CS_SYSTEM, "%s is too long for a socket's path",
                       top);
    (void)stpcpy(p->top, top);
    (void)stpcpy(p->directory, directory);
    p->address.sun_family = AF_UNIX;
    (void)stpcpy(stpcpy(p->address.sun_path, directory), "/broker");
    e->nplaces++;
    return 0;
}

/* Where the broker's socket is (rundir.h), whose environment we do not have:
 * the usual runtime directory, and where it is without one. */
static int
add_places(struct request *e, const char *runtime, struct cs_error *err)
{
    int given = runtime != NULL && *runtime == '/', ret;
    char usual[64], directory[sizeof(e->places->directory)];
    uid_t uid = e->whose.uid;

    (void)snprintf(usual, sizeof(usual), "/run/user/%lu", (unsigned long)uid);
    if (!given)
        runtime = usual;
    if (gw_rundir_of(runtime, uid, directory, sizeof(directory)) != 0)
        return cs_fail(err, CS_SYSTEM, "XDG_RUNTIME_DIR is too long");
    ret = add_place(e, runtime, directory, err);
    if (ret != 0 || given)
        return ret;
    (void)gw_rundir_of(NULL, uid, directory, sizeof(directory));
    return add_place(e, directory, directory, err);
}

/* Both frames, the one with the password in memory of its own. */
static int
add_frames(struct request *e, const struct bp_message *request,
           struct cs_error *err)
{
    struct cs_buf frame = CS_BUF_INIT(BP_FRAME_MAX + 4);
    int ret;

    e->reply.number = BP_HELLO;
    e->reply.version = BP_VERSION;
    ret = bp_encode(&e->reply, &e->hello, err);
    if (ret == 0)
        ret = bp_encode(request, &frame, err);
    if (ret == 0 && cs_secret_set(&e->request, cs_buf_span(&frame), 0) != 0)
        ret = cs_nomem(err);
    cs_buf_free(&frame);
    return ret;
}

int
request_new(const struct account *w, const char *runtime,
            const struct bp_message *request, enum bp_number want,
            struct request **out, struct cs_error *err)
{
    struct request *e = calloc(1, sizeof(*e));
    int ret;

    *out = NULL;
    if (e == NULL)
        return cs_nomem(err);
    e->whose = *w;
    e->become = (geteuid() != w->uid);
    e->want = want;
    e->hello.max = 64;
    e->in.max = REQUEST_REPLY_MAX;
    ret = add_places(e, runtime, err);
    if (ret == 0)
        ret = add_frames(e, request, err);
    if (ret == 0 && cs_buf_room(&e->in, REQUEST_REPLY_MAX) == NULL)
        ret = cs_nomem(err);
    /* The wait may be long, and the application's core is not ours to forbid:
     * this is the last that is done with the password. */
    cs_wipe_stack();
    if (ret != 0) {
        request_free(&e);
        return ret;
    }
    *out = e;
    return 0;
}

void
request_free(struct request **errand)
{
    struct request *e = *errand;

    *errand = NULL;
    if (e == NULL)
        return;
    cs_buf_free(&e->hello);
    cs_secret_free(&e->request);
    cs_buf_free(&e->in);
    free(e);
}

/* --- The child --- */

#ifdef SYS_setresuid32
#define CALL(name) SYS_##name##32
#else
#define CALL(name) SYS_##name
#endif

/* The C library's own would tell threads that this process does not have. */
static int
become(const struct account *w)
{
    if (syscall(CALL(setgroups), 0, NULL) != 0 ||
        syscall(CALL(setresgid), w->gid, w->gid, w->gid) != 0 ||
        syscall(CALL(setresuid), w->uid, w->uid, w->uid) != 0)
        return -1;
    errno = EPERM;
    return (geteuid() == w->uid && getegid() == w->gid) ? 0 : -1;
}

/* Of parent or child. */
static void
report_error(struct report *r, const struct cs_error *err)
{
    memset(r, 0, sizeof(*r));
    r->code = err->code;
    memcpy(r->text, err->text, sizeof(r->text));
}

/*
 * Nothing of the application goes along but its memory, which the user must
 * not get to see: a process that has changed its uid is not dumpable, so it
 * cannot be attached to.  Its descriptors are closed, since a child that the
 * user has got stuck would keep them.
 */
static void
child(struct request *e, int report_fd)
{
    static const struct rlimit none = { 0, 0 };
    struct cs_error err;
    struct report r;
    int ret = 0;

    if (dup2(report_fd, 0) < 0)
        _exit(1);
#ifdef SYS_close_range
    (void)syscall(SYS_close_range, 1, ~0U, 0);
#endif
    (void)setrlimit(RLIMIT_CORE, &none);
    if (e->become && become(&e->whose) != 0)
        ret = cs_fail_errno(&err, CS_SYSTEM, errno, "cannot switch to uid %u",
                            (unsigned int)e->whose.uid);
    else if (prctl(PR_SET_DUMPABLE, 0) != 0 ||
             prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        ret = cs_fail_errno(&err, CS_SYSTEM, errno, "prctl");
    if (ret == 0)
        request_talk(e, &r);
    else
        report_error(&r, &err);
    (void)!write(0, &r, sizeof(r));
    _exit(0);
}

/* --- The parent --- */

/*
 * As fork(), but without a signal at the child's end, and the child is none
 * that wait() finds: the application may have a handler for SIGCHLD that takes
 * whatever child there is for one of its own.
 */
static pid_t
start_child(struct request *e, int report_fd)
{
    sigset_t all, before;
    pid_t pid;

    /* Nor are its other handlers meant for the child. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before);
    pid = (pid_t)syscall(SYS_clone, 0UL, NULL, NULL, NULL, NULL);
    if (pid == 0)
        child(e, report_fd);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pid;
}

static long
now_ms(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* 1 if there is something to be read until then, or the end. */
static int
wait_for(int fd, long deadline)
{
    struct pollfd p = { fd, POLLIN, 0 };
    long left;
    int n;

    for (;;) {
        left = deadline - now_ms();
        n = poll(&p, 1, left > 0 ? (int)left : 0);
        if (n > 0)
            return 1;
        if (n == 0 || errno != EINTR)
            return 0;
    }
}

static void
take_report(int fd, long deadline, struct report *out)
{
    ssize_t n;

    if (!wait_for(fd, deadline)) {
        (void)stpcpy(out->text, "the broker did not answer in time");
        return;
    }
    do
        n = read(fd, out, sizeof(*out));
    while (n < 0 && errno == EINTR);
    if (n == (ssize_t)sizeof(*out))
        return;
    memset(out, 0, sizeof(*out));
    out->code = CS_SYSTEM;
    (void)stpcpy(out->text, "the child process that talks to the broker died");
}

/* The user may have stopped it, or it is stuck where no signal gets it out: do
 * not wait for long. */
static void
end_child(pid_t pid)
{
    const struct timespec step = { 0, STEP_MS * 1000000L };
    long deadline = now_ms() + LAST_MS;

    (void)kill(pid, SIGKILL);
    while (waitpid(pid, NULL, __WALL | WNOHANG) == 0 && now_ms() < deadline)
        (void)nanosleep(&step, NULL);
}

void
request_run(struct request *e, unsigned int timeout, struct report *out)
{
    long deadline = now_ms() + (long)timeout * 1000;
    struct cs_error err;
    int ends[2];
    pid_t pid;

    memset(out, 0, sizeof(*out));
    out->code = CS_SYSTEM;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        (void)cs_fail_errno(&err, CS_SYSTEM, errno, "cannot create a pipe");
        report_error(out, &err);
        return;
    }
    pid = start_child(e, ends[1]);
    if (pid < 0) {
        (void)cs_fail_errno(&err, CS_SYSTEM, errno,
                            "cannot start a child process");
        report_error(out, &err);
    }
    (void)close(ends[1]);
    if (pid > 0) {
        take_report(ends[0], deadline, out);
        end_child(pid);
    }
    (void)close(ends[0]);
}
