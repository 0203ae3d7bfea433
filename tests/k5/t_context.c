/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* t_context.c - established contexts: both ends, messages, delegation. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/k5/k5.h"

#define ALWAYS " match = always\n"
#define WEB01 "h:HTTP@web01.test.example"

static const char *const mech_names[] = { "krb5", "SPNEGO" };
static const char *const side_names[] = { "bare", "interposed", "here" };

/* What a side knows about its context. */
static void
check_inquiry(struct k5_side *side, const char *role, const char *what)
{
    const struct k5_msg *r = k5_call(side, K5_INQUIRE, 0, 0, NULL, NULL, NULL);

    is_int(r->major, GSS_S_COMPLETE, "%s: the %s can inquire", what, role);
    is_str(k5_part(side, 0), "alice@TEST.EXAMPLE", "%s: %s: source", what,
           role);
    /* The realm is the library's affair then: none since krb5 1.19. */
    if (k5_fallback() && strcmp(role, "initiator") == 0)
        has_str(k5_part(side, 1), "HOST/web01.test.example@", "%s: %s: target",
                what, role);
    else
        is_str(k5_part(side, 1), "HOST/web01.test.example@TEST.EXAMPLE",
               "%s: %s: target", what, role);
    is_str(k5_part(side, 2), "krb5", "%s: %s: mechanism", what, role);
    is_str(k5_part(side, 3), role, "%s: %s: role", what, role);
    ok(r->b == 1 && (r->a & ALL_FLAGS) == ALL_FLAGS,
       "%s: %s: open, with all flags", what, role);
}

/* Every pairing of sides, with every kind of message. */
static void
check_pair(int initiator, int acceptor, uint32_t mech)
{
    struct k5_side ini, acc;
    char what[80];

    (void)snprintf(what, sizeof(what), "%s, %s to %s", mech_names[mech],
                   side_names[initiator], side_names[acceptor]);
    k5_conf(NULL, ALWAYS);
    (void)k5_fresh("alice");
    k5_spawn(&acc, acceptor, "machine");
    if (initiator == 2)
        k5_local(&ini);
    else
        k5_spawn(&ini, initiator, "none");
    if (ok(k5_connect_ends(&ini, &acc,
                           initiator == K5_BARE ? "h:HOST@web01.test.example"
                                                : WEB01,
                           mech),
           "%s: a context", what)) {
        check_inquiry(&ini, "initiator", what);
        check_inquiry(&acc, "acceptor", what);
        ok(k5_talk(&ini, &acc), "%s: messages of every kind both ways", what);
    }
    k5_close(&ini);
    k5_close(&acc);
}

/*
 * Move one end of a context to another process, go on talking, and move it
 * back.  The mechglue puts the interposer's OID into the frame of a context
 * that was interposed, so a bare process refuses that one; the other way
 * works.
 */
static void
check_export(int from, int to, int peer, uint32_t mech)
{
    struct k5_side old, new, other;
    char what[100];

    (void)snprintf(what, sizeof(what), "%s context exported by %s to %s",
                   mech_names[mech], side_names[from], side_names[to]);
    k5_conf(NULL, ALWAYS);
    (void)k5_fresh("alice");
    k5_spawn(&other, peer, "machine");
    k5_spawn(&old, from, "none");
    k5_spawn(&new, to, "none");
    (void)k5_connect_ends(
        &old, &other, from == K5_BARE ? "h:HOST@web01.test.example" : WEB01,
        mech);
    (void)k5_call(&old, K5_EXPORT, 0, 0, NULL, NULL, NULL);
    is_int(old.reply.major, GSS_S_COMPLETE, "%s: exported", what);
    (void)k5_call(&new, K5_IMPORT, 0, 0, &old.reply.part[0], NULL, NULL);
    is_int(new.reply.major, GSS_S_COMPLETE, "%s: imported", what);
    check_inquiry(&new, "initiator", what);
    ok(k5_talk(&new, &other), "%s: messages both ways", what);

    (void)k5_call(&new, K5_EXPORT, 0, 0, NULL, NULL, NULL);
    is_int(
        k5_call(&old, K5_IMPORT, 0, 0, &new.reply.part[0], NULL, NULL)->major,
        from == K5_BARE ? GSS_S_BAD_MECH : GSS_S_COMPLETE, "%s: and back",
        what);
    if (old.reply.major == GSS_S_COMPLETE)
        ok(k5_talk(&old, &other), "%s: and talks", what);
    k5_close(&old);
    k5_close(&new);
    k5_close(&other);
}

/* The acceptor's end, to another process. */
static void
check_acceptor_export(uint32_t mech)
{
    struct k5_side ini, old, new;
    const char *what = mech_names[mech];

    k5_conf(NULL, ALWAYS);
    (void)k5_fresh("alice");
    k5_spawn(&old, K5_INTERPOSED, "machine");
    k5_spawn(&new, K5_INTERPOSED, "none");
    k5_spawn(&ini, K5_BARE, "none");
    (void)k5_connect_ends(&ini, &old, "h:HOST@web01.test.example", mech);
    (void)k5_call(&old, K5_EXPORT, 0, 0, NULL, NULL, NULL);
    (void)k5_call(&new, K5_IMPORT, 0, 0, &old.reply.part[0], NULL, NULL);
    is_int(new.reply.major, GSS_S_COMPLETE, "%s acceptor's end imported",
           what);
    check_inquiry(&new, "acceptor", what);
    ok(k5_talk(&ini, &new), "%s acceptor's end talks", what);
    k5_close(&old);
    k5_close(&new);
    k5_close(&ini);
}

static void
check_delegation(const char *target, const char *winrm, uint32_t flags,
                 int expected, uint32_t mech, const char *what)
{
    struct k5_exchange x
        = { .target = target, .mech = mech, .flags = ALL_FLAGS | flags };
    struct k5_side ini, acc;

    k5_conf(NULL, winrm);
    (void)k5_fresh("alice");
    k5_spawn(&acc, K5_BARE, "machine");
    k5_local(&ini);
    if (ok(k5_establish(&ini, &acc, &x), "%s (%s): a context", what,
           mech_names[mech])) {
        /* The reply with the credential is that to the initiator's token. */
        is_int(acc.reply.b, expected, "%s: a credential is delegated", what);
        (void)k5_call(&ini, K5_INQUIRE, 0, 0, NULL, NULL, NULL);
        is_int((ini.reply.a & GSS_C_DELEG_FLAG) != 0, expected,
               "%s: the initiator is told", what);
    }
    if (expected) {
        (void)k5_call(&acc, K5_DELEGATED, 0, 0, NULL, NULL, NULL);
        (void)k5_call(&acc, K5_CRED, 0, 0, NULL, NULL, NULL);
        is_str(k5_part(&acc, 0), "alice@TEST.EXAMPLE", "%s: alice's", what);
        (void)k5_call(&acc, K5_RESET_CTX, 0, 0, NULL, NULL, NULL);
        (void)k5_init(&acc, "h:WSMAN@node1.test.example", K5_KRB5, ALL_FLAGS,
                      NULL);
        is_int(acc.reply.major, GSS_S_CONTINUE_NEEDED,
               "%s: the second hop with it", what);
    }
    k5_close(&ini);
    k5_close(&acc);
}

#define LISTED " targets = {\n  web02.test.example = {\n" \
    "   spn = HTTP/web02.test.example\n  }\n }"

/* The nodes' names are unknown; only the cluster's own HTTP name is not. */
#define CLUSTER " targets = {\n  web02.test.example = {\n" \
    "   nodes = web08.test.example\n   spn = HOST/%f HTTP/%f\n" \
    "   delegation = kerberos\n  }\n }"

static void
check_delegations(void)
{
    static const char target[] = ALWAYS
        " targets = {\n  .test.example = {\n   delegation = kerberos\n  }\n }";
    uint32_t mech;

    for (mech = K5_KRB5; mech <= K5_SPNEGO; mech++) {
        check_delegation(WEB01, ALWAYS, 0, 0, mech, "no delegation");
        check_delegation(WEB01, ALWAYS " delegation = none", 0, 0, mech,
                         "delegation = none");
        check_delegation(WEB01, ALWAYS " delegation = kerberos", 0, 1, mech,
                         "delegation = kerberos");
        check_delegation(WEB01, target, 0, 1, mech,
                         "delegation = kerberos for the target");
        check_delegation(WEB01, ALWAYS " delegation = none", GSS_C_DELEG_FLAG, 1,
                         mech, "delegation that the program asks for");
        check_delegation(WEB01, ALWAYS " delegation = credssp", 0, 0, mech,
                         "delegation = credssp without the helper");
        /* The KDC's word that there is no other name may be anybody's. */
        check_delegation("h:HTTP@web02.test.example", ALWAYS,
                         GSS_C_DELEG_FLAG, 0, mech,
                         "delegation that the program asks for, HTTP alone");
        check_delegation("h:HTTP@web02.test.example", ALWAYS LISTED,
                         GSS_C_DELEG_FLAG, 1, mech,
                         "delegation that the program asks for, HTTP listed");
        check_delegation("h:HTTP@web02.test.example",
                         ALWAYS " delegation = kerberos", 0, 0, mech,
                         "delegation = kerberos, HTTP alone");
        check_delegation("h:HTTP@web02.test.example", ALWAYS CLUSTER, 0, 0,
                         mech, "delegation to a cluster, its own HTTP name");
        check_delegation("h:HTTP@web02.test.example", ALWAYS CLUSTER,
                         GSS_C_DELEG_FLAG, 0, mech, "delegation to a cluster "
                         "that the program asks for, its own HTTP name");
    }
}

/* Where nothing is rewritten, nothing is delegated either. */
static void
check_no_delegation_elsewhere(void)
{
    struct k5_exchange x = { .target = WEB01, .flags = ALL_FLAGS };
    struct k5_side ini, acc;

    k5_conf(NULL, " delegation = kerberos\n");
    (void)k5_fresh("alice");
    k5_spawn(&acc, K5_BARE, "iis");
    k5_local(&ini);
    ok(k5_establish(&ini, &acc, &x), "not WinRM: a context with the site");
    is_int(acc.reply.b, 0, "not WinRM: no credential goes to the site");
    k5_close(&ini);
    k5_close(&acc);
}

/* --- A gateway that offers a ticket (PROTOCOL.tickets.md) --- */

struct gateway {
    int socket;
    pthread_t thread;
    unsigned char answer[16384];
    size_t len;
};

static void *
serve(void *data)
{
    const struct gateway *g = data;
    char question[512];
    int fd;

    while ((fd = accept(g->socket, NULL, NULL)) >= 0) {
        if (recv(fd, question, sizeof(question), 0) > 0)
            (void)send(fd, g->answer, g->len, MSG_NOSIGNAL);
        (void)close(fd);
    }
    return NULL;
}

/* What krb5 exports, without the mechglue's frame: u32 n, OID[n], u32 m,
 * token[m]. */
static void
fill_answer(struct gateway *g, const char *name, const gss_buffer_desc *framed)
{
    const unsigned char *p = framed->value;
    size_t skip = 8 + (framed->length > 4 ? p[3] : 0), len = strlen(name);

    if (framed->length <= skip ||
        3 + len + framed->length - skip > sizeof(g->answer))
        bail("the exported credential has a form that is not known");
    g->answer[0] = 2;
    g->answer[1] = (unsigned char)(len >> 8);
    g->answer[2] = (unsigned char)len;
    memcpy(g->answer + 3, name, len);
    memcpy(g->answer + 3 + len, p + skip, framed->length - skip);
    g->len = 3 + len + framed->length - skip;
}

/* Where the plugin looks for the one of http_proxy; the port is a name. */
static void
start(struct gateway *g)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    const char *run = k5_path("run");
    char path[sizeof(sun.sun_path)];

    (void)snprintf(path, sizeof(path), "%s", run);
    (void)mkdir(path, 0700);
    (void)snprintf(path, sizeof(path), "%s/gss-winrm", run);
    (void)mkdir(path, 0700);
    (void)snprintf(path, sizeof(path), "%s/gss-winrm/gateway", run);
    (void)mkdir(path, 0700);
    (void)snprintf(sun.sun_path, sizeof(sun.sun_path),
                   "%s/gss-winrm/gateway/1", run);
    g->socket = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (g->socket < 0 ||
        bind(g->socket, (struct sockaddr *)&sun, sizeof(sun)) != 0 ||
        listen(g->socket, 8) != 0 ||
        pthread_create(&g->thread, NULL, serve, g) != 0)
        bail("%s: no gateway can listen there", sun.sun_path);
    (void)setenv("XDG_RUNTIME_DIR", run, 1);
    (void)setenv("http_proxy", "http://127.0.0.1:1", 1);
}

static void
stop(struct gateway *g)
{
    (void)unsetenv("http_proxy");
    (void)unsetenv("XDG_RUNTIME_DIR");
    (void)shutdown(g->socket, SHUT_RDWR);
    (void)pthread_join(g->thread, NULL);
    (void)close(g->socket);
    (void)unlink(k5_path("run/gss-winrm/gateway/1"));
}

/*
 * What the gateway offers here could well be forwarded: a credential with a
 * ticket-granting ticket.  The flags of delegation are off with it, whoever
 * wants them.
 */
static void
check_gateway_ticket(const char *winrm, uint32_t flags, const char *what)
{
    static struct gateway g;
    struct k5_exchange x
        = { .target = WEB01, .mech = K5_KRB5, .flags = ALL_FLAGS | flags };
    struct k5_side ini, acc;

    k5_conf(NULL, winrm);
    (void)k5_fresh("alice");
    k5_spawn(&acc, K5_BARE, "machine");
    k5_local(&ini);
    (void)k5_call(&ini, K5_ACQUIRE, GSS_C_INITIATE, K5_KRB5, NULL, NULL, NULL);
    (void)k5_call(&ini, K5_CRED_EXPORT, 0, 0, NULL, NULL, NULL);
    is_int(ini.reply.major, GSS_S_COMPLETE, "%s: a credential to offer", what);
    fill_answer(&g, "WSMAN/web01.test.example@TEST.EXAMPLE",
                &ini.reply.part[0]);
    (void)k5_call(&ini, K5_RESET, 0, 0, NULL, NULL, NULL);
    start(&g);
    (void)k5_trace();
    ok(k5_establish(&ini, &acc, &x), "%s: a context", what);
    has_str(k5_trace(), "sending WSMAN/web01.test.example@TEST.EXAMPLE (a "
            "ticket of the gateway", "%s: by the gateway's ticket", what);
    is_int(acc.reply.b, 0, "%s: no credential is delegated", what);
    (void)k5_call(&ini, K5_INQUIRE, 0, 0, NULL, NULL, NULL);
    is_int((ini.reply.a & GSS_C_DELEG_FLAG) != 0, 0,
           "%s: and the initiator is told", what);
    stop(&g);
    k5_close(&ini);
    k5_close(&acc);
}

/* Do bindings that differ matter to this mechanism, without us?  SPNEGO passes
 * none on before krb5 1.19. */
static int
bindings_matter(uint32_t mech)
{
    struct k5_exchange x = { .target = "h:HOST@web01.test.example",
                             .mech = mech,
                             .flags = ALL_FLAGS,
                             .bind_initiator = "tls-server-end-point:AA",
                             .bind_acceptor = "tls-server-end-point:BB" };
    struct k5_side ini, acc;
    int matter;

    k5_conf(NULL, NULL);
    (void)k5_fresh("alice");
    k5_spawn(&acc, K5_BARE, "machine");
    k5_spawn(&ini, K5_BARE, "none");
    matter = !k5_establish(&ini, &acc, &x);
    k5_close(&ini);
    k5_close(&acc);
    return matter;
}

static void
check_binding(uint32_t mech, const char *ini_data, const char *acc_data,
              int good)
{
    struct k5_exchange x = { .target = WEB01,
                             .mech = mech,
                             .flags = ALL_FLAGS,
                             .bind_initiator = ini_data,
                             .bind_acceptor = acc_data };
    struct k5_side ini, acc;
    char what[100];

    (void)snprintf(what, sizeof(what), "bindings %s and %s, %s",
                   ini_data ? ini_data : "none", acc_data ? acc_data : "none",
                   mech_names[mech]);
    k5_conf(NULL, ALWAYS);
    (void)k5_fresh("alice");
    k5_spawn(&acc, K5_BARE, "machine");
    k5_local(&ini);
    if (!is_int(k5_establish(&ini, &acc, &x), good, "%s", what))
        diag("0x%x %s", acc.reply.major, k5_part(&acc, 1));
    if (!good)
        is_int(GSS_ROUTINE_ERROR(acc.reply.major), GSS_S_BAD_BINDINGS,
               "%s: refused for that", what);
    k5_close(&ini);
    k5_close(&acc);
}

static void
check_bindings(void)
{
    uint32_t mech;

    for (mech = K5_KRB5; mech <= K5_SPNEGO; mech++) {
        check_binding(mech, "tls-server-end-point:AA",
                      "tls-server-end-point:AA", 1);
        if (bindings_matter(mech))
            check_binding(mech, "tls-server-end-point:AA",
                          "tls-server-end-point:BB", 0);
        else
            skip("bindings that differ",
                 "this krb5's SPNEGO passes none on (before 1.19)");
        check_binding(mech, "tls-server-end-point:AA", NULL, 1);
        check_binding(mech, NULL, NULL, 1);
    }
}

/* Other shapes of exchange: one leg, three legs. */
static void
check_legs(void)
{
    struct k5_exchange one
        = { .target = WEB01, .flags = GSS_C_INTEG_FLAG | GSS_C_CONF_FLAG };
    struct k5_exchange dce
        = { .target = WEB01, .flags = ALL_FLAGS | GSS_C_DCE_STYLE };
    struct k5_side ini, acc;

    k5_conf(NULL, ALWAYS);
    (void)k5_fresh("alice");
    k5_spawn(&acc, K5_BARE, "machine");
    k5_local(&ini);
    ok(k5_establish(&ini, &acc, &one), "one leg: a context");
    ok(k5_talk(&ini, &acc), "one leg: messages both ways");
    (void)k5_call(&ini, K5_RESET, 0, 0, NULL, NULL, NULL);
    (void)k5_call(&acc, K5_RESET, 0, 0, NULL, NULL, NULL);
    ok(k5_establish(&ini, &acc, &dce), "DCE style, three legs: a context");
    is_int(dce.legs, 1, "DCE style: the initiator's second token is the last");
    k5_close(&ini);
    k5_close(&acc);
}

/*
 * krb5 compares the target of each leg with the first one's. A name that the
 * plugin has put in the place of the caller's passes; where it has put none,
 * a caller's mistake is still one.
 */
static void
check_pinned(const char *winrm, int interposed, const char *second,
             OM_uint32 expected, const char *what)
{
    struct k5_side ini, acc;
    struct k5_msg *r;

    k5_conf(NULL, winrm);
    (void)k5_fresh("alice");
    k5_spawn(&acc, K5_BARE, winrm == NULL ? "iis" : "machine");
    k5_spawn(&ini, interposed, "none");
    (void)k5_init(&ini, WEB01, K5_KRB5, ALL_FLAGS, NULL);
    (void)k5_accept(&acc, &ini.reply.part[0]);
    r = k5_init(&ini, second, K5_KRB5, ALL_FLAGS, &acc.reply.part[0]);
    is_int(r->major, expected, "pinned: %s", what);
    k5_close(&ini);
    k5_close(&acc);
}

static void
check_size_limit(void)
{
    struct k5_side ini, acc;
    uint32_t here, there;

    k5_conf(NULL, ALWAYS);
    (void)k5_fresh("alice");
    k5_spawn(&acc, K5_BARE, "machine");
    k5_local(&ini);
    (void)k5_connect_ends(&ini, &acc, WEB01, K5_KRB5);
    here = k5_call(&ini, K5_SIZE_LIMIT, 4096, 0, NULL, NULL, NULL)->a;
    there = k5_call(&acc, K5_SIZE_LIMIT, 4096, 0, NULL, NULL, NULL)->a;
    ok(here == there && here > 0, "wrap_size_limit: %u on both sides", here);
    k5_close(&ini);
    k5_close(&acc);
}

static gss_buffer_desc
bytes_of(const char *text)
{
    gss_buffer_desc b = { strlen(text), (void *)(uintptr_t)text };

    return b;
}

/* Who is the client here, and may it be this user? */
static void
check_local_names(gss_name_t alice)
{
    gss_buffer_desc user = bytes_of("alice"), other = bytes_of("bob"), local;
    gss_name_t names[2];
    OM_uint32 minor;

    is_int(gss_localname(&minor, alice, GSS_C_NO_OID, &local), GSS_S_COMPLETE,
           "gss_localname");
    ok(local.length == 5 && memcmp(local.value, "alice", 5) == 0,
       "gss_localname: alice");
    (void)gss_release_buffer(&minor, &local);
    (void)gss_import_name(&minor, &user, GSS_C_NT_USER_NAME, &names[0]);
    (void)gss_import_name(&minor, &other, GSS_C_NT_USER_NAME, &names[1]);
    is_int(gss_authorize_localname(&minor, alice, names[0]), GSS_S_COMPLETE,
           "gss_authorize_localname: alice");
    ok(gss_authorize_localname(&minor, alice, names[1]) != GSS_S_COMPLETE,
       "gss_authorize_localname: not as bob");
    (void)gss_release_name(&minor, &names[0]);
    (void)gss_release_name(&minor, &names[1]);
}

/* Both ends make the same bytes of the same word. */
static void
check_pseudo_random(struct k5_side *me, struct k5_side *server)
{
    gss_buffer_desc word = bytes_of("word"), mine, theirs;
    OM_uint32 minor;

    is_int(gss_pseudo_random(&minor, me->end.ctx, GSS_C_PRF_KEY_FULL, &word,
                             40, &mine), GSS_S_COMPLETE, "gss_pseudo_random");
    is_int(gss_pseudo_random(&minor, server->end.ctx, GSS_C_PRF_KEY_FULL,
                             &word, 40, &theirs), GSS_S_COMPLETE,
           "gss_pseudo_random: the acceptor");
    ok(mine.length == 40 && theirs.length == 40 &&
       memcmp(mine.value, theirs.value, 40) == 0,
       "gss_pseudo_random: the same at both ends");
    (void)gss_release_buffer(&minor, &mine);
    (void)gss_release_buffer(&minor, &theirs);
}

/* What krb5 does not know it does not know by way of the plugin. */
static void
check_unknown(struct k5_side *me)
{
    gss_OID_desc unknown = { 3, (void *)(uintptr_t)"\052\003\004" };
    gss_buffer_desc value = bytes_of("x"), text;
    gss_cred_id_t cred = GSS_C_NO_CREDENTIAL;
    gss_ctx_id_t none = GSS_C_NO_CONTEXT;
    OM_uint32 minor, more = 0;

    is_int(gss_set_sec_context_option(&minor, &me->end.ctx, &unknown, &value),
           GSS_S_UNAVAILABLE, "gss_set_sec_context_option: unknown");
    ok(GSS_ERROR(gss_set_sec_context_option(&minor, &none, &unknown, &value)),
       "gss_set_sec_context_option: of no context");
    is_int(gssspi_mech_invoke(&minor, k5_mech(K5_KRB5), &unknown, &value),
           GSS_S_UNAVAILABLE, "gssspi_mech_invoke: unknown");
    ok(GSS_ERROR(gss_set_cred_option(&minor, &cred, &unknown, &value)),
       "gss_set_cred_option: of no credential");
    /* A number that no mechanism has given out: the system's text. */
    is_int(gss_display_status(&minor, ENOENT, GSS_C_MECH_CODE,
                              k5_mech(K5_KRB5), &more, &text),
           GSS_S_COMPLETE, "gss_display_status: a number of nobody's");
    ok(text.length > 0, "gss_display_status: has a text");
    (void)gss_release_buffer(&minor, &text);
}

/* Calls that hardly any program makes, in this process. */
static void
check_rare(void)
{
    struct k5_side me, server;
    gss_name_t source = GSS_C_NO_NAME;
    char keytab[900];
    OM_uint32 minor;

    k5_conf(NULL, ALWAYS);
    (void)k5_fresh("alice");
    (void)snprintf(keytab, sizeof(keytab), "FILE:%s/machine.keytab",
                   getenv("K5_DIR"));
    (void)setenv("KRB5_KTNAME", keytab, 1);
    k5_local(&me);
    k5_local(&server);
    ok(k5_connect_ends(&me, &server, WEB01, K5_KRB5), "rare calls: a context");
    is_int(gss_inquire_context(&minor, server.end.ctx, &source, NULL, NULL,
                               NULL, NULL, NULL, NULL), GSS_S_COMPLETE,
           "rare calls: who it is");
    check_local_names(source);
    check_pseudo_random(&me, &server);
    check_unknown(&me);
    (void)gss_release_name(&minor, &source);
    k5_close(&me);
    k5_close(&server);
}

int
main(int argc, char **argv)
{
    uint32_t mech;

    k5_begin(argc, argv);
    for (mech = K5_KRB5; mech <= K5_SPNEGO; mech++) {
        check_pair(2, K5_BARE, mech);
        check_pair(K5_INTERPOSED, K5_INTERPOSED, mech);
        check_pair(K5_BARE, K5_INTERPOSED, mech);
        check_pair(K5_BARE, K5_BARE, mech);
        check_export(K5_INTERPOSED, K5_INTERPOSED, K5_BARE, mech);
        check_export(K5_BARE, K5_INTERPOSED, K5_INTERPOSED, mech);
        check_acceptor_export(mech);
    }
    check_delegations();
    check_no_delegation_elsewhere();
    check_bindings();
    check_legs();
    check_pinned(ALWAYS, K5_INTERPOSED, WEB01, GSS_S_COMPLETE,
                 "the caller's name on the second leg");
    check_pinned(NULL, K5_INTERPOSED, WEB01, GSS_S_COMPLETE,
                 "the caller's name on the second leg, not rewritten");
    check_pinned(NULL, K5_BARE, "h:HTTP@web02.test.example", GSS_S_BAD_NAME,
                 "another name on the second leg, bare");
    check_pinned(NULL, K5_INTERPOSED, "h:HTTP@web02.test.example",
                 GSS_S_BAD_NAME, "another name on the second leg");
    check_size_limit();
    check_gateway_ticket(ALWAYS " delegation = kerberos", 0,
                         "the gateway's ticket, delegation = kerberos");
    check_gateway_ticket(ALWAYS, GSS_C_DELEG_FLAG | GSS_C_DELEG_POLICY_FLAG,
                         "the gateway's ticket, the program wants delegation");
    check_rare();
    return k5_end();
}
