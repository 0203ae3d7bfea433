/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* forward.c - gss-winrm forward: a gateway in the foreground for one host. */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/cli/cli.h"
#include "helper/common/conf.h"
#include "helper/cli/keeper.h"

#define LOOPBACK "127.0.0.1"
#define PORT "5985"

/* What ends it. */
static const int endings[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

static const struct option options[] = {
    { "listen", required_argument, NULL, 'L' },
    CLI_HELP, CLI_END
};

/* "[ADDRESS:]PORT".  *host is new memory.  0 or -1. */
static int
listen_address(const char *text, char **host, uint16_t *port)
{
    size_t digits = strspn(text, "0123456789");
    char *address;
    int ret;

    *host = NULL;
    if (digits == 0 && strchr(text, ':') == NULL)
        return -1;
    if (asprintf(&address, "%s%s", text[digits] == '\0' ? LOOPBACK ":" : "",
                 text) < 0)
        return -1;
    /* Any port, which a host has none of. */
    digits = strlen(address) - 2;
    if (strcmp(address + digits, ":0") == 0 &&
        (strchr(address, ':') == address + digits ||
         address[digits - 1] == ']'))
        address[digits] = '\0';
    ret = cli_host_port(address, host, port);
    free(address);
    return ret;
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
                      "connect to %s: add it to [appdefaults] winrm, gateway "
                      "= { targets = ... } (gss-winrm.conf(5))", h->host);
    else if (ret == 0 && port != 0 && !hc_port_ok(h, port))
        ret = cs_fail(&err, CS_POLICY, "port %u of %s is not one of WinRM's "
                      "(krb5.conf: ports)", port, h->host);
    hc_host_free(&h);
    return (ret != 0) ? cli_fail(&err) : 0;
}

/* Until somebody ends it, or it ends for good. */
static int
serve(struct cli_gateway *g, const char *target)
{
    struct signalfd_siginfo info = { 0 };
    int ret = 0;

    say_line(stdout, "http://%s/wsman now leads to %s.  Press Ctrl-C to stop.",
             g->where,
             target);
    (void)fflush(stdout);
    while (ret == 0 && (info.ssi_signo == 0 || info.ssi_signo == SIGCHLD))
        ret = cli_gateway_wait(g, &info);
    cli_gateway_end(g);
    return ret == 0 ? CLI_OK : CLI_FAILED;
}

/* The address is this machine's; that name may not be. */
static void
warn_of_name(const char *host)
{
    char *name;

    if (asprintf(&name, "%s.localhost", host) < 0)
        return;
    if (cli_warn_of_name(name))
        cli_error("give the program the address, not that name");
    free(name);
}

int
cli_forward(int argc, char **argv)
{
    struct cli_gateway g = CLI_GATEWAY_INIT;
    const char *where = PORT;
    struct bl_link *link = NULL;
    char *host = NULL, *address = NULL;
    uint16_t port, local = 0;
    sigset_t mask;
    int ret;

    while (cli_option(argc, argv, ":h", options) != -1)
        where = optarg;
    if (argc - optind != 1)
        return cli_usage(argv[0], "one HOST[:PORT] is required");
    if (cli_host_port(argv[optind], &host, &port) != 0)
        return cli_usage(argv[0], "%s is not HOST or HOST:PORT",
                         argv[optind]);
    if (listen_address(where, &address, &local) != 0)
        ret = cli_usage(argv[0], "%s is not PORT or ADDRESS:PORT", where);
    else
        ret = check_target(host, port);
    if (ret == 0)
        ret = cli_broker(1, &link);
    bl_close(&link);
    if (ret == 0)
        warn_of_name(host);
    if (ret == 0)
        ret = cli_gateway_start(&g, address, local, argv[optind], endings,
                                sizeof(endings) / sizeof(*endings), &mask);
    if (ret == 0)
        ret = serve(&g, argv[optind]);
    free(address);
    free(host);
    return ret;
}
