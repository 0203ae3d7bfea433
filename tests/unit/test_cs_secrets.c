/*
 * test_cs_secrets.c - after a delegation, no copy of the password is left.
 *
 * This process is the client; another one is the server, and knows the
 * password anyway.  All memory that can be written is searched, as a core
 * would have it, for the password in UTF-8 and in UTF-16LE.  The password is
 * only here encoded, and what is compared is decoded byte by byte.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "credssp.h"
#include "unit.h"

#define KEY 0x5A
/* "Zq7-never-in-a-core-9" */
static const uint8_t encoded[] = {
    'Z' ^ KEY, 'q' ^ KEY, '7' ^ KEY, '-' ^ KEY, 'n' ^ KEY, 'e' ^ KEY,
    'v' ^ KEY, 'e' ^ KEY, 'r' ^ KEY, '-' ^ KEY, 'i' ^ KEY, 'n' ^ KEY,
    '-' ^ KEY, 'a' ^ KEY, '-' ^ KEY, 'c' ^ KEY, 'o' ^ KEY, 'r' ^ KEY,
    'e' ^ KEY, '-' ^ KEY, '9' ^ KEY
};
enum { LENGTH = sizeof(encoded) };

static void
decode(char *to)
{
    size_t i;

    for (i = 0; i < LENGTH; i++)
        to[i] = encoded[i] ^ KEY;
    to[LENGTH] = '\0';
}

/* --- The search --- */

#define CHUNK 65536
static uint8_t chunk[CHUNK + 2 * LENGTH];

/* Does the password stand at p, with every `step' bytes one of its? */
static int
is_here(const uint8_t *p, size_t left, size_t step)
{
    size_t i;

    if (left < LENGTH * step)
        return 0;
    for (i = 0; i < LENGTH; i++) {
        if (p[i * step] != (encoded[i] ^ KEY) ||
            (step == 2 && p[i * step + 1] != 0))
            return 0;
    }
    return 1;
}

static int
search_range(int mem, unsigned long from, unsigned long to)
{
    unsigned long at, mine = (unsigned long)(uintptr_t)chunk;
    int found = 0;
    ssize_t n, i;

    for (at = from; at < to; at += CHUNK) {
        n = pread(mem, chunk, sizeof(chunk), (off_t)at);
        for (i = 0; i < n && i < CHUNK && at + i < to; i++) {
            if (at + i >= mine && at + i < mine + sizeof(chunk))
                continue;
            if (is_here(chunk + i, n - i, 1) || is_here(chunk + i, n - i, 2)) {
                print_message("# found at %lx\n", at + i);
                found++;
            }
        }
    }
    return found;
}

static int
search_memory(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC), found = 0;
    unsigned long from, to;
    char line[512], mode[5];

    assert_non_null(maps);
    assert_int_not_equal(mem, -1);
    while (fgets(line, sizeof(line), maps) != NULL) {
        if (sscanf(line, "%lx-%lx %4s", &from, &to, mode) == 3 &&
            mode[0] == 'r' && mode[1] == 'w' && to - from < 1UL << 30)
            found += search_range(mem, from, to);
    }
    (void)fclose(maps);
    (void)close(mem);
    return found;
}

static void
test_search(void **state)
{
    char *narrow = malloc(LENGTH + 1), *wide = calloc(1, 64);
    size_t i;

    (void)state;
    assert_int_equal(search_memory(), 0);
    decode(narrow);
    assert_int_equal(search_memory(), 1);
    for (i = 0; i < LENGTH; i++)
        wide[2 * i] = narrow[i];
    explicit_bzero(narrow, LENGTH);
    assert_int_equal(search_memory(), 1);
    explicit_bzero(wide, 64);
    assert_int_equal(search_memory(), 0);
    free(narrow);
    free(wide);
}

/* --- The exchange, with a server in another process --- */

static void
send_token(int fd, struct cs_span token)
{
    uint32_t len = token.len;

    assert_int_equal(write(fd, &len, 4), 4);
    if (len > 0)
        assert_int_equal(write(fd, token.p, len), (ssize_t)len);
}

/* 0 at the end of the conversation. */
static int
receive_token(int fd, struct cs_buf *in)
{
    uint32_t len;
    ssize_t n;

    cs_buf_reset(in);
    if (read(fd, &len, 4) != 4)
        return 0;
    while (in->len < len) {
        n = read(fd, cs_buf_room(in, len - in->len), len - in->len);
        if (n <= 0)
            return 0;
        in->len += n;
    }
    return 1;
}

static int
converse(int fd, struct credssp *c, int first)
{
    struct cs_buf in = CS_BUF_INIT(1 << 20), out = CS_BUF_INIT(1 << 20);
    struct cs_error err = { 0 };
    int done = 0, ret = 0;

    while (!done && ret == 0 && (first || receive_token(fd, &in))) {
        cs_buf_reset(&out);
        ret = credssp_step(c, cs_buf_span(&in), &out, &done, &err);
        if (out.len > 0)
            send_token(fd, cs_buf_span(&out));
        first = 0;
    }
    if (ret != 0)
        print_message("# %s\n", err.text);
    cs_buf_free(&in);
    cs_buf_free(&out);
    return done;
}

static void
serve(int fd)
{
    struct cs_tls_options options = { .acceptor = 1 };
    struct credssp_params params = { 0 };
    struct cs_policy policy = { 0 };
    struct credssp *c;
    char password[LENGTH + 1], line[200];
    const char *users;

    decode(password);
    (void)snprintf(line, sizeof(line), "TEST:alice:%s\n", password);
    users = unit_file("ntlm", line);
    if (chmod(users, 0600) != 0 || setenv("NTLM_USER_FILE", users, 1) != 0)
        _exit(1);
    if (cs_tls_config_new(&options, &params.tls, NULL) != 0 ||
        cs_inner_acceptor(GSS_C_NO_CREDENTIAL, &policy, &params.inner,
                          NULL) != 0 ||
        credssp_new(&params, &c, NULL) != 0)
        _exit(1);
    _exit(converse(fd, c, 0) ? 0 : 1);
}

static struct cs_inner *
client_inner(void)
{
    struct cs_creds_options options = { .user = "TEST\\alice" };
    struct cs_policy policy = { 1, 1, 0 };
    gss_buffer_desc text = { 10, (void *)"HTTP@web01" };
    struct cs_creds *creds;
    struct cs_inner *inner;
    gss_name_t name;
    char password[LENGTH + 1];
    OM_uint32 minor;

    decode(password);
    options.password.p = (const uint8_t *)password;
    options.password.len = LENGTH;
    assert_int_equal(gss_import_name(&minor, &text, GSS_C_NT_HOSTBASED_SERVICE,
                                     &name), GSS_S_COMPLETE);
    assert_int_equal(cs_creds_new(&options, &creds, NULL), 0);
    explicit_bzero(password, LENGTH);
    assert_true(search_memory() > 0);   /* there it is */
    assert_int_equal(cs_inner_initiator(creds, name, CS_MECH_NTLM, &policy, 0,
                                        &inner, NULL), 0);
    cs_creds_free(&creds);
    (void)gss_release_name(&minor, &name);
    return inner;
}

static void
test_delegation(void **state)
{
    struct cs_tls_options options = { 0 };
    struct credssp_params params = { 0 };
    struct credssp *c;
    int fds[2], status;
    pid_t pid;
    char *trace;

    (void)state;
    unit_krb5_conf("[libdefaults]\n default_realm = TEST.EXAMPLE\n"
                   " dns_canonicalize_hostname = false\n"
                   " dns_lookup_kdc = false\n");
    assert_int_equal(setenv("KRB5_TRACE", unit_file("trace", ""), 1), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    pid = fork();
    assert_int_not_equal(pid, -1);
    if (pid == 0)
        serve(fds[1]);
    (void)close(fds[1]);
    assert_int_equal(cs_tls_config_new(&options, &params.tls, NULL), 0);
    params.inner = client_inner();
    assert_int_equal(credssp_new(&params, &c, NULL), 0);
    assert_true(converse(fds[0], c, 1));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);        /* the server has got it */
    /* The context lives on, for messages, and the password does not. */
    assert_int_equal(search_memory(), 0);
    credssp_free(&c);
    assert_int_equal(search_memory(), 0);
    trace = unit_read(getenv("KRB5_TRACE"));
    assert_false(is_here((uint8_t *)trace, strlen(trace), 1));
    free(trace);
    cs_tls_config_free(&params.tls);
    (void)close(fds[0]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_search),
        cmocka_unit_test(test_delegation),
    };

    return cmocka_run_group_tests_name("CredSSP's secrets", tests, NULL,
                                       NULL);
}
