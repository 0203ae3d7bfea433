/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* logout.c - gss-winrm logout: the broker forgets. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/cli/cli.h"

static const struct option options[] = {
    { "all", no_argument, NULL, 'A' },
    CLI_JSON, CLI_HELP, CLI_END
};

/* The one credential that there is, in new memory. */
static int
only_name(struct bl_link *link, char **name, struct cs_error *err)
{
    const struct bp_message *m;
    int ret = bl_status(link, &m, err);

    *name = NULL;
    if (ret != 0)
        return ret;
    if (m->ncredentials == 0)
        return cs_fail(err, CS_USAGE, "the broker has no credential");
    if (m->ncredentials > 1)
        return cs_fail(err, CS_USAGE, "the broker has %u credentials: name "
                       "one (`gss-winrm status' lists them), or use --all",
                       m->ncredentials);
    *name = strndup((const char *)m->credentials[0].name.p,
                    m->credentials[0].name.len);
    return (*name == NULL) ? cs_nomem(err) : 0;
}

static void
print_result(const char *name)
{
    struct cs_span span = { (const uint8_t *)name, name != NULL ?
                            strlen(name) : 0 };
    json_t *object;

    if (cli_wants_json() && (object = json_object()) != NULL) {
        if (name != NULL)
            cli_set_text(object, "forgotten", span);
        else
            (void)json_object_set_new(object, "forgotten",
                                      json_string("all"));
        cli_print_json(object);
    } else {
        say_line(stdout, "Forgotten: %s.", name == NULL ? "all" : name);
    }
}

int
cli_logout(int argc, char **argv)
{
    struct bl_link *link = NULL;
    struct cs_error err;
    char *name = NULL;
    int all = 0, c, ret;

    while ((c = cli_option(argc, argv, ":h", options)) != -1)
        all |= c == 'A';
    if (argc - optind > 1 || (all && argc > optind))
        return cli_usage(argv[0], "give one NAME, or --all");
    ret = cli_broker(0, &link);
    if (ret != 0)
        return ret;
    if (argv[optind] != NULL)
        ret = (name = strdup(argv[optind])) == NULL ? cs_nomem(&err) : 0;
    else if (!all)
        ret = only_name(link, &name, &err);
    if (ret == 0)
        ret = bl_logout(link, name, &err);
    if (ret == 0)
        print_result(name);
    else
        ret = cli_fail(&err);
    bl_close(&link);
    free(name);
    return ret;
}
