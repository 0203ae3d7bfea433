/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * bench.c - times GSSAPI calls for bench.py, which starts this program once
 * for each variant (bare, with our plugin, with gssproxy's) and has them take
 * turns. A command per line on standard input, a line of reply to each:
 *
 *   listen ADDRESS PORT     connections go there from now on ("ok PORT")
 *   target MECH NAME        what to ask for: krb5|spnego, a host-based name
 *   init SAMPLES            gss_init_sec_context and gss_delete_sec_context
 *   establish               a context with ourselves, for wrap and unwrap
 *   wrap SIZE SAMPLES EACH  EACH calls per sample
 *   unwrap SIZE SAMPLES EACH
 *   acquire SAMPLES         gss_acquire_cred and gss_release_cred
 *   loaded                  the interposers mapped into this process
 *
 * The reply to a measurement is "ok NANOSECONDS", the median of the samples
 * for one call; "error TEXT" if something failed.
 */
#include "config.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_krb5.h>

#define SAMPLES_MAX 10000
#define EACH_MAX 256
#define SIZE_MAX_BYTES (1 << 20)
#define FLAGS (GSS_C_MUTUAL_FLAG | GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG)

static gss_OID_desc spnego_oid = { 6, (void *)"\x2b\x06\x01\x05\x05\x02" };

/* What the commands work on. */
static struct {
    gss_OID mech;
    gss_name_t target;
    gss_ctx_id_t initiator, acceptor;
    int listener, connection;
    struct sockaddr_in address;
} state = {
    .target = GSS_C_NO_NAME, .initiator = GSS_C_NO_CONTEXT,
    .acceptor = GSS_C_NO_CONTEXT, .listener = -1, .connection = -1
};

static int failed;

static void __attribute__((format(printf, 1, 2)))
fail(const char *fmt, ...)
{
    va_list ap;

    if (failed)
        return;
    failed = 1;
    va_start(ap, fmt);
    (void)fputs("error ", stdout);
    (void)vprintf(fmt, ap);
    (void)putchar('\n');
    va_end(ap);
}

static int
check(const char *what, OM_uint32 major, OM_uint32 minor)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    OM_uint32 tmp, more = 0;

    if (!GSS_ERROR(major))
        return 1;
    (void)gss_display_status(&tmp, minor, GSS_C_MECH_CODE, gss_mech_krb5,
                             &more, &text);
    fail("%s: major %x, minor %u: %.*s", what, major, minor, (int)text.length,
         text.value != NULL ? (char *)text.value : "");
    (void)gss_release_buffer(&tmp, &text);
    return 0;
}

static double
now(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static int
compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void
reply_median(double *samples, int n, int each)
{
    double m;

    if (failed)
        return;
    qsort(samples, n, sizeof(*samples), compare);
    m = (samples[n / 2] + samples[(n - 1) / 2]) / 2;
    (void)printf("ok %.1f\n", m / each);
}

/* Connections. */

static void
start_listening(const char *address, int port)
{
    socklen_t len = sizeof(state.address);
    int on = 1;

    if (state.listener != -1)
        (void)close(state.listener);
    memset(&state.address, 0, sizeof(state.address));
    state.address.sin_family = AF_INET;
    state.address.sin_port = htons((uint16_t)port);
    state.listener = socket(AF_INET, SOCK_STREAM, 0);
    (void)setsockopt(state.listener, SOL_SOCKET, SO_REUSEADDR, &on,
                     sizeof(on));
    if (inet_pton(AF_INET, address, &state.address.sin_addr) != 1 ||
        bind(state.listener, (struct sockaddr *)&state.address, len) != 0 ||
        listen(state.listener, 8) != 0 ||
        getsockname(state.listener, (struct sockaddr *)&state.address,
                    &len) != 0)
        fail("cannot listen on %s port %d: %m", address, port);
    else
        (void)printf("ok %d\n", ntohs(state.address.sin_port));
}

/*
 * A connection anew for each context, as a client has: a second context on one
 * connection would mean that the first was rejected. The far end is closed at
 * once, or it would be one more connection of this process.
 */
static void
reconnect(void)
{
    int far;

    if (state.connection != -1)
        (void)close(state.connection);
    state.connection = socket(AF_INET, SOCK_STREAM, 0);
    if (state.connection == -1 ||
        connect(state.connection, (struct sockaddr *)&state.address,
                sizeof(state.address)) != 0) {
        fail("cannot connect: %m");
        return;
    }
    far = accept(state.listener, NULL, NULL);
    if (far == -1)
        fail("cannot accept: %m");
    else
        (void)close(far);
}

/* Contexts. */

static void
set_target(const char *mech, char *name)
{
    gss_buffer_desc text = { strlen(name), name };
    OM_uint32 major, minor;

    if (state.target != GSS_C_NO_NAME)
        (void)gss_release_name(&minor, &state.target);
    state.mech = (strcmp(mech, "spnego") == 0) ? &spnego_oid : gss_mech_krb5;
    major = gss_import_name(&minor, &text, GSS_C_NT_HOSTBASED_SERVICE,
                            &state.target);
    if (check("gss_import_name", major, minor))
        (void)puts("ok");
}

static OM_uint32
init(gss_ctx_id_t *ctx, gss_buffer_t in, gss_buffer_t out)
{
    OM_uint32 major, minor;

    major = gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, ctx,
                                 state.target, state.mech, FLAGS, 0,
                                 GSS_C_NO_CHANNEL_BINDINGS, in, NULL, out,
                                 NULL, NULL);
    (void)check("gss_init_sec_context", major, minor);
    return major;
}

static void
measure_init(int n)
{
    static double samples[SAMPLES_MAX];
    gss_ctx_id_t ctx;
    gss_buffer_desc out;
    OM_uint32 minor;
    double start;
    int i;

    for (i = 0; i < n && !failed; i++) {
        reconnect();
        ctx = GSS_C_NO_CONTEXT;
        start = now();
        (void)init(&ctx, GSS_C_NO_BUFFER, &out);
        (void)gss_delete_sec_context(&minor, &ctx, GSS_C_NO_BUFFER);
        samples[i] = now() - start;
        (void)gss_release_buffer(&minor, &out);
    }
    reply_median(samples, n, 1);
}

static void
establish(void)
{
    gss_buffer_desc to = GSS_C_EMPTY_BUFFER, from = GSS_C_EMPTY_BUFFER;
    OM_uint32 major = GSS_S_CONTINUE_NEEDED, minor, tmp;
    int leg;

    (void)gss_delete_sec_context(&tmp, &state.initiator, GSS_C_NO_BUFFER);
    (void)gss_delete_sec_context(&tmp, &state.acceptor, GSS_C_NO_BUFFER);
    reconnect();
    for (leg = 0; leg < 10 && major == GSS_S_CONTINUE_NEEDED; leg++) {
        major = init(&state.initiator, &from, &to);
        (void)gss_release_buffer(&tmp, &from);
        if (GSS_ERROR(major) || to.length == 0)
            break;
        (void)check("gss_accept_sec_context",
                    gss_accept_sec_context(&minor, &state.acceptor,
                                           GSS_C_NO_CREDENTIAL, &to,
                                           GSS_C_NO_CHANNEL_BINDINGS, NULL,
                                           NULL, &from, NULL, NULL, NULL),
                    minor);
        (void)gss_release_buffer(&tmp, &to);
        if (failed)
            break;
    }
    (void)gss_release_buffer(&tmp, &from);
    if (major != GSS_S_COMPLETE)
        fail("the context was not established (major %x)", major);
    if (!failed)
        (void)puts("ok");
}

/* Wrap EACH messages of size bytes; returns the time for all. */
static double
wrap_batch(gss_ctx_id_t ctx, char *text, int size, gss_buffer_t out, int each)
{
    gss_buffer_desc in = { (size_t)size, text };
    OM_uint32 major = 0, minor = 0;
    double start = now();
    int i;

    for (i = 0; i < each && !GSS_ERROR(major); i++)
        major = gss_wrap(&minor, ctx, 1, GSS_C_QOP_DEFAULT, &in, NULL,
                         &out[i]);
    start = now() - start;
    (void)check("gss_wrap", major, minor);
    return start;
}

static double
unwrap_batch(gss_ctx_id_t ctx, gss_buffer_t in, gss_buffer_t out, int each)
{
    OM_uint32 major = 0, minor = 0;
    double start = now();
    int i;

    for (i = 0; i < each && !GSS_ERROR(major); i++)
        major = gss_unwrap(&minor, ctx, &in[i], &out[i], NULL, NULL);
    start = now() - start;
    (void)check("gss_unwrap", major, minor);
    return start;
}

static void
release_all(gss_buffer_t buffers, int each)
{
    OM_uint32 minor;
    int i;

    for (i = 0; i < each; i++)
        (void)gss_release_buffer(&minor, &buffers[i]);
}

/* What the one side wraps the other unwraps, and one of the two is timed. */
static void
measure_messages(int unwrap, int size, int n, int each)
{
    static double samples[SAMPLES_MAX];
    static gss_buffer_desc sealed[EACH_MAX], plain[EACH_MAX];
    gss_ctx_id_t from = unwrap ? state.acceptor : state.initiator;
    gss_ctx_id_t to = unwrap ? state.initiator : state.acceptor;
    char *text = calloc(1, size);
    double wrapping, unwrapping;
    int i;

    if (text == NULL)
        fail("no memory");
    for (i = 0; i < n && !failed; i++) {
        wrapping = wrap_batch(from, text, size, sealed, each);
        unwrapping = unwrap_batch(to, sealed, plain, each);
        samples[i] = unwrap ? unwrapping : wrapping;
        release_all(sealed, each);
        release_all(plain, each);
    }
    free(text);
    reply_median(samples, n, each);
}

static void
measure_acquire(int n)
{
    static double samples[SAMPLES_MAX];
    gss_OID_set_desc mechs = { 1, gss_mech_krb5 };
    gss_cred_id_t cred;
    OM_uint32 major, minor, tmp;
    double start;
    int i;

    for (i = 0; i < n && !failed; i++) {
        cred = GSS_C_NO_CREDENTIAL;
        start = now();
        major = gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE,
                                 &mechs, GSS_C_INITIATE, &cred, NULL, NULL);
        (void)gss_release_cred(&tmp, &cred);
        samples[i] = now() - start;
        (void)check("gss_acquire_cred", major, minor);
    }
    reply_median(samples, n, 1);
}

static void
print_loaded(void)
{
    static const char *const modules[] = { "gss_winrm.so", "proxymech.so" };
    FILE *maps = fopen("/proc/self/maps", "re");
    int seen[2] = { 0, 0 };
    char line[4096];
    size_t i;

    while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
        for (i = 0; i < 2; i++)
            seen[i] |= strstr(line, modules[i]) != NULL;
    }
    if (maps != NULL)
        (void)fclose(maps);
    (void)printf("ok%s%s%s%s\n", seen[0] ? " " : "", seen[0] ? modules[0] : "",
                 seen[1] ? " " : "", seen[1] ? modules[1] : "");
}

static int
in_range(int n, int max)
{
    if (n >= 1 && n <= max)
        return 1;
    fail("number out of range: %d", n);
    return 0;
}

static void
obey(const char *line)
{
    char word[256], name[256];
    int size, n, each;

    failed = 0;
    if (sscanf(line, "listen %255s %d", word, &n) == 2) {
        start_listening(word, n);
    } else if (sscanf(line, "target %255s %255s", word, name) == 2) {
        set_target(word, name);
    } else if (sscanf(line, "init %d", &n) == 1) {
        if (in_range(n, SAMPLES_MAX))
            measure_init(n);
    } else if (strcmp(line, "establish\n") == 0) {
        establish();
    } else if (sscanf(line, "wrap %d %d %d", &size, &n, &each) == 3 ||
               sscanf(line, "unwrap %d %d %d", &size, &n, &each) == 3) {
        if (in_range(size, SIZE_MAX_BYTES) && in_range(n, SAMPLES_MAX) &&
            in_range(each, EACH_MAX))
            measure_messages(*line == 'u', size, n, each);
    } else if (sscanf(line, "acquire %d", &n) == 1) {
        if (in_range(n, SAMPLES_MAX))
            measure_acquire(n);
    } else if (strcmp(line, "loaded\n") == 0) {
        print_loaded();
    } else {
        fail("unknown command: %.*s", (int)strcspn(line, "\n"), line);
    }
    (void)fflush(stdout);
}

int
main(void)
{
    char line[1024];

    while (fgets(line, sizeof(line), stdin) != NULL)
        obey(line);
    return 0;
}
