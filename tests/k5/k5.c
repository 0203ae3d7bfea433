/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* k5.c - see k5.h. */
#include "config.h"

#include "tests/k5/k5.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <krb5.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int test_count, failures;
static char work[256];

/* --- TAP --- */

static int result(int good, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static int
result(int good, const char *fmt, va_list ap)
{
    printf("%s %d - ", good ? "ok" : "not ok", ++test_count);
    vprintf(fmt, ap);
    putchar('\n');
    fflush(stdout);
    failures += !good;
    return good;
}

#define RESULT(good)                                                          \
    do {                                                                      \
        va_list ap;                                                           \
        va_start(ap, fmt);                                                    \
        result(good, fmt, ap);                                                \
        va_end(ap);                                                           \
    } while (0)

int
ok(int good, const char *fmt, ...)
{
    RESULT(good);
    return good;
}

int
is_str(const char *got, const char *want, const char *fmt, ...)
{
    int good = strcmp(got, want) == 0;

    RESULT(good);
    if (!good)
        diag("got \"%s\", expected \"%s\"", got, want);
    return good;
}

int
is_int(long got, long want, const char *fmt, ...)
{
    RESULT(got == want);
    if (got != want)
        diag("got %ld (0x%lx), expected %ld (0x%lx)", got, got, want, want);
    return got == want;
}

int
has_str(const char *got, const char *want, const char *fmt, ...)
{
    int good = strstr(got, want) != NULL;

    RESULT(good);
    if (!good)
        diag("\"%s\" is not in \"%s\"", want, got);
    return good;
}

int
lacks_str(const char *got, const char *bad, const char *fmt, ...)
{
    int good = strstr(got, bad) == NULL;

    RESULT(good);
    if (!good)
        diag("\"%s\" is in \"%s\"", bad, got);
    return good;
}

void
skip(const char *name, const char *reason)
{
    printf("ok %d - %s # SKIP %s\n", ++test_count, name, reason);
    fflush(stdout);
}

void
diag(const char *fmt, ...)
{
    char text[4096], *line, *save = NULL;
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    for (line = strtok_r(text, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save))
        printf("# why: %s\n", line);
    fflush(stdout);
}

void
bail(const char *fmt, ...)
{
    va_list ap;

    printf("Bail out! ");
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
    fflush(stdout);
    _exit(3);
}

void
k5_begin(int argc, char **argv)
{
    struct k5_side here;

    if (argc == 2 && strcmp(argv[1], "peer") == 0) {
        k5_end_serve(STDIN_FILENO);
        exit(0);
    }
    if (getenv("K5_DIR") == NULL || getenv("K5_MODULE") == NULL)
        bail("run this through tests/k5/run_tests.py");
    (void)snprintf(work, sizeof(work), "%s/%s.%d", getenv("K5_DIR"),
                   program_invocation_short_name, (int)getpid());
    if (mkdir(work, 0700) != 0)
        bail("cannot make %s: %s", work, strerror(errno));
    (void)setenv("KRB5_TRACE", k5_path("trace"), 1);
    k5_local(&here);
    if (k5_call(&here, K5_LOADED, 0, 0, NULL, NULL, NULL)->a == 0)
        bail("the interposer is not loaded in this process "
             "(GSS_MECH_CONFIG=%s)",
             getenv("GSS_MECH_CONFIG"));
    k5_close(&here);
    (void)k5_kdc_requests();
}

void
k5_apart(void (*part)(void))
{
    int counts[2], fds[2], status;
    pid_t pid;

    fflush(stdout);
    if (pipe(fds) != 0 || (pid = fork()) < 0)
        bail("fork: %s", strerror(errno));
    if (pid == 0) {
        (void)close(fds[0]);
        part();
        counts[0] = test_count;
        counts[1] = failures;
        if (write(fds[1], counts, sizeof(counts)) != sizeof(counts))
            _exit(1);
        (void)close(fds[1]);
        exit(0);
    }
    (void)close(fds[1]);
    if (read(fds[0], counts, sizeof(counts)) == sizeof(counts)) {
        test_count = counts[0];
        failures = counts[1];
    }
    (void)close(fds[0]);
    (void)k5_kdc_requests();
    (void)k5_trace();
    if (waitpid(pid, &status, 0) != pid || status != 0)
        ok(0, "a part of the tests ends well (wait status 0x%x)", status);
}

int
k5_fallback(void)
{
    const char *system = getenv("K5_SYSTEM");

    return system != NULL && strncmp(system, "el", 2) == 0;
}

int
k5_slow(void)
{
    const char *sanitizer = getenv("GW_SANITIZER");
    const char *valgrind = getenv("GW_VALGRIND");

    return (sanitizer != NULL && strcmp(sanitizer, "no") != 0)
           || (valgrind != NULL && *valgrind != '\0');
}

int
k5_end(void)
{
    printf("1..%d\n", test_count);
    fflush(stdout);
    return failures > 0;
}

/* --- files --- */

const char *
k5_path(const char *fmt, ...)
{
    static char paths[16][512];
    static unsigned int next;
    char *path = paths[next++ % 16];
    size_t used = strlen(work);
    va_list ap;

    (void)snprintf(path, sizeof(paths[0]), "%s/", work);
    va_start(ap, fmt);
    (void)vsnprintf(path + used + 1, sizeof(paths[0]) - used - 1, fmt, ap);
    va_end(ap);
    return path;
}

void
k5_write(const char *path, const void *data, size_t len)
{
    FILE *f = fopen(path, "we");

    if (f == NULL || fwrite(data, 1, len, f) != len || fclose(f) != 0)
        bail("cannot write %s: %s", path, strerror(errno));
}

char *
k5_read(const char *path)
{
    FILE *f = fopen(path, "re");
    char *text = NULL, *more;
    size_t size = 0, used = 0, n = 1;

    while (f != NULL && n > 0) {
        more = realloc(text, size += 65536);
        if (more == NULL)
            abort();
        text = more;
        n = fread(text + used, 1, size - used - 1, f);
        used += n;
    }
    if (f != NULL)
        (void)fclose(f);
    if (text == NULL)
        return strdup("");
    text[used] = '\0';
    return text;
}

void
k5_conf(const char *libdefaults, const char *winrm)
{
    static int number;
    const char *path = k5_path("krb5.conf.%d.%d", (int)getpid(), ++number);
    FILE *f = fopen(path, "we");

    if (f == NULL)
        bail("cannot write %s: %s", path, strerror(errno));
    (void)fprintf(f, "[libdefaults]\n%s\n",
                  libdefaults == NULL ? "" : libdefaults);
    (void)fprintf(f, "include %s/%s\n", getenv("K5_DIR"),
                  getenv("K5_BASE") == NULL ? "krb5.conf" : getenv("K5_BASE"));
    if (winrm != NULL)
        (void)fprintf(f, "[appdefaults]\n winrm = {\n%s\n }\n", winrm);
    (void)fclose(f);
    (void)setenv("KRB5_CONFIG", path, 1);
}

typedef void on_cred(krb5_context, krb5_creds *, char *, size_t);

/* A context of the test's own: with the realms' krb5.conf, and untraced. */
static krb5_context
own_context(void)
{
    char *trace = getenv("KRB5_TRACE"), *conf = getenv("KRB5_CONFIG");
    char path[512];
    krb5_context context;

    trace = trace == NULL ? NULL : strdup(trace);
    conf = conf == NULL ? NULL : strdup(conf);
    (void)snprintf(path, sizeof(path), "%s/krb5.conf", getenv("K5_DIR"));
    (void)setenv("KRB5_CONFIG", path, 1);
    (void)unsetenv("KRB5_TRACE");
    if (krb5_init_context(&context) != 0)
        bail("krb5_init_context");
    if (trace != NULL)
        (void)setenv("KRB5_TRACE", trace, 1);
    if (conf != NULL)
        (void)setenv("KRB5_CONFIG", conf, 1);
    free(trace);
    free(conf);
    return context;
}

/* A cache of the KCM daemon's with what is in a file; its name is good until the
 * 16th call after this one. */
static const char *
in_kcm(const char *file)
{
    static char names[16][128];
    static int number;
    char *name = names[number++ % 16], *full = NULL, from_name[600];
    krb5_context context = own_context();
    krb5_principal client;
    krb5_ccache from, to;

    (void)snprintf(from_name, sizeof(from_name), "FILE:%s", file);
    if (krb5_cc_resolve(context, from_name, &from) != 0 ||
        krb5_cc_new_unique(context, "KCM", NULL, &to) != 0 ||
        krb5_cc_get_principal(context, from, &client) != 0 ||
        krb5_cc_initialize(context, to, client) != 0 ||
        krb5_cc_copy_creds(context, from, to) != 0 ||
        krb5_cc_get_full_name(context, to, &full) != 0)
        bail("no cache in KCM: is sssd_kcm running?");
    (void)snprintf(name, sizeof(names[0]), "%s", full);
    krb5_free_string(context, full);
    krb5_free_principal(context, client);
    (void)krb5_cc_close(context, from);
    (void)krb5_cc_close(context, to);
    krb5_free_context(context);
    return name;
}

const char *
k5_fresh(const char *user)
{
    static int number;
    const char *path = k5_path("cc.%d.%d", (int)getpid(), ++number);
    char source[512], name[600], *data;
    struct stat st;

    (void)snprintf(source, sizeof(source), "%s/%s", getenv("K5_DIR"), user);
    if (stat(source, &st) != 0)
        bail("no ccache %s", source);
    if (strcmp(getenv("K5_SYSTEM"), "el-kcm") == 0) {
        path = in_kcm(source);
        (void)setenv("KRB5CCNAME", path, 1);
        return path;
    }
    data = k5_read(source);
    k5_write(path, data, (size_t)st.st_size);
    free(data);
    (void)snprintf(name, sizeof(name), "FILE:%s", path);
    (void)setenv("KRB5CCNAME", name, 1);
    return path;
}

static void
walk_ccache(const char *path, on_cred *each, char *text, size_t size)
{
    krb5_context context = own_context();
    krb5_cc_cursor cursor;
    krb5_ccache cc;
    krb5_creds creds;
    char name[600];

    text[0] = '\0';
    (void)snprintf(name, sizeof(name), "%s%s", *path == '/' ? "FILE:" : "",
                   path);
    if (krb5_cc_resolve(context, name, &cc) == 0) {
        if (krb5_cc_start_seq_get(context, cc, &cursor) == 0) {
            while (krb5_cc_next_cred(context, cc, &cursor, &creds) == 0) {
                each(context, &creds, text, size);
                krb5_free_cred_contents(context, &creds);
            }
            (void)krb5_cc_end_seq_get(context, cc, &cursor);
        }
        (void)krb5_cc_close(context, cc);
    }
    krb5_free_context(context);
}

static void
append(char *text, size_t size, const char *item)
{
    size_t used = strlen(text);

    (void)snprintf(text + used, size - used, "%s%s", used > 0 ? " " : "",
                   item);
}

static int
has_item(const char *text, const char *item)
{
    size_t n = strlen(item);
    const char *p;

    for (p = text; (p = strstr(p, item)) != NULL; p += n) {
        if ((p == text || p[-1] == ' ') && (p[n] == '\0' || p[n] == ' '))
            return 1;
    }
    return 0;
}

/* By the name in the ticket: with "dns_canonicalize_hostname = fallback" the
 * cache has one under the name that was asked for, without a realm, too. */
static void
add_ticket(krb5_context context, krb5_creds *creds, char *text, size_t size)
{
    krb5_ticket *ticket = NULL;
    char *name = NULL;

    if (krb5_is_config_principal(context, creds->server)
        || krb5_decode_ticket(&creds->ticket, &ticket) != 0)
        return;
    (void)krb5_unparse_name(context, ticket->server, &name);
    krb5_free_ticket(context, ticket);
    if (name == NULL)
        return;
    if (strncmp(name, "krbtgt/", 7) != 0) {
        if (strlen(name) > 13
            && strcmp(name + strlen(name) - 13, "@TEST.EXAMPLE") == 0)
            name[strlen(name) - 13] = '\0';
        if (!has_item(text, name))
            append(text, size, name);
    }
    krb5_free_unparsed_name(context, name);
}

const char *
k5_tickets(const char *path)
{
    static char text[4096];

    walk_ccache(path, add_ticket, text, sizeof(text));
    return text;
}

static void
add_lesson(krb5_context context, krb5_creds *creds, char *text, size_t size)
{
    char item[1024];
    int i;

    if (!krb5_is_config_principal(context, creds->server)
        || creds->server->length < 2)
        return;
    if (strncmp(creds->server->data[1].data, "winrm", 5) != 0)
        return;
    item[0] = '\0';
    for (i = 2; i < creds->server->length; i++)
        (void)snprintf(item + strlen(item), sizeof(item) - strlen(item),
                       "%.*s", (int)creds->server->data[i].length,
                       creds->server->data[i].data);
    (void)snprintf(item + strlen(item), sizeof(item) - strlen(item), "=%.*s",
                   (int)creds->ticket.length, creds->ticket.data);
    append(text, size, item);
}

const char *
k5_lessons(const char *path)
{
    static char text[4096];

    walk_ccache(path, add_lesson, text, sizeof(text));
    return text;
}

const char *
k5_trace(void)
{
    static char *found;
    static size_t seen;
    char *text = k5_read(getenv("KRB5_TRACE") == NULL ? "/dev/null"
                                                      : getenv("KRB5_TRACE")),
         *line, *save = NULL;
    size_t total = strlen(text), used = 0;
    const char *ours;

    if (seen > total)
        seen = 0;
    free(found);
    found = calloc(1, total - seen + 2);
    if (found == NULL)
        abort();
    for (line = strtok_r(text + seen, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        ours = strstr(line, ": gss-winrm: ");
        if (ours != NULL)
            used += (size_t)sprintf(found + used, "%s\n", ours + 2);
    }
    seen = total;
    free(text);
    return found;
}

char *
k5_run(int interposed, const char *const *argv, int *status)
{
    const char *path = k5_path("run.out");
    int result = -1;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        if (interposed == K5_BARE) {
            (void)unsetenv("LD_PRELOAD");
            (void)setenv("GSS_MECH_CONFIG", "/dev/null", 1);
        }
        if (freopen(path, "w", stdout) != NULL && dup2(1, 2) == 2)
            (void)execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &result, 0) != pid)
        bail("cannot run %s", argv[0]);
    if (status != NULL)
        *status = result;
    return k5_read(path);
}

int
k5_kdc_requests(void)
{
    static int seen;
    char *text = k5_read(getenv("K5_KDC_LOG")), *p;
    int count = 0, fresh;

    for (p = strstr(text, ": TGS_REQ"); p != NULL;
         p = strstr(p + 1, ": TGS_REQ"))
        count++;
    free(text);
    fresh = count - seen;
    seen = count;
    return fresh;
}

/* --- sockets --- */

union k5_address {
    struct sockaddr any;
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;
};

/*
 * The server of a connection, in a process of its own: here its end would be
 * a second connection of this process.
 */
static void
serve_connection(int listener, int control)
{
    static const char answer[] = "HTTP/1.1 401 Unauthorized\r\n\r\n";
    int fd;
    char c;

    fd = accept(listener, NULL, NULL);
    while (fd >= 0 && read(control, &c, 1) == 1) {
        if (write(fd, answer, sizeof(answer)) < 0
            || write(control, &c, 1) != 1)
            break;
    }
    _exit(0);
}

static int
listen_at(union k5_address *at, socklen_t *len, const char *address, int port)
{
    int fd, one = 1;

    memset(at, 0, sizeof(*at));
    if (strchr(address, ':') != NULL) {
        at->in6.sin6_family = AF_INET6;
        at->in6.sin6_port = htons((uint16_t)port);
        (void)inet_pton(AF_INET6, address, &at->in6.sin6_addr);
        *len = sizeof(at->in6);
    } else {
        at->in4.sin_family = AF_INET;
        at->in4.sin_port = htons((uint16_t)port);
        (void)inet_pton(AF_INET, address, &at->in4.sin_addr);
        *len = sizeof(at->in4);
    }
    fd = socket(at->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0
        || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0
        || bind(fd, &at->any, *len) != 0 || listen(fd, 5) != 0
        || getsockname(fd, &at->any, len) != 0)
        bail("cannot listen at %s: %s", address, strerror(errno));
    return fd;
}

struct k5_socket
k5_connect(const char *address, int port)
{
    struct k5_socket s;
    union k5_address at;
    socklen_t len;
    int listener, fds[2];

    fflush(stdout);
    listener = listen_at(&at, &len, address, port);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
        bail("socketpair: %s", strerror(errno));
    s.server = fork();
    if (s.server == 0) {
        (void)close(fds[0]);
        serve_connection(listener, fds[1]);
    }
    (void)close(fds[1]);
    (void)close(listener);
    s.control = fds[0];
    s.port = ntohs(at.in4.sin_port); /* at the same place in both */
    s.fd = socket(at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s.server < 0 || connect(s.fd, &at.any, len) != 0)
        bail("cannot connect to %s: %s", address, strerror(errno));
    return s;
}

void
k5_answer(const struct k5_socket *s)
{
    char c = 'a';

    if (write(s->control, &c, 1) != 1 || read(s->control, &c, 1) != 1)
        bail("the server of a connection has gone");
}

void
k5_disconnect(struct k5_socket *s)
{
    (void)close(s->fd);
    (void)close(s->control);
    (void)kill(s->server, SIGKILL);
    (void)waitpid(s->server, NULL, 0);
    s->fd = s->control = -1;
}

/* --- the two ends --- */

void
k5_local(struct k5_side *side)
{
    memset(side, 0, sizeof(*side));
    side->fd = -1;
}

/* Become a program; one with the plugin under valgrind, if we are. */
static void
exec_program(int watched, const char *path, const char *arg)
{
    const char *valgrind = watched ? getenv("GW_VALGRIND") : NULL;
    const char *argv[40];
    char *save = NULL;
    int n = 0;

    if (valgrind != NULL && *valgrind != '\0') {
        argv[n] = strtok_r(strdup(valgrind), " ", &save);
        while (n < 36 && argv[n] != NULL)
            argv[++n] = strtok_r(NULL, " ", &save);
    }
    argv[n++] = path;
    argv[n++] = arg;
    argv[n] = NULL;
    (void)execvp(argv[0], (char *const *)(uintptr_t)argv);
}

void
k5_spawn(struct k5_side *side, int interposed, const char *keytab)
{
    const char *peer = getenv("K5_PEER");
    char path[512];
    int fds[2];

    k5_local(side);
    if (peer == NULL)
        bail("K5_PEER names no program");
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
        bail("socketpair: %s", strerror(errno));
    fflush(stdout);
    side->pid = fork();
    if (side->pid < 0)
        bail("fork: %s", strerror(errno));
    if (side->pid == 0) {
        (void)snprintf(path, sizeof(path), "FILE:%s/%s.keytab",
                       getenv("K5_DIR"), keytab);
        (void)setenv("KRB5_KTNAME", path, 1);
        if (!interposed) {
            (void)setenv("GSS_MECH_CONFIG", "/dev/null", 1);
            (void)unsetenv("KRB5_TRACE");
        }
        if (dup2(fds[1], STDIN_FILENO) < 0)
            _exit(126);
        /* (Not /proc/self/exe: under valgrind that is valgrind.) */
        if (interposed == K5_SAME)
            exec_program(1, program_invocation_name, "peer");
        else
            exec_program(interposed != K5_BARE, peer, NULL);
        _exit(127);
    }
    (void)close(fds[1]);
    side->fd = fds[0];
    if (k5_call(side, K5_LOADED, 0, 0, NULL, NULL, NULL)->a
            != (interposed != K5_BARE)
        && interposed != K5_PERHAPS)
        bail("the peer is%s interposed", interposed ? " not" : "");
}

void
k5_close(struct k5_side *side)
{
    int status = 0;

    k5_msg_clear(&side->reply);
    if (side->fd < 0) {
        k5_end_reset(&side->end);
        return;
    }
    (void)close(side->fd);
    if (waitpid(side->pid, &status, 0) == side->pid && status != 0)
        ok(0, "the peer ends well (wait status 0x%x)", status);
    side->fd = -1;
}

static void __attribute__((noreturn))
bail_gone(const struct k5_side *side, uint32_t op)
{
    int status = 0;

    (void)waitpid(side->pid, &status, 0);
    bail("the peer has gone in operation %u (wait status 0x%x)", op, status);
}

struct k5_msg *
k5_send(struct k5_side *side, const struct k5_msg *request)
{
    k5_msg_clear(&side->reply);
    if (side->fd < 0)
        k5_end_handle(&side->end, request, &side->reply);
    else if (k5_msg_send(side->fd, request) != 0
             || k5_msg_receive(side->fd, &side->reply) != 0)
        bail_gone(side, request->op);
    return &side->reply;
}

struct k5_msg *
k5_call(struct k5_side *side, enum k5_op op, uint32_t a, uint32_t b,
        const gss_buffer_desc *part0, const gss_buffer_desc *part1,
        const gss_buffer_desc *part2)
{
    const gss_buffer_desc *parts[3] = { part0, part1, part2 };
    struct k5_msg request = { .op = op, .a = a, .b = b };
    unsigned int i;

    for (i = 0; i < 3; i++) {
        if (parts[i] != NULL)
            k5_msg_set(&request, i, parts[i]->value, parts[i]->length);
    }
    (void)k5_send(side, &request);
    k5_msg_clear(&request);
    return &side->reply;
}

gss_buffer_desc
k5_str(const char *text)
{
    gss_buffer_desc buffer = { strlen(text), (void *)(uintptr_t)text };

    return buffer;
}

const char *
k5_part(const struct k5_side *side, unsigned int i)
{
    return side->reply.part[i].value == NULL ? "" : side->reply.part[i].value;
}

struct k5_msg *
k5_init(struct k5_side *side, const char *target, uint32_t mech,
        uint32_t flags, const gss_buffer_desc *token)
{
    gss_buffer_desc name = k5_str(target);

    return k5_call(side, K5_INIT, flags, mech, &name, token, NULL);
}

struct k5_msg *
k5_accept(struct k5_side *side, const gss_buffer_desc *token)
{
    return k5_call(side, K5_ACCEPT, 0, 0, token, NULL, NULL);
}

int
k5_establish(struct k5_side *initiator, struct k5_side *acceptor,
             struct k5_exchange *x)
{
    gss_buffer_desc name = k5_str(x->target), binding_i, binding_a;
    const gss_buffer_desc *token = NULL, *bi = NULL, *ba = NULL;
    uint32_t imajor, amajor = GSS_S_CONTINUE_NEEDED;

    if (x->bind_initiator != NULL) {
        binding_i = k5_str(x->bind_initiator);
        bi = &binding_i;
    }
    if (x->bind_acceptor != NULL) {
        binding_a = k5_str(x->bind_acceptor);
        ba = &binding_a;
    }
    for (x->legs = 0; x->legs < 10; x->legs++) {
        imajor
            = k5_call(initiator, K5_INIT, x->flags, x->mech, &name, token, bi)
                  ->major;
        if (GSS_ERROR(imajor))
            return 0;
        if (initiator->reply.part[0].length == 0)
            return imajor == GSS_S_COMPLETE && amajor == GSS_S_COMPLETE;
        amajor = k5_call(acceptor, K5_ACCEPT, 0, 0, &initiator->reply.part[0],
                         ba, NULL)
                     ->major;
        if (GSS_ERROR(amajor))
            return 0;
        if (imajor == GSS_S_COMPLETE && amajor == GSS_S_COMPLETE
            && acceptor->reply.part[0].length == 0)
            return 1;
        token = &acceptor->reply.part[0];
    }
    return 0;
}

int
k5_connect_ends(struct k5_side *initiator, struct k5_side *acceptor,
                const char *target, uint32_t mech)
{
    struct k5_exchange x
        = { .target = target, .mech = mech, .flags = ALL_FLAGS };
    int good = k5_establish(initiator, acceptor, &x);

    if (!good)
        diag("initiator: 0x%x %s; acceptor: 0x%x %s", initiator->reply.major,
             k5_part(initiator, 1), acceptor->reply.major,
             k5_part(acceptor, 1));
    return good;
}

/* Compare a message that arrived with the one that was sent. */
static int
arrived(struct k5_side *at, const gss_buffer_desc *sent, int conf,
        const char *what)
{
    const struct k5_msg *r = &at->reply;

    if (!GSS_ERROR(r->major) && r->part[0].length == sent->length
        && (sent->length == 0
            || memcmp(r->part[0].value, sent->value, sent->length) == 0)
        && r->a == (uint32_t)conf)
        return 1;
    diag("%s, %zu bytes: major 0x%x, %zu bytes arrived, confidential %u (%d)",
         what, sent->length, r->major, r->part[0].length, r->a, conf);
    return 0;
}

static int
talk_one_way(struct k5_side *from, struct k5_side *to,
             const gss_buffer_desc *text, int conf)
{
    gss_buffer_desc extra = k5_str("associated data");
    int good = 1;

    (void)k5_call(from, K5_WRAP, (uint32_t)conf, 0, text, NULL, NULL);
    (void)k5_call(to, K5_UNWRAP, 0, 0, &from->reply.part[0], NULL, NULL);
    good &= arrived(to, text, conf, "wrap, unwrap");
    (void)k5_call(from, K5_WRAP, (uint32_t)conf, 0, text, NULL, NULL);
    (void)k5_call(to, K5_UNWRAP_STREAM, 0, 0, &from->reply.part[0], NULL,
                  NULL);
    good &= arrived(to, text, conf, "wrap, unwrap_iov of a stream");
    (void)k5_call(from, K5_WRAP_IOV, (uint32_t)conf, 0, text, NULL, NULL);
    from->reply.op = K5_UNWRAP_IOV;
    (void)k5_send(to, &from->reply);
    good &= arrived(to, text, conf, "wrap_iov, unwrap_iov");
    (void)k5_call(from, K5_WRAP_IOV, (uint32_t)conf, 0, text, &extra, NULL);
    from->reply.op = K5_UNWRAP_IOV;
    k5_msg_set(&from->reply, 4, extra.value, extra.length);
    (void)k5_send(to, &from->reply);
    good &= arrived(to, text, conf,
                    "wrap_iov, unwrap_iov with associated data");
    return good;
}

/* Does this mechglue hand gss_get_mic_iov and its like to an interposer?  Before
 * krb5 1.20 it looks no such names up, and the calls are "unavailable". */
static int
has_mic_iov(void)
{
    static const char name[] = "gssi_get_mic_iov";
    static int has = -1;
    char *maps, *path, *library;
    struct stat st;

    if (has >= 0)
        return has;
    maps = k5_read("/proc/self/maps");
    path = strstr(maps, "/libgssapi_krb5.so");
    while (path != NULL && path > maps && path[-1] != ' ')
        path--;
    if (path == NULL)
        bail("which libgssapi_krb5 is this?");
    path[strcspn(path, "\n")] = '\0';
    library = k5_read(path);
    has = stat(path, &st) == 0 &&
        memmem(library, (size_t)st.st_size, name, sizeof(name)) != NULL;
    free(library);
    free(maps);
    if (!has)
        skip("messages: gss_get_mic_iov, gss_verify_mic_iov",
             "this mechglue hands them to no interposer (krb5 before 1.20)");
    return has;
}

static int
talk_mic(struct k5_side *from, struct k5_side *to, const gss_buffer_desc *text)
{
    static const enum k5_op makers[] = { K5_MIC, K5_MIC_IOV },
                            checkers[] = { K5_VERIFY, K5_VERIFY_IOV };
    gss_buffer_desc wrong = k5_str("not this");
    int good = 1, i, forms = has_mic_iov() ? 4 : 1;

    for (i = 0; i < forms; i++) {
        (void)k5_call(from, makers[i / 2], 0, 0, text, NULL, NULL);
        (void)k5_call(to, checkers[i % 2], 0, 0, text, &from->reply.part[0],
                      NULL);
        if (from->reply.part[0].length == 0
            || to->reply.major != GSS_S_COMPLETE) {
            diag("MIC, form %d: major 0x%x, then 0x%x", i, from->reply.major,
                 to->reply.major);
            good = 0;
        }
        (void)k5_call(to, checkers[i % 2], 0, 0, &wrong, &from->reply.part[0],
                      NULL);
        if (!GSS_ERROR(to->reply.major)) {
            diag("MIC, form %d: verifies another message", i);
            good = 0;
        }
    }
    return good;
}

int
k5_talk(struct k5_side *one, struct k5_side *other)
{
    static const size_t sizes[] = { 0, 1, 100, 4096, 100000 };
    static char text[100000];
    gss_buffer_desc buffer = { 0, text };
    int good = 1;
    size_t i;

    for (i = 0; i < sizeof(text); i++)
        text[i] = (char)(i * 7 + i / 256);
    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        buffer.length = sizes[i];
        good &= talk_one_way(one, other, &buffer, 1)
                & talk_one_way(other, one, &buffer, 1);
        good &= talk_one_way(one, other, &buffer, 0)
                & talk_one_way(other, one, &buffer, 0);
        good &= talk_mic(one, other, &buffer) & talk_mic(other, one, &buffer);
    }
    return good;
}
