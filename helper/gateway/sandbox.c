/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* sandbox.c - give up what the gateway does not need. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cap-ng.h>
#include <linux/landlock.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "helper/wsman/readable.h"
#include "helper/gateway/sandbox.h"
#include "plugin/base/strlist.h"

static int
failed(const char *what, int code, struct cs_error *err)
{
    return cs_fail_errno(err, CS_SYSTEM, code, "sandbox: %s", what);
}

static int
drop_privileges(struct cs_error *err)
{
    struct rlimit none = { 0, 0 };
    int bounds;

    if (setrlimit(RLIMIT_CORE, &none) != 0)
        return failed("RLIMIT_CORE", errno, err);
    if (prctl(PR_SET_DUMPABLE, 0) != 0)
        return failed("PR_SET_DUMPABLE", errno, err);
    if (capng_get_caps_process() != 0)
        return failed("capabilities", EPERM, err);
    bounds = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
    capng_clear(CAPNG_SELECT_ALL);
    /* The bounding set takes this capability to change (without it, libcap-ng
     * 0.8 complains to syslog), and bounds nothing more once there are no new
     * privileges. */
    if (bounds && capng_apply(CAPNG_SELECT_BOUNDS) != 0)
        return failed("bounding set of capabilities", EPERM, err);
    if (capng_apply(CAPNG_SELECT_CAPS) != 0)
        return failed("capabilities", EPERM, err);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return failed("PR_SET_NO_NEW_PRIVS", errno, err);
    return 0;
}

/* --- Landlock --- */

#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define ALL (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
             READ | LANDLOCK_ACCESS_FS_REMOVE_DIR | \
             LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | \
             LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | \
             LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | \
             LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

/* What came later than the header may be: of files; of the network; and what
 * leads out of it, to abstract Unix sockets and by signals. */
#define FS_TRUNCATE (1ULL << 14)        /* since ABI 3 */
#define NET_BIND_TCP (1ULL << 0)        /* 4 */
#define FS_IOCTL_DEV (1ULL << 15)       /* 5 */
#define SCOPE_ABSTRACT_UNIX (1ULL << 0) /* 6 */
#define SCOPE_SIGNAL (1ULL << 1)

/* As the kernel's; one that is older takes it if what it does not know is
 * zero. */
struct ruleset {
    uint64_t files, network, scoped;
};

static int
allow(int ruleset, const char *path, uint64_t access)
{
    struct landlock_path_beneath_attr rule = { access, -1 };
    int fd, ret;

    fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return 0;               /* nothing there to read */
    rule.parent_fd = fd;
    ret = (int)syscall(SYS_landlock_add_rule, ruleset,
                       LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    if (ret != 0) {             /* a file, which has no directory to read */
        rule.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE;
        ret = (int)syscall(SYS_landlock_add_rule, ruleset,
                           LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    }
    close(fd);
    return ret;
}

/* Files to read, and directories. */
static int
allow_readable(int ruleset, const char *const *paths)
{
    int ret = 0;

    for (; *paths != NULL && ret == 0; paths++)
        ret = allow(ruleset, *paths, READ);
    return ret;
}

/* All that this kernel can refuse; nothing without Landlock. */
static struct ruleset
all_accesses(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
                       LANDLOCK_CREATE_RULESET_VERSION);
    struct ruleset all = { 0, 0, 0 };

    if (abi >= 1)
        all.files = ALL;
    if (abi >= 3)
        all.files |= FS_TRUNCATE;
    if (abi >= 4)
        all.network = NET_BIND_TCP;
    if (abi >= 5)
        all.files |= FS_IOCTL_DEV;
    if (abi >= 6)
        all.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
    return all;
}

static int
lock_files(const char *removable, int *landlock, struct cs_error *err)
{
    struct ruleset attr = all_accesses();
    char **paths = NULL;
    int ruleset, ret;

    ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr),
                           0);
    *landlock = ruleset >= 0;
    if (ruleset < 0)            /* ENOSYS, EOPNOTSUPP: not in this kernel */
        return (errno == ENOSYS || errno == EOPNOTSUPP) ? 0 :
            failed("Landlock", errno, err);
    ret = readable_list(&paths, err);
    if (ret != 0)
        goto out;
    ret = allow_readable(ruleset, (const char *const *)paths);
    if (ret == 0)
        ret = allow(ruleset, removable, LANDLOCK_ACCESS_FS_REMOVE_FILE);
    if (ret == 0)
        ret = (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
    if (ret != 0)
        ret = failed("Landlock", errno, err);

out:
    gw_strlist_free(paths);
    close(ruleset);
    return ret;
}

/* --- seccomp --- */

/*
 * A list of what is allowed, not of what is refused: the kernel gets new calls
 * with every version, and each way out of a list of refusals was a call that
 * nobody had thought of.  What is not here does not exist (ENOSYS), for which
 * libraries are prepared, as they run on older kernels.
 *
 * So there are no programs, processes, signals to others, shared memory,
 * message queues, semaphores, priorities, mounts, keys, io_uring, and no
 * changes of files.
 */
static const char *const allowed[] = {
    /* Descriptors that it has. */
    "read", "readv", "pread64", "write", "writev", "close", "lseek", "_llseek",
    "dup", "dup2", "dup3", "pipe", "pipe2", "eventfd2", "poll", "ppoll",
    "ppoll_time64", "select", "_newselect", "pselect6", "pselect6_time64",
    "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait",
    "epoll_pwait2",
    /* Sockets that it may make. */
    "connect", "bind", "accept", "accept4", "getsockname", "getpeername",
    "getsockopt", "setsockopt", "send", "sendto", "sendmsg", "sendmmsg", "recv",
    "recvfrom", "recvmsg", "recvmmsg", "recvmmsg_time64", "shutdown",
    /* Files to read; Landlock says which. */
    "access", "faccessat", "faccessat2", "stat", "stat64", "lstat", "lstat64",
    "fstat", "fstat64", "newfstatat", "fstatat64", "statx", "statfs",
    "statfs64", "fstatfs", "fstatfs64", "getdents", "getdents64", "readlink",
    "readlinkat", "getcwd",
    /* Its memory. */
    "brk", "mmap", "mmap2", "munmap", "mprotect", "mremap", "madvise",
    "mincore", "mlock", "mlock2", "munlock",
    /* Its threads, and signals to itself. */
    "futex", "futex_time64", "set_robust_list", "rseq", "sched_yield",
    "sched_getaffinity", "exit", "exit_group", "rt_sigaction",
    "rt_sigprocmask", "rt_sigreturn", "sigreturn", "sigaltstack",
    "restart_syscall", "wait4", "waitpid",
    /* What it is, and what time. */
    "getpid", "gettid", "getppid", "getuid", "getuid32", "geteuid",
    "geteuid32", "getgid", "getgid32", "getegid", "getegid32", "getresuid",
    "getresuid32", "getresgid", "getresgid32", "getgroups", "getgroups32",
    "getrlimit", "ugetrlimit", "getrusage", "getcpu", "getrandom", "uname",
    "sysinfo", "time", "times", "gettimeofday", "clock_gettime",
    "clock_gettime64", "clock_getres", "clock_getres_time64", "nanosleep",
    "clock_nanosleep", "clock_nanosleep_time64",
};

/* Its sockets for tickets are its own to remove.  Where there is no Landlock,
 * all files would be. */
static const char *const allowed_by_landlock[] = { "unlink", "unlinkat" };

/*
 * A filter sees 64 bits of an argument of which the kernel may take 32, the
 * lower ones: only these are compared, or something above them would make a
 * difference to one and none to the other.
 */
#define BITS(n, mask, value) { n, SCMP_CMP_MASKED_EQ, mask, value }
#define LOW_IS(n, value) BITS(n, UINT32_MAX, value)
#define SOCKET(family, type, protocol) \
    { "socket", 3, { LOW_IS(0, family), BITS(1, 0xF, type), \
                     LOW_IS(2, protocol) } }
#define SOCKETS(family) \
    SOCKET(family, SOCK_STREAM, 0), SOCKET(family, SOCK_STREAM, IPPROTO_TCP), \
    SOCKET(family, SOCK_DGRAM, 0), SOCKET(family, SOCK_DGRAM, IPPROTO_UDP)
#define FCNTL(command) \
    { "fcntl", 1, { LOW_IS(1, command) } }, \
    { "fcntl64", 1, { LOW_IS(1, command) } }
#define TO_READ (O_ACCMODE | O_CREAT | O_TRUNC)
#define NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | \
                    CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
                    CLONE_NEWNET)
#ifdef __s390__
#define FLAGS 1                 /* of clone */
#else
#define FLAGS 0
#endif

static const struct {
    const char *call;
    unsigned int n;
    struct scmp_arg_cmp arg[3];
} allowed_arguments[] = {
    /* The broker is spoken to on channels that the broker makes. */
    SOCKETS(AF_INET), SOCKETS(AF_INET6),
    /* getaddrinfo() asks which addresses the machine has. */
    SOCKET(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE),
    /* libcurl's; datagrams could be connected to something else. */
    { "socketpair", 2, { LOW_IS(0, AF_UNIX), BITS(1, 0xF, SOCK_STREAM) } },
    /* Threads and not processes. */
    { "clone", 1, { BITS(FLAGS, CLONE_THREAD | NAMESPACES, CLONE_THREAD) } },
    /* Nothing to write, also where there is no Landlock. */
    { "open", 1, { BITS(1, TO_READ, O_RDONLY) } },
    { "openat", 1, { BITS(2, TO_READ, O_RDONLY) } },
    /* Its own limits, to look at: the third is a pointer. */
    { "prlimit64", 2, { LOW_IS(0, 0), { 2, SCMP_CMP_EQ, 0, 0 } } },
    /* No owner, to whom the kernel would send a signal; no locks. */
    FCNTL(F_DUPFD), FCNTL(F_DUPFD_CLOEXEC), FCNTL(F_GETFD), FCNTL(F_SETFD),
    FCNTL(F_GETFL), FCNTL(F_SETFL),
    /* Nothing of a terminal: TIOCSTI would type into it. */
    { "ioctl", 1, { LOW_IS(1, FIONBIO) } },
    { "ioctl", 1, { LOW_IS(1, FIONREAD) } },
    { "prctl", 1, { LOW_IS(0, PR_SET_NAME) } },
};

static int
allow_calls(scmp_filter_ctx filter, const char *const *names, size_t n)
{
    int ret = 0, number;
    size_t i;

    for (i = 0; i < n && ret == 0; i++) {
        number = seccomp_syscall_resolve_name(names[i]);
        if (number != __NR_SCMP_ERROR)
            ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
    }
    return ret;
}

static int
allow_arguments(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp self = LOW_IS(0, (scmp_datum_t)getpid());
    int ret = 0, number;
    size_t i;

    for (i = 0; i < sizeof(allowed_arguments) / sizeof(*allowed_arguments) &&
         ret == 0; i++) {
        number = seccomp_syscall_resolve_name(allowed_arguments[i].call);
        if (number != __NR_SCMP_ERROR)
            ret = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number,
                                         allowed_arguments[i].n,
                                         allowed_arguments[i].arg);
    }
    /* abort() signals its own process. */
    return ret != 0 ? ret :
        seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                               &self);
}

static int
add_rules(scmp_filter_ctx filter, int landlock)
{
    int ret;

    /* The calls of i386 and x32 have other numbers: a list of these would say
     * nothing of them.  (A kernel that cannot end the process ends the
     * thread.)  Threads that a library may have are to be confined too. */
    (void)seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH,
                           SCMP_ACT_KILL_PROCESS);
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    ret = allow_calls(filter, allowed, sizeof(allowed) / sizeof(*allowed));
    if (ret == 0 && landlock)
        ret = allow_calls(filter, allowed_by_landlock,
                          sizeof(allowed_by_landlock) /
                          sizeof(*allowed_by_landlock));
    return ret != 0 ? ret : allow_arguments(filter);
}

static int
filter_calls(int landlock, struct cs_error *err)
{
    /* clone3, too: its arguments cannot be seen, so the C library has to use
     * the older one. */
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    int ret;

    if (filter == NULL)
        return cs_nomem(err);
    ret = add_rules(filter, landlock);
    if (ret == 0)
        ret = seccomp_load(filter);
    seccomp_release(filter);
    return (ret == 0) ? 0 : failed("seccomp", -ret, err);
}

int
sandbox_enter(const char *removable, int *landlock, struct cs_error *err)
{
    int ret;

    ret = drop_privileges(err);
    if (ret == 0)
        ret = lock_files(removable, landlock, err);
    return (ret == 0) ? filter_calls(*landlock, err) : ret;
}
