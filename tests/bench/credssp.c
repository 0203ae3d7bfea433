/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * credssp.c - times CredSSP for credssp.py, beside what it consists of.  A
 * command per line on standard input, a line of reply to each:
 *
 *   tls VERSION PEM          1.2|1.3; a file with the server's key
 *   mech NAME TARGET USER PASSWORD   krb5|ntlm, a host-based name
 *   handshake WHAT N         N of them: ours|parts|tls|context
 *   bulk WHAT SIZE N         SIZE bytes from the client to the server:
 *                            ours|bare|stock (OpenSSL's own settings)
 *   memory WHAT END N        of N contexts that are kept: ours|bare,
 *                            client|server
 *   used                     "ok VERSION CIPHER MECH", of the last of ours
 *
 * Both ends are in this process.  The reply to a measurement is "ok NUMBER":
 * nanoseconds or bytes for one.  "error TEXT" if something failed.
 *
 * A handshake is all from the making of both ends to their freeing.  What they
 * share is made before: the TLS configurations, the user's credential (with
 * its ticket for the server), the server's.  GSSAPI's credential for the
 * user's side is acquired anew for each context, in ours and in the parts.
 */
#include "config.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <gssapi/gssapi_ext.h>

#include "plugin/credssp/credssp.h"
#include "plugin/credssp/cspolicy.h"
#include "tests/bench/parts.h"

#define KEPT_MAX 1000
#define SIZE_MAX_BYTES (1 << 20)
#define BUFFER_SIZE (SIZE_MAX_BYTES + 65536)
#define LEGS_MAX 12
/* Of "password" (MS-NLMP 3.3.1), which is NTLM's in this benchmark. */
#define NT_HASH "8846f7eaee8fb117ad06bdd830b7586c"

/* What the commands work on. */
static struct {
    struct cs_tls_config *config[2];
    struct bare_tls like_ours, stock;
    struct cs_creds *creds;
    unsigned int mech;
    struct bare_gss gss;
    gss_OID_desc oid;
    gss_OID_set_desc oids;
    gss_key_value_element_desc elements[2];
    gss_key_value_set_desc store;
    char used[128];
    unsigned char *plain, *got;
    const char *service;        /* target, as text; for a ticket */
} state;

static const struct cs_policy policy = { .delegate = 1, .ntlm = 1 };

static double
now(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static int
ours_ok(const char *what, int ret, const struct cs_error *err)
{
    if (ret != 0)
        fail("%s: %s", what, err->text);
    return ret == 0;
}

/* --- Preparation --- */

static void
set_tls(const char *version, const char *pem)
{
    int number = strcmp(version, "1.2") == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
    struct cs_tls_options client = { .max_version = number };
    struct cs_tls_options server = { .max_version = number, .acceptor = 1,
                                     .cert_file = pem };
    struct cs_error err = { 0 };

    bare_tls_free(&state.like_ours);
    bare_tls_free(&state.stock);
    cs_tls_config_free(&state.config[CLIENT]);
    cs_tls_config_free(&state.config[SERVER]);
    if (ours_ok("client", cs_tls_config_new(&client, &state.config[CLIENT],
                                            &err), &err) &&
        ours_ok("server", cs_tls_config_new(&server, &state.config[SERVER],
                                            &err), &err) &&
        bare_tls_new(number, pem, 0, &state.like_ours) &&
        bare_tls_new(number, pem, 1, &state.stock))
        (void)puts("ok");
}

/* What the initiator's credential is made of, the same as plugin/credssp's. */
static void
fill_store(int krb5, const char *user, const char *password)
{
    state.oid = krb5 ? cs_oid_krb5 : cs_oid_ntlmssp;
    state.oids = (gss_OID_set_desc){ 1, &state.oid };
    state.elements[0].key = krb5 ? "ccache" : "ntlmssp_nthash";
    state.elements[0].value = krb5 ? bare_tickets(user, password) : NT_HASH;
    state.elements[1].key = "ntlmssp_domain";
    state.elements[1].value = "TEST";
    state.store.count = krb5 ? 1 : 2;
    state.store.elements = state.elements;
    state.gss.store = &state.store;
    state.gss.tickets = krb5 ? state.elements[0].value : NULL;
    state.gss.mechs = &state.oids;
}

static gss_name_t
import(const char *text, gss_OID type)
{
    gss_buffer_desc buffer = { strlen(text), (void *)(uintptr_t)text };
    gss_name_t name = GSS_C_NO_NAME;
    OM_uint32 major, minor;

    major = gss_import_name(&minor, &buffer, type, &name);
    (void)gss_ok("gss_import_name", major, minor);
    return name;
}

/* As a service that takes both. */
static void
acquire_acceptor(void)
{
    gss_OID_desc both[2] = { cs_oid_spnego, cs_oid_ntlmssp };
    gss_OID_set_desc set = { 2, both };
    OM_uint32 major, minor;

    major = gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &set,
                             GSS_C_ACCEPT, &state.gss.acceptor, NULL, NULL);
    (void)gss_ok("gss_acquire_cred", major, minor);
}

/* Once per process. */
static void
set_mech(const char *mech, const char *target, const char *user,
         const char *password)
{
    int krb5 = strcmp(mech, "krb5") == 0;
    const char *slash = strchr(user, '\\');
    struct cs_creds_options options = {
        .user = user,
        .password = { (const uint8_t *)password, strlen(password) }
    };
    struct cs_buf der = CS_BUF_INIT(4096);
    struct cs_error err = { 0 };

    cs_creds_free(&state.creds);
    state.mech = krb5 ? CS_MECH_KRB5 : CS_MECH_NTLM;
    fill_store(krb5, user, password);
    state.gss.user = import(slash != NULL ? slash + 1 : user,
                            GSS_C_NT_USER_NAME);
    state.gss.target = import(target, GSS_C_NT_HOSTBASED_SERVICE);
    state.service = strdup(target);     /* for the process's life */
    acquire_acceptor();
    if (ours_ok("cs_creds_new", cs_creds_new(&options, &state.creds, &err),
                &err) &&
        ours_ok("cs_creds_encode", cs_creds_encode(state.creds, &der, &err),
                &err))
        state.gss.creds_length = der.len;
    cs_buf_free(&der);
    if (!failed)
        (void)puts("ok");
}

/* --- An exchange of ours --- */

struct pair {
    struct credssp *end[2];
};

static void
close_pair(struct pair *p)
{
    credssp_free(&p->end[CLIENT]);
    credssp_free(&p->end[SERVER]);
}

static int
new_pair(struct pair *p, struct cs_error *err)
{
    struct credssp_params params = { 0 };
    struct cs_proof proof;
    int ret;

    memset(p, 0, sizeof(*p));
    ret = cs_proof_find(state.creds, state.service, state.gss.target,
                        state.mech, policy.ntlm, &proof, err);
    if (ret == 0)
        ret = cs_inner_initiator(state.creds, &proof, &policy, 0,
                                 &params.inner, err);
    params.tls = state.config[CLIENT];
    if (ret == 0)
        ret = credssp_new(&params, &p->end[CLIENT], err);
    if (ret == 0)
        ret = cs_inner_acceptor(state.gss.acceptor, &policy, &params.inner,
                                err);
    params.tls = state.config[SERVER];
    return ret != 0 ? ret : credssp_new(&params, &p->end[SERVER], err);
}

/* In legs of request and answer, as over HTTP. */
static int
run_exchange(struct pair *p, struct cs_error *err)
{
    struct cs_buf token[2] = { CS_BUF_INIT(BUFFER_SIZE),
                               CS_BUF_INIT(BUFFER_SIZE) };
    int done[2] = { 0, 0 }, leg, ret = 0;

    for (leg = 0; ret == 0 && leg < 2 * LEGS_MAX &&
         !(done[CLIENT] && done[SERVER]); leg++) {
        int end = leg % 2;

        token[end].len = 0;
        ret = credssp_step(p->end[end], cs_buf_span(&token[!end]),
                           &token[end], &done[end], err);
    }
    cs_buf_free(&token[CLIENT]);
    cs_buf_free(&token[SERVER]);
    if (ret == 0 && !(done[CLIENT] && done[SERVER]))
        ret = cs_fail(err, CS_INNER, "the exchange takes too many messages");
    return ret;
}

static int
establish(struct pair *p)
{
    struct cs_error err = { 0 };
    int ret = new_pair(p, &err);

    if (ret == 0)
        ret = run_exchange(p, &err);
    if (ret != 0)
        close_pair(p);
    return ours_ok("CredSSP", ret, &err);
}

/* What was timed must be what it is called. */
static void
remember(struct pair *p)
{
    struct credssp_info info;

    credssp_info(p->end[SERVER], &info);
    (void)snprintf(state.used, sizeof(state.used), "%s %s %s",
                   info.tls_version, info.tls_cipher,
                   info.inner->mech == &cs_oid_krb5 ? "krb5" : "ntlm");
}

static void
ours(void)
{
    struct pair p;

    if (!establish(&p))
        return;
    remember(&p);
    close_pair(&p);
}

/* --- Handshakes --- */

static void
bare_handshake(void)
{
    struct bare_pair pair;

    (void)bare_connect(&state.like_ours, 65536, &pair);
    bare_close_both(&pair);
}

static void
context(void)
{
    (void)bare_context(&state.gss);
}

static void
parts(void)
{
    bare_handshake();
    context();
}

static const struct {
    const char *name;
    void (*run)(void);
} handshakes[] = {
    { "ours", ours }, { "parts", parts }, { "tls", bare_handshake },
    { "context", context }
};

static void
measure_handshakes(const char *what, int n)
{
    double start;
    size_t k;
    int i;

    for (k = 0; k < sizeof(handshakes) / sizeof(*handshakes); k++) {
        if (strcmp(handshakes[k].name, what) != 0)
            continue;
        start = now();
        for (i = 0; i < n && !failed; i++)
            handshakes[k].run();
        if (!failed)
            (void)printf("ok %.1f\n", (now() - start) / n);
        return;
    }
    fail("unknown handshake: %s", what);
}

/* --- Messages --- */

/* Each call takes and leaves its own bytes in buffers that stay. */
static void
pass_ours(size_t size, int n)
{
    struct cs_buf sealed = CS_BUF_INIT(BUFFER_SIZE);
    struct cs_buf plain = CS_BUF_INIT(BUFFER_SIZE);
    struct cs_span in = { state.plain, size };
    struct cs_error err = { 0 };
    struct pair p;
    double start = 0;
    int i, ret = 0;

    if (!establish(&p))
        return;
    for (i = -1; i < n && ret == 0; i++) {
        if (i == 0)
            start = now();
        sealed.len = plain.len = 0;
        ret = credssp_wrap(p.end[CLIENT], in, &sealed, &err);
        if (ret == 0)
            ret = credssp_unwrap(p.end[SERVER], cs_buf_span(&sealed), &plain,
                                 &err);
    }
    start = now() - start;
    if (ours_ok("wrap and unwrap", ret, &err) &&
        (plain.len != size || memcmp(plain.p, state.plain, size) != 0))
        fail("other bytes came out");
    close_pair(&p);
    cs_buf_free(&sealed);
    cs_buf_free(&plain);
    if (!failed)
        (void)printf("ok %.1f\n", start / n);
}

static void
pass_bare(const struct bare_tls *tls, size_t size, int n)
{
    struct bare_pair pair;
    double start = 0;
    int i;

    if (!bare_connect(tls, BUFFER_SIZE, &pair))
        return;
    for (i = -1; i < n && !failed; i++) {
        if (i == 0)
            start = now();
        (void)bare_pass(&pair, state.plain, size, state.got);
    }
    start = now() - start;
    bare_close_both(&pair);
    if (!failed && memcmp(state.got, state.plain, size) != 0)
        fail("other bytes came out");
    if (!failed)
        (void)printf("ok %.1f\n", start / n);
}

static void
measure_bulk(const char *what, size_t size, int n)
{
    memset(state.got, 0, size);
    if (strcmp(what, "ours") == 0)
        pass_ours(size, n);
    else
        pass_bare(strcmp(what, "stock") == 0 ? &state.stock :
                  &state.like_ours, size, n);
}

/* --- Memory --- */

static double
allocated(void)
{
    struct mallinfo2 info = mallinfo2();

    return (double)info.uordblks + (double)info.hblkhd;
}

/* Keep one end of each; free the other. */
static void
keep_ours(int end, int n, int from)
{
    static struct pair kept[KEPT_MAX];
    struct pair *p;
    int i;

    for (i = from; i < n && !failed; i++) {
        p = &kept[i];
        if (establish(p))
            credssp_free(&p->end[!end]);
    }
    for (i = 0; i < n && from == n; i++)
        close_pair(&kept[i]);
}

static void
keep_bare(int end, int n, int from)
{
    static struct bare_pair kept[KEPT_MAX];
    int i;

    for (i = from; i < n && !failed; i++) {
        if (!bare_connect(&state.like_ours, 65536, &kept[i]))
            return;
        bare_close(&kept[i], !end);
        free(kept[i].buf);
        kept[i].buf = NULL;
    }
    for (i = 0; i < n && from == n; i++)
        bare_close_both(&kept[i]);
}

/* The first few are not counted: they fill caches that are nobody's. */
static void
measure_memory(const char *what, const char *which, int n)
{
    void (*keep)(int, int, int) = strcmp(what, "ours") == 0 ? keep_ours :
        keep_bare;
    int end = strcmp(which, "server") == 0 ? SERVER : CLIENT, warm = 8;
    double before, after;

    keep(end, warm, 0);
    before = allocated();
    keep(end, n + warm, warm);
    after = allocated();
    keep(end, n + warm, n + warm);
    if (!failed)
        (void)printf("ok %.1f\n", (after - before) / n);
}

/* --- Commands --- */
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
    char a[256], b[256], c[256], d[256];
    int size, n;

    failed = 0;
    if (sscanf(line, "tls %255s %255s", a, b) == 2) {
        set_tls(a, b);
    } else if (sscanf(line, "mech %255s %255s %255s %255s", a, b, c, d) == 4) {
        set_mech(a, b, c, d);
    } else if (sscanf(line, "handshake %255s %d", a, &n) == 2) {
        if (in_range(n, 1 << 20))
            measure_handshakes(a, n);
    } else if (sscanf(line, "bulk %255s %d %d", a, &size, &n) == 3) {
        if (in_range(size, SIZE_MAX_BYTES) && in_range(n, 1 << 20))
            measure_bulk(a, size, n);
    } else if (sscanf(line, "memory %255s %255s %d", a, b, &n) == 3) {
        if (in_range(n, KEPT_MAX - 8))
            measure_memory(a, b, n);
    } else if (strcmp(line, "used\n") == 0) {
        (void)printf("ok %s\n", state.used);
    } else {
        fail("unknown command: %.*s", (int)strcspn(line, "\n"), line);
    }
    (void)fflush(stdout);
}

int
main(void)
{
    char line[1024];
    size_t i;

    state.plain = malloc(BUFFER_SIZE);
    state.got = malloc(BUFFER_SIZE);
    if (state.plain == NULL || state.got == NULL)
        return 1;
    for (i = 0; i < BUFFER_SIZE; i++)
        state.plain[i] = (unsigned char)(i * 7 + i / 251);
    while (fgets(line, sizeof(line), stdin) != NULL)
        obey(line);
    free(state.plain);
    free(state.got);
    return 0;
}
