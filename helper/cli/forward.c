/* forward.c - gss-winrm forward: a gateway in the foreground for one host. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "conf.h"

#define DEFAULT_LISTEN "127.0.0.1:5985"
#define READY_MAX 256           /* bytes of "ADDRESS:PORT\n" */

static const struct option options[] = {
    { "listen", required_argument, NULL, 'L' },
    CLI_HELP, CLI_END
};

/* "[ADDRESS:]PORT" as "ADDRESS:PORT" in new memory, or NULL. */
static char *
listen_address(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    char *address;

    if (text[digits] != '\0')
        return (strchr(text, ':') != NULL) ? strdup(text) : NULL;
    if (digits == 0 || asprintf(&address, "127.0.0.1:%s", text) < 0)
        return NULL;
    return address;
}

/* Refuse here what the gateway would refuse at the first request. */
static int
check_target(const char *host, uint16_t port)
{
    struct hc_host *h;
    struct cs_error err;
    int ret;

    ret = hc_host_load(host, &h, &err);
    if (ret == 0 && !h->reachable)
        ret = cs_fail(&err, CS_POLICY, "krb5.conf does not let the gateway "
                      "reach %s: add it to [appdefaults] winrm, gateway = { "
                      "targets = ... } (gss-winrm.conf(5))", h->host);
    else if (ret == 0 && port != 0 && !hc_port_ok(h, port))
        ret = cs_fail(&err, CS_POLICY, "port %u of %s is not one of WinRM's "
                      "(krb5.conf: ports)", port, h->host);
    hc_host_free(&h);
    return (ret != 0) ? cli_fail(&err) : 0;
}

/* In a process of its own: when the gateway listens, say where. */
static void
announce(int fd, const char *target)
{
    char ready[READY_MAX + 1], *end;
    size_t len = 0;
    ssize_t n;

    while ((n = read(fd, ready + len, READY_MAX - len)) > 0)
        len += n;
    ready[len] = '\0';
    end = strchr(ready, '\n');
    if (end == NULL)
        return;                 /* it has said why */
    *end = '\0';
    say_line(stdout, "http://%s/wsman is %s now.  Ctrl-C ends it.", ready,
             target);
    (void)fflush(stdout);
}

/* Start the announcer as nobody's child: the gateway takes the place of this
 * process and must not find one that it does not know.  Returns the ready
 * descriptor, or -1. */
static int
start_announcer(const char *target)
{
    int fds[2];
    pid_t pid;

    if (pipe(fds) != 0)
        return -1;
    (void)fflush(NULL);
    pid = fork();
    if (pid == 0) {
        (void)close(fds[1]);
        if (fork() == 0)
            announce(fds[0], target);
        _exit(0);
    }
    (void)close(fds[0]);
    if (pid == -1) {
        (void)close(fds[1]);
        return -1;
    }
    (void)cli_wait(pid);
    return fds[1];
}

static int
become_gateway(char *address, char *target)
{
    char *path = cli_program("gss-winrm-gateway"), number[16];
    char listen[] = "--listen", fixed[] = "--target", ready[] = "--ready-fd";
    char *argv[] = { path, listen, address, fixed, target, ready, number,
                     NULL };
    int fd;

    if (path == NULL)
        return CLI_FAILED;
    fd = start_announcer(target);
    if (fd != -1) {
        (void)snprintf(number, sizeof(number), "%d", fd);
        (void)execv(path, argv);
    }
    cli_error("%s cannot be run: %s", path, strerror(errno));
    free(path);
    return CLI_FAILED;
}

/* The address is this machine's; that name may not be. */
static void
warn_of_name(const char *host)
{
    char *name;

    if (asprintf(&name, "%s.localhost", host) < 0)
        return;
    if (cli_warn_of_name(name))
        cli_error("use the address for the program, and not that name");
    free(name);
}

int
cli_forward(int argc, char **argv)
{
    const char *where = DEFAULT_LISTEN;
    struct bl_link *link = NULL;
    char *host = NULL, *address = NULL;
    uint16_t port;
    int ret;

    while (cli_option(argc, argv, ":h", options) != -1)
        where = optarg;
    if (argc - optind != 1)
        return cli_usage(argv[0], "it needs one HOST[:PORT]");
    if (cli_host_port(argv[optind], &host, &port) != 0)
        return cli_usage(argv[0], "%s is not HOST or HOST:PORT",
                         argv[optind]);
    address = listen_address(where);
    if (address == NULL)
        ret = cli_usage(argv[0], "%s is not PORT or ADDRESS:PORT", where);
    else
        ret = check_target(host, port);
    if (ret == 0)
        ret = cli_broker(1, &link);
    bl_close(&link);
    if (ret == 0)
        warn_of_name(host);
    if (ret == 0)
        ret = become_gateway(address, argv[optind]);
    free(address);
    free(host);
    return ret;
}
