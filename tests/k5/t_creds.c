/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* t_creds.c - credentials: default, named, stored, exported, accepting, S4U.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/k5/k5.h"

#define ALWAYS " match = always\n"
#define WEB01 "h:HTTP@web01.test.example"

static struct k5_msg *
acquire(struct k5_side *side, const char *name, const char *store, int usage,
        uint32_t mech)
{
    gss_buffer_desc n = k5_str(name == NULL ? "" : name);
    gss_buffer_desc s = k5_str(store == NULL ? "" : store);

    return k5_call(side, K5_ACQUIRE, (uint32_t)usage, mech, &n,
                   store == NULL ? NULL : &s, NULL);
}

/* What both sides say about their credentials is the same. */
static void
check_same_cred(struct k5_side *me, struct k5_side *bare, const char *what)
{
    const struct k5_msg *m = k5_call(me, K5_CRED, 0, 0, NULL, NULL, NULL);
    const struct k5_msg *b = k5_call(bare, K5_CRED, 0, 0, NULL, NULL, NULL);

    is_int(m->major, b->major, "%s: inquire: major status", what);
    is_int(m->a, b->a, "%s: inquire: usage", what);
    is_int(m->b, b->b, "%s: inquire: lifetime", what);
    is_str(k5_part(me, 0), k5_part(bare, 0), "%s: inquire: name", what);
    is_str(k5_part(me, 1), k5_part(bare, 1), "%s: inquire: mechanism", what);
    is_str(k5_part(me, 2), k5_part(bare, 2), "%s: inquire: error text", what);
}

/* Acquire here and in a bare process; the same result? Then authenticate. */
static void
check_initiator(const char *what, const char *name, const char *store,
                uint32_t mech, const char *client)
{
    struct k5_side me, bare, server;

    k5_conf(NULL, ALWAYS);
    k5_spawn(&bare, K5_BARE, "none");
    k5_spawn(&me, K5_SAME, "none");
    (void)acquire(&me, name, store, GSS_C_INITIATE, mech);
    (void)acquire(&bare, name, store, GSS_C_INITIATE, mech);
    is_int(me.reply.major, bare.reply.major, "%s: acquire", what);
    is_str(k5_part(&me, 1), k5_part(&bare, 1), "%s: acquire: text", what);
    if (client != NULL && !GSS_ERROR(me.reply.major)) {
        check_same_cred(&me, &bare, what);
        k5_spawn(&server, K5_BARE, "machine");
        ok(k5_connect_ends(&me, &server, WEB01, mech), "%s: a context", what);
        (void)k5_call(&server, K5_INQUIRE, 0, 0, NULL, NULL, NULL);
        is_str(k5_part(&server, 0), client, "%s: as whom", what);
        is_str(k5_part(&server, 1), "HOST/web01.test.example@TEST.EXAMPLE",
               "%s: with the machine", what);
        k5_close(&server);
    } else {
        ok(client == NULL && GSS_ERROR(me.reply.major), "%s: refused", what);
    }
    k5_close(&me);
    k5_close(&bare);
}

static void
check_initiators(void)
{
    char bob[600], collection[600], keytab[900];
    uint32_t mech;

    (void)snprintf(bob, sizeof(bob), "ccache=%s/bob", getenv("K5_DIR"));
    for (mech = K5_KRB5; mech <= K5_SPNEGO; mech++) {
        (void)k5_fresh("alice");
        check_initiator("default credential", NULL, NULL, mech,
                        "alice@TEST.EXAMPLE");
        check_initiator("named credential", "u:alice", NULL, mech,
                        "alice@TEST.EXAMPLE");
        check_initiator("named by principal", "p:alice@TEST.EXAMPLE", NULL,
                        mech, "alice@TEST.EXAMPLE");
        check_initiator("another's name", "u:bob", NULL, mech, NULL);
        check_initiator("from a ccache", NULL, bob, mech, "bob@TEST.EXAMPLE");
        check_initiator("from a ccache, by name", "u:bob", bob, mech,
                        "bob@TEST.EXAMPLE");
        check_initiator("from a ccache, by another's name", "u:alice", bob,
                        mech, NULL);
        check_initiator("from no ccache", NULL, "ccache=FILE:/nonexistent/x",
                        mech, NULL);
        check_initiator("unknown store", NULL, "winrm=1", mech,
                        "alice@TEST.EXAMPLE");
        (void)snprintf(keytab, sizeof(keytab),
                       "client_keytab=%s/client.keytab;ccache=MEMORY:new",
                       getenv("K5_DIR"));
        check_initiator("from a client keytab", NULL, keytab, mech,
                        "alice@TEST.EXAMPLE");
    }
    (void)snprintf(collection, sizeof(collection), "FILE:%s/bob",
                   getenv("K5_DIR"));
    (void)setenv("KRB5CCNAME", collection, 1);
    check_initiator("default credential, bob's", NULL, NULL, K5_KRB5,
                    "bob@TEST.EXAMPLE");
}

/* The ccache of the credential, not the default one, is used and taught. */
static void
check_lesson_ccache(void)
{
    struct k5_side me, server;
    struct k5_exchange x
        = { .target = "h:HTTP@web11.test.example", .flags = ALL_FLAGS };
    char store[600];
    const char *used, *unused;

    k5_conf(NULL, ALWAYS);
    used = k5_fresh("bob");
    unused = k5_fresh("alice");
    (void)snprintf(store, sizeof(store), "ccache=FILE:%s", used);
    k5_spawn(&me, K5_SAME, "none");
    k5_spawn(&server, K5_BARE, "machine");
    (void)acquire(&me, NULL, store, GSS_C_INITIATE, K5_KRB5);
    (void)k5_establish(&me, &server, &x);
    (void)k5_init(&me, x.target, K5_KRB5, ALL_FLAGS, &server.reply.part[0]);
    (void)k5_call(&server, K5_RESET, 0, 0, NULL, NULL, NULL);
    (void)k5_accept(&server, &me.reply.part[0]);
    (void)k5_init(&me, x.target, K5_KRB5, ALL_FLAGS, &server.reply.part[0]);
    is_int(me.reply.major, GSS_S_COMPLETE, "lesson: let in at the second try");
    has_str(k5_lessons(used), "=WSMAN@web11.test.example",
            "lesson: in the credential's ccache");
    is_str(k5_lessons(unused), "", "lesson: not in the default one");
    is_str(k5_tickets(unused), "", "lesson: no ticket there either");
    k5_close(&me);
    k5_close(&server);
}

static void
check_password(void)
{
    gss_buffer_desc name = k5_str("u:alice"), good = k5_str("alice");
    gss_buffer_desc bad = k5_str("wrong");
    struct k5_side me, bare, server;

    k5_conf(NULL, ALWAYS);
    (void)k5_fresh("bob");
    k5_spawn(&me, K5_SAME, "none");
    k5_spawn(&bare, K5_BARE, "none");
    k5_spawn(&server, K5_BARE, "machine");
    (void)k5_call(&me, K5_PASSWORD, 0, K5_KRB5, &name, &bad, NULL);
    (void)k5_call(&bare, K5_PASSWORD, 0, K5_KRB5, &name, &bad, NULL);
    is_int(me.reply.major, bare.reply.major, "password: wrong: major status");
    is_str(k5_part(&me, 1), k5_part(&bare, 1), "password: wrong: text");
    ok(GSS_ERROR(me.reply.major), "password: wrong: refused");
    (void)k5_call(&me, K5_PASSWORD, 0, K5_KRB5, &name, &good, NULL);
    is_int(me.reply.major, GSS_S_COMPLETE, "password: acquired");
    ok(k5_connect_ends(&me, &server, WEB01, K5_KRB5), "password: a context");
    (void)k5_call(&server, K5_INQUIRE, 0, 0, NULL, NULL, NULL);
    is_str(k5_part(&server, 0), "alice@TEST.EXAMPLE", "password: as alice");
    k5_close(&me);
    k5_close(&bare);
    k5_close(&server);
}

/* Credentials exported by one process and used by another. */
static void
check_export(int from, int to, const char *what)
{
    struct k5_side old, new, server;

    k5_conf(NULL, ALWAYS);
    (void)k5_fresh("alice");
    k5_spawn(&old, from, "none");
    (void)k5_fresh("bob");
    k5_spawn(&new, to, "none");
    k5_spawn(&server, K5_BARE, "machine");
    (void)acquire(&old, "u:alice", NULL, GSS_C_INITIATE, K5_KRB5);
    (void)k5_call(&old, K5_CRED_EXPORT, 0, 0, NULL, NULL, NULL);
    is_int(old.reply.major, GSS_S_COMPLETE, "credential, %s: exported", what);
    (void)k5_call(&new, K5_CRED_IMPORT, 0, 0, &old.reply.part[0], NULL, NULL);
    if (!is_int(new.reply.major, GSS_S_COMPLETE, "credential, %s: imported",
                what))
        diag("%s", k5_part(&new, 1));
    (void)k5_call(&new, K5_CRED, 0, 0, NULL, NULL, NULL);
    is_str(k5_part(&new, 0), "alice@TEST.EXAMPLE", "credential, %s: alice's",
           what);
    ok(k5_connect_ends(&new, &server,
                       to == K5_BARE ? "h:HOST@web01.test.example" : WEB01,
                       K5_KRB5),
       "credential, %s: used", what);
    (void)k5_call(&server, K5_INQUIRE, 0, 0, NULL, NULL, NULL);
    is_str(k5_part(&server, 1), "HOST/web01.test.example@TEST.EXAMPLE",
           "credential, %s: with the machine", what);
    k5_close(&old);
    k5_close(&new);
    k5_close(&server);
}

static void
check_store(void)
{
    struct k5_side me;
    gss_buffer_desc store;
    char text[600];
    const char *path = k5_path("stored");

    k5_conf(NULL, ALWAYS);
    (void)k5_fresh("alice");
    (void)snprintf(text, sizeof(text), "ccache=FILE:%s", path);
    store = k5_str(text);
    k5_local(&me);
    (void)acquire(&me, NULL, NULL, GSS_C_INITIATE, K5_KRB5);
    (void)k5_call(&me, K5_CRED_STORE, 0, 0, &store, NULL, NULL);
    if (!is_int(me.reply.major, GSS_S_COMPLETE, "store: into a ccache"))
        diag("%s", k5_part(&me, 1));
    (void)acquire(&me, NULL, text, GSS_C_INITIATE, K5_KRB5);
    (void)k5_call(&me, K5_CRED, 0, 0, NULL, NULL, NULL);
    is_str(k5_part(&me, 0), "alice@TEST.EXAMPLE", "store: and from there");
    (void)k5_init(&me, WEB01, K5_KRB5, ALL_FLAGS, NULL);
    is_str(k5_tickets(path), "HOST/web01.test.example",
           "store: its tickets go there");
    k5_close(&me);
}

/* The acceptor is interposed, its client is not. */
static void
check_acceptor(const char *what, const char *keytab, const char *name,
               const char *store, int usage, int acquired, uint32_t mech,
               const char *target, int good)
{
    struct k5_side me, bare, client;

    k5_conf(NULL, ALWAYS);
    (void)k5_fresh("alice");
    k5_spawn(&client, K5_BARE, "none");
    k5_spawn(&bare, K5_BARE, keytab);
    k5_spawn(&me, K5_INTERPOSED, keytab);
    if (acquired) {
        (void)acquire(&me, name, store, usage, mech);
        (void)acquire(&bare, name, store, usage, mech);
        is_int(me.reply.major, bare.reply.major, "%s: acquire", what);
        is_str(k5_part(&me, 1), k5_part(&bare, 1), "%s: acquire: text", what);
        check_same_cred(&me, &bare, what);
    }
    {
        struct k5_exchange x = { .target = target,
                                 .mech = mech,
                                 .flags = ALL_FLAGS | GSS_C_DELEG_FLAG };
        int got = k5_establish(&client, &me, &x);

        if (!is_int(got, good, "%s: %s", what,
                    good ? "lets a client in" : "does not let a client in"))
            diag("0x%x %s", me.reply.major, k5_part(&me, 1));
        if (good) {
            ok(k5_talk(&client, &me), "%s: talks", what);
            (void)k5_call(&me, K5_DELEGATED, 0, 0, NULL, NULL, NULL);
            (void)k5_call(&me, K5_CRED, 0, 0, NULL, NULL, NULL);
            is_str(k5_part(&me, 0), "alice@TEST.EXAMPLE",
                   "%s: has her credential", what);
        } else {
            struct k5_side again;
            OM_uint32 mine = me.reply.major;
            char *text = strdup(k5_part(&me, 1));

            k5_spawn(&again, K5_BARE, "none");
            (void)k5_establish(&again, &bare, &x);
            is_int(mine, bare.reply.major, "%s: the same status", what);
            is_str(text, k5_part(&bare, 1), "%s: the same text", what);
            free(text);
            k5_close(&again);
        }
    }
    k5_close(&me);
    k5_close(&bare);
    k5_close(&client);
}

static void
check_acceptors(void)
{
    char keytab[600];
    uint32_t mech;

    (void)snprintf(keytab, sizeof(keytab), "keytab=FILE:%s/machine.keytab",
                   getenv("K5_DIR"));
    for (mech = K5_KRB5; mech <= K5_SPNEGO; mech++) {
        check_acceptor("acceptor, default credential", "machine", NULL, NULL,
                       0, 0, mech, "h:HOST@web01.test.example", 1);
        check_acceptor("acceptor, acquired", "machine", NULL, NULL,
                       GSS_C_ACCEPT, 1, mech, "h:WSMAN@web01.test.example", 1);
        check_acceptor("acceptor, from a keytab", "none", NULL, keytab,
                       GSS_C_ACCEPT, 1, mech, "h:HOST@web01.test.example", 1);
        check_acceptor("acceptor, by name", "machine",
                       "h:HOST@web01.test.example", NULL, GSS_C_ACCEPT, 1,
                       mech, "h:HOST@web01.test.example", 1);
        check_acceptor("acceptor, as HTTP@", "iis", WEB01, NULL, GSS_C_ACCEPT,
                       1, mech, WEB01, 1);
        check_acceptor("acceptor, for both uses", "machine", NULL, NULL,
                       GSS_C_BOTH, 1, mech, "h:HOST@web01.test.example", 1);
        check_acceptor("acceptor, for another name", "machine",
                       "h:WSMAN@web01.test.example", NULL, GSS_C_ACCEPT, 1,
                       mech, "h:HOST@web01.test.example", 0);
        check_acceptor("acceptor, without the key", "iis", NULL, NULL, 0, 0,
                       mech, "h:HOST@web01.test.example", 0);
    }
}

/* S4U2Self, and S4U2Proxy as far as this KDC's database goes: a refusal. */
static void
check_s4u(void)
{
    struct k5_side me, bare;
    gss_buffer_desc user = k5_str("u:alice"), nobody = k5_str("u:nobody");
    char store[900];
    struct k5_side *sides[2] = { &me, &bare };
    int i;

    k5_conf(NULL, ALWAYS);
    (void)k5_fresh("gw");
    (void)snprintf(store, sizeof(store), "ccache=%s;keytab=FILE:%s/gw.keytab",
                   getenv("KRB5CCNAME"), getenv("K5_DIR"));
    k5_spawn(&me, K5_SAME, "none");
    k5_spawn(&bare, K5_BARE, "none");
    for (i = 0; i < 2; i++) {
        (void)acquire(sides[i], NULL, store, GSS_C_BOTH, K5_KRB5);
        (void)k5_call(sides[i], K5_IMPERSONATE, 0, 0, &nobody, NULL, NULL);
    }
    is_int(me.reply.major, bare.reply.major, "S4U: of nobody: major status");
    is_str(k5_part(&me, 1), k5_part(&bare, 1), "S4U: of nobody: text");
    for (i = 0; i < 2; i++)
        (void)k5_call(sides[i], K5_IMPERSONATE, 0, 0, &user, NULL, NULL);
    is_int(me.reply.major, GSS_S_COMPLETE, "S4U2Self: of alice");
    is_int(bare.reply.major, GSS_S_COMPLETE, "S4U2Self: of alice, bare");
    check_same_cred(&me, &bare, "S4U2Self");
    (void)k5_call(&me, K5_CRED, 0, 0, NULL, NULL, NULL);
    is_str(k5_part(&me, 0), "alice@TEST.EXAMPLE", "S4U2Self: alice's name");
    (void)k5_init(&me, WEB01, K5_KRB5, ALL_FLAGS, NULL);
    (void)k5_init(&bare, "h:HOST@web01.test.example", K5_KRB5, ALL_FLAGS,
                  NULL);
    ok(GSS_ERROR(bare.reply.major), "S4U2Proxy: this KDC refuses it");
    is_int(me.reply.major, bare.reply.major, "S4U2Proxy: major status");
    is_str(k5_part(&me, 1), k5_part(&bare, 1), "S4U2Proxy: text");
    k5_close(&me);
    k5_close(&bare);
}

int
main(int argc, char **argv)
{
    k5_begin(argc, argv);
    check_initiators();
    check_lesson_ccache();
    check_password();
    check_export(K5_INTERPOSED, K5_INTERPOSED, "interposed to interposed");
    check_export(K5_INTERPOSED, K5_BARE, "interposed to bare");
    check_export(K5_BARE, K5_INTERPOSED, "bare to interposed");
    check_store();
    check_acceptors();
    check_s4u();
    return k5_end();
}
