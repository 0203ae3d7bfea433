/*
 * main.c - gss-winrm-doctor: the subcommands that look at the network.
 *
 * gss-winrm runs it with its own arguments.
 */
#include "config.h"

#include <locale.h>
#include <signal.h>
#include <string.h>

#include "cli.h"
#include "command.h"
#include "kdcwait.h"
#include "spn.h"

const struct cli_command cli_commands[] = {
    { "doctor", doc_doctor, "HOST[:PORT]",
      "find out why WinRM does not let you in",
      "Looks at everything between a program here and WinRM there, says what "
      "is wrong\nand how to put it right.  Changes nothing.\n\n"
      "  -p, --port PORT        by default krb5.conf's, 5985\n"
      "  -c, --client PROGRAM   also what the plugin makes of that program, "
      "which is\n"
      "                         not run\n" },
    { "spn", doc_spn, "-q SPN | -x [HOST]",
      "ask the domain who owns a service name",
      "As setspn -Q and -X.  In SPN a * stands for anything.\n\n"
      "  -q, --query SPN        who has it\n"
      "  -x, --duplicates       names that are registered more than once, at "
      "HOST or\n"
      "                         in the whole domain\n"
      "  -r, --realm REALM      another domain than the tickets'\n" },
    { NULL, NULL, NULL, NULL, NULL }
};

int
main(int argc, char **argv)
{
    const struct cli_command *c;

    /* Servers hang up, and the witness may end; that is for the report.  It
     * holds for the witness too (TLS writes by write()); nothing is exec'd. */
    (void)signal(SIGPIPE, SIG_IGN);
    kdc_wait_bound();
    (void)setlocale(LC_CTYPE, "");
    (void)setlocale(LC_TIME, "");
    for (c = cli_commands; argc > 1 && c->name != NULL; c++) {
        if (strcmp(c->name, argv[1]) == 0)
            return c->run(argc - 1, argv + 1);
    }
    cli_error("gss-winrm-doctor is for `gss-winrm doctor' and `gss-winrm "
              "spn' to run");
    return CLI_USAGE;
}
