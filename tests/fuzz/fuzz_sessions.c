/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * fuzz_sessions.c - a gateway's sessions: the input as what it answers, which
 * `gss-winrm status' prints; and as the texts of a session, which have to get
 * into such an answer.
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

#include "helper/cli/cli.h"
#include "helper/gateway/stats.h"
#include "tests/fuzz/parts.h"
#include "tests/fuzz/shown.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX ((size_t)128 * 1024)

const struct cli_command cli_commands[] = { { NULL, NULL, NULL, NULL, NULL } };

/* The log of a session is not for this machine's. */
void
syslog(int priority, const char *fmt, ...)
{
    (void)priority;
    (void)fmt;
}

void
vsyslog(int priority, const char *fmt, va_list ap)
{
    (void)priority;
    (void)fmt;
    (void)ap;
}

/* What a function prints: new memory. */
static char *
printed(void (*print)(const json_t *), const json_t *list)
{
    FILE *out = stdout;
    char *text = NULL;
    size_t len = 0;

    stdout = open_memstream(&text, &len);
    check(stdout != NULL);
    print(list);
    check(fclose(stdout) == 0);
    stdout = out;
    check(is_shown(text, len, 1));
    return text;
}

/* NAME{port="NUMBER"} NUMBER */
static int
is_metric(const char *line, size_t len)
{
    size_t n = strspn(line, "abcdefghijklmnopqrstuvwxyz_");
    char copy[200], *port;

    if (len >= sizeof(copy))
        return 0;
    memcpy(copy, line, len);
    copy[len] = '\0';
    port = copy + n;
    if (n == 0 || strncmp(port, "{port=\"5985\"} ", 14) != 0)
        return 0;
    port += 14;
    port += (*port == '-');
    n = strspn(port, "0123456789");
    return n > 0 && port[n] == '\0';
}

static void
check_metrics(const char *text)
{
    size_t len;

    for (; *text != '\0'; text += len + (text[len] == '\n')) {
        len = strcspn(text, "\n");
        check(strncmp(text, "# ", 2) == 0 || is_metric(text, len));
    }
}

/* Whatever it is, it can be printed, and read by programs. */
static void
check_answer(const uint8_t *data, size_t size)
{
    uint8_t *copy = part_copy(data, size);
    json_t *answer = cli_gateway_answer((const char *)copy, size);
    json_t *list = json_array();
    char *text;

    free(copy);
    if (answer != NULL) {
        (void)json_object_set_new(answer, "port", json_integer(5985));
        check(json_array_append(list, answer) == 0);
        free(printed(cli_print_gateways, list));
        text = printed(cli_print_prometheus, list);
        check_metrics(text);
        free(text);
        text = json_dumps(answer, JSON_COMPACT);
        check(text != NULL && is_shown(text, strlen(text), 0));
        free(text);
    }
    json_decref(answer);
    json_decref(list);
}

static void
check_text(const json_t *session, const char *key, const char *sent)
{
    const char *got = json_string_value(json_object_get(session, key));

    check(got != NULL);
    if (is_shown(sent, strlen(sent), 0) && strlen(sent) < 16)
        check(strcmp(got, sent) == 0);
}

/* The session that was opened is in the list, with what it was opened with. */
static void
check_session(struct stats *l, const struct stats_session *s)
{
    char *text = stats_json(l, MAX);
    json_t *answer, *list, *one;

    check(text != NULL && strlen(text) <= MAX);
    answer = cli_gateway_answer(text, strlen(text));
    list = json_object_get(answer, "list");
    check(json_array_size(list) == 1);
    one = json_array_get(list, 0);
    check_text(one, "program", s->program);
    check_text(one, "credential", s->credential);
    check_text(one, "host", s->host);
    check_text(one, "node", s->node);
    check_text(one, "way", s->way);
    check_text(one, "spn", s->spn);
    check_text(one, "why", s->why);
    check_text(one, "mech", s->mech);
    check(json_integer_value(json_object_get(one, "port")) == s->port);
    free(text);
    text = stats_json(l, 512);         /* it does not fit */
    check(text != NULL && strlen(text) <= 512);
    free(text);
    json_decref(answer);
}

static void
check_ledger(const uint8_t *data, size_t size)
{
    struct parts in = { data, size };
    struct stats_entry *entry = NULL;
    struct stats_session s = { .tls = "TLS 1.3" };
    struct stats *l;
    char *texts[8];
    size_t i;

    s.port = (uint16_t)part_number(&in, 2);
    s.candidate = part_number(&in, 4);
    s.candidates = part_number(&in, 4);
    s.version = part_number(&in, 4);
    for (i = 0; i < 8; i++)
        texts[i] = part_string(&in);
    s.program = texts[0];
    s.credential = texts[1];
    s.host = texts[2];
    s.node = texts[3];
    s.way = texts[4];
    s.spn = texts[5];
    s.why = texts[6];
    s.mech = texts[7];
    check(stats_new(&l, NULL) == 0);
    stats_open(l, &entry, &s);
    stats_request(l, entry, part_number(&in, 4), UINT64_MAX);
    check_session(l, &s);
    stats_close(l, &entry);
    stats_free(&l);
    for (i = 0; i < 8; i++)
        free(texts[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_answer(data, size);
    check_ledger(data, size);
    return 0;
}
