/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* mechprobe.c - a process with this machine's GSSAPI mechanisms. */
#define _GNU_SOURCE
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <gssapi/gssapi.h>

#include "helper/console/console.h"
#include "helper/doctor/mechprobe.h"
#include "helper/doctor/cache.h"
#include "helper/doctor/web.h"

struct mechprobe {
    pid_t pid;
    int fd;                     /* JSON both ways, an object a message */
    int error;                  /* errno: why it was not started */
    int dead;                   /* or as good as that: no answer came */
};

/* Seconds for an answer: those of web.h, and as many for the KDCs. */
#define PATIENCE (WEB_ALL_MAX + 40)

#define FLAGS (JSON_COMPACT | JSON_ENCODE_ANY)

/* --- In the child --- */

/* The path of a loaded object whose file has that name, or NULL. */
static char *
loaded(const char *name)
{
    FILE *f = fopen("/proc/self/maps", "re");
    char *line = NULL, *path, *found = NULL;
    size_t size = 0;

    while (f != NULL && found == NULL && getline(&line, &size, f) != -1) {
        path = strchr(line, '/');
        if (path == NULL)
            continue;
        path[strcspn(path, "\n")] = '\0';
        if (strcmp(strrchr(path, '/') + 1, name) == 0)
            found = strdup(path);
    }
    free(line);
    if (f != NULL)
        (void)fclose(f);
    return found;
}

static void
set_text(json_t *o, const char *key, const char *text)
{
    struct cs_span span = { (const uint8_t *)text, 0 };

    if (text == NULL)
        return;
    span.len = strlen(text);
    cli_set_text(o, key, span);
}

static json_t *
look(void)
{
    gss_OID_set mechs = GSS_C_NO_OID_SET;
    json_t *o = json_object();
    OM_uint32 minor;
    char *path;

    (void)gss_indicate_mechs(&minor, &mechs);
    (void)gss_release_oid_set(&minor, &mechs);
    path = loaded("gss_winrm.so");
    set_text(o, "plugin", path);
    free(path);
    path = loaded("proxymech.so");
    (void)json_object_set_new(o, "gssproxy", json_boolean(path != NULL));
    free(path);
    return o;
}

/* The last "gss-winrm: HTTP@HOST: sending NAME (WHY)" of the trace. */
static void
add_sent(json_t *o, int trace)
{
    static const char mark[] = ": sending ";
    FILE *f = fdopen(trace, "r");
    char *line = NULL, *at;
    size_t size = 0;

    if (f == NULL)
        return;
    (void)fseek(f, 0, SEEK_SET);
    while (getline(&line, &size, f) != -1) {
        if (strstr(line, "gss-winrm: ") == NULL)
            continue;
        (void)json_object_set_new(o, "active", json_true());
        at = strstr(line, mark);
        if (at == NULL)
            continue;
        at += sizeof(mark) - 1;
        at[strcspn(at, " \n")] = '\0';
        set_text(o, "sent", at);
    }
    free(line);
    (void)fclose(f);
}

static json_t *
authenticate(const json_t *order)
{
    const char *host = json_string_value(json_object_get(order, "host"));
    int trace = memfd_create("trace", MFD_CLOEXEC);
    struct web_result result;
    struct web_try how;
    struct doctor d;
    struct cs_error err;
    json_t *o = json_object();
    char path[64], name[300];

    memset(&d, 0, sizeof(d));
    memset(&how, 0, sizeof(how));
    memset(&result, 0, sizeof(result));
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", trace);
    (void)setenv("KRB5_TRACE", path, 1);
    d.host = host;
    d.port = json_integer_value(json_object_get(order, "port"));
    d.tls = json_is_true(json_object_get(order, "tls"));
    (void)snprintf(d.pin, sizeof(d.pin), "%s", json_string_value(
                       json_object_get(order, "pin")));
    (void)snprintf(name, sizeof(name), "HTTP@%s", host);
    how.name = name;
    how.bindings = 1;
    if (web_limits(&d.limits, &err) == 0 &&
        hc_host_load(host, &d.conf, &err) == 0 && tickets_copy(&d) == 0)
        web_authenticate(&d, &how, &result);
    (void)json_object_set_new(o, "outcome", json_integer(result.outcome));
    set_text(o, "why", result.why);
    add_sent(o, trace);
    return o;
}

static void
child(int fd)
{
    FILE *in = fdopen(fd, "r+");
    json_t *order, *answer;

    while (in != NULL &&
           (order = json_loadf(in, JSON_DISABLE_EOF_CHECK, NULL)) != NULL) {
        answer = json_object_get(order, "host") != NULL ?
            authenticate(order) : look();
        json_decref(order);
        if (json_dumpfd(answer, fd, FLAGS) != 0)
            break;
        json_decref(answer);
    }
    _exit(0);
}

/* --- Here --- */

struct mechprobe *
mechprobe_start(void)
{
    static const struct timeval patience = { PATIENCE, 0 };
    struct mechprobe *p = calloc(1, sizeof(*p));
    int pair[2];

    if (p == NULL)
        return NULL;
    p->fd = -1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        p->error = errno;
        return p;
    }
    (void)fflush(NULL);
    p->pid = fork();
    if (p->pid < 0)
        p->error = errno;
    if (p->pid == 0) {
        (void)close(pair[0]);
        child(pair[1]);
    }
    (void)close(pair[1]);
    p->fd = pair[0];
    (void)setsockopt(p->fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
                     sizeof(patience));
    return p;
}

void
mechprobe_end(struct mechprobe **witness)
{
    struct mechprobe *p = *witness;

    *witness = NULL;
    if (p == NULL)
        return;
    if (p->fd >= 0)
        (void)close(p->fd);
    if (p->pid > 0) {
        (void)kill(p->pid, SIGKILL);    /* it has nothing to leave tidy */
        (void)waitpid(p->pid, NULL, 0);
    }
    free(p);
}

const char *
witness_why(const struct mechprobe *p)
{
    return p == NULL ? "out of memory" : p->error != 0 ? strerror(p->error) :
        "it ended or did not answer";
}

/* Send an order, and have the answer; takes the order over. */
static json_t *
talk(struct mechprobe *p, json_t *order)
{
    json_t *answer = NULL;

    if (p != NULL && p->pid > 0 && !p->dead) {
        if (json_dumpfd(order, p->fd, FLAGS) == 0)
            answer = json_loadfd(p->fd, JSON_DISABLE_EOF_CHECK, NULL);
        p->dead = answer == NULL;
    }
    json_decref(order);
    return answer;
}

static void
take_text(const json_t *answer, const char *key, char **to)
{
    const char *text = json_string_value(json_object_get(answer, key));

    if (text != NULL)
        doc_set(to, "%s", text);
}

int
mechprobe_look(struct doctor *d)
{
    json_t *answer = talk(d->witness, json_object());

    if (answer == NULL)
        return -1;
    d->seen.looked = 1;
    take_text(answer, "plugin", &d->seen.plugin);
    d->seen.gssproxy = json_is_true(json_object_get(answer, "gssproxy"));
    json_decref(answer);
    return 0;
}

int
mechprobe_authenticate(struct doctor *d)
{
    json_t *answer = talk(d->witness, json_pack(
                              "{s:s, s:i, s:b, s:s}", "host", d->host, "port",
                              (int)d->port, "tls", d->tls, "pin", d->pin));

    if (answer == NULL)
        return -1;
    d->seen.outcome = json_integer_value(json_object_get(answer, "outcome"));
    take_text(answer, "sent", &d->seen.sent);
    take_text(answer, "why", &d->seen.why);
    json_decref(answer);
    return 0;
}
