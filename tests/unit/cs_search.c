/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* cs_search.c - a password, and the search for copies of it. */
#include "config.h"

#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/cs_search.h"

#define KEY 0x5A
/* "Zq7-never-in-a-core-9" */
static const uint8_t encoded[SECRET_LENGTH] = {
    'Z' ^ KEY, 'q' ^ KEY, '7' ^ KEY, '-' ^ KEY, 'n' ^ KEY, 'e' ^ KEY,
    'v' ^ KEY, 'e' ^ KEY, 'r' ^ KEY, '-' ^ KEY, 'i' ^ KEY, 'n' ^ KEY,
    '-' ^ KEY, 'a' ^ KEY, '-' ^ KEY, 'c' ^ KEY, 'o' ^ KEY, 'r' ^ KEY,
    'e' ^ KEY, '-' ^ KEY, '9' ^ KEY
};

void
secret_decode(char to[SECRET_LENGTH + 1])
{
    size_t i;

    for (i = 0; i < SECRET_LENGTH; i++)
        to[i] = encoded[i] ^ KEY;
    to[SECRET_LENGTH] = '\0';
}

/* --- The search --- */

#define CHUNK 65536
static uint8_t chunk[CHUNK + 2 * SECRET_LENGTH];

/* Does the password stand at p, with every `step' bytes one of its? */
static int
is_here(const uint8_t *p, size_t left, size_t step)
{
    size_t i;

    if (left < SECRET_LENGTH * step)
        return 0;
    for (i = 0; i < SECRET_LENGTH; i++) {
        if (p[i * step] != (encoded[i] ^ KEY) ||
            (step == 2 && p[i * step + 1] != 0))
            return 0;
    }
    return 1;
}

/* The chunk's n bytes are those at `at'; it is itself at `mine'. */
static int
search_chunk(size_t n, unsigned long at, unsigned long to, unsigned long mine)
{
    const uint8_t *p = chunk, *end = chunk + n;
    unsigned long place;
    int found = 0;

    /* memchr() is the quick part, also under valgrind. */
    while ((p = memchr(p, encoded[0] ^ KEY, (size_t)(end - p))) != NULL) {
        place = at + (unsigned long)(p - chunk);
        if (p - chunk < CHUNK && place < to &&
            (place < mine || place >= mine + sizeof(chunk)) &&
            (is_here(p, (size_t)(end - p), 1) ||
             is_here(p, (size_t)(end - p), 2))) {
            print_message("# found at %lx\n", place);
            found++;
        }
        p++;
    }
    return found;
}

/* What lies at `mine' in fd is the chunk itself. */
static int
search_range(int fd, unsigned long from, unsigned long to, unsigned long mine)
{
    unsigned long at;
    int found = 0;
    ssize_t n;

    for (at = from; at < to; at += CHUNK) {
        n = pread(fd, chunk, sizeof(chunk), (off_t)at);
        if (n > 0)
            found += search_chunk((size_t)n, at, to, mine);
    }
    /* Or a core would have it. */
    explicit_bzero(chunk, sizeof(chunk));
    return found;
}

int
secret_in_memory(void)
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
            found += search_range(mem, from, to,
                                  (unsigned long)(uintptr_t)chunk);
    }
    (void)fclose(maps);
    (void)close(mem);
    return found;
}

int
secret_in_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), found;
    struct stat st;

    assert_int_not_equal(fd, -1);
    assert_int_equal(fstat(fd, &st), 0);
    found = search_range(fd, 0, st.st_size, ~0UL - sizeof(chunk));
    (void)close(fd);
    return found;
}

void
secret_in_no_trace(const char *variable)
{
    const char *path = getenv(variable);
    struct stat st;

    if (path == NULL || stat(path, &st) != 0) {
        fail_msg("no file for %s", variable);
        return;
    }
    assert_true(st.st_size > 0);
    assert_int_equal(secret_in_file(path), 0);
}

/* --- Cores --- */

/* Does the kernel put them in the working directory? */
static int
kernel_dumps_here(void)
{
    char *pattern = unit_read("/proc/sys/kernel/core_pattern");
    int here = (pattern[0] != '\0' && strpbrk(pattern, "|/") == NULL);

    free(pattern);
    return here;
}

static void
die_with_core(const char *dir)
{
    struct rlimit limit;

    (void)signal(SIGABRT, SIG_DFL);
    if (chdir(dir) != 0 || getrlimit(RLIMIT_CORE, &limit) != 0)
        _exit(1);
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_CORE, &limit);
    (void)raise(SIGABRT);
    _exit(1);
}

/* Let gdb have process `pid', which waits to be killed. */
static void
dump_with_gdb(const char *dir, pid_t pid)
{
    char command[512];

    (void)snprintf(command, sizeof(command),
                   "gcore -o '%s/core' %d >/dev/null 2>&1", dir, (int)pid);
    /* NOLINTNEXTLINE(cert-env33-c): the words are ours */
    if (system(command) != 0)
        print_message("# gcore has failed\n");
    (void)kill(pid, SIGKILL);
}

/* A twin of this process, whose memory is the same, leaves a core there. */
static void
dump(const char *dir)
{
    int by_kernel = kernel_dumps_here(), fds[2];
    char byte;
    pid_t pid;

    assert_int_equal(pipe(fds), 0);
    (void)fflush(NULL);
    pid = fork();
    assert_int_not_equal(pid, -1);
    if (pid == 0 && by_kernel)
        die_with_core(dir);
    if (pid == 0) {
        (void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
        (void)!write(fds[1], "", 1);
        for (;;)
            (void)pause();
    }
    if (!by_kernel && read(fds[0], &byte, 1) == 1)
        dump_with_gdb(dir, pid);
    (void)close(fds[0]);
    (void)close(fds[1]);
    (void)waitpid(pid, NULL, 0);
}

/* The one file in a directory, removed after its search; -1: there is none. */
static int
search_only_file(const char *dir)
{
    char pattern[512];
    glob_t files;
    int found;

    (void)snprintf(pattern, sizeof(pattern), "%s/*", dir);
    if (glob(pattern, 0, NULL, &files) != 0)
        return -1;
    assert_int_equal(files.gl_pathc, 1);
    found = secret_in_file(files.gl_pathv[0]);
    assert_int_equal(unlink(files.gl_pathv[0]), 0);
    globfree(&files);
    return found;
}

int
secret_in_core(void)
{
    const char *sanitizer = getenv("GW_SANITIZER");
    char dir[256];
    int found;

    if (getenv("GW_VALGRIND") != NULL ||
        (sanitizer != NULL && strcmp(sanitizer, "no") != 0)) {
        print_message("# no core: it would be valgrind's, or a sanitizer's\n");
        return -1;
    }
    (void)snprintf(dir, sizeof(dir), "%s/core.%d", unit_dir(), (int)getpid());
    assert_int_equal(mkdir(dir, 0700), 0);
    dump(dir);
    found = search_only_file(dir);
    assert_int_equal(rmdir(dir), 0);
    if (found == -1)
        print_message("# no core: the kernel leaves none here, and gcore "
                      "neither\n");
    return found;
}

/* --- Two processes --- */

void
send_token(int fd, struct cs_span token)
{
    uint32_t len = token.len;

    assert_int_equal(write(fd, &len, 4), 4);
    if (len > 0)
        assert_int_equal(write(fd, token.p, len), (ssize_t)len);
}

int
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

pid_t
start_process(int (*end)(int fd), int *fd)
{
    int fds[2], status;
    pid_t pid;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    (void)fflush(NULL);
    (void)unit_dir();           /* made by who removes it */
    pid = fork();
    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        (void)close(fds[0]);
        status = end(fds[1]);
        (void)fflush(NULL);
        _exit(status);
    }
    (void)close(fds[1]);
    *fd = fds[0];
    return pid;
}

int
end_process(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
