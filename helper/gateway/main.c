/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * main.c - gss-winrm-gateway: options, and giving up what is not needed before
 * the first client is served.
 */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <curl/curl.h>
#include <sys/signalfd.h>

#include "helper/wsman/addresses.h"
#include "helper/common/apart.h"
#include "helper/gateway/admit.h"
#include "helper/gateway/foreground.h"
#include "helper/gateway/syslogfd.h"
#include "helper/common/rlimits.h"
#include "helper/proto/runtime.h"
#include "helper/gateway/sandbox.h"
#include "helper/common/say.h"
#include "helper/gateway/malloctune.h"
#include "helper/gateway/tickets.h"
#include "helper/gateway/watchdog.h"

#define EXIT_NO_BROKER 3

const char *argp_program_version = PACKAGE_NAME "-gateway " PACKAGE_VERSION;

struct options {
    const char *listen[LISTENERS_MAX + 1];
    size_t nlisten;
    int listen_fd[LISTENERS_MAX];
    size_t nlisten_fd;
    const char *target, *broker;
    int ready_fd, while_fd;     /* or -1 */
    int no_sandbox;
};

struct gateway {
    struct gate gate;
    struct hc_gateway *limits;
    struct bl_link *broker;
    struct cs_tls_config *tls;
    struct addresses *addresses;
    struct peer *peer;
    struct sockowner *who;
    struct stats *ledger;
    struct issuer *mint;
    struct tickets *tickets;
    struct slots *places;
    struct httpd *front;
    struct watchdog *warden;
    struct gate_target fixed;
    struct listeners listeners;
};

enum { KEY_NO_SANDBOX = 256, KEY_LISTEN_FD, KEY_WHILE_FD };

static const struct argp_option argp_options[] = {
    { "listen", 'l', "ADDRESS:PORT", 0, "listen there, on loopback only "
      "(default: krb5.conf's, else 127.0.0.1:5980 and [::1]:5980); port 0 "
      "takes any free port", 0 },
    { "target", 't', "HOST[:PORT]", 0, "send everything to this server; "
      "clients need no proxy", 0 },
    { "ready-fd", 'r', "N", 0, "when ready, write a line ADDRESS:PORT per "
      "listener to this descriptor and close it", 0 },
    { "listen-fd", KEY_LISTEN_FD, "N", 0, "listen on this descriptor, a "
      "listening TCP socket", 0 },
    { "while-fd", KEY_WHILE_FD, "N", 0, "exit when the other end of this pipe "
      "is closed", 0 },
    { "broker", 'b', "SOCKET", 0, "the broker's socket", 0 },
    { "no-sandbox", KEY_NO_SANDBOX, NULL, 0, "for debugging: keep all "
      "privileges", 0 },
    { 0 }
};

static int
descriptor(const char *arg, struct argp_state *state)
{
    char *end;
    long fd = strtol(arg, &end, 10);

    if (*end != '\0' || end == arg || fd < 0 || fd > INT_MAX)
        argp_error(state, "%s is not a descriptor", arg);
    return (int)fd;
}

static error_t
take_option(int key, char *arg, struct argp_state *state)
{
    struct options *o = state->input;

    switch (key) {
    case 'l':
        if (o->nlisten == LISTENERS_MAX)
            argp_error(state, "more than %d addresses", LISTENERS_MAX);
        o->listen[o->nlisten++] = arg;
        return 0;
    case 't':
        o->target = arg;
        return 0;
    case 'b':
        o->broker = arg;
        return 0;
    case 'r':
        o->ready_fd = descriptor(arg, state);
        return 0;
    case KEY_LISTEN_FD:
        if (o->nlisten_fd == LISTENERS_MAX)
            argp_error(state, "more than %d descriptors", LISTENERS_MAX);
        o->listen_fd[o->nlisten_fd++] = descriptor(arg, state);
        return 0;
    case KEY_WHILE_FD:
        o->while_fd = descriptor(arg, state);
        return 0;
    case KEY_NO_SANDBOX:
        o->no_sandbox = 1;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "%s: no argument is expected", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    argp_options, take_option, NULL,
    "Gives WinRM clients CredSSP, Kerberos and message encryption."
    "\vClients use it as an HTTP proxy (http_proxy=http://127.0.0.1:5980), or "
    "by the name HOST.localhost:5980. gss-winrm-gateway(8) says more; `gss-winrm "
    "run' and `gss-winrm forward' start one for you.",
    NULL, NULL, NULL
};

/* --- Starting --- */

static int
catch_signals(struct cs_error *err)
{
    sigset_t set;
    int fd;

    (void)signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    errno = pthread_sigmask(SIG_BLOCK, &set, NULL);
    fd = errno == 0 ? signalfd(-1, &set, SFD_CLOEXEC) : -1;
    return fd >= 0 ? fd :
        cs_fail_errno(err, CS_SYSTEM, errno, "cannot wait for signals");
}

/* Modules and libraries that are loaded at the first use would not be found
 * in the sandbox. */
static int
load_libraries(struct cs_error *err)
{
    OM_uint32 minor;
    gss_OID_set mechs = GSS_C_NO_OID_SET;
    CURLcode code;

    code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK)
        return cs_fail(err, CS_SYSTEM, "curl_global_init: %s",
                       curl_easy_strerror(code));
    (void)gss_indicate_mechs(&minor, &mechs);
    (void)gss_release_oid_set(&minor, &mechs);
    return 0;
}

/* A socket for tickets for each port, whatever its addresses. */
static int
prepare_tickets(struct gateway *g, struct cs_error *err)
{
    size_t i, j;
    int ret;

    ret = issuer_new(&g->mint, err);
    if (ret == 0)
        ret = tickets_new(&g->tickets, err);
    for (i = 0; i < g->listeners.n && ret == 0; i++) {
        for (j = 0; j < i; j++) {
            if (listeners_port(&g->listeners, j) ==
                listeners_port(&g->listeners, i))
                break;
        }
        if (j == i)
            ret = tickets_add(g->tickets, listeners_port(&g->listeners, i),
                              err);
    }
    return ret;
}

static int
find_target(struct gateway *g, const char *text, struct cs_error *err)
{
    return text == NULL ? 0 :
        gate_hostport_parse(text, g->fixed.host, sizeof(g->fixed.host),
                            &g->fixed.port, err);
}

static int
prepare(struct gateway *g, const struct options *o, struct cs_error *err)
{
    const struct gate_target *fixed;
    struct cs_tls_options tls;
    int ret, landlock = 0;

    memset(&tls, 0, sizeof(tls));
    ret = find_target(g, o->target, err);
    if (ret == 0)
        ret = o->nlisten_fd > 0 ?
            listeners_adopt(&g->listeners, o->listen_fd, o->nlisten_fd, err) :
            listeners_bind(&g->listeners, o->nlisten > 0 ? o->listen :
                           (const char *const *)g->limits->listen,
                           o->nlisten > 0, err);
    if (ret == 0)
        ret = peer_new(&g->peer, err);
    if (ret == 0)
        ret = sockowner_new(&g->who, err);
    if (ret == 0)
        ret = stats_new(&g->ledger, err);
    if (ret == 0)
        ret = bl_open(o->broker, &g->broker, err);
    if (ret == 0)
        ret = bl_confine(g->broker, err);
    if (ret == 0)
        ret = cs_tls_config_new(&tls, &g->tls, err);
    if (ret == 0)
        ret = load_libraries(err);
    if (ret == 0)
        ret = addresses_new(&g->addresses, err);
    if (ret == 0)
        ret = prepare_tickets(g, err);
    /* Clients can connect, and wait: in the sandbox nobody starts to listen.
     * A program that finds no ticket's socket goes on without one, so not
     * before those are there. */
    if (ret == 0)
        ret = listeners_listen(&g->listeners, err);
    if (ret == 0 && !o->no_sandbox)
        ret = sandbox_enter(tickets_directory(g->tickets), &landlock, err);
    if (ret != 0)
        return ret;
    if (!landlock)
        say_log(LOG_NOTICE, o->no_sandbox ? "running without a sandbox" :
                "this kernel has no Landlock: files are not protected");
    g->gate.broker = g->broker;
    g->gate.limits = g->limits;
    g->gate.tls = g->tls;
    g->gate.addresses = g->addresses;
    g->gate.peer = g->peer;
    g->gate.who = g->who;
    g->gate.ledger = g->ledger;
    fixed = (o->target != NULL) ? &g->fixed : NULL;
    ret = slots_new(g->limits->connections,
                    (int64_t)1000 * g->limits->idle_timeout, &g->places, err);
    if (ret == 0)
        ret = httpd_new(&g->gate, g->mint, g->places, fixed, &g->front, err);
    return ret != 0 ? ret :
        tickets_start(g->tickets, g->mint, g->ledger, fixed, err);
}

static void
wipe(void *data)
{
    struct gateway *g = data;

    issuer_wipe(g->mint);
}

/* First what others take part in, who may not end: the watchdog sees to
 * that. */
static int
clean_up(struct gateway *g)
{
    int status;

    httpd_free(&g->front);
    tickets_free(&g->tickets);
    sockowner_free(&g->who);
    status = watchdog_free(&g->warden);
    slots_free(&g->places);
    issuer_free(&g->mint);
    listeners_close(&g->listeners);
    bl_close(&g->broker);
    cs_tls_config_free(&g->tls);
    peer_free(&g->peer);
    stats_free(&g->ledger);
    addresses_free(&g->addresses);
    hc_gateway_free(&g->limits);
    curl_global_cleanup();
    return status;
}

/*
 * Keep what was meant for us, and nothing else: no terminal, and nothing that
 * whoever has started us had open.  Whether in the process that goes on; if
 * not, *status is what to exit with, which is EXIT_FAILURE before.
 */
static int
keep_apart(struct options *o, int *status)
{
    int keep[LISTENERS_MAX + 2], left;
    size_t n = 0;

    /* Into the place of the standard ones come others. */
    if (o->ready_fd >= 0 && o->ready_fd <= STDERR_FILENO)
        o->ready_fd = fcntl(o->ready_fd, F_DUPFD, STDERR_FILENO + 1);
    while (n < o->nlisten_fd) {
        keep[n] = o->listen_fd[n];
        n++;
    }
    keep[n++] = o->ready_fd;
    keep[n++] = o->while_fd;
    left = o->no_sandbox ? 0 : foreground_leave(keep, n, status);
    if (left == 0) {
        apart_fill_standard();
        apart_close_others(keep, n);
        left = apart_silence();
    }
    if (left < 0)
        say_line(stderr, "gss-winrm-gateway: cannot leave the terminal: %m");
    return left == 0;
}

static int
begin(struct gateway *g, const struct options *o, int *signals,
      struct cs_error *err)
{
    int ret = syslogfd_narrow(err);

    if (ret != 0)
        return ret;
    *signals = catch_signals(err);
    return *signals < 0 ? *signals : prepare(g, o, err);
}

/* Until it is time to end. */
static int
serve(struct gateway *g, const struct options *o, int signals,
      struct cs_error *err)
{
    struct watchdog_options warden = {
        signals, o->while_fd, bl_fd(g->broker), EXIT_NO_BROKER, wipe, g
    };
    struct admit door = {
        &g->listeners, g->peer, g->who, g->places, g->front, -1
    };
    int ret = watchdog_new(&warden, &g->warden, err);

    if (ret != 0)
        return ret;
    door.stop = watchdog_fd(g->warden);
    listeners_say(&g->listeners, o->ready_fd);
    return admit_serve(&door, err);
}

int
main(int argc, char **argv)
{
    struct options o = { .ready_fd = -1, .while_fd = -1 };
    struct gateway g;
    struct cs_error err;
    int signals = -1, ret, status = EXIT_FAILURE;

    memset(&g, 0, sizeof(g));
    argp_parse(&argp, argc, argv, 0, NULL, &o);
    /* Whatever tickets there are, they are the broker's business. */
    (void)unsetenv("KRB5CCNAME");
    /* libcurl would write the keys of its connections there. */
    (void)unsetenv("SSLKEYLOGFILE");
    /* A connection takes five; the usual limit is for programs that call
     * select(). */
    rlimits_raise(RLIMIT_NOFILE);
    /* After that, who has our uid is ours (admit.c). */
    ret = rt_check_user(&err);
    if (ret == 0)
        ret = hc_gateway_load(&g.limits, &err);
    if (ret == 0)       /* may start the program again, from the beginning */
        malloctune_prepare(g.limits->connections, argv);
    if (!keep_apart(&o, &status)) {
        hc_gateway_free(&g.limits);
        return status;
    }
    say_log_open("gss-winrm-gateway", 1);
    if (ret == 0)
        ret = begin(&g, &o, &signals, &err);
    if (ret != 0) {
        say_line(stderr, "gss-winrm-gateway: %s", err.text);
        ret = g.limits != NULL && g.peer != NULL && g.broker == NULL ?
            EXIT_NO_BROKER : ret == CS_USAGE ? 2 : EXIT_FAILURE;
    } else {
        ret = serve(&g, &o, signals, &err);
        if (ret != 0)
            say_log(LOG_ERR, "%s", err.text);
        ret = (ret != 0) ? EXIT_FAILURE : 0;
    }
    status = clean_up(&g);
    return ret != 0 ? ret : status;
}
