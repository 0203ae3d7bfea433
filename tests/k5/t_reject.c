/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* t_reject.c - servers that refuse a name: healing, and what is learned. */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/k5/k5.h"

#define ALWAYS " match = always\n"
#define WEB01 "h:HTTP@web01.test.example"
#define WEB10 "h:HTTP@web10.test.example"

/* How a program goes on after a rejection. */
enum retry {
    SAME_CONTEXT,     /* the error token goes into the context (curl) */
    FRESH_WITH_TOKEN, /* and into a new context (requests-kerberos) */
    FRESH_WITHOUT,    /* a new context from nothing */
};

struct story {
    int accepted, contexts, tries;
    OM_uint32 first_error; /* of the initiator, after a rejection */
};

/* Authenticate as a client does that tries again until it is let in. */
static struct story
authenticate(struct k5_side *me, struct k5_side *server, const char *target,
             enum retry retry, const struct k5_socket *connection)
{
    const int limit = 10;
    struct story s = { 0, 1, 0, 0 };
    gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
    const gss_buffer_desc *input = NULL;
    OM_uint32 major;

    (void)k5_call(me, K5_RESET, 0, 0, NULL, NULL, NULL);
    while (s.tries < limit) {
        major = k5_init(me, target, K5_KRB5, ALL_FLAGS, input)->major;
        free(token.value);
        token.value = NULL;
        if (GSS_ERROR(major)) {
            s.first_error = s.first_error ? s.first_error : major;
            break;
        }
        s.tries++;
        major = k5_accept(server, &me->reply.part[0])->major;
        if (connection != NULL)
            k5_answer(connection);
        token.length = server->reply.part[0].length;
        token.value = malloc(token.length + 1);
        if (token.value == NULL)
            abort();
        memcpy(token.value, server->reply.part[0].value, token.length);
        (void)k5_call(server, K5_RESET, 0, 0, NULL, NULL, NULL);
        if (!GSS_ERROR(major)) {
            major = k5_init(me, target, K5_KRB5, ALL_FLAGS, &token)->major;
            s.accepted = major == GSS_S_COMPLETE;
            break;
        }
        input = retry == FRESH_WITHOUT ? NULL : &token;
        if (retry != SAME_CONTEXT) {
            (void)k5_call(me, K5_RESET_CTX, 0, 0, NULL, NULL, NULL);
            s.contexts++;
        }
    }
    free(token.value);
    return s;
}

/* HOST/ and WSMAN/web10 are keys that the server does not have. */
static void
check_healing(enum retry retry, const char *what)
{
    struct k5_side me, server;
    struct k5_socket s;
    struct story story;
    char conf[128];
    const char *cc;
    char *trace;

    s = k5_connect("127.0.11.10", 0);
    (void)snprintf(conf, sizeof(conf), " ports = %d\n", s.port);
    k5_conf(NULL, conf);
    cc = k5_fresh("alice");
    k5_spawn(&server, K5_BARE, "machine");
    k5_local(&me);
    (void)k5_trace();
    story = authenticate(&me, &server, WEB10, retry, &s);
    trace = strdup(k5_trace());
    if (!ok(story.accepted, "%s: let in after rejections", what))
        diag("0x%x %s\n%s", me.reply.major, k5_part(&me, 1), trace);
    is_int(story.tries, 3, "%s: at the third try", what);
    /* The daemon of KCM lists them in an order of its own. */
    is_str(k5_tickets(cc), *cc == '/' ?
           "HOST/web10.test.example WSMAN/web10.test.example HTTP/web10" :
           "HTTP/web10 HOST/web10.test.example WSMAN/web10.test.example",
           "%s: the candidates, in their order in a file", what);
    has_str(trace,
            "HTTP@web10.test.example: HOST@web10.test.example "
            "rejected by the server",
            "%s: the first in the trace", what);
    has_str(trace,
            "HTTP@web10.test.example: WSMAN@web10.test.example "
            "rejected by the server",
            "%s: the second in the trace", what);
    has_str(trace, "HTTP@web10.test.example: learned HTTP/web10",
            "%s: the lesson in the trace", what);
    has_str(k5_lessons(cc), "=HTTP/web10@", "%s: the lesson in the ccache",
            what);
    (void)k5_call(&me, K5_INQUIRE, 0, 0, NULL, NULL, NULL);
    is_str(k5_part(&me, 1), "HTTP/web10@TEST.EXAMPLE",
           "%s: the context is with the server's own name", what);
    story = authenticate(&me, &server, WEB10, retry, &s);
    is_int(story.accepted ? story.tries : -1, 1,
           "%s: the next context at the first try", what);
    k5_disconnect(&s);
    k5_close(&me);
    k5_close(&server);
    free(trace);
}

static void
check_error_token(void)
{
    check_healing(SAME_CONTEXT, "error token");
}

static void
check_fresh_context(void)
{
    check_healing(FRESH_WITH_TOKEN, "fresh context with the error token");
}

static void
check_same_connection(void)
{
    check_healing(FRESH_WITHOUT, "fresh context on the same connection");
}

/* After the lesson: other processes of this program, and of others. */
static void
check_learned(void)
{
    static const char *const kdestroy[] = { "kdestroy", NULL };
    static const char *const klist[] = { "klist", "-C", NULL };
    struct k5_side server, other;
    struct story story;
    struct k5_socket s;
    char conf[64], changed[96], *out;
    const char *cc;

    s = k5_connect("127.0.11.1", 0);
    (void)snprintf(conf, sizeof(conf), " ports = %d\n", s.port);
    k5_disconnect(&s);
    k5_conf(NULL, conf);
    cc = k5_fresh("alice");
    k5_spawn(&server, K5_BARE, "machine");

    /* A client that authenticates before it connects: no evidence yet. */
    k5_spawn(&other, K5_SAME, "none");
    (void)k5_init(&other, WEB01, K5_KRB5, ALL_FLAGS, NULL);
    is_str(k5_tickets(cc), "HTTP/web01.test.example",
           "learned: without evidence the plain name");
    (void)k5_accept(&server, &other.reply.part[0]);
    ok(GSS_ERROR(server.reply.major), "learned: which the server refuses");
    k5_close(&other);

    /* The program that has a connection at its second try. */
    k5_write(k5_path("lesson.conf"), "", 0);
    {
        struct k5_side me;
        gss_buffer_desc rejection;

        k5_local(&me);
        (void)k5_init(&me, WEB01, K5_KRB5, ALL_FLAGS, NULL);
        (void)k5_accept(&server, &me.reply.part[0]);
        rejection = server.reply.part[0];
        server.reply.part[0] = (gss_buffer_desc)GSS_C_EMPTY_BUFFER;
        (void)k5_call(&me, K5_RESET_CTX, 0, 0, NULL, NULL, NULL);
        s = k5_connect("127.0.11.1", s.port);
        (void)k5_init(&me, WEB01, K5_KRB5, ALL_FLAGS, &rejection);
        free(rejection.value);
        if (!is_int(me.reply.major, GSS_S_CONTINUE_NEEDED,
                    "learned: a fresh context eats the rejection"))
            diag("%s", k5_part(&me, 1));
        (void)k5_accept(&server, &me.reply.part[0]);
        (void)k5_init(&me, WEB01, K5_KRB5, ALL_FLAGS, &server.reply.part[0]);
        is_int(me.reply.major, GSS_S_COMPLETE, "learned: and is let in");
        k5_close(&me);
    }
    k5_disconnect(&s);
    has_str(k5_lessons(cc), "HTTP", "learned: it is in the ccache");
    has_str(k5_lessons(cc), "=HOST@web01.test.example",
            "learned: the name that the server answered to");

    out = k5_run(K5_BARE, klist, NULL);
    has_str(out, "config: winrm_spn", "learned: klist -C shows it");
    free(out);

    k5_spawn(&other, K5_SAME, "none");
    (void)k5_call(&server, K5_RESET, 0, 0, NULL, NULL, NULL);
    story = authenticate(&other, &server, WEB01, SAME_CONTEXT, NULL);
    is_int(story.accepted ? story.tries : -1, 1,
           "learned: another process is let in at once, without a socket");
    k5_close(&other);

    /* krb5.conf has changed since: what was learned is not one of its names. */
    (void)snprintf(changed, sizeof(changed), "%s spn = WSMAN/%%f\n", conf);
    k5_conf(NULL, changed);
    k5_spawn(&other, K5_SAME, "none");
    (void)k5_trace();
    (void)k5_init(&other, WEB01, K5_KRB5, ALL_FLAGS, NULL);
    out = strdup(k5_trace());
    has_str(out, "sending WSMAN@web01.test.example",
            "learned: krb5.conf has other names now, and they count");
    lacks_str(out, "sending HOST@",
              "learned: a name that krb5.conf would not try is not tried");
    free(out);
    k5_close(&other);
    k5_conf(NULL, conf);

    k5_spawn(&other, K5_INTERPOSED, "none");
    (void)k5_init(&other, WEB01, K5_KRB5, ALL_FLAGS, NULL);
    (void)k5_call(&server, K5_RESET, 0, 0, NULL, NULL, NULL);
    (void)k5_accept(&server, &other.reply.part[0]);
    ok(GSS_ERROR(server.reply.major),
       "learned: another program has learned nothing");
    k5_close(&other);

    /* A site on another port of that host, with the lesson at hand. */
    s = k5_connect("127.0.11.1", 0);
    k5_spawn(&other, K5_BARE, "iis");
    {
        struct k5_side me;

        k5_local(&me);
        ok(k5_connect_ends(&me, &other, WEB01, K5_KRB5),
           "learned: the site on another port still gets its name");
        k5_close(&me);
    }
    k5_close(&other);
    k5_disconnect(&s);

    out = k5_run(K5_BARE, kdestroy, NULL);
    free(out);
    ok(access(cc, F_OK) != 0, "learned: kdestroy destroys the ccache");
    cc = k5_fresh("alice");
    k5_spawn(&other, K5_SAME, "none");
    (void)k5_init(&other, WEB01, K5_KRB5, ALL_FLAGS, NULL);
    is_str(k5_tickets(cc), "HTTP/web01.test.example",
           "learned: and with it the lesson is forgotten");
    k5_close(&other);
    k5_close(&server);
}

/* Where nothing may be healed, all is as without the plugin. */
static void
check_same_without_evidence(enum retry retry, const char *what)
{
    struct k5_side me, server;
    struct story bare, mine;

    k5_conf(NULL, NULL);
    (void)k5_fresh("alice");
    k5_spawn(&server, K5_BARE, "machine");
    k5_spawn(&me, K5_BARE, "none");
    bare = authenticate(&me, &server, WEB10, retry, NULL);
    k5_close(&me);
    k5_spawn(&me, K5_SAME, "none");
    mine = authenticate(&me, &server, WEB10, retry, NULL);
    ok(!bare.accepted && !mine.accepted, "%s: never let in", what);
    is_int(mine.tries, bare.tries, "%s: as many tries", what);
    is_int(mine.first_error, bare.first_error, "%s: the same error", what);
    k5_close(&me);
    k5_close(&server);
}

static void
check_no_evidence(void)
{
    check_same_without_evidence(SAME_CONTEXT, "no evidence, same context");
    check_same_without_evidence(FRESH_WITH_TOKEN,
                                "no evidence, fresh context with the token");
}

/* A server that accepts none of the names: an end, and krb5's own error. */
static void
check_hopeless(void)
{
    struct k5_side me, server, bare;
    struct story story, plain;
    const char *cc;

    k5_conf(NULL, ALWAYS);
    cc = k5_fresh("alice");
    k5_spawn(&server, K5_BARE, "gw");
    k5_spawn(&bare, K5_BARE, "none");
    k5_spawn(&me, K5_SAME, "none");
    plain = authenticate(&bare, &server, WEB01, SAME_CONTEXT, NULL);
    story = authenticate(&me, &server, WEB01, SAME_CONTEXT, NULL);
    ok(!story.accepted, "hopeless: not let in");
    is_int(story.tries, 4, "hopeless: each candidate once");
    is_int(story.first_error, plain.first_error, "hopeless: krb5's error");
    is_str(k5_lessons(cc), "", "hopeless: nothing is learned");
    k5_close(&me);
    k5_close(&bare);
    k5_close(&server);
}

/*
 * SPNEGO.  MIT's negotiation ends with a rejection, so that only a new context
 * can heal; it may have been given the rejection before (as curl does), or
 * not.
 */
static void
check_spnego(const char *what, const char *target, const char *address,
             int feed, int contexts)
{
    struct k5_exchange x
        = { .target = target, .mech = K5_SPNEGO, .flags = ALL_FLAGS };
    struct k5_side me, server;
    struct k5_socket s;
    char conf[64];
    int tries, good = 0;

    s = k5_connect(address, 0);
    (void)snprintf(conf, sizeof(conf), " ports = %d\n", s.port);
    k5_conf(NULL, conf);
    (void)k5_fresh("alice");
    k5_spawn(&server, K5_BARE, "machine");
    k5_local(&me);
    for (tries = 0; tries < 6 && !good; tries++) {
        (void)k5_call(&me, K5_RESET, 0, 0, NULL, NULL, NULL);
        (void)k5_call(&server, K5_RESET, 0, 0, NULL, NULL, NULL);
        good = k5_establish(&me, &server, &x);
        k5_answer(&s);
        if (!good && feed && server.reply.part[0].length > 0)
            (void)k5_init(&me, target, K5_SPNEGO, ALL_FLAGS,
                          &server.reply.part[0]);
    }
    if (!ok(good, "%s: let in", what))
        diag("%s", k5_trace());
    is_int(tries, contexts, "%s: at context %d", what, contexts);
    k5_close(&me);
    k5_close(&server);
    k5_disconnect(&s);
}

static void
check_spnego_fed(void)
{
    check_spnego("SPNEGO, rejections fed back, second name is right",
                 "h:HTTP@web11.test.example", "127.0.11.11", 1, 2);
}

static void
check_spnego_fresh(void)
{
    check_spnego("SPNEGO, new contexts on one connection", WEB10,
                 "127.0.11.10", 0, 3);
}

/*
 * A program that does not ask for mutual authentication never feeds an answer
 * back: a second context on its connection is not a rejection of the first.
 */
static void
check_one_way(void)
{
    struct k5_side me;
    struct k5_socket s;
    char conf[64];
    const char *cc;
    int i;

    s = k5_connect("127.0.11.1", 0);
    (void)snprintf(conf, sizeof(conf), " ports = %d\n", s.port);
    k5_conf(NULL, conf);
    cc = k5_fresh("alice");
    k5_local(&me);
    (void)k5_trace();
    for (i = 0; i < 6; i++) {
        (void)k5_call(&me, K5_RESET, 0, 0, NULL, NULL, NULL);
        (void)k5_init(&me, WEB01, K5_KRB5, GSS_C_INTEG_FLAG, NULL);
        k5_answer(&s);
    }
    if (!is_str(k5_tickets(cc), "HOST/web01.test.example",
                "one way: six contexts on one connection, one name"))
        diag("%s", k5_trace());
    k5_close(&me);
    k5_disconnect(&s);
}

/* The lesson cannot be written: authentication is not disturbed. */
static void
check_unwritable(void)
{
    struct rlimit limit, saved;
    struct k5_side me, server;
    struct story story;
    struct stat st;
    char *before;
    const char *cc;

    k5_conf(NULL, ALWAYS " spn = HOST/%f HTTP/%n\n");
    cc = k5_fresh("alice");
    if (*cc != '/') {
        skip("unwritable", "the cache is no file");
        return;
    }
    k5_spawn(&server, K5_BARE, "machine");
    k5_spawn(&me, K5_BARE, "none");
    (void)k5_init(&me, "h:HOST@web10.test.example", K5_KRB5, ALL_FLAGS, NULL);
    (void)k5_call(&me, K5_RESET, 0, 0, NULL, NULL, NULL);
    (void)k5_init(&me, "p:HTTP/web10@TEST.EXAMPLE", K5_KRB5, ALL_FLAGS, NULL);
    k5_close(&me);
    before = strdup(k5_tickets(cc));
    (void)stat(cc, &st);

    /* No file of this process may grow: a disk that is full, for root too. */
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)getrlimit(RLIMIT_FSIZE, &saved);
    limit = saved;
    limit.rlim_cur = (rlim_t)st.st_size;
    (void)unsetenv("KRB5_TRACE");
    (void)fflush(stdout);
    (void)setrlimit(RLIMIT_FSIZE, &limit);
    k5_local(&me);
    story = authenticate(&me, &server, WEB10, SAME_CONTEXT, NULL);
    (void)setrlimit(RLIMIT_FSIZE, &saved);
    (void)setenv("KRB5_TRACE", k5_path("trace"), 1);
    ok(story.accepted, "unwritable: let in all the same");
    is_str(k5_tickets(cc), before, "unwritable: no ticket is lost");
    is_str(k5_lessons(cc), "", "unwritable: nothing was learned there");
    story = authenticate(&me, &server, WEB10, SAME_CONTEXT, NULL);
    is_int(story.accepted ? story.tries : -1, 1,
           "unwritable: but this process has learned");
    k5_close(&me);
    free(before);

    if (geteuid() == 0) {
        skip("unwritable: a ccache without write permission",
             "root may write to it");
    } else {
        cc = k5_fresh("alice");
        (void)chmod(cc, 0400);
        k5_spawn(&me, K5_SAME, "none");
        story = authenticate(&me, &server, WEB10, SAME_CONTEXT, NULL);
        ok(story.accepted, "unwritable: a ccache without write permission");
        k5_close(&me);
    }
    k5_close(&server);
}

int
main(int argc, char **argv)
{
    k5_begin(argc, argv);
    k5_apart(check_no_evidence);
    k5_apart(check_learned);
    k5_apart(check_hopeless);
    k5_apart(check_one_way);
    k5_apart(check_error_token);
    k5_apart(check_fresh_context);
    k5_apart(check_same_connection);
    k5_apart(check_spnego_fed);
    k5_apart(check_spnego_fresh);
    k5_apart(check_unwritable);
    return k5_end();
}
