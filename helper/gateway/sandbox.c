/* sandbox.c - giving up what the gateway does not need. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cap-ng.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "sandbox.h"

static int
failed(const char *what, int code, struct cs_error *err)
{
    return cs_fail(err, CS_SYSTEM, "sandbox: %s: %s", what, strerror(code));
}

static int
drop_privileges(struct cs_error *err)
{
    struct rlimit none = { 0, 0 };

    if (setrlimit(RLIMIT_CORE, &none) != 0)
        return failed("RLIMIT_CORE", errno, err);
    if (prctl(PR_SET_DUMPABLE, 0) != 0)
        return failed("PR_SET_DUMPABLE", errno, err);
    capng_clear(CAPNG_SELECT_ALL);
    /* The bounding set takes a capability to change, and bounds nothing more
     * once there are no new privileges. */
    (void)capng_apply(CAPNG_SELECT_BOUNDS);
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

/* Libraries, certificates, and what answers questions about names. */
static const char *const readable[] = {
    "/etc", "/usr", "/lib", "/lib64", "/dev/urandom", "/dev/null",
    "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager",
    "/proc/self", "/proc/sys"
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

/* krb5.conf is read again when it has changed: the directories, since a file
 * is replaced by renaming another. */
static int
allow_list(int ruleset, const char *variable)
{
    const char *value = secure_getenv(variable);
    char *list, *rest, *path;
    int ret = 0;

    if (value == NULL)
        return 0;
    list = strdup(value);
    if (list == NULL)
        return -1;
    for (path = strtok_r(list, ":", &rest); path != NULL && ret == 0;
         path = strtok_r(NULL, ":", &rest))
        ret = allow(ruleset, dirname(path), READ);
    free(list);
    return ret;
}

static int
lock_files(const char *removable, int *landlock, struct cs_error *err)
{
    struct landlock_ruleset_attr attr = { .handled_access_fs = ALL };
    size_t i;
    int ruleset, ret = 0;

    ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr),
                           0);
    *landlock = ruleset >= 0;
    if (ruleset < 0)            /* ENOSYS, EOPNOTSUPP: not in this kernel */
        return (errno == ENOSYS || errno == EOPNOTSUPP) ? 0 :
            failed("Landlock", errno, err);
    for (i = 0; i < sizeof(readable) / sizeof(*readable) && ret == 0; i++)
        ret = allow(ruleset, readable[i], READ);
    if (ret == 0)
        ret = allow(ruleset, removable, LANDLOCK_ACCESS_FS_REMOVE_FILE);
    if (ret == 0)
        ret = allow_list(ruleset, "KRB5_CONFIG");
    if (ret == 0)
        ret = allow_list(ruleset, "GSS_MECH_CONFIG");
    if (ret == 0)
        ret = (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
    if (ret != 0)
        ret = failed("Landlock", errno, err);
    close(ruleset);
    return ret;
}

/* --- seccomp --- */

/* What nothing here calls, and somebody who has taken over would. */
static const char *const refused[] = {
    "execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv",
    "process_vm_writev", "process_madvise", "pidfd_open", "pidfd_getfd",
    "kcmp", "kill", "tkill", "pidfd_send_signal", "rt_sigqueueinfo",
    "rt_tgsigqueueinfo", "perf_event_open", "bpf", "userfaultfd", "unshare",
    "setns", "mount", "umount2", "pivot_root", "chroot", "move_mount",
    "open_tree", "fsopen", "add_key", "request_key", "keyctl",
    "io_uring_setup", "init_module", "finit_module", "kexec_load", "reboot",
    "swapon", "setuid", "setgid", "setreuid", "setregid", "setresuid",
    "setresgid", "personality", "memfd_secret", "name_to_handle_at",
    "open_by_handle_at"
};

static int
add_rules(scmp_filter_ctx filter)
{
    size_t i;
    int ret = 0, number;

    for (i = 0; i < sizeof(refused) / sizeof(*refused) && ret == 0; i++) {
        number = seccomp_syscall_resolve_name(refused[i]);
        if (number != __NR_SCMP_ERROR)
            ret = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0);
    }
    /* The broker is spoken to on channels that the broker makes. */
    if (ret == 0)
        ret = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES),
                               SCMP_SYS(socket), 1,
                               SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0));
    /* Threads and not processes; the arguments of clone3 cannot be seen, so
     * the C library has to use the older one. */
    if (ret == 0)
        ret = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone),
                               1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD,
                                          0));
    if (ret == 0)
        ret = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS),
                               SCMP_SYS(clone3), 0);
    return ret;
}

static int
filter_calls(struct cs_error *err)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int ret;

    if (filter == NULL)
        return cs_nomem(err);
    ret = add_rules(filter);
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
    return (ret == 0) ? filter_calls(err) : ret;
}
