/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * main.c - gss-winrm-doctor: the subcommands that look at the network.
 *
 * gss-winrm runs it with its own arguments.
 */
#include "config.h"

#include <locale.h>
#include <signal.h>
#include <string.h>

#include "helper/console/console.h"
#include "helper/doctor/command.h"
#include "helper/common/kdcwait.h"
#include "helper/doctor/spn.h"

const struct cli_command cli_commands[] = {
    { "doctor", doc_doctor, "HOST[:PORT]",
      "find out why WinRM does not authenticate you",
      "Checks everything between a program here and WinRM there, and says "
      "what is\nwrong and how to fix it.  Changes nothing.\n\n"
      "  -p, --port PORT        by default krb5.conf's, 5985\n"
      "  -c, --client PROGRAM   also show what the plugin does in PROGRAM, "
      "which is\n"
      "                         not run\n" },
    { "spn", doc_spn, "-q SPN | -x [HOST]",
      "ask the domain who owns a service name",
      "Like setspn -Q and -X.  In SPN, * matches anything.\n\n"
      "  -q, --query SPN        show the owner of SPN\n"
      "  -x, --duplicates       show names registered more than once, at "
      "HOST or in\n"
      "                         the whole domain\n"
      "  -r, --realm REALM      ask REALM, not the realm of the tickets\n" },
    { NULL, NULL, NULL, NULL, NULL }
};

int
main(int argc, char **argv)
{
    const struct cli_command *c;

    /* Servers hang up, and the probe (mechprobe.h) may end; that is for the
     * report.  It holds for the probe too (TLS writes by write()); nothing is
     * exec'd. */
    (void)signal(SIGPIPE, SIG_IGN);
    kdc_wait_bound();
    (void)setlocale(LC_CTYPE, "");
    (void)setlocale(LC_TIME, "");
    for (c = cli_commands; argc > 1 && c->name != NULL; c++) {
        if (strcmp(c->name, argv[1]) == 0)
            return c->run(argc - 1, argv + 1);
    }
    cli_error("gss-winrm-doctor is run by `gss-winrm doctor' and `gss-winrm "
              "spn'");
    return CLI_USAGE;
}
