/* who.c - what the program is called that has a socket. */
#include "config.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "who.h"

struct who {
    pthread_mutex_t lock;
    int fd;
    pid_t pid;
};

/* --- In the process of its own --- */

/* Does the process have the socket? */
static int
has_socket(const char *pid, const char *link)
{
    char path[64], text[64];
    struct dirent *entry;
    int found = 0;
    ssize_t n;
    DIR *dir;

    (void)snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
    dir = opendir(path);
    while (dir != NULL && !found && (entry = readdir(dir)) != NULL) {
        n = readlinkat(dirfd(dir), entry->d_name, text, sizeof(text) - 1);
        if (n > 0) {
            text[n] = '\0';
            found = strcmp(text, link) == 0;
        }
    }
    if (dir != NULL)
        (void)closedir(dir);
    return found;
}

static void
name_process(const char *pid, char name[WHO_MAX])
{
    char path[64], comm[17] = "?";
    ssize_t n;
    int fd;

    (void)snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
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
    (void)snprintf(name, WHO_MAX, "%s[%.10s]", comm, pid);
}

/* The process that had the last one often has the next as well. */
static void
find(unsigned long inode, char last[24], char name[WHO_MAX])
{
    char link[64];
    struct dirent *entry;
    DIR *proc;
    int found;

    (void)snprintf(link, sizeof(link), "socket:[%lu]", inode);
    found = last[0] != '\0' && has_socket(last, link);
    proc = found ? NULL : opendir("/proc");
    while (proc != NULL && !found && (entry = readdir(proc)) != NULL) {
        if (!isdigit((unsigned char)entry->d_name[0]) ||
            strlen(entry->d_name) >= 24 || !has_socket(entry->d_name, link))
            continue;
        strcpy(last, entry->d_name);
        found = 1;
    }
    if (proc != NULL)
        (void)closedir(proc);
    (void)snprintf(name, WHO_MAX, "?");
    if (found)
        name_process(last, name);
}

static void
serve(int fd)
{
    char last[24] = "", name[WHO_MAX];
    unsigned long inode;

    while (recv(fd, &inode, sizeof(inode), 0) == sizeof(inode)) {
        memset(name, 0, sizeof(name));
        find(inode, last, name);
        if (send(fd, name, sizeof(name), MSG_NOSIGNAL) < 0)
            break;
    }
}

/* --- In the gateway --- */

int
who_new(struct who **out, struct cs_error *err)
{
    struct who *w = calloc(1, sizeof(*w));
    int pair[2];

    *out = w;
    if (w == NULL)
        return cs_nomem(err);
    w->fd = -1;
    (void)pthread_mutex_init(&w->lock, NULL);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0 ||
        (w->pid = fork()) < 0) {
        who_free(out);
        return cs_fail(err, CS_SYSTEM, "no process to look programs up: %s",
                       strerror(errno));
    }
    if (w->pid == 0) {
        (void)prctl(PR_SET_NAME, "gateway-who");
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)close_range(3, (unsigned int)pair[1] - 1, 0);
        (void)close_range((unsigned int)pair[1] + 1, ~0U, 0);
        serve(pair[1]);
        _exit(0);
    }
    close(pair[1]);
    w->fd = pair[0];
    return 0;
}

void
who_free(struct who **who)
{
    struct who *w = *who;

    *who = NULL;
    if (w == NULL)
        return;
    if (w->fd >= 0) {
        close(w->fd);
        (void)waitpid(w->pid, NULL, 0);
    }
    (void)pthread_mutex_destroy(&w->lock);
    free(w);
}

void
who_program(struct who *w, unsigned long inode, char name[WHO_MAX])
{
    ssize_t n = -1;

    (void)pthread_mutex_lock(&w->lock);
    if (send(w->fd, &inode, sizeof(inode), MSG_NOSIGNAL) == sizeof(inode))
        n = recv(w->fd, name, WHO_MAX, 0);
    (void)pthread_mutex_unlock(&w->lock);
    if (n != WHO_MAX)
        strcpy(name, "?");
    name[WHO_MAX - 1] = '\0';
}
