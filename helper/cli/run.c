/*
 * run.c - gss-winrm run: a command with a gateway of its own.
 *
 * The command is in our place: signals that are sent to us go to it, and we
 * end as it does.  The gateway is in a process group apart, so that the
 * terminal's signals do not end it before the command.
 */
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
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

#define READY_SECONDS 30
#define END_SECONDS 5
#define READY_MAX 256           /* bytes of "ADDRESS:PORT\n" */

static const struct option options[] = { CLI_HELP, CLI_END };

/* Those that are passed on.  SIGTSTP and the like are not ours to handle: the
 * terminal stops both of us. */
static const int passed_on[] = {
    SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH,
    SIGCONT
};

struct run {
    pid_t gateway, command;
    char proxy[READY_MAX + 16]; /* "http://127.0.0.1:34567" */
};

/* --- The gateway --- */

static pid_t
spawn_gateway(char *path, int ready)
{
    char listen[] = "--listen", any[] = "127.0.0.1:0";
    char option[] = "--ready-fd", number[16];
    char *argv[] = { path, listen, any, option, number, NULL };
    pid_t parent = getpid(), pid;

    (void)snprintf(number, sizeof(number), "%d", ready);
    (void)fflush(NULL);
    pid = fork();
    if (pid != 0)
        return pid;
    (void)setpgid(0, 0);
    /* Whatever ends us, it must not stay. */
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    if (getppid() != parent)
        _exit(CLI_RUN_FAILED);
    (void)execv(path, argv);
    cli_error("%s cannot be run: %s", path, strerror(errno));
    _exit(CLI_RUN_FAILED);
}

/* "ADDRESS:PORT\n" when it listens.  0 or -1. */
static int
read_ready(int fd, char *buf, size_t size)
{
    struct pollfd p = { fd, POLLIN, 0 };
    size_t len = 0;
    ssize_t n;
    int ready;

    while (len < size - 1) {
        ready = poll(&p, 1, READY_SECONDS * 1000);
        if (ready == -1 && errno == EINTR)
            continue;
        n = (ready == 1) ? read(fd, buf + len, size - 1 - len) : -1;
        if (n <= 0)
            break;
        len += n;
        if (memchr(buf, '\n', len) != NULL)
            break;
    }
    buf[len] = '\0';
    n = strcspn(buf, "\n");
    if (buf[n] != '\n')
        return -1;
    buf[n] = '\0';
    return 0;
}

static void
end_gateway(struct run *r)
{
    struct timespec pause = { 0, 10L * 1000 * 1000 };
    int i;

    if (r->gateway <= 0)
        return;
    (void)kill(r->gateway, SIGTERM);
    for (i = 0; i < END_SECONDS * 100; i++) {
        if (waitpid(r->gateway, NULL, WNOHANG) != 0)
            return;
        (void)nanosleep(&pause, NULL);
    }
    (void)kill(r->gateway, SIGKILL);
    (void)cli_wait(r->gateway);
}

static int
start_gateway(struct run *r)
{
    char *path = cli_program("gss-winrm-gateway"), where[READY_MAX];
    int fds[2], ret = -1;

    if (path == NULL || pipe(fds) != 0) {
        free(path);
        return -1;
    }
    (void)fcntl(fds[0], F_SETFD, FD_CLOEXEC);
    r->gateway = spawn_gateway(path, fds[1]);
    (void)close(fds[1]);
    if (r->gateway != -1)
        ret = read_ready(fds[0], where, sizeof(where));
    (void)close(fds[0]);
    free(path);
    if (ret == 0) {
        (void)snprintf(r->proxy, sizeof(r->proxy), "http://%s", where);
        return 0;
    }
    cli_error("the gateway, gss-winrm-gateway, did not start (what it said is "
              "above)");
    end_gateway(r);
    return -1;
}

/* --- The command --- */

/* In the child. */
static void
become_command(const struct run *r, char **argv, const sigset_t *mask)
{
    int missing;

    if (setenv("http_proxy", r->proxy, 1) != 0 ||
        setenv("HTTP_PROXY", r->proxy, 1) != 0)
        _exit(CLI_RUN_FAILED);
    (void)sigprocmask(SIG_SETMASK, mask, NULL);
    (void)execvp(argv[0], argv);
    missing = errno == ENOENT;
    cli_error("%s cannot be run: %s", argv[0], strerror(errno));
    _exit(missing ? 127 : 126);
}

/* Did somebody send it to us alone?  The terminal sends to the command too. */
static int
is_ours(const siginfo_t *info)
{
    return info->si_code != SI_KERNEL;
}

/* Look for children that have ended.  1 when the command is one of them. */
static int
reap(struct run *r, int *status)
{
    int gone;

    if (r->gateway > 0 && waitpid(r->gateway, &gone, WNOHANG) ==
        r->gateway) {
        cli_error("the gateway has ended%s; the command goes on without it",
                  WIFEXITED(gone) && WEXITSTATUS(gone) == CLI_NO_BROKER ?
                  " because the broker is gone" : "");
        r->gateway = -1;
    }
    return waitpid(r->command, status, WNOHANG) == r->command;
}

/* Pass signals on until the command ends.  Its wait status. */
static int
wait_for_command(struct run *r, const sigset_t *set)
{
    siginfo_t info;
    int status, number;

    for (;;) {
        number = sigwaitinfo(set, &info);
        if (number == SIGCHLD) {
            if (reap(r, &status))
                return status;
        } else if (number != -1 && is_ours(&info)) {
            (void)kill(r->command, number);
        }
    }
}

/* End as the command did. */
static int
end_as(int status)
{
    struct rlimit none = { 0, 0 };
    sigset_t one;
    int number;

    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    number = WTERMSIG(status);
    (void)setrlimit(RLIMIT_CORE, &none);        /* one core is enough */
    (void)signal(number, SIG_DFL);
    (void)sigemptyset(&one);
    (void)sigaddset(&one, number);
    (void)raise(number);
    (void)sigprocmask(SIG_UNBLOCK, &one, NULL);
    return 128 + number;
}

static int
run_command(struct run *r, char **argv)
{
    sigset_t set, old;
    size_t i;
    int status;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGCHLD);
    for (i = 0; i < sizeof(passed_on) / sizeof(*passed_on); i++)
        (void)sigaddset(&set, passed_on[i]);
    (void)sigprocmask(SIG_BLOCK, &set, &old);
    (void)fflush(NULL);
    r->command = fork();
    if (r->command == 0)
        become_command(r, argv, &old);
    if (r->command == -1) {
        cli_error("%s cannot be run: %s", argv[0], strerror(errno));
        end_gateway(r);
        return CLI_RUN_FAILED;
    }
    status = wait_for_command(r, &set);
    end_gateway(r);
    return end_as(status);
}

/* A variable that may keep the command from using the gateway. */
static void
warn_of_no_proxy(void)
{
    static const char *const names[] = { "no_proxy", "NO_PROXY" };
    const char *value;
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
        value = getenv(names[i]);
        if (value != NULL && value[strspn(value, " ,")] == '*')
            cli_error("%s=%s: most programs will not use the gateway",
                      names[i], value);
    }
}

int
cli_run(int argc, char **argv)
{
    struct run r = { -1, -1, "" };
    struct bl_link *link = NULL;

    (void)cli_option(argc, argv, "+:h", options);
    if (argc == optind) {
        (void)cli_usage(argv[0], "it needs a COMMAND");
        return CLI_RUN_FAILED;
    }
    if (cli_broker(1, &link) != 0)
        return CLI_RUN_FAILED;
    bl_close(&link);
    warn_of_no_proxy();
    cli_warn_of_arguments(argv + optind);
    if (start_gateway(&r) != 0)
        return CLI_RUN_FAILED;
    return run_command(&r, argv + optind);
}
