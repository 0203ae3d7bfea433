/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* sockowner.c - the name of the program that has a socket. */
#include "config.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "helper/common/apart.h"
#include "helper/gateway/sockowner.h"

#define PATIENCE_MS 2000        /* for an answer */

/* What is asked: whose sockets these are. */
struct question {
    size_t n;
    int name;                   /* of the first one's program as well */
    unsigned long inodes[SOCKOWNER_ASK];
};

struct answer {
    char name[SOCKOWNER_MAX];
    pid_t pids[SOCKOWNER_ASK];        /* as many as were asked for */
};

#define QUESTION_LEN(n) \
    (offsetof(struct question, inodes) + (n) * sizeof(unsigned long))
#define ANSWER_LEN(n) (offsetof(struct answer, pids) + (n) * sizeof(pid_t))

struct sockowner {
    pthread_mutex_t lock;       /* of all below */
    int fd;                     /* -1: it has ended */
    pid_t pid;
    int late;                   /* is there an answer to come? */
    ssize_t got;                /* bytes of this one */
    struct question question;
    struct answer answer;
};

/* --- In the process of its own --- */

/* Which of them a process may have: sorted, and where each is asked for. */
struct sought {
    unsigned long inode;
    size_t at;
};

static int
compare(const void *a, const void *b)
{
    unsigned long x = ((const struct sought *)a)->inode;
    unsigned long y = ((const struct sought *)b)->inode;

    return (x > y) - (x < y);
}

/* The sockets that the process has; returns how many were new. */
static size_t
look_into(pid_t pid, const struct sought *sought, size_t n, pid_t *pids)
{
    char path[64], text[64];
    struct sought key = { 0, 0 };
    const struct sought *one;
    struct dirent *entry;
    size_t found = 0;
    ssize_t len;
    DIR *dir;

    (void)snprintf(path, sizeof(path), "/proc/%ld/fd", (long)pid);
    dir = opendir(path);
    while (dir != NULL && found < n && (entry = readdir(dir)) != NULL) {
        len = readlinkat(dirfd(dir), entry->d_name, text, sizeof(text) - 1);
        text[len > 0 ? len : 0] = '\0';
        if (sscanf(text, "socket:[%lu]", &key.inode) != 1)
            continue;
        one = bsearch(&key, sought, n, sizeof(*sought), compare);
        if (one != NULL && pids[one->at] == 0) {
            pids[one->at] = pid;
            found++;
        }
    }
    if (dir != NULL)
        (void)closedir(dir);
    return found;
}

/* The process that had the last one often has the next as well. */
static void
find(const struct question *q, pid_t *last, pid_t *pids)
{
    static struct sought sought[SOCKOWNER_ASK];
    struct dirent *entry;
    size_t i, left = q->n, found;
    DIR *proc;
    pid_t pid;

    for (i = 0; i < q->n; i++)
        sought[i] = (struct sought){ q->inodes[i], i };
    qsort(sought, q->n, sizeof(*sought), compare);
    memset(pids, 0, q->n * sizeof(*pids));
    if (*last != 0)
        left -= look_into(*last, sought, q->n, pids);
    proc = left > 0 ? opendir("/proc") : NULL;
    while (proc != NULL && left > 0 && (entry = readdir(proc)) != NULL) {
        pid = (pid_t)strtol(entry->d_name, NULL, 10);
        found = (pid > 0) ? look_into(pid, sought, q->n, pids) : 0;
        if (found > 0)
            *last = pid;
        left -= found;
    }
    if (proc != NULL)
        (void)closedir(proc);
}

static void
name_process(pid_t pid, char name[SOCKOWNER_MAX])
{
    char path[64], comm[17] = "?";
    ssize_t n;
    int fd;

    (void)snprintf(path, sizeof(path), "/proc/%ld/comm", (long)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    n = (fd >= 0) ? read(fd, comm, sizeof(comm) - 1) : -1;
    if (fd >= 0)
        close(fd);
    if (n > 0)
        comm[comm[n - 1] == '\n' ? n - 1 : n] = '\0';
    for (n = 0; comm[n] != '\0'; n++) {
        if (!isprint((unsigned char)comm[n]))
            comm[n] = '?';
    }
    (void)snprintf(name, SOCKOWNER_MAX, "%s[%ld]", comm, (long)pid);
}

static void
serve(int fd)
{
    static struct question q;
    static struct answer a;
    pid_t last = 0;
    ssize_t len;

    for (;;) {
        len = recv(fd, &q, sizeof(q), 0);
        if (len < (ssize_t)QUESTION_LEN(1) || q.n < 1 || q.n > SOCKOWNER_ASK ||
            len != (ssize_t)QUESTION_LEN(q.n))
            return;
        memset(a.name, 0, sizeof(a.name));
        find(&q, &last, a.pids);
        if (q.name && a.pids[0] != 0)
            name_process(a.pids[0], a.name);
        if (send(fd, &a, ANSWER_LEN(q.n), MSG_NOSIGNAL) < 0)
            return;
    }
}

/* --- In the gateway --- */

int
sockowner_new(struct sockowner **out, struct cs_error *err)
{
    struct sockowner *w = calloc(1, sizeof(*w));
    int pair[2], error;

    *out = w;
    if (w == NULL)
        return cs_nomem(err);
    w->fd = -1;
    (void)pthread_mutex_init(&w->lock, NULL);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0 ||
        (w->pid = fork()) < 0) {
        error = errno;
        sockowner_free(out);
        return cs_fail_errno(err, CS_SYSTEM, error, "cannot fork a process "
                             "to look programs up");
    }
    if (w->pid == 0) {
        (void)prctl(PR_SET_NAME, "gateway-who");
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        /* Nor what the gateway was started with, but for its stderr. */
        apart_close_between(STDIN_FILENO, STDOUT_FILENO);
        apart_close_others(&pair[1], 1);
        serve(pair[1]);
        _exit(0);
    }
    close(pair[1]);
    w->fd = pair[0];
    return 0;
}

void
sockowner_free(struct sockowner **who)
{
    struct sockowner *w = *who;

    *who = NULL;
    if (w == NULL)
        return;
    if (w->fd >= 0)
        close(w->fd);
    if (w->pid > 0)
        (void)waitpid(w->pid, NULL, 0);
    (void)pthread_mutex_destroy(&w->lock);
    free(w);
}

/* The next answer, in ms: 1; 0 when there is none yet, or none any more. */
static int
receive(struct sockowner *w, int ms)
{
    struct pollfd wait = { w->fd, POLLIN, 0 };

    if (poll(&wait, 1, ms) != 1)
        return 0;
    /* It is there: NOLINTNEXTLINE(clang-analyzer-unix.BlockInCriticalSection) */
    w->got = recv(w->fd, &w->answer, sizeof(w->answer), 0);
    w->late = 0;
    if (w->got > 0)
        return 1;
    close(w->fd);
    w->fd = -1;
    return 0;
}

/* On a busy machine an answer may come too late: until it is there nobody
 * waits for another. */
static int
ask(struct sockowner *w)
{
    size_t len = QUESTION_LEN(w->question.n);

    if (w->fd < 0 || (w->late && !receive(w, 0)))
        return 0;
    w->late = send(w->fd, &w->question, len, MSG_NOSIGNAL) == (ssize_t)len;
    return w->late && receive(w, PATIENCE_MS) &&
        w->got == (ssize_t)ANSWER_LEN(w->question.n);
}

void
sockowner_program(struct sockowner *w, unsigned long inode, char name[SOCKOWNER_MAX])
{
    (void)pthread_mutex_lock(&w->lock);
    w->question.n = 1;
    w->question.name = 1;
    w->question.inodes[0] = inode;
    strcpy(name, "?");
    if (ask(w) && w->answer.name[0] != '\0') {
        memcpy(name, w->answer.name, SOCKOWNER_MAX);
        name[SOCKOWNER_MAX - 1] = '\0';
    }
    (void)pthread_mutex_unlock(&w->lock);
}

void
sockowner_pids(struct sockowner *w, const unsigned long *inodes, pid_t *pids,
               size_t n)
{
    memset(pids, 0, n * sizeof(*pids));
    (void)pthread_mutex_lock(&w->lock);
    w->question.n = n;
    w->question.name = 0;
    memcpy(w->question.inodes, inodes, n * sizeof(*inodes));
    if (n > 0 && ask(w))
        memcpy(pids, w->answer.pids, n * sizeof(*pids));
    (void)pthread_mutex_unlock(&w->lock);
}
