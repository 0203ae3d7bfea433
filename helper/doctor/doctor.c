/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* doctor.c - gss-winrm doctor: the table of checks, and the verdict. */
#define _GNU_SOURCE
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <curl/curl.h>

#include "helper/console/console.h"
#include "helper/doctor/command.h"
#include "helper/doctor/verdict.h"
#include "helper/doctor/web.h"
#include "helper/doctor/mechprobe.h"
#include "plugin/base/strlist.h"
#include "plugin/credssp/gsserr.h"

#define TLS_PORT 5986

static const struct option options[] = {
    { "port", required_argument, NULL, 'p' },
    { "client", required_argument, NULL, 'c' },
    CLI_JSON, CLI_HELP, CLI_END
};

/* In this order; the certificate before what is asked through it. */
static const struct check {
    const char *name;           /* for programs */
    const char *label;
    void (*run)(struct doctor *d);
} checks[] = {
    { "krb5.conf", "krb5.conf", check_conf },
    { "mech.d", "mech.d", check_mech },
    { "tickets", "Tickets", check_tickets },
    { "name", "Name", check_name },
    { "localhost", "Localhost", check_localhost },
    { "services", "Services", check_services },
    { "accounts", "Accounts", check_accounts },
    { "ports", "Ports", check_ports },
    { "certificate", "Certificate", check_certificate },
    { "schemes", "Schemes", check_schemes },
    { "authentication", "Login", check_authentication },
    { "programs", "Programs", check_programs },
    { "clock", "Clock", check_clock },
    { "client", "Client", check_client },
};

static const char *const variables[] = {
    "GSS_USE_PROXY", "GSS_WINRM", "GSS_MECH_CONFIG"
};

/* This process uses krb5 as it is: no plugin, no proxy. */
static void
leave_out_mechanisms(struct doctor *d)
{
    const char *value;
    size_t i;

    for (i = 0; i < 3; i++) {
        value = getenv(variables[i]);
        d->environment[i] = (value != NULL && *value != '\0') ?
            strdup(value) : NULL;
    }
    (void)setenv("GSS_MECH_CONFIG", "/dev/null", 1);
    (void)unsetenv("GSS_USE_PROXY");
}

static int
set_up(struct doctor *d, struct cs_error *err)
{
    long code;
    int ret;

    ret = web_limits(&d->limits, err);
    if (ret == 0)
        ret = hc_host_load(d->host, &d->conf, err);
    if (ret != 0)
        return ret;
    if (d->port == 0)
        d->port = d->conf->policy->ports[0];
    d->tls = d->port == TLS_PORT;
    code = krb5_init_context(&d->k5);
    if (code == 0)
        code = krb5_get_profile(d->k5, &d->profile);
    if (code != 0)
        return cs_krb5_conf_fail(code, err);
    d->checks = json_array();
    return d->checks != NULL ? 0 : cs_nomem(err);
}

static void
tear_down(struct doctor *d)
{
    size_t i;

    candidates_free(d);
    accounts_free(d);
    dir_close(&d->dir);
    for (i = 0; i < 3; i++)
        free(d->environment[i]);
    gw_strlist_free(d->addresses);
    claims_free(d);
    char *texts[] = {
        d->mech_file, d->mech_module, d->mech_why, d->seen.plugin,
        d->seen.sent, d->seen.why, d->dir_realm, d->user, d->user_realm,
        d->user_cache, d->dns_name,
        d->reverse, d->krb5_name, d->realm, d->resembling, d->dir_why,
        d->port_why, d->certificate_why
    };
    for (i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        free(texts[i]);
    if (d->cache != NULL)
        (void)krb5_cc_destroy(d->k5, d->cache);
    if (d->profile != NULL)
        profile_release(d->profile);
    krb5_free_context(d->k5);
    hc_host_free(&d->conf);
    hc_gateway_free(&d->limits);
    mechprobe_end(&d->witness);
    json_decref(d->checks);
}

static void
run_checks(struct doctor *d)
{
    size_t i;

    for (i = 0; i < sizeof(checks) / sizeof(*checks); i++) {
        d->label = checks[i].label;
        d->current = json_pack("{s:s, s:[]}", "check", checks[i].name,
                               "found");
        checks[i].run(d);
        (void)json_array_append_new(d->checks, d->current);
        d->current = NULL;
    }
}

static int
examine(struct doctor *d)
{
    const struct verdict *v;
    char title[300];

    if (!d->quiet) {
        (void)snprintf(title, sizeof(title), "%s, port %u", d->host,
                       (unsigned int)d->port);
        output_title(OUTPUT_NOTE, title);
        say_lines(stdout, "\n");
    }
    run_checks(d);
    v = verdict_find(d);
    if (d->quiet)
        cli_print_json(json_pack("{s:s, s:i, s:O, s:o}", "host", d->host,
                                 "port", (int)d->port, "checks", d->checks,
                                 "verdict", verdict_json(d, v)));
    else
        verdict_print(d, v);
    return (int)v->class;
}

static int
port_of(const char *text)
{
    char *end;
    long n = strtol(text, &end, 10);

    return (*end == '\0' && end != text && n > 0 && n <= UINT16_MAX) ?
        (int)n : 0;
}

int
doc_doctor(int argc, char **argv)
{
    struct doctor d;
    struct cs_error err;
    char *host = NULL, *bad = NULL;
    int c, ret;

    memset(&d, 0, sizeof(d));
    while ((c = cli_option(argc, argv, ":hp:c:", options)) != -1) {
        if (c == 'c')
            d.client = optarg;
        else if ((d.port = port_of(optarg)) == 0)
            bad = optarg;
    }
    if (bad != NULL)
        return cli_usage(argv[0], "%s is not a port", bad);
    if (argc - optind != 1)
        return cli_usage(argv[0], "one HOST[:PORT] is required");
    uint16_t port;
    if (cli_host_port(argv[optind], &host, &port) != 0)
        return cli_usage(argv[0], "%s is not HOST or HOST:PORT",
                         argv[optind]);
    if (d.port == 0)
        d.port = port;
    d.host = host;
    d.quiet = cli_wants_json();
    d.witness = mechprobe_start();
    leave_out_mechanisms(&d);
    output_init();
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    ret = set_up(&d, &err);
    ret = ret == 0 ? examine(&d) : err.code == CS_USAGE ?
        cli_fail_as(CLI_USAGE, &err) : cli_fail(&err);
    tear_down(&d);
    free(host);
    return ret;
}
