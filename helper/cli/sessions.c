/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * sessions.c - the sessions of this user's gateways, for gss-winrm status.
 *
 * Each gateway answers at a socket named by its port (PROTOCOL.tickets.md).
 */
#include "config.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "helper/cli/cli.h"
#include "helper/proto/runtime.h"
#include "helper/proto/wire.h"

#define ASK_STATUS 2
#define ANSWER_MAX ((size_t)256 * 1024)         /* bytes */
#define PATIENCE_MS 1000

/* --- Asking --- */

json_t *
cli_gateway_answer(const char *text, size_t len)
{
    json_t *raw = json_loadb(text, len, 0, NULL), *answer = NULL;

    if (json_is_object(raw))
        answer = cli_clean_json(raw);
    json_decref(raw);
    return answer;
}

/* What one gateway says, or NULL: gone, or another user's.  It talks to the
 * network, and what it says ends up on a terminal. */
static json_t *
ask(const char *path)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    struct pollfd wait = { -1, POLLIN, 0 };
    const char question = ASK_STATUS;
    json_t *answer = NULL;
    char *text;
    ssize_t n;

    if (strlen(path) >= sizeof(sun.sun_path))
        return NULL;
    strcpy(sun.sun_path, path);
    text = malloc(ANSWER_MAX);
    wait.fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
                     0);
    if (text != NULL && wait.fd >= 0 &&
        connect(wait.fd, (struct sockaddr *)&sun, sizeof(sun)) == 0 &&
        bp_check_peer(wait.fd, NULL) == 0 &&
        send(wait.fd, &question, 1, MSG_NOSIGNAL) == 1 &&
        poll(&wait, 1, PATIENCE_MS) == 1) {
        n = recv(wait.fd, text, ANSWER_MAX, MSG_DONTWAIT);
        answer = (n > 0) ? cli_gateway_answer(text, (size_t)n) : NULL;
    }
    if (wait.fd >= 0)
        close(wait.fd);
    free(text);
    return answer;
}

static int
is_port(const struct dirent *entry)
{
    return entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
}

json_t *
cli_gateways(void)
{
    struct dirent **entries = NULL;
    char *directory = NULL, *path;
    json_t *list = json_array(), *one;
    int i, n = -1;

    if (rt_socket(0, "gateway", &directory, NULL) == 0)
        n = scandir(directory, &entries, is_port, versionsort);
    for (i = 0; i < n; i++) {
        if (asprintf(&path, "%s/%s", directory, entries[i]->d_name) < 0)
            path = NULL;
        one = (path != NULL) ? ask(path) : NULL;
        if (one != NULL) {
            (void)json_object_set_new(one, "port",
                                      json_integer(atoi(entries[i]->d_name)));
            (void)json_array_append_new(list, one);
        }
        free(path);
        free(entries[i]);
    }
    free(entries);
    free(directory);
    return list;
}

/* --- For people --- */

static const char *
text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return (text != NULL) ? text : "";
}

static long long
number_of(const json_t *object, const char *key)
{
    return (long long)json_integer_value(json_object_get(object, key));
}

/* "1.2 MiB" */
static const char *
size_text(long long bytes, char buf[16])
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
    double value = (double)bytes;
    size_t unit = 0;

    while (value >= 1000 && unit < 4) {
        value /= 1024;
        unit++;
    }
    (void)snprintf(buf, 16, unit == 0 ? "%.0f %s" : "%.1f %s", value,
                   units[unit]);
    return buf;
}

/* "CredSSP 6, Kerberos" */
static void
way_text(const json_t *session, char *buf, size_t size)
{
    long long version = number_of(session, "version");

    if (version != 0)
        (void)snprintf(buf, size, "%s %lld, %s", text_of(session, "way"),
                       version, text_of(session, "mech"));
    else
        (void)snprintf(buf, size, "%s, %s", text_of(session, "way"),
                       text_of(session, "mech"));
}

/* Seconds since then, as far as that can be. */
static uint64_t
age_of(const json_t *session)
{
    long long now = (long long)time(NULL), since = number_of(session, "since");

    return (since > 0 && since < now) ? (uint64_t)(now - since) : 0;
}

static void
print_session(const json_t *session)
{
    char way[64], target[320], age[64], up[16], down[16];
    const char *node = text_of(session, "node");

    way_text(session, way, sizeof(way));
    (void)snprintf(target, sizeof(target), "%s:%lld%s%s",
                   text_of(session, "host"), number_of(session, "port"),
                   *node != '\0' ? " > " : "", node);
    cli_span_text(age_of(session), age, sizeof(age));
    say_line(stdout, "%-5lld %-20s %-32s %-20s %-12s %7lld  %s up, %s down",
             number_of(session, "id"), text_of(session, "program"), target,
             way, age, number_of(session, "requests"),
             size_text(number_of(session, "bytes_up"), up),
             size_text(number_of(session, "bytes_down"), down));
    say_line(stdout, "      %s as %s; name %llu of %lld, %s%s",
             text_of(session, "spn"), text_of(session, "credential"),
             (unsigned long long)number_of(session, "candidate") + 1,
             number_of(session, "candidates"), text_of(session, "why"),
             json_is_true(json_object_get(session, "delegated")) ?
             "; credential delegated" : "");
}

static void
print_gateway(const json_t *gateway)
{
    const json_t *session, *list = json_object_get(gateway, "list");
    char up[16], down[16];
    size_t i;

    say_lines(stdout, "\n");
    say_line(stdout, "The gateway at port %lld: %lld open, %lld so far (%lld "
             "delegated, %lld failures), %lld requests, %s up, %s down",
             number_of(gateway, "port"), number_of(gateway, "open"),
             number_of(gateway, "sessions"), number_of(gateway, "delegations"),
             number_of(gateway, "failures"), number_of(gateway, "requests"),
             size_text(number_of(gateway, "bytes_up"), up),
             size_text(number_of(gateway, "bytes_down"), down));
    if (json_array_size(list) == 0)
        return;
    say_line(stdout, "%-5s %-20s %-32s %-20s %-12s %7s  %s", "ID", "PROGRAM",
             "TARGET", "HOW", "AGE", "REQUESTS", "BYTES");
    json_array_foreach(list, i, session)
        print_session(session);
    if (number_of(gateway, "left_out") > 0)
        say_line(stdout, "... and %lld older ones",
                 number_of(gateway, "left_out"));
}

void
cli_print_gateways(const json_t *gateways)
{
    const json_t *gateway;
    size_t i;

    json_array_foreach(gateways, i, gateway)
        print_gateway(gateway);
}

/* --- For Prometheus (exposition format 0.0.4) --- */

static const struct {
    const char *key, *name, *type, *help;
} metrics[] = {
    { "open", "gss_winrm_sessions_open", "gauge", "Sessions with servers." },
    { "sessions", "gss_winrm_sessions_total", "counter",
      "Sessions that were authenticated." },
    { "delegations", "gss_winrm_delegations_total", "counter",
      "Sessions with a delegated credential." },
    { "failures", "gss_winrm_failures_total", "counter",
      "Requests that were not served." },
    { "requests", "gss_winrm_requests_total", "counter",
      "Requests that were answered." },
    { "bytes_up", "gss_winrm_request_bytes_total", "counter",
      "Plaintext bytes of requests." },
    { "bytes_down", "gss_winrm_response_bytes_total", "counter",
      "Plaintext bytes of answers." },
    { "since", "gss_winrm_start_time_seconds", "gauge",
      "When the gateway started, since 1970." }
};

void
cli_print_prometheus(const json_t *gateways)
{
    const json_t *gateway;
    size_t i, m;

    for (m = 0; m < sizeof(metrics) / sizeof(*metrics); m++) {
        say_line(stdout, "# HELP %s %s", metrics[m].name, metrics[m].help);
        say_line(stdout, "# TYPE %s %s", metrics[m].name, metrics[m].type);
        json_array_foreach(gateways, i, gateway)
            say_line(stdout, "%s{port=\"%lld\"} %lld", metrics[m].name,
                     number_of(gateway, "port"),
                     number_of(gateway, metrics[m].key));
    }
}
