/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_sandbox.c - what a gateway that has been taken over can still do. */
#include "config.h"

#if __SIZEOF_LONG__ < 8
#include <stdio.h>

int
main(void)
{
    return puts("1..0 # SKIP the attempts are calls with 64-bit arguments") < 0;
}
#else

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <asm/ioctls.h>
#include <linux/landlock.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/cs_hex.h"
#include "helper/wsman/readable.h"
#include "helper/gateway/sandbox.h"
#include "plugin/base/strlist.h"

/* What goes wrong stops a sandbox that cannot be left; so each attempt is made
 * by a process of its own, and 0 means that it came to nothing. */
typedef int attempt(void);

#define SETUP_FAILED 99

static char place[] = "/tmp/test_sandbox.XXXXXX", file[64];
static pid_t victim;
static int landlock;
static long abi;

/* Its wait status. */
static int
end_in_sandbox(attempt *try)
{
    struct cs_error err;
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        if (sandbox_enter(place, &landlock, &err) != 0) {
            fprintf(stderr, "%s\n", err.text);
            _exit(SETUP_FAILED);
        }
        _exit(try());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static int
in_sandbox(attempt *try)
{
    int status = end_in_sandbox(try);

    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Did the filter refuse it?  No other part of the kernel says this. */
static int
refused(long ret)
{
    return (ret == -1 && errno == ENOSYS) ? 0 : 1;
}

/* --- Manners --- */

/* In place of the C library's: libcap-ng tells everybody's log what it could
 * not do, even if nobody who asked minds. */
#define FOR_LIBRARIES __attribute__((visibility("default")))
FOR_LIBRARIES void syslog(int priority, const char *format, ...);
FOR_LIBRARIES void __syslog_chk(int priority, int flag, const char *format,
                                ...);

static int said;

static void
heard(const char *format)
{
    fprintf(stderr, "to syslog: %s\n", format);
    said = 1;
}

void
syslog(int priority, const char *format, ...)
{
    (void)priority;
    heard(format);
}

void
__syslog_chk(int priority, int flag, const char *format, ...)
{
    (void)priority;
    (void)flag;
    heard(format);
}

static int
has_spoken(void)
{
    return said;
}

/* An ordinary user has no capability to give up, and is not asked to. */
static void
test_quiet(void **state)
{
    (void)state;
    assert_int_equal(in_sandbox(has_spoken), 0);
}

/* --- Sockets --- */

static int
unix_socket(void)
{
    return refused(socket(AF_UNIX, SOCK_STREAM, 0)) |
        refused(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

/* The kernel looks at 32 bits of the domain. */
static int
wide_unix_socket(void)
{
    return refused(syscall(SYS_socket, AF_UNIX | 1L << 32, SOCK_STREAM, 0)) |
        refused(syscall(SYS_socket, AF_UNIX | 7L << 60, SOCK_STREAM, 0));
}

static int
pair_of_datagrams(void)
{
    int pair[2];

    return refused(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair)) |
        refused(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) |
        refused(socketpair(AF_TIPC, SOCK_STREAM, 0, pair));
}

/* All families but two, and of netlink what getaddrinfo() needs. */
static int
families(void)
{
    int family, ret = 0;

    for (family = 0; family < 64; family++) {
        if (family != AF_INET && family != AF_INET6)
            ret |= refused(socket(family, SOCK_STREAM, 0));
        if (family != AF_INET && family != AF_INET6)
            ret |= refused(socket(family, SOCK_DGRAM, 0));
        ret |= refused(socket(family, SOCK_RAW, 255));
    }
    return ret | refused(socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG)) |
        refused(socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT)) |
        refused(socket(AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT)) |
        refused(socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP)) |
        refused(socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6)) |
        refused(socket(AF_INET, SOCK_PACKET, 0));
}

/* A server of its own, where the kernel has Landlock's part of that. */
static int
listener(void)
{
    struct sockaddr_in any = { .sin_family = AF_INET };
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return fd < 0 || refused(listen(fd, 1)) ||
        (abi >= 4 && bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0);
}

static int
can_have(int fd)
{
    return fd >= 0 && close(fd) == 0;
}

static int
what_it_needs(void)
{
    struct rlimit limit;
    int pair[2];

    return !(can_have(socket(AF_INET, SOCK_STREAM, 0)) &&
             can_have(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) &&
             can_have(socket(AF_INET, SOCK_STREAM, IPPROTO_TCP)) &&
             can_have(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
                             NETLINK_ROUTE)) &&
             socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0 &&
             getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
             fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0 &&
             can_have(open("/etc/passwd", O_RDONLY)));
}

static void *
nothing(void *arg)
{
    return arg;
}

static int
threads(void)
{
    pthread_t thread;

    return pthread_create(&thread, NULL, nothing, NULL) != 0 ||
        pthread_join(thread, NULL) != 0;
}

static void
test_sockets(void **state)
{
    (void)state;
    assert_int_equal(in_sandbox(unix_socket), 0);
    assert_int_equal(in_sandbox(wide_unix_socket), 0);
    assert_int_equal(in_sandbox(pair_of_datagrams), 0);
    assert_int_equal(in_sandbox(families), 0);
    assert_int_equal(in_sandbox(listener), 0);
    assert_int_equal(in_sandbox(what_it_needs), 0);
    assert_int_equal(in_sandbox(threads), 0);
}

/* --- Others --- */

static int
processes(void)
{
    return refused(fork()) | refused(syscall(SYS_clone, SIGCHLD, 0));
}

static int
namespaces(void)
{
    return refused(syscall(SYS_clone, CLONE_THREAD | CLONE_SIGHAND | CLONE_VM |
                           CLONE_NEWUTS, 0));
}

static int
programs(void)
{
    return refused(execl("/bin/true", "true", (char *)NULL));
}

static int
signals(void)
{
    struct f_owner_ex owner = { F_OWNER_PID, victim };
    int pair[2], one = victim;
    siginfo_t info = { 0 };

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return SETUP_FAILED;
    return refused(kill(victim, SIGTERM)) |
        refused(syscall(SYS_tgkill, victim, victim, SIGTERM)) |
        refused(fcntl(pair[0], F_SETOWN, victim)) |
        refused(fcntl(pair[0], F_SETOWN_EX, &owner)) |
        refused(fcntl(pair[0], F_SETSIG, SIGKILL)) |
        refused(ioctl(pair[0], FIOSETOWN, &one)) |
        refused(ioctl(pair[0], SIOCSPGRP, &one)) |
        refused(syscall(SYS_rt_sigqueueinfo, victim, SIGTERM, &info)) |
        refused(syscall(SYS_pidfd_open, victim, 0)) |
        (syscall(SYS_tgkill, getpid(), getpid(), 0) != 0);
}

static int
limits(void)
{
    struct rlimit second = { 1, 1 };

    return refused(prlimit(victim, RLIMIT_CPU, &second, NULL)) |
        refused(prlimit(0, RLIMIT_CPU, &second, NULL));
}

/* What leads to other processes of this user, or to the kernel: each call with
 * arguments with which it would be answered otherwise. */
static int
other_calls(void)
{
    static const struct {
        long number, arguments[4];
    } calls[] = {
        /* System V's and POSIX' shared memory, queues and semaphores. */
        { SYS_shmget, { IPC_PRIVATE, 4096, 0600 } },
        { SYS_shmat, { 0, 0, 0 } }, { SYS_shmctl, { 0, IPC_RMID } },
        { SYS_msgget, { IPC_PRIVATE, 0600 } }, { SYS_msgsnd, { 0 } },
        { SYS_msgrcv, { 0 } }, { SYS_msgctl, { 0 } },
        { SYS_semget, { IPC_PRIVATE, 1, 0600 } }, { SYS_semop, { 0 } },
        { SYS_semtimedop, { 0 } }, { SYS_semctl, { 0 } },
        { SYS_mq_open, { 0 } }, { SYS_mq_unlink, { 0 } },
        { SYS_mq_notify, { 0 } }, { SYS_memfd_create, { 0 } },
        /* Others' priorities, and one's own. */
        { SYS_setpriority, { PRIO_PROCESS, 0, 1 } },
        { SYS_setpriority, { PRIO_USER, 0, 19 } },
        { SYS_ioprio_set, { 1, 0, 0 } }, { SYS_sched_setscheduler, { 0 } },
        { SYS_sched_setparam, { 0 } }, { SYS_sched_setattr, { 0 } },
        { SYS_sched_setaffinity, { 0, 8, 0 } },
        /* Into others. */
        { SYS_ptrace, { 0 } }, { SYS_process_vm_readv, { 0 } },
        { SYS_process_vm_writev, { 0 } }, { SYS_process_madvise, { -1 } },
        { SYS_pidfd_getfd, { -1 } }, { SYS_pidfd_send_signal, { -1 } },
        { SYS_kcmp, { 0 } }, { SYS_get_robust_list, { 1 } },
        { SYS_move_pages, { 1 } }, { SYS_migrate_pages, { 1 } },
        /* Sessions and groups. */
        { SYS_setsid, { 0 } }, { SYS_setpgid, { 0, 0 } },
        { SYS_setuid, { 0 } }, { SYS_setresuid, { -1, -1, -1 } },
        { SYS_setrlimit, { 0 } }, { SYS_timer_create, { 0 } },
        /* Keys, mounts, names; what reaches far into the kernel. */
        { SYS_keyctl, { 0 } }, { SYS_add_key, { 0 } },
        { SYS_request_key, { 0 } }, { SYS_unshare, { 0 } },
        { SYS_setns, { -1 } }, { SYS_mount, { 0 } }, { SYS_fsopen, { 0 } },
        { SYS_open_tree, { -1 } }, { SYS_move_mount, { -1 } },
        { SYS_io_uring_setup, { 0 } }, { SYS_userfaultfd, { -1 } },
        { SYS_bpf, { -1 } }, { SYS_perf_event_open, { 0 } },
        { SYS_io_setup, { 0 } }, { SYS_vmsplice, { -1 } },
        { SYS_splice, { -1 } }, { SYS_flock, { -1 } },
        { SYS_personality, { 0xFFFFFFFF } }, { SYS_execveat, { -1 } },
        { SYS_inotify_init1, { 0 } }, { SYS_fanotify_init, { 0 } },
        { SYS_seccomp, { -1 } }, { SYS_prctl, { PR_SET_DUMPABLE, 1 } },
        { SYS_prctl, { PR_SET_PDEATHSIG, SIGKILL } },
        { SYS_prctl, { PR_GET_DUMPABLE | 1L << 32 } },
        { SYS_clone3, { 0 } }, { SYS_fcntl, { 0, F_SETOWN | 1L << 32, 1 } },
    };
    size_t i;
    int ret = 0;

    for (i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
        if (refused(syscall(calls[i].number, calls[i].arguments[0],
                            calls[i].arguments[1], calls[i].arguments[2],
                            calls[i].arguments[3])) != 0) {
            fprintf(stderr, "call %ld (row %zu): %s\n", calls[i].number, i,
                    strerror(errno));
            ret = 1;
        }
    }
    return ret;
}

static void
test_others(void **state)
{
    (void)state;
    assert_int_equal(in_sandbox(processes), 0);
    if (getenv("GW_VALGRIND") == NULL) {
        assert_int_equal(in_sandbox(programs), 0);
        assert_int_equal(in_sandbox(namespaces), 0);
        assert_int_equal(in_sandbox(other_calls), 0);
    } else {
        print_message("# no execve, odd clone, odd arguments: valgrind dies of "
                      "them or complains\n");
    }
    assert_int_equal(in_sandbox(signals), 0);
    assert_int_equal(in_sandbox(limits), 0);
    assert_int_equal(kill(victim, 0), 0);
}

/* --- A terminal --- */

static int terminal;

/* What types, or makes somebody else type, on all 64 bits. */
static int
typing(void)
{
    static const unsigned long requests[] = {
        TIOCSTI, TIOCLINUX, TIOCSPGRP, TIOCSCTTY, TIOCSETD, TIOCCONS, TIOCNOTTY,
        TIOCSWINSZ, TCSETS, TCXONC, TCFLSH
    };
    char c[64] = "x";
    int ret = 0, there;
    size_t i;

    for (i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
        ret |= refused(syscall(SYS_ioctl, terminal, requests[i], c)) |
            refused(syscall(SYS_ioctl, terminal, requests[i] | 1UL << 32, c)) |
            refused(syscall(SYS_ioctl, terminal, requests[i] | 7UL << 60, c));
    }
    return ret || ioctl(terminal, FIONREAD, &there) != 0 || there != 0;
}

/* A terminal of our own to type into, as the one of a shell would be. */
static int
with_terminal(void)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    char *name = NULL, c = 'x';
    int there = 0;

    if (master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0)
        name = ptsname(master);
    if (name == NULL || setsid() == -1 ||
        (terminal = open(name, O_RDWR)) < 0 ||
        ioctl(terminal, TIOCSCTTY, 0) != 0)
        return SETUP_FAILED;
    /* Some kernels let nobody do that (dev.tty.legacy_tiocsti). */
    if (ioctl(terminal, TIOCSTI, &c) == 0) {
        there = tcflush(terminal, TCIFLUSH);
        print_message("# it can be typed into before\n");
    }
    return there | in_sandbox(typing);
}

static void
test_terminal(void **state)
{
    pid_t pid = fork();
    int status;

    (void)state;
    if (pid == 0)
        _exit(with_terminal());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* --- Other kinds of numbers --- */

#ifdef __x86_64__
static int
x32(void)
{
    return (int)syscall(0x40000000 | SYS_getpid);
}

static int
i386(void)
{
    long ret = 20;              /* getpid */

    __asm__ volatile ("int $0x80" : "+a" (ret) : : "memory", "r8", "r9",
                      "r10", "r11");
    return ret > 0 ? 1 : 0;
}
#endif

/* Numbers that the kernel may know one day. */
static int
unknown(void)
{
    return refused(syscall(700)) | refused(syscall(1000));
}

static void
test_numbers(void **state)
{
    (void)state;
    assert_int_equal(in_sandbox(unknown), 0);
    if (getenv("GW_VALGRIND") != NULL)
        return;                 /* it knows no others */
#ifdef __x86_64__
    assert_int_equal(WTERMSIG(end_in_sandbox(x32)), SIGSYS);
    assert_int_equal(WTERMSIG(end_in_sandbox(i386)), SIGSYS);
#endif
}

/* --- Files --- */

static int
changes(void)
{
    static const uint64_t how[3];       /* struct open_how: to read it */

    return refused(truncate(file, 0)) | refused(chmod(file, 0777)) |
        refused(open(file, O_WRONLY)) | refused(open(file, O_RDWR)) |
        refused(open(file, O_RDONLY | O_TRUNC)) |
        refused(open(file, O_RDONLY | O_CREAT, 0600)) |
        refused(openat(AT_FDCWD, place, O_TMPFILE | O_RDWR, 0600)) |
        refused(syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | 1L << 32)) |
        refused(rename(file, place)) | refused(link(file, place)) |
        refused(symlink(file, place)) | refused(mkdir(place, 0700)) |
        refused(syscall(SYS_openat2, AT_FDCWD, file, how, sizeof(how)));
}

static int
reads(void)
{
    return landlock && can_have(open(file, O_RDONLY));
}

static void
test_files(void **state)
{
    struct stat st;

    (void)state;
    assert_int_equal(in_sandbox(changes), 0);
    assert_int_equal(in_sandbox(reads), 0);
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_size, 6);
    assert_int_equal(st.st_mode & 0777, 0600);
}

/* --- What krb5.conf names --- */

/* A system of which all is elsewhere: below place, in directories. */
static const char *const elsewhere[] = {
    "conf", "include.d", "other", "ca"
};

/* A line that does not begin with "include" includes nothing: HIDDEN. */
static char paths[8][96];
enum { CONF, SITE, MORE, HIDDEN, TARGET_CA, REALM_CA, INLINE_CA, LATER };

static const char *const names[] = {
    [CONF] = "conf/krb5.conf", [SITE] = "include.d/site",
    [MORE] = "other/more.conf", [HIDDEN] = "other/hidden",
    [TARGET_CA] = "ca/target.pem", [REALM_CA] = "ca/realm.pem",
    [INLINE_CA] = "ca/inline.pem", [LATER] = "ca/later.pem",
};

static int
put(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");
    int ok = f != NULL && fputs(text, f) >= 0;

    return f != NULL && fclose(f) == 0 && ok;
}

static int
make_system(void)
{
    char text[2048], path[96];
    size_t i;
    int ok = 1;

    for (i = 0; i < sizeof(elsewhere) / sizeof(*elsewhere); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", place, elsewhere[i]);
        ok &= mkdir(path, 0700) == 0;
    }
    for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
        (void)snprintf(paths[i], sizeof(paths[i]), "%s/%s", place, names[i]);
        ok &= put(paths[i], "\n");
    }
    (void)snprintf(text, sizeof(text), "include %s\n", paths[MORE]);
    ok &= put(paths[SITE], text);
    (void)snprintf(text, sizeof(text), "[appdefaults]\n winrm = {\n"
                   "  TEST.EXAMPLE = {\n   ca_file = %s\n  }\n }\n",
                   paths[REALM_CA]);
    ok &= put(paths[MORE], text);
    (void)snprintf(text, sizeof(text), "includedir %s/include.d/\n"
                   " include %s\n[appdefaults]\n winrm = {\n"
                   "  ca_file = system\n  targets = {\n"
                   "   web01 = {\n    ca_file = %s\n   }\n"
                   "   web02 = { ca_file = %s }\n  }\n }\n", place,
                   paths[HIDDEN], paths[TARGET_CA], paths[INLINE_CA]);
    return ok && put(paths[CONF], text);
}

static void
remove_system(void)
{
    char path[96];
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(*names); i++)
        (void)unlink(paths[i]);
    (void)snprintf(path, sizeof(path), "%s/include.d/new.conf", place);
    (void)unlink(path);
    for (i = 0; i < sizeof(elsewhere) / sizeof(*elsewhere); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", place, elsewhere[i]);
        (void)rmdir(path);
    }
}

/* Each that is named can be read, and nothing beside it. */
static int
named_files(void)
{
    static const int named[] = {
        CONF, SITE, MORE, TARGET_CA, REALM_CA, INLINE_CA
    };
    size_t i;
    int ret = 0;

    for (i = 0; i < sizeof(named) / sizeof(*named); i++) {
        if (!can_have(open(paths[named[i]], O_RDONLY)) ||
            readable_hidden(paths[named[i]])) {
            fprintf(stderr, "%s cannot be read\n", paths[named[i]]);
            ret = 1;
        }
    }
    return ret || (landlock && (can_have(open(paths[HIDDEN], O_RDONLY)) ||
                                can_have(open(paths[LATER], O_RDONLY)) ||
                                !readable_hidden(paths[LATER])));
}

/* What is put into the directories of krb5.conf's afterwards. */
static int
new_files(void)
{
    char path[96];

    (void)snprintf(path, sizeof(path), "%s/include.d/new.conf", place);
    return !can_have(open(path, O_RDONLY));
}

static int
says_what_to_do(void)
{
    struct cs_error err = { .code = CS_SYSTEM };

    readable_explain_conf(&err);
    return landlock && (strstr(err.text, paths[LATER]) == NULL ||
                        strstr(err.text, "start it again") == NULL);
}

/* try, after a change that is made once the sandbox is there. */
static int
after(int (*change)(void), attempt *try)
{
    struct cs_error err;
    int status, go[2];
    pid_t pid;
    char c = 0;

    assert_int_equal(pipe(go), 0);
    pid = fork();
    if (pid == 0) {
        if (sandbox_enter(place, &landlock, &err) != 0 ||
            write(go[1], &c, 1) != 1)
            _exit(SETUP_FAILED);
        for (;;) {
            struct timespec turn = { 0, 10000000 };

            if (access(paths[LATER], X_OK) == 0)
                _exit(try());
            (void)nanosleep(&turn, NULL);
        }
    }
    assert_int_equal(read(go[0], &c, 1), 1);
    assert_int_equal(change(), 1);
    assert_int_equal(chmod(paths[LATER], 0700), 0);     /* the sign */
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(chmod(paths[LATER], 0600), 0);
    close(go[0]);
    close(go[1]);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int
add_file(void)
{
    char path[96];

    (void)snprintf(path, sizeof(path), "%s/include.d/new.conf", place);
    return put(path, "\n");
}

static int
include_later(void)
{
    char text[128];

    (void)snprintf(text, sizeof(text), "include %s\n", paths[LATER]);
    return put(paths[CONF], text);
}

static void
test_krb5_conf(void **state)
{
    (void)state;
    assert_int_equal(in_sandbox(named_files), 0);
    assert_int_equal(after(add_file, new_files), 0);
    assert_int_equal(after(include_later, says_what_to_do), 0);
}

/* Does the list have this path?  KRB5_CONFIG is what krb5.conf is. */
static int
is_readable(const char *conf, const char *path)
{
    struct cs_error err;
    char **list, **p;
    int yes = 0;

    assert_int_equal(setenv("KRB5_CONFIG", conf, 1), 0);
    assert_int_equal(readable_list(&list, &err), 0);
    for (p = list; *p != NULL; p++)
        yes |= strcmp(*p, path) == 0;
    gw_strlist_free(list);
    assert_int_equal(setenv("KRB5_CONFIG", paths[CONF], 1), 0);
    return yes;
}

/* A krb5.conf in a directory where everybody's things are shows itself, and
 * not the directory. */
static void
test_shared_directory(void **state)
{
    char conf[] = "/dev/shm/test_sandbox.XXXXXX";
    char mine[] = "/dev/shm/test_sandbox.XXXXXX", own[64];
    int fd = mkstemp(conf);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    assert_true(is_readable(conf, conf));
    assert_false(is_readable(conf, "/dev/shm"));
    assert_int_equal(unlink(conf), 0);

    assert_non_null(mkdtemp(mine));
    (void)snprintf(own, sizeof(own), "%s/krb5.conf", mine);
    fd = open(own, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_true(is_readable(own, mine));
    assert_int_equal(unlink(own), 0);
    assert_int_equal(rmdir(mine), 0);
}

static int
set_up(void **state)
{
    int fd, ok;

    (void)state;
    abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
                  LANDLOCK_CREATE_RULESET_VERSION);
    if (mkdtemp(place) == NULL)
        return -1;
    (void)snprintf(file, sizeof(file), "%s/file", place);
    fd = open(file, O_WRONLY | O_CREAT | O_EXCL, 0600);
    ok = fd >= 0 && write(fd, "secret", 6) == 6;
    (void)close(fd);
    ok &= make_system() && setenv("KRB5_CONFIG", paths[CONF], 1) == 0;
    victim = fork();
    if (victim == 0)
        for (;;)
            (void)pause();
    return (ok && victim > 0) ? 0 : -1;
}

static int
clean_up(void **state)
{
    (void)state;
    (void)kill(victim, SIGKILL);
    (void)waitpid(victim, NULL, 0);
    (void)unlink(file);
    remove_system();
    return rmdir(place);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quiet),
        cmocka_unit_test(test_sockets),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_terminal),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_krb5_conf),
        cmocka_unit_test(test_shared_directory),
    };

    return cmocka_run_group_tests_name("sandbox", tests, set_up, clean_up);
}
#endif
