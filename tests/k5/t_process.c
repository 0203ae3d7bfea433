/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* t_process.c - many at once: threads, forks, processes; loading and
 * unloading; processes whose environment is not to be trusted. */
#include "config.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <krb5.h>

#include "tests/k5/k5.h"

#define ALWAYS " match = always\n"
#define WEB01 "h:HTTP@web01.test.example"
#define THREADS 8
#define ROUNDS 40
#define PROCESSES 200

/* --- threads --- */

static pthread_barrier_t barrier;

/* Each thread has contexts with a server of its own, of every outcome. */
static void *
thread_main(void *arg)
{
    static const struct {
        const char *target, *other;
    } targets[] = {
        { WEB01, "HOST/web01.test.example@TEST.EXAMPLE" },
        { "h:HTTP@web03.test.example",
          "WSMAN/web03.test.example@TEST.EXAMPLE" },
        { "h:HTTP@web04", "HTTP/web04@TEST.EXAMPLE" },
        { "h:HTTP@web02.test.example",
          "HTTP/web02.test.example@TEST.EXAMPLE" },
        { "h:HTTP@node1", "HOST/node1.test.example@TEST.EXAMPLE" },
    };
    struct k5_side me, *server = arg;
    uintptr_t failures = 0;
    int i;

    k5_local(&me);
    (void)pthread_barrier_wait(&barrier);
    for (i = 0; i < ROUNDS; i++) {
        struct k5_exchange x = { .target = targets[i % 5].target,
                                 .mech = (uint32_t)i / 5 % 2,
                                 .flags = ALL_FLAGS };

        (void)k5_call(&me, K5_RESET, 0, 0, NULL, NULL, NULL);
        (void)k5_call(server, K5_RESET, 0, 0, NULL, NULL, NULL);
        if (!k5_establish(&me, server, &x)) {
            failures++;
            continue;
        }
        (void)k5_call(&me, K5_INQUIRE, 0, 0, NULL, NULL, NULL);
        failures += strcmp(k5_part(&me, 1), targets[i % 5].other) != 0;
    }
    k5_close(&me);
    return (void *)failures;
}

/*
 * libkrb5 waits for a FILE cache's lock with F_OFD_SETLKW, which valgrind
 * (3.19) takes for a call that does not wait: it keeps its own lock, and the
 * thread that holds the file's never runs. So there, a copy in memory.
 */
static void
cache_for_valgrind(void)
{
    const char *valgrind = getenv("GW_VALGRIND");
    krb5_principal client;
    krb5_context context;
    krb5_ccache from, to;

    if (valgrind == NULL || *valgrind == '\0')
        return;
    if (krb5_init_context(&context) != 0 ||
        krb5_cc_default(context, &from) != 0 ||
        krb5_cc_resolve(context, "MEMORY:threads", &to) != 0 ||
        krb5_cc_get_principal(context, from, &client) != 0 ||
        krb5_cc_initialize(context, to, client) != 0 ||
        krb5_cc_copy_creds(context, from, to) != 0)
        bail("a cache in memory");
    krb5_free_principal(context, client);
    (void)krb5_cc_close(context, from);
    (void)krb5_cc_close(context, to);
    krb5_free_context(context);
    (void)setenv("KRB5CCNAME", "MEMORY:threads", 1);
}

static void
check_threads(void)
{
    struct k5_side servers[THREADS];
    pthread_t threads[THREADS];
    struct addrinfo *found;
    void *failed;
    int i;

    /* nss_wrapper is thread-safe only once it has read its file. */
    if (getaddrinfo("web01.test.example", NULL, NULL, &found) != 0)
        bail("web01.test.example has no address");
    freeaddrinfo(found);
    k5_conf(NULL, ALWAYS);
    (void)k5_fresh("alice");
    cache_for_valgrind();
    (void)pthread_barrier_init(&barrier, NULL, THREADS);
    for (i = 0; i < THREADS; i++)
        k5_spawn(&servers[i], K5_BARE, "machine");
    for (i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, thread_main, &servers[i]) != 0)
            bail("pthread_create");
    for (i = 0; i < THREADS; i++) {
        (void)pthread_join(threads[i], &failed);
        is_int((long)(uintptr_t)failed, 0, "thread %d: no failure in %d", i,
               ROUNDS);
    }
    for (i = 0; i < THREADS; i++)
        k5_close(&servers[i]);
    (void)pthread_barrier_destroy(&barrier);
}

/* --- forks --- */

/*
 * A context is begun by the parent, and completed both by the child and by the
 * parent, each with its own copy.  (Not while other threads are at work:
 * libkrb5's own locks, as that of its profile library, are then left locked in
 * the child, without the plugin as well.)
 */
static void
check_forks(void)
{
    struct k5_side me, server, child_server;
    gss_buffer_desc answer;
    int status = -1, bad = 0, round;
    pid_t pid;

    k5_conf(NULL, ALWAYS);
    (void)k5_fresh("alice");
    k5_spawn(&server, K5_BARE, "machine");
    k5_spawn(&child_server, K5_BARE, "machine");
    for (round = 0; round < 20; round++) {
        k5_local(&me);
        (void)k5_init(&me, WEB01, K5_KRB5, ALL_FLAGS, NULL);
        (void)k5_call(&server, K5_RESET, 0, 0, NULL, NULL, NULL);
        (void)k5_accept(&server, &me.reply.part[0]);
        answer = server.reply.part[0];
        (void)fflush(stdout);
        pid = fork();
        if (pid == 0) {
            (void)alarm(600);  /* no test is that slow; it would hang */
            (void)k5_init(&me, WEB01, K5_KRB5, ALL_FLAGS, &answer);
            bad = me.reply.major != GSS_S_COMPLETE;
            (void)k5_call(&me, K5_RESET, 0, 0, NULL, NULL, NULL);
            bad |= !k5_connect_ends(&me, &child_server, WEB01, K5_KRB5) << 1;
            (void)fflush(stdout);
            _exit(bad);
        }
        (void)k5_init(&me, WEB01, K5_KRB5, ALL_FLAGS, &answer);
        if (me.reply.major != GSS_S_COMPLETE || !k5_talk(&me, &server)) {
            bad++;
            diag("parent, round %d: 0x%x %s", round, me.reply.major,
                 k5_part(&me, 1));
        }
        k5_close(&me);
        if (waitpid(pid, &status, 0) != pid || status != 0) {
            bad++;
            diag("child, round %d: wait status 0x%x", round, status);
        }
        (void)k5_call(&child_server, K5_RESET, 0, 0, NULL, NULL, NULL);
    }
    is_int(bad, 0, "20 forks within a context: child and parent go on");
    k5_close(&server);
    k5_close(&child_server);
}

/* --- processes --- */

/* 200 clients at once, on one ccache, none of which may fail. */
static void
check_processes(void)
{
    int gate[2], count = 0, bad = 0, status, i, n = PROCESSES;
    struct k5_side me, server;
    pid_t pids[PROCESSES];
    char c;

    if (k5_slow())
        n = PROCESSES / 4;
    k5_conf(NULL, ALWAYS);
    (void)k5_fresh("alice");
    k5_spawn(&server, K5_BARE, "machine");
    k5_local(&me);
    (void)k5_connect_ends(&me, &server, WEB01, K5_KRB5);
    k5_close(&me);
    k5_close(&server);
    if (pipe(gate) != 0)
        bail("pipe");
    (void)fflush(stdout);
    for (i = 0; i < n; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            const char *target = i % 2 ? WEB01 : "h:HTTP@web03";

            (void)close(gate[1]);
            while (read(gate[0], &c, 1) > 0)
                ;
            k5_local(&me);
            (void)k5_init(&me, target, (uint32_t)i % 3 == 0, ALL_FLAGS, NULL);
            if (me.reply.major != GSS_S_CONTINUE_NEEDED)
                diag("process %d: 0x%x %s", i, me.reply.major,
                     k5_part(&me, 1));
            (void)fflush(stdout);
            _exit(me.reply.major == GSS_S_CONTINUE_NEEDED ? 0 : 1);
        }
        count += pids[i] > 0;
    }
    is_int(count, n, "%d processes are there", n);
    (void)close(gate[0]);
    (void)close(gate[1]);
    for (i = 0; i < n; i++)
        if (waitpid(pids[i], &status, 0) != pids[i] || status != 0)
            bad++;
    is_int(bad, 0, "%d processes at once without a failure", n);
}

/* The same with new programs, which all load the module. */
static void
check_programs(void)
{
    int n = 200, count = 0, bad = 0, status, i;
    pid_t pids[200];

    if (k5_slow())
        n = 24;
    k5_conf(NULL, ALWAYS);
    (void)k5_fresh("alice");
    (void)fflush(stdout);
    for (i = 0; i < n; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            execl(program_invocation_name, program_invocation_name, "once",
                  (char *)NULL);
            _exit(127);
        }
        count += pids[i] > 0;
    }
    for (i = 0; i < n; i++)
        if (waitpid(pids[i], &status, 0) != pids[i] || status != 0)
            bad++;
    is_int(count - bad, n, "%d programs at once without a failure", n);
}

/* What one of them does. */
static int
once(void)
{
    struct k5_side me;
    int bad;

    k5_local(&me);
    bad = k5_call(&me, K5_LOADED, 0, 0, NULL, NULL, NULL)->a != 1;
    (void)k5_init(&me, WEB01, K5_KRB5, ALL_FLAGS, NULL);
    bad |= me.reply.major != GSS_S_CONTINUE_NEEDED;
    if (bad)
        diag("0x%x %s", me.reply.major, k5_part(&me, 1));
    k5_close(&me);
    return bad;
}

/* --- loading and unloading --- */

static int
mapped(const char *name)
{
    char *maps = k5_read("/proc/self/maps");
    int found = strstr(maps, name) != NULL;

    free(maps);
    return found;
}

/* A program that is linked with no GSSAPI opens and closes it: reload.c. */
static void
check_reload(void)
{
    const char *argv[] = { NULL, NULL };
    char path[600], *out;
    int status;

    k5_conf(NULL, ALWAYS);
    (void)k5_fresh("alice");
    (void)snprintf(path, sizeof(path), "%s/reload", getenv("K5_BUILD"));
    argv[0] = path;
    out = k5_run(K5_INTERPOSED, argv, &status);
    is_int(status, 0, "libgssapi and the module, loaded and unloaded");
    has_str(out, "10 times", "as often as it should be");
    free(out);
}

/* --- secure processes --- */

/*
 * t_secure, run with AT_SECURE set, checks itself; this makes it so. A setgid
 * bit needs a second group, a file capability needs root; anyone is root in a
 * user namespace. GSS_MECH_CONFIG and KRB5_CONFIG are ignored by such
 * processes, so the script puts files over /etc/gss/mech.d and /etc/krb5.conf
 * in a mount namespace.
 */
static void
check_secure(void)
{
    const char *argv[] = { NULL, NULL };
    char path[600], *out, *line, *save = NULL;
    int results = 0, status;

    k5_conf(NULL, NULL);
    (void)k5_fresh("alice");
    (void)snprintf(path, sizeof(path), "%s/tests/k5/secure.py",
                   getenv("top_srcdir"));
    argv[0] = path;
    out = k5_run(K5_BARE, argv, &status);
    for (line = strtok_r(out, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        results++;
        if (strncmp(line, "SKIP ", 5) == 0)
            skip("a secure process", line + 5);
        else if (strncmp(line, "ok ", 3) == 0)
            ok(1, "a secure process: %s", line + 3);
        else if (strncmp(line, "not ok ", 7) == 0)
            ok(0, "a secure process: %s", line + 7);
        else
            printf("# %s\n", line);
    }
    free(out);
    ok(status == 0 && results > 0, "a secure process: all was said (0x%x)",
       status);
}

int
main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "once") == 0)
        return once();
    k5_begin(argc, argv);
    ok(mapped("/gss_winrm.so"), "the module is mapped");
    check_threads();
    check_forks();
    check_processes();
    check_programs();
    check_reload();
    check_secure();
    return k5_end();
}
