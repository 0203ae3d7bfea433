/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * talk.c - a client of the broker that does as its stdin says, a command a
 * line, and answers each with a line on stdout: "ok ...", or "error CODE
 * NTSTATUS TEXT".  The acceptors that its contexts need are in here as well.
 *
 *     talk SOCKET
 *     open SLOT | use SLOT | close | confine | channel SLOT
 *     login USER DOMAIN PASSWORD LIFETIME CHECK | logout NAME | status
 *     credssp HOST PORT CANDIDATE | order HOST PORT
 *     context SCHEME HOST PORT CANDIDATE BINDINGS | start HOST PORT
 *     raw HEX             (a frame without its length)
 *
 * A word "-" is empty.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin/credssp/credssp.h"
#include "helper/wsman/krbseal.h"
#include "helper/link/link.h"
#include "plugin/credssp/spnego.h"
#include "helper/proto/wire.h"

#define SLOTS 8
#define PATIENCE 600            /* seconds: a broker that says nothing */
#define WORDS 8
#define TOKEN_MAX ((size_t)1024 * 1024)

static const char *socket_path;
static struct bl_link *slots[SLOTS];
static int current;

static void
say(int ret, const struct cs_error *err, const char *well)
{
    if (ret == 0)
        printf("ok %s\n", well);
    else
        printf("error %d %08X %s\n", ret, err->ntstatus, err->text);
    fflush(stdout);
}

static gss_cred_id_t
acceptor_cred(gss_const_OID mech)
{
    gss_OID_desc copy = *mech;
    gss_OID_set_desc set = { 1, &copy };
    gss_cred_id_t cred = GSS_C_NO_CREDENTIAL;
    OM_uint32 minor;

    (void)gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &set,
                           GSS_C_ACCEPT, &cred, NULL, NULL);
    return cred;
}

static struct bl_target
target_of(char **w)
{
    struct bl_target t = { w[0], (uint16_t)atoi(w[1]), NULL,
                           (uint32_t)atoi(w[2]) };

    return t;
}

/* --- CredSSP --- */

/* Both ends, until they are done or one has failed. */
static int
exchange(struct credssp *init, struct credssp *acc, struct cs_error *err)
{
    struct cs_buf a = CS_BUF_INIT(TOKEN_MAX), b = CS_BUF_INIT(TOKEN_MAX);
    int init_done = 0, acc_done = 0, ret = 0, legs = 0;

    while (ret == 0 && !(init_done && acc_done) && legs++ < 20) {
        cs_buf_reset(&a);
        ret = credssp_step(init, cs_buf_span(&b), &a, &init_done, err);
        cs_buf_reset(&b);
        if (ret == 0 && !acc_done)
            ret = credssp_step(acc, cs_buf_span(&a), &b, &acc_done, err);
    }
    cs_buf_free(&a);
    cs_buf_free(&b);
    return ret;
}

static int
make_ends(struct cs_inner *inner, gss_cred_id_t cred, struct credssp **init,
          struct credssp **acc, struct cs_error *err)
{
    struct cs_policy policy = { 0, 1, 5 };
    struct cs_tls_options options = { 0 };
    struct credssp_params params = { .inner = inner };
    int ret = cs_tls_config_new(&options, &params.tls, err);

    if (ret == 0)
        ret = credssp_new(&params, init, err);
    cs_tls_config_free(&params.tls);
    options.acceptor = 1;
    if (ret == 0)
        ret = cs_tls_config_new(&options, &params.tls, err);
    if (ret == 0)
        ret = cs_inner_acceptor(cred, &policy, &params.inner, err);
    if (ret == 0)
        ret = credssp_new(&params, acc, err);
    cs_tls_config_free(&params.tls);
    return ret;
}

/* What was delegated, if it has this password (an argument of the tests). */
static void
do_credssp(char **w)
{
    struct bl_target t = target_of(w);
    struct bl_started started = { 0 };
    struct credssp *init = NULL, *acc = NULL;
    struct cs_inner *inner = NULL;
    struct cs_error err = { 0 };
    gss_cred_id_t cred = acceptor_cred(&cs_oid_spnego);
    OM_uint32 minor;
    char line[512] = "";
    int ret = bl_credssp(slots[current], &t, &started, &inner, &err);

    if (ret == 0)
        ret = make_ends(inner, cred, &init, &acc, &err);
    if (ret == 0)
        ret = exchange(init, acc, &err);
    if (ret == 0)
        snprintf(line, sizeof(line), "%s %u/%u %s delegated %zu", started.spn,
                 started.candidate, started.candidates, started.credential,
                 credssp_delegated(acc).len);
    credssp_free(&init);
    credssp_free(&acc);
    (void)gss_release_cred(&minor, &cred);
    say(ret, &err, line);
}

struct pair {
    struct cs_inner *init, *acc;
    struct cs_binding binding;
};

/* The contexts inside alone, complete. */
static int
step_pair(struct pair *p, struct cs_error *err)
{
    struct cs_buf a = CS_BUF_INIT(TOKEN_MAX), b = CS_BUF_INIT(TOKEN_MAX);
    struct cs_span in = { NULL, 0 };
    int ret = 0;

    while (ret == 0 && !(p->init->complete && p->acc->complete)) {
        cs_buf_reset(&a);
        if (!p->init->complete)
            ret = p->init->ops->step(p->init, in, &a, err);
        cs_buf_reset(&b);
        if (ret == 0 && !p->acc->complete)
            ret = p->acc->ops->step(p->acc, cs_buf_span(&a), &b, err);
        in = cs_buf_span(&b);
    }
    cs_buf_free(&a);
    cs_buf_free(&b);
    return ret;
}

/* Out of order first, in order then, and all of it once more: which calls
 * work, as a word of their first letters. */
static int
try_order(struct pair *p, const char *calls, char *to, struct cs_error *err)
{
    struct cs_buf ours = CS_BUF_INIT(TOKEN_MAX);
    struct cs_buf theirs = CS_BUF_INIT(TOKEN_MAX);
    struct cs_buf secret = CS_BUF_INIT(TOKEN_MAX);
    int ret;

    for (; *calls != '\0'; calls++) {
        if (*calls == 'b')
            ret = p->init->ops->bind(p->init, &p->binding, &ours, err);
        else if (*calls == 'd')
            ret = p->init->ops->delegate(p->init, &secret, err);
        else
            ret = p->init->ops->verify(p->init, &p->binding,
                                       cs_buf_span(&theirs), err);
        if (ret == 0 && *calls == 'b' &&
            p->acc->ops->verify(p->acc, &p->binding, cs_buf_span(&ours),
                                err) == 0)
            (void)p->acc->ops->bind(p->acc, &p->binding, &theirs, err);
        *to++ = (ret == 0) ? *calls : '!';
    }
    *to = '\0';
    cs_buf_free(&ours);
    cs_buf_free(&theirs);
    cs_buf_free(&secret);
    return 0;
}

static void
do_order(char **w)
{
    static const uint8_t nonce[32] = { 1 }, key[70] = { 2 };
    struct cs_policy policy = { 0, 0, 5 };
    struct bl_target t = { w[0], (uint16_t)atoi(w[1]), NULL, 0 };
    struct bl_started started;
    struct pair p = { NULL, NULL, { 6, { nonce, sizeof(nonce) },
                                    { key, sizeof(key) }, 0 } };
    struct cs_error err = { 0 };
    gss_cred_id_t cred = acceptor_cred(&cs_oid_spnego);
    OM_uint32 minor;
    char line[64] = "";
    int ret = bl_credssp(slots[current], &t, &started, &p.init, &err);

    if (ret == 0)
        ret = cs_inner_acceptor(cred, &policy, &p.acc, &err);
    if (ret == 0)
        ret = step_pair(&p, &err);
    if (ret == 0)
        ret = try_order(&p, w[2], line, &err);
    cs_inner_free(&p.init);
    cs_inner_free(&p.acc);
    (void)gss_release_cred(&minor, &cred);
    say(ret, &err, line);
}

/* --- The other contexts --- */

/* Accept until the initiator is complete. */
static int
accept_all(gss_cred_id_t cred, struct cs_span bindings, gss_ctx_id_t *acc,
           struct cs_error *err)
{
    struct gss_channel_bindings_struct cb = { 0 };
    struct cs_buf out = CS_BUF_INIT(TOKEN_MAX), room = CS_BUF_INIT(TOKEN_MAX);
    gss_buffer_desc in, reply = GSS_C_EMPTY_BUFFER;
    struct cs_span token = { NULL, 0 }, ours;
    OM_uint32 major = GSS_S_CONTINUE_NEEDED, minor, tmp;
    int complete = 0, ret = 0;

    cb.application_data.value = (void *)(uintptr_t)bindings.p;
    cb.application_data.length = bindings.len;
    while (ret == 0 && !complete) {
        cs_buf_reset(&out);
        ret = bl_step(slots[current], token, &out, &complete, err);
        if (ret != 0 || out.len == 0)
            break;
        (void)gss_release_buffer(&tmp, &reply);
        cs_buf_reset(&room);
        ret = cs_spnego_token(cs_buf_span(&out), &room, &ours, err);
        if (ret != 0)
            break;
        in = (gss_buffer_desc){ ours.len, (void *)(uintptr_t)ours.p };
        major = gss_accept_sec_context(&minor, acc, cred, &in,
                                       bindings.len > 0 ? &cb :
                                       GSS_C_NO_CHANNEL_BINDINGS, NULL, NULL,
                                       &reply, NULL, NULL, NULL);
        if (GSS_ERROR(major))
            ret = cs_fail(err, CS_REMOTE, "the acceptor: %x %x", major, minor);
        token = (struct cs_span){ reply.value, reply.length };
    }
    (void)gss_release_buffer(&tmp, &reply);
    cs_buf_free(&out);
    cs_buf_free(&room);
    return ret;
}

/* One end of messages: a context of the mechanism, or Kerberos' keys alone. */
struct sealer {
    gss_ctx_id_t ctx;
    struct krbseal *keys;
};

static int
seal_one(const struct sealer *s, struct cs_span plain, struct cs_buf *header,
         struct cs_buf *data, struct cs_error *err)
{
    gss_buffer_desc in = { plain.len, (void *)(uintptr_t)plain.p };
    gss_buffer_desc sealed = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, minor, tmp;
    int conf = 0;

    if (s->keys != NULL)
        return krbseal_wrap(s->keys, plain, header, data, err);
    major = gss_wrap(&minor, s->ctx, 1, GSS_C_QOP_DEFAULT, &in, &conf,
                     &sealed);
    if (!GSS_ERROR(major) && conf) {
        /* As much data as there is plaintext; of RC4 with its padding. */
        size_t n = sealed.length - plain.len -
            (*(uint8_t *)sealed.value == 0x60);

        cs_buf_add(header, sealed.value, n);
        cs_buf_add(data, (uint8_t *)sealed.value + n, sealed.length - n);
    }
    (void)gss_release_buffer(&tmp, &sealed);
    return GSS_ERROR(major) || !conf ?
        cs_fail(err, CS_REMOTE, "wrap: %x %x", major, minor) : 0;
}

static int
open_one(const struct sealer *s, struct cs_buf *header, struct cs_buf *data,
         struct cs_buf *plain, struct cs_error *err)
{
    gss_buffer_desc in, out = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, minor, tmp;
    int conf = 0;

    if (s->keys != NULL)
        return krbseal_unwrap(s->keys, cs_buf_span(header), cs_buf_span(data),
                              plain, err);
    cs_buf_add(header, data->p, data->len);
    in = (gss_buffer_desc){ header->len, header->p };
    major = gss_unwrap(&minor, s->ctx, &in, &out, &conf, NULL);
    cs_buf_add(plain, out.value, out.length);
    (void)gss_release_buffer(&tmp, &out);
    return major != GSS_S_COMPLETE || !conf ?
        cs_fail(err, CS_REMOTE, "unwrap: %x %x", major, minor) : 0;
}

/* Some messages from a to b, of different lengths. */
static int
messages(const struct sealer *a, const struct sealer *b, struct cs_error *err)
{
    static uint8_t text[70000];
    static const size_t lengths[] = { 1, 5000, 16, sizeof(text), 17 };
    size_t i;
    int ret = 0;

    for (i = 0; i < sizeof(text); i++)
        text[i] = (uint8_t)(i * 7 + i / 256);
    for (i = 0; i < sizeof(lengths) / sizeof(*lengths) && ret == 0; i++) {
        struct cs_span in = { text, lengths[i] };
        struct cs_buf header = CS_BUF_INIT(2 * sizeof(text));
        struct cs_buf data = CS_BUF_INIT(2 * sizeof(text));
        struct cs_buf plain = CS_BUF_INIT(2 * sizeof(text));

        ret = seal_one(a, in, &header, &data, err);
        if (ret == 0)
            ret = open_one(b, &header, &data, &plain, err);
        if (ret == 0 && (plain.len != in.len ||
                         memcmp(plain.p, text, in.len) != 0))
            ret = cs_fail(err, CS_REMOTE, "another message came out");
        cs_buf_free(&header);
        cs_buf_free(&data);
        cs_buf_free(&plain);
    }
    return ret;
}

/* What the broker gives away, as one end of messages. */
static int
take_export(struct sealer *out, enum bp_mech *mech, struct cs_error *err)
{
    struct bl_exported exported;
    int ret = bl_export(slots[current], &exported, err);

    *mech = exported.mech;
    out->ctx = exported.ntlm;
    if (ret == 0 && exported.mech == BP_MECH_KRB5)
        ret = krbseal_new(&exported.keys, &out->keys, err);
    krb_keys_wipe(&exported.keys);
    return ret;
}

static void
do_context(char **w)
{
    enum bp_scheme scheme = strcmp(w[0], "kerberos") == 0 ? BP_KERBEROS :
        BP_NEGOTIATE;
    struct bl_target t = target_of(w + 1);
    struct cs_span bindings = { (const uint8_t *)w[4], strlen(w[4]) };
    struct bl_started started = { 0 };
    gss_cred_id_t cred = acceptor_cred(scheme == BP_KERBEROS ? &cs_oid_krb5 :
                                       &cs_oid_spnego);
    struct sealer acc = { 0 }, init = { 0 };
    struct cs_error err = { 0 };
    enum bp_mech mech = 0;
    OM_uint32 minor, flags = 0;
    char line[512] = "";
    int ret = bl_context(slots[current], scheme, &t, bindings, &started,
                         &err);

    if (ret == 0)
        ret = accept_all(cred, bindings, &acc.ctx, &err);
    if (ret == 0)
        ret = take_export(&init, &mech, &err);
    if (ret == 0)
        ret = messages(&init, &acc, &err);
    if (ret == 0)
        ret = messages(&acc, &init, &err);
    if (ret == 0) {
        (void)gss_inquire_context(&minor, acc.ctx, NULL, NULL, NULL, NULL, &flags,
                                  NULL, NULL);
        snprintf(line, sizeof(line), "%s %u/%u %s %s%s", started.spn,
                 started.candidate, started.candidates, started.credential,
                 mech == BP_MECH_NTLM ? "ntlm" : "krb5",
                 flags & GSS_C_DELEG_FLAG ? " forwarded" : "");
    }
    bl_abandon(slots[current]);
    krbseal_free(&init.keys);
    (void)gss_delete_sec_context(&minor, &init.ctx, GSS_C_NO_BUFFER);
    (void)gss_delete_sec_context(&minor, &acc.ctx, GSS_C_NO_BUFFER);
    (void)gss_release_cred(&minor, &cred);
    say(ret, &err, line);
}

/* Begin a context for CredSSP and leave it. */
static void
do_start(char **w)
{
    static struct cs_inner *left[SLOTS];
    struct bl_target t = { w[0], (uint16_t)atoi(w[1]), NULL, 0 };
    struct bl_started started;
    struct cs_error err = { 0 };
    int ret;

    cs_inner_free(&left[current]);
    ret = bl_credssp(slots[current], &t, &started, &left[current], &err);
    say(ret, &err, "");
}

/* --- The rest --- */

static void
do_login(char **w)
{
    struct cs_span password = { (const uint8_t *)w[2], strlen(w[2]) };
    struct cs_error err = { 0 };
    uint64_t expiry = 0;
    char *name = NULL, line[600] = "";
    int ret = bl_login(slots[current], w[0], w[1], password,
                       (uint32_t)atoi(w[3]), atoi(w[4]), &name, &expiry, &err);

    if (ret == 0)
        snprintf(line, sizeof(line), "%s %llu", name,
                 (unsigned long long)expiry);
    free(name);
    say(ret, &err, line);
}

static void
do_status(void)
{
    const struct bp_message *m;
    struct cs_error err = { 0 };
    uint32_t i;
    int ret = bl_status(slots[current], &m, &err);

    if (ret != 0) {
        say(ret, &err, "");
        return;
    }
    printf("ok locked=%d", bl_secrets_locked(slots[current]));
    for (i = 0; i < m->ncredentials; i++)
        printf(" [%.*s|%.*s|uses=%u|%08X %.*s]",
               (int)m->credentials[i].name.len, m->credentials[i].name.p,
               (int)m->credentials[i].source.len, m->credentials[i].source.p,
               m->credentials[i].uses, m->credentials[i].ntstatus,
               (int)m->credentials[i].text.len, m->credentials[i].text.p);
    for (i = 0; i < m->nhosts; i++)
        printf(" {%.*s|%08X %.*s}", (int)m->hosts[i].host.len,
               m->hosts[i].host.p, m->hosts[i].ntstatus,
               (int)m->hosts[i].text.len, m->hosts[i].text.p);
    printf("\n");
    fflush(stdout);
}

/* A frame as it is, on a connection of the library's. */
static void
do_raw(const char *hex)
{
    struct cs_buf out = CS_BUF_INIT(TOKEN_MAX), in = CS_BUF_INIT(TOKEN_MAX);
    struct bp_message *m = calloc(1, sizeof(*m));
    size_t n = strlen(hex) / 2, i;
    uint8_t head[4] = { n >> 24, n >> 16, n >> 8, n }, octet;
    struct cs_error err = { 0 };
    int fd = bl_fd(slots[current]), ret;

    cs_buf_add(&out, head, 4);
    for (i = 0; i < n && sscanf(hex + 2 * i, "%2hhx", &octet) == 1; i++)
        cs_buf_add(&out, &octet, 1);
    ret = (m != NULL) ? bp_send(fd, cs_buf_span(&out), -1, &err) : CS_NOMEM;
    if (ret == 0)
        ret = bp_receive(fd, &in, NULL, &err);
    if (ret == 0)
        ret = bp_decode(cs_buf_span(&in), m, &err);
    if (ret == 0 && m->number == BP_ERROR)
        ret = cs_fail(&err, -(int)m->code, "%.*s", (int)m->text.len,
                      m->text.p);
    say(ret, &err, m != NULL ? bp_name(m->number) : "");
    free(m);
    cs_buf_free(&out);
    cs_buf_free(&in);
}

static void
do_simple(char **w)
{
    struct cs_error err = { 0 };
    struct bl_link **l = &slots[current];
    int ret = 0;

    if (strcmp(w[0], "open") == 0) {
        current = atoi(w[1]);
        bl_close(&slots[current]);
        ret = bl_open(socket_path, &slots[current], &err);
    } else if (strcmp(w[0], "use") == 0) {
        current = atoi(w[1]);
    } else if (strcmp(w[0], "close") == 0) {
        bl_close(l);
    } else if (strcmp(w[0], "confine") == 0) {
        ret = bl_confine(*l, &err);
    } else if (strcmp(w[0], "channel") == 0) {
        bl_close(&slots[atoi(w[1])]);
        ret = bl_channel(*l, &slots[atoi(w[1])], &err);
    } else if (strcmp(w[0], "logout") == 0) {
        ret = bl_logout(*l, w[1], &err);
    } else if (strcmp(w[0], "report") == 0) {
        bl_report(*l, w[1], (uint32_t)strtoul(w[2], NULL, 16), w[3]);
    } else {
        ret = cs_fail(&err, CS_USAGE, "no command %s", w[0]);
    }
    say(ret, &err, w[0]);
}

static void
obey(char **w)
{
    if (strcmp(w[0], "login") == 0)
        do_login(w + 1);
    else if (strcmp(w[0], "status") == 0)
        do_status();
    else if (strcmp(w[0], "credssp") == 0)
        do_credssp(w + 1);
    else if (strcmp(w[0], "order") == 0)
        do_order(w + 1);
    else if (strcmp(w[0], "context") == 0)
        do_context(w + 1);
    else if (strcmp(w[0], "start") == 0)
        do_start(w + 1);
    else if (strcmp(w[0], "raw") == 0)
        do_raw(w[1]);
    else
        do_simple(w);
}

/* The broker has to have answered by the next one. */
static char *
next_line(char *line, int size)
{
    char *got;

    (void)alarm(0);
    got = fgets(line, size, stdin);
    (void)alarm(PATIENCE);
    return got;
}

int
main(int argc, char **argv)
{
    char line[4096], *words[WORDS], *save, *word, empty[] = "";
    struct cs_error err = { 0 };
    int i;

    if (argc != 2)
        return 2;
    socket_path = argv[1];
    (void)alarm(PATIENCE);
    if (bl_open(socket_path, &slots[0], &err) != 0) {
        say(err.code, &err, "");
        return 1;
    }
    (void)snprintf(line, sizeof(line), "hello %u %d", bl_pid(slots[0]),
                   bl_secrets_locked(slots[0]));
    say(0, &err, line);
    while (next_line(line, sizeof(line)) != NULL) {
        for (i = 0; i < WORDS; i++)
            words[i] = empty;
        line[strcspn(line, "\n")] = '\0';
        word = strtok_r(line, "\t", &save);
        for (i = 0; i < WORDS && word != NULL; i++) {
            words[i] = (strcmp(word, "-") == 0) ? empty : word;
            word = strtok_r(NULL, "\t", &save);
        }
        obey(words);
    }
    for (i = 0; i < SLOTS; i++)
        bl_close(&slots[i]);
    return 0;
}
