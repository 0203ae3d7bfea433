/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* main.c - gss-winrm: the table of subcommands. */
#include "config.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "helper/common/apart.h"
#include "helper/cli/cli.h"
#include "helper/configure/configure.h"

const struct cli_command cli_commands[] = {
    { "login", cli_login, "[USER@REALM | DOMAIN\\USER]",
      "give the broker a password to use for you",
      "The default user is that of the default credential cache.  The\n"
      "password is read from the terminal.\n\n"
      "  --lifetime TIME    forget it after TIME: 8h, 90m, 1d12h\n"
      "  --no-check         do not verify it with the domain first\n"
      "  --stdin            read it from standard input, one line\n"
      "  --askpass PROGRAM  run PROGRAM, which prints it\n" },
    { "logout", cli_logout, "[NAME | --all]",
      "make the broker forget a password",
      "NAME is as `gss-winrm status' shows it.  It can be omitted if the\n"
      "broker has only one password.\n\n"
      "  --all              forget all of them\n" },
    { "status", cli_show_status, "[--watch[=TIME] | --prometheus]",
      "show credentials, outcomes and sessions",
      "Shows when credentials expire, the last outcome per host, and the\n"
      "sessions of the gateways.\n\n"
      "  --watch[=TIME]     repeat every 2 seconds, or every TIME\n"
      "  --prometheus       print the gateways' counters for Prometheus\n" },
    { "forward", cli_forward, "HOST[:PORT]",
      "serve that host's WinRM on a local port",
      "For programs without proxy support.  Runs until interrupted.\n\n"
      "  --listen [ADDRESS:]PORT   listen there (default 127.0.0.1:5985);\n"
      "                            port 0 takes any free port\n" },
    { "run", cli_run, "[--] COMMAND [ARGUMENT]...",
      "run a command through a gateway of its own",
      "http_proxy and HTTP_PROXY are set for it.  The exit status is the\n"
      "command's.\n" },
    { "explain", cli_explain, "HOST[:PORT]",
      "show what would happen there, and which line decides it",
      "Reads krb5.conf only; does not use the network.\n" },
    { "doctor", cli_doctor, "HOST[:PORT]",
      "find out why WinRM does not authenticate you", "" },
    { "spn", cli_doctor, "-q SPN | -x [HOST]",
      "ask the domain who owns a service name", "" },
    { "configure", cli_configure, "HOST | .SUFFIX | REALM  KEY=VALUE...",
      "write settings for a host, a suffix or a realm",
      "Shows what changes, and writes it into a file that krb5.conf\n"
      "includes.  KEY= removes a key.  The keys are those of\n"
      "gss-winrm.conf(5).\n\n"
      "  -n, --dry-run      show only\n"
      "  -r, --realm        it is a realm, not a host\n"
      "  -i, --includedir   have krb5.conf include it, where it does not\n"
      "  -f, --file FILE    the file; by default\n"
      "                     /etc/krb5.conf.d/gss-winrm.conf\n" },
    { "enable", cli_enable, "",
      "let programs on this machine use the plugin",
      "Undoes `disable', for programs started from now on.  Needs root.\n\n"
      "  --root DIR         act on the system whose root directory is DIR\n" },
    { "disable", cli_disable, "",
      "keep programs on this machine from using the plugin",
      "Needs root; upgrades leave it off.  (For one process: GSS_WINRM=off.)\n\n"
      "  --root DIR         act on the system whose root directory is DIR\n" },
    { NULL, NULL, NULL, NULL, NULL }
};

static void
print_help(FILE *to)
{
    const struct cli_command *c;

    say_lines(to, "Usage: gss-winrm COMMAND [OPTION]...\n\n"
              "Reach WinRM with Kerberos and CredSSP.\n\n");
    for (c = cli_commands; c->name != NULL; c++)
        say_line(to, "  %-9s %s", c->name, c->summary);
    say_lines(to, "\nSee `gss-winrm COMMAND --help' and gss-winrm(1).\n");
}

int
main(int argc, char **argv)
{
    const struct cli_command *c;

    apart_fill_standard();
    (void)setlocale(LC_CTYPE, "");
    (void)setlocale(LC_TIME, "");
    if (argc < 2) {
        print_help(stderr);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return CLI_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        say_line(stdout, "gss-winrm %s", PACKAGE_VERSION);
        return CLI_OK;
    }
    for (c = cli_commands; c->name != NULL; c++) {
        if (strcmp(c->name, argv[1]) == 0)
            return c->run(argc - 1, argv + 1);
    }
    cli_error("unknown command %s; `gss-winrm --help' lists the commands",
              argv[1]);
    return CLI_USAGE;
}
