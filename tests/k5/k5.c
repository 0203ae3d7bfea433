/* k5.c - see k5.h. */
#include "config.h"

#include "k5.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <krb5.h>
#include <netinet/in.h>
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
k5_begin(void)
{
    struct k5_side here;

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
    char *text = NULL;
    size_t size = 0, used = 0, n = 1;

    while (f != NULL && n > 0) {
        text = realloc(text, size += 65536);
        if (text == NULL)
            abort();
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
    const char *path = k5_path("krb5.conf.%d", ++number);
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

const char *
k5_fresh(const char *user)
{
    static int number;
    const char *path = k5_path("cc.%d", ++number);
    char source[512], name[600], *data;
    struct stat st;

    (void)snprintf(source, sizeof(source), "%s/%s", getenv("K5_DIR"), user);
    if (stat(source, &st) != 0)
        bail("no ccache %s", source);
    data = k5_read(source);
    k5_write(path, data, (size_t)st.st_size);
    free(data);
    (void)snprintf(name, sizeof(name), "FILE:%s", path);
    (void)setenv("KRB5CCNAME", name, 1);
    return path;
}

typedef void on_cred(krb5_context, krb5_creds *, char *, size_t);

static void
walk_ccache(const char *path, on_cred *each, char *text, size_t size)
{
    krb5_context context;
    krb5_cc_cursor cursor;
    krb5_ccache cc;
    krb5_creds creds;
    char name[600], *trace = getenv("KRB5_TRACE"),
                    *saved = trace == NULL ? NULL : strdup(trace);

    text[0] = '\0';
    (void)snprintf(name, sizeof(name), "FILE:%s", path);
    /* This look is not a part of what is being tested. */
    (void)unsetenv("KRB5_TRACE");
    if (krb5_init_context(&context) != 0)
        bail("krb5_init_context");
    if (saved != NULL)
        (void)setenv("KRB5_TRACE", saved, 1);
    free(saved);
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

static void
add_ticket(krb5_context context, krb5_creds *creds, char *text, size_t size)
{
    char *name;

    if (krb5_is_config_principal(context, creds->server)
        || krb5_unparse_name(context, creds->server, &name) != 0)
        return;
    if (strncmp(name, "krbtgt/", 7) != 0) {
        if (strlen(name) > 13
            && strcmp(name + strlen(name) - 13, "@TEST.EXAMPLE") == 0)
            name[strlen(name) - 13] = '\0';
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

struct k5_socket
k5_connect(const char *address, int port)
{
    union {
        struct sockaddr any;
        struct sockaddr_in in4;
        struct sockaddr_in6 in6;
    } to = { .in4
             = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) } };
    struct k5_socket s = { -1, -1, 0 };
    socklen_t len = sizeof(to.in4);

    if (strchr(address, ':') != NULL) {
        to.in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6,
                                        .sin6_port = htons((uint16_t)port) };
        (void)inet_pton(AF_INET6, address, &to.in6.sin6_addr);
        len = sizeof(to.in6);
    } else {
        (void)inet_pton(AF_INET, address, &to.in4.sin_addr);
    }
    /* The connection is never accepted here: an accepted socket would be a
     * second connection of this process. */
    s.listener = socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    s.fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(s.listener, &to.any, len) != 0 || listen(s.listener, 5) != 0
        || getsockname(s.listener, &to.any, &len) != 0
        || connect(s.fd, &to.any, len) != 0)
        bail("cannot make a connection to %s: %s", address, strerror(errno));
    s.port = ntohs(to.in4.sin_port); /* at the same place in both */
    return s;
}

void
k5_disconnect(struct k5_socket *s)
{
    (void)close(s->fd);
    (void)close(s->listener);
    s->fd = s->listener = -1;
}

/* --- the two ends --- */

void
k5_local(struct k5_side *side)
{
    memset(side, 0, sizeof(*side));
    side->fd = -1;
}

void
k5_spawn(struct k5_side *side, int interposed, const char *keytab)
{
    char path[512];
    int fds[2];

    k5_local(side);
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
        execl(getenv("K5_PEER"), getenv("K5_PEER"), (char *)NULL);
        _exit(127);
    }
    (void)close(fds[1]);
    side->fd = fds[0];
    if (k5_call(side, K5_LOADED, 0, 0, NULL, NULL, NULL)->a
        != (uint32_t)interposed)
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

struct k5_msg *
k5_send(struct k5_side *side, const struct k5_msg *request)
{
    k5_msg_clear(&side->reply);
    if (side->fd < 0)
        k5_end_handle(&side->end, request, &side->reply);
    else if (k5_msg_send(side->fd, request) != 0
             || k5_msg_receive(side->fd, &side->reply) != 0)
        bail("the peer has gone (during operation %u)", request->op);
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

static int
talk_mic(struct k5_side *from, struct k5_side *to, const gss_buffer_desc *text)
{
    static const enum k5_op makers[] = { K5_MIC, K5_MIC_IOV },
                            checkers[] = { K5_VERIFY, K5_VERIFY_IOV };
    gss_buffer_desc wrong = k5_str("not this");
    int good = 1, i;

    for (i = 0; i < 4; i++) {
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
