/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * explain.c - gss-winrm explain: what would happen at a host, and why.
 *
 * No network: krb5 is given a first krb5.conf, in memory, that forbids DNS.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <krb5.h>
#include <profile.h>

#include "plugin/bytes/clean.h"
#include "helper/cli/cli.h"
#include "helper/cli/explain.h"
#include "plugin/base/strlist.h"

static const struct option options[] = { CLI_JSON, CLI_HELP, CLI_END };

static const char no_dns[] =
    "[libdefaults]\n"
    " dns_canonicalize_hostname = false\n"
    " dns_lookup_realm = false\n";

/* KRB5_CONFIG: the file at first, then those that count now. */
static int
configure(const char *first)
{
    const char *now = secure_getenv("KRB5_CONFIG");
    char *list;
    int ret;

    if (asprintf(&list, "%s:%s", first, now != NULL && *now != '\0' ? now :
                 "/etc/krb5.conf") < 0)
        return -1;
    ret = setenv("KRB5_CONFIG", list, 1);
    free(list);
    return ret;
}

static int
forbid_dns(void)
{
    int fd = memfd_create("no-dns", 0);
    char path[64];

    if (fd == -1 || write(fd, no_dns, sizeof(no_dns) - 1) == -1)
        return -1;
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return configure(path);
}

/* --- What the trace complains of --- */

/* A file to trace to, unless there is one.  Its descriptor or -1. */
static int
begin_trace(void)
{
    const char *now = secure_getenv("KRB5_TRACE");
    char path[64];
    int fd;

    if (now != NULL && *now != '\0')
        return -1;
    fd = memfd_create("trace", MFD_CLOEXEC);
    if (fd == -1)
        return -1;
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return setenv("KRB5_TRACE", path, 1) == 0 ? fd : -1;
}

/* Lines "[PID] TIME: gss-winrm: krb5.conf, ...", each once. */
static void
add_complaint(json_t *list, const char *line)
{
    static const char mark[] = ": gss-winrm: krb5.conf, ";
    const char *text = strstr(line, mark);
    struct cs_span span;
    json_t *known;
    size_t i;
    char *clean;

    if (text == NULL)
        return;
    span.p = (const uint8_t *)text + sizeof(mark) - 1;
    span.len = strcspn((const char *)span.p, "\n");
    clean = clean_new(span);
    json_array_foreach(list, i, known) {
        if (clean == NULL || strcmp(json_string_value(known), clean) == 0)
            break;
    }
    if (clean != NULL && i == json_array_size(list))
        (void)json_array_append_new(list, json_string(clean));
    free(clean);
}

static json_t *
end_trace(int fd)
{
    json_t *list = json_array();
    char *line = NULL;
    size_t size = 0;
    FILE *f;

    if (fd == -1)
        return list;
    (void)unsetenv("KRB5_TRACE");
    f = fdopen(fd, "r");
    if (f == NULL) {
        (void)close(fd);        /* cppcheck-suppress doubleFree ; not yet */
        return list;
    }
    (void)fseek(f, 0, SEEK_SET);
    while (list != NULL && getline(&line, &size, f) != -1)
        add_complaint(list, line);
    free(line);
    (void)fclose(f);
    return list;
}

/* --- The answer --- */

static json_t *
answer_for(const struct hc_host *host, const struct hc_gateway *gateway,
           uint16_t port)
{
    json_t *o = json_object();

    if (o == NULL)
        return NULL;
    (void)json_object_set_new(o, "host", json_string(host->host));
    (void)json_object_set_new(o, "port", json_integer(port));
    (void)json_object_set_new(o, "realm", host->realm != NULL ?
                              json_string(host->realm) : json_null());
    (void)json_object_set_new(o, "gateway", explain_gateway(host, port));
    (void)json_object_set_new(o, "plugin", explain_plugin(host));
    (void)json_object_set_new(o, "names", explain_names(host, port));
    explain_delegates(o, host, port);
    (void)json_object_set_new(o, "settings", explain_settings(host, gateway));
    return o;
}

/* Would krb5 ask DNS what the host is really called? */
static int
asks_dns(void)
{
    krb5_context context;
    profile_t profile;
    char *value = NULL;
    int asks = 1;

    if (krb5_init_context(&context) != 0)
        return 0;
    if (krb5_get_profile(context, &profile) == 0) {
        if (profile_get_string(profile, "libdefaults",
                               "dns_canonicalize_hostname", NULL, "true",
                               &value) == 0)
            asks = gw_boolean(value) == 1;
        profile_release_string(value);
        profile_release(profile);
    }
    krb5_free_context(context);
    return asks;
}

static int
explain(const char *name, uint16_t port, int dns)
{
    struct hc_gateway *gateway = NULL;
    struct hc_host *host = NULL;
    struct cs_error err;
    json_t *answer;
    int trace = begin_trace(), ret;

    ret = hc_gateway_load(&gateway, &err);
    if (ret == 0)
        ret = hc_host_load(name, &host, &err);
    if (ret != 0) {
        hc_gateway_free(&gateway);
        json_decref(end_trace(trace));
        return cli_fail(&err);
    }
    if (port == 0)
        port = host->policy->ports[0];
    answer = answer_for(host, gateway, port);
    (void)json_object_set_new(answer, "dns", json_boolean(
                              dns && !gw_is_address(host->host)));
    hc_host_free(&host);
    hc_gateway_free(&gateway);
    (void)json_object_set_new(answer, "complaints", end_trace(trace));
    if (cli_wants_json()) {
        cli_print_json(answer);
    } else {
        explain_print(answer);
        json_decref(answer);
    }
    return CLI_OK;
}

int
cli_explain(int argc, char **argv)
{
    char *host = NULL;
    uint16_t port;
    int dns, ret;

    (void)cli_option(argc, argv, ":h", options);
    if (argc - optind != 1)
        return cli_usage(argv[0], "one HOST[:PORT] is required");
    if (cli_host_port(argv[optind], &host, &port) != 0)
        return cli_usage(argv[0], "%s is not HOST or HOST:PORT",
                         argv[optind]);
    dns = asks_dns();
    if (forbid_dns() != 0) {
        cli_error("cannot keep DNS out: %m");
        ret = CLI_FAILED;
    } else {
        ret = explain(host, port, dns);
    }
    free(host);
    return ret;
}
