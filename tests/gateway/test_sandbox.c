/* test_sandbox.c - what a gateway that has been taken over can still do. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cs_hex.h"
#include "sandbox.h"

/* What goes wrong stops a sandbox that cannot be left; so each attempt is made
 * by a process of its own, and 0 means that it came to nothing. */
typedef int attempt(void);

#define SETUP_FAILED 99

static char place[] = "/tmp/test_sandbox.XXXXXX", file[64];
static pid_t victim;
static int landlock;

static int
in_sandbox(attempt *try)
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
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Did it fail, and as it should? */
static int
refused(long ret, int want)
{
    return (ret == -1 && errno == want) ? 0 : 1;
}

/* --- Sockets --- */

static int
unix_socket(void)
{
    return refused(socket(AF_UNIX, SOCK_STREAM, 0), EACCES) |
        refused(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), EACCES);
}

/* The kernel looks at 32 bits of the domain. */
static int
wide_unix_socket(void)
{
    return refused(syscall(SYS_socket, AF_UNIX | 1L << 32, SOCK_STREAM, 0),
                   EACCES) |
        refused(syscall(SYS_socket, AF_UNIX | 7L << 60, SOCK_STREAM, 0),
                EACCES);
}

static int
pair_of_datagrams(void)
{
    int pair[2];

    return refused(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), EACCES) |
        refused(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair),
                EACCES);
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
    assert_int_equal(in_sandbox(what_it_needs), 0);
    assert_int_equal(in_sandbox(threads), 0);
}

/* --- Others --- */

static int
processes(void)
{
    return refused(fork(), EPERM) | refused(syscall(SYS_clone, SIGCHLD, 0),
                                            EPERM);
}

static int
programs(void)
{
    return refused(execl("/bin/true", "true", (char *)NULL), EPERM);
}

static int
signals(void)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return SETUP_FAILED;
    return refused(kill(victim, SIGTERM), EPERM) |
        refused(syscall(SYS_tgkill, victim, victim, SIGTERM), EPERM) |
        refused(fcntl(pair[0], F_SETOWN, victim), EPERM) |
        (syscall(SYS_tgkill, getpid(), getpid(), 0) != 0);
}

static int
limits(void)
{
    struct rlimit second = { 1, 1 };

    return refused(prlimit(victim, RLIMIT_CPU, &second, NULL), EPERM);
}

static void
test_others(void **state)
{
    (void)state;
    assert_int_equal(in_sandbox(processes), 0);
    if (getenv("GW_VALGRIND") == NULL)
        assert_int_equal(in_sandbox(programs), 0);
    else
        print_message("# no execve: valgrind dies of one that fails\n");
    assert_int_equal(in_sandbox(signals), 0);
    assert_int_equal(in_sandbox(limits), 0);
    assert_int_equal(kill(victim, 0), 0);
}

/* --- Files --- */

static int
changes(void)
{
    return (truncate(file, 0) == 0) | refused(chmod(file, 0777), EPERM);
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

static int
set_up(void **state)
{
    int fd, ok;

    (void)state;
    if (mkdtemp(place) == NULL)
        return -1;
    (void)snprintf(file, sizeof(file), "%s/file", place);
    fd = open(file, O_WRONLY | O_CREAT | O_EXCL, 0600);
    ok = fd >= 0 && write(fd, "secret", 6) == 6;
    (void)close(fd);
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
    return rmdir(place);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sockets),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_files),
    };

    return cmocka_run_group_tests_name("sandbox", tests, set_up, clean_up);
}
