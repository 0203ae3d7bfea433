/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* status.c - gss-winrm status: credentials, outcomes and sessions. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/cli/cli.h"
#include "helper/common/localnames.h"

static const struct option options[] = {
    { "watch", optional_argument, NULL, 'w' },
    { "prometheus", no_argument, NULL, 'p' },
    CLI_JSON, CLI_HELP, CLI_END
};

#define WATCH_SECONDS 2

static json_t *
outcome_json(uint32_t ntstatus, struct cs_span text)
{
    const char *symbol = cs_ntstatus_name(ntstatus);
    json_t *o;

    if (ntstatus == 0 && text.len == 0)
        return json_null();
    o = json_object();
    if (o == NULL)
        return NULL;
    (void)json_object_set_new(o, "ok", json_boolean(ntstatus == 0));
    (void)json_object_set_new(o, "ntstatus", json_integer(ntstatus));
    if (symbol != NULL)
        (void)json_object_set_new(o, "symbol", json_string(symbol));
    cli_set_text(o, "text", text);
    return o;
}

static json_t *
credential_json(const struct bp_credential *c)
{
    json_t *o = json_object();

    if (o == NULL)
        return NULL;
    cli_set_text(o, "name", c->name);
    cli_set_text(o, "source", c->source);
    (void)json_object_set_new(o, "expires", c->expiry != 0 ?
                              json_integer((json_int_t)c->expiry) :
                              json_null());
    (void)json_object_set_new(o, "uses", json_integer(c->uses));
    (void)json_object_set_new(o, "last", outcome_json(c->ntstatus, c->text));
    return o;
}

static json_t *
host_json(const struct bp_host *h)
{
    json_t *o = json_object();

    if (o == NULL)
        return NULL;
    cli_set_text(o, "host", h->host);
    (void)json_object_set_new(o, "time", json_integer((json_int_t)h->when));
    (void)json_object_set_new(o, "last", outcome_json(h->ntstatus, h->text));
    return o;
}

static void
print_json(const struct bl_link *link, const struct bp_message *m)
{
    json_t *o = json_object(), *credentials = json_array();
    json_t *hosts = json_array();
    uint32_t i;

    for (i = 0; i < m->ncredentials; i++)
        (void)json_array_append_new(credentials,
                                    credential_json(&m->credentials[i]));
    for (i = 0; i < m->nhosts; i++)
        (void)json_array_append_new(hosts, host_json(&m->hosts[i]));
    (void)json_object_set_new(o, "running", json_true());
    (void)json_object_set_new(o, "pid", json_integer(bl_pid(link)));
    (void)json_object_set_new(o, "locked",
                              json_boolean(bl_secrets_locked(link)));
    (void)json_object_set_new(o, "credentials", credentials);
    (void)json_object_set_new(o, "hosts", hosts);
    (void)json_object_set_new(o, "gateways", cli_gateways());
    cli_print_json(o);
}

/* The widest of some names, for a column. */
static int
widest(const struct bp_message *m, int hosts)
{
    uint32_t i, n = hosts ? m->nhosts : m->ncredentials;
    size_t len, most = 4;

    for (i = 0; i < n; i++) {
        len = hosts ? m->hosts[i].host.len : m->credentials[i].name.len;
        if (len > most)
            most = len;
    }
    return (most > 60) ? 60 : (int)most;
}

static void
print_outcome(uint32_t ntstatus, struct cs_span text)
{
    const char *symbol = cs_ntstatus_name(ntstatus);
    const char *p = (const char *)text.p;
    int len = (int)text.len;

    if (ntstatus == 0 && len == 0)
        say_line(stdout, "-");
    else if (ntstatus == 0)
        say_line(stdout, "%.*s", len, p);
    else if (symbol != NULL && len == 0)
        say_line(stdout, "%s: %s", symbol, cs_ntstatus_text(ntstatus));
    else if (symbol != NULL)
        say_line(stdout, "%s: %.*s", symbol, len, p);
    else
        say_line(stdout, "0x%08X: %.*s", ntstatus, len, p);
}

static void
print_credentials(const struct bp_message *m)
{
    int width = widest(m, 0);
    const struct bp_credential *c;
    char when[128];

    say_lines(stdout, "\n");
    say_line(stdout, "%-*s  %-10s %-36s %5s  %s", width, "NAME", "SOURCE",
             "UNTIL", "USES", "LAST");
    for (c = m->credentials; c < m->credentials + m->ncredentials; c++) {
        if (c->expiry != 0)
            cli_time_text(c->expiry, when, sizeof(when));
        else
            (void)snprintf(when, sizeof(when), "-");
        say(stdout, "%-*.*s  %-10.*s %-36s %5u  ", width, (int)c->name.len,
            (const char *)c->name.p, (int)c->source.len,
            (const char *)c->source.p, when, c->uses);
        print_outcome(c->ntstatus, c->text);
    }
}

static void
print_hosts(const struct bp_message *m)
{
    int width = widest(m, 1);
    const struct bp_host *h;
    char when[128];

    say_lines(stdout, "\n");
    say_line(stdout, "%-*s  %-36s %s", width, "HOST", "WHEN", "LAST");
    for (h = m->hosts; h < m->hosts + m->nhosts; h++) {
        cli_time_text(h->when, when, sizeof(when));
        say(stdout, "%-*.*s  %-36s ", width, (int)h->host.len,
            (const char *)h->host.p, when);
        print_outcome(h->ntstatus, h->text);
    }
}

/* Programs that know no proxy find a gateway by such a name. */
static void
print_warning(void)
{
    char *warning = local_names_warning("NAME.localhost");

    if (warning != NULL)
        say_line(stdout, "%s", warning);
    free(warning);
}

static void
print_text(const struct bl_link *link, const struct bp_message *m)
{
    json_t *gateways;

    say_line(stdout, "The broker is running (pid %u); its secrets are %s.",
             bl_pid(link), bl_secrets_locked(link) ? "in locked memory" :
             "NOT in locked memory (raise RLIMIT_MEMLOCK)");
    if (m->ncredentials == 0)
        say_line(stdout, "It has no credential: `gss-winrm login' gives it "
                 "one.");
    else
        print_credentials(m);
    if (m->nhosts > 0)
        print_hosts(m);
    gateways = cli_gateways();
    cli_print_gateways(gateways);
    if (json_array_size(gateways) > 0)
        print_warning();
    json_decref(gateways);
}

/* Once. */
static int
show(void)
{
    const struct bp_message *m;
    struct bl_link *link = NULL;
    struct cs_error err;
    int ret;

    ret = cli_broker(0, &link);
    if (ret != 0)
        return ret;
    ret = bl_status(link, &m, &err);
    if (ret != 0)
        ret = cli_fail(&err);
    else if (cli_wants_json())
        print_json(link, m);
    else
        print_text(link, m);
    bl_close(&link);
    return ret;
}

/* The broker need not run for that. */
static int
show_metrics(void)
{
    json_t *gateways = cli_gateways();

    cli_print_prometheus(gateways);
    json_decref(gateways);
    return CLI_OK;
}

/* Until it is interrupted: on a terminal in one place, else one below the
 * other. */
static int
watch(unsigned int seconds)
{
    for (;;) {
        if (isatty(STDOUT_FILENO) && !cli_wants_json())
            say_control(stdout, "\033[H\033[2J");
        (void)show();
        (void)fflush(stdout);
        if (ferror(stdout))
            return CLI_FAILED;
        (void)sleep(seconds);
    }
}

int
cli_show_status(int argc, char **argv)
{
    int option, metrics = 0;
    uint32_t seconds = 0;

    while ((option = cli_option(argc, argv, ":h", options)) != -1) {
        if (option == 'p') {
            metrics = 1;
            continue;
        }
        seconds = (optarg != NULL) ? cli_duration(optarg) : WATCH_SECONDS;
        if (seconds == 0)
            return cli_usage(argv[0], "%s is not a time", optarg);
    }
    if (argc > optind)
        return cli_usage(argv[0], "it takes no arguments");
    if (metrics)
        return show_metrics();
    return (seconds != 0) ? watch(seconds) : show();
}
