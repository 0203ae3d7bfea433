/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* cs_pair.c - both ends of CredSSP in one process, and somebody between. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/cs_cert.h"
#include "tests/unit/cs_pair.h"

#define LEGS 40

static struct cs_tls_config *server_tls, *other_tls;

int
pair_setup(void **state)
{
    struct cs_tls_options options = { .acceptor = 1 };
    const char *users = unit_file("ntlm", "TEST:alice:" PAIR_PASSWORD "\n");

    (void)state;
    assert_int_equal(chmod(users, 0600), 0);
    assert_int_equal(setenv("NTLM_USER_FILE", users, 1), 0);
    unit_krb5_conf("[libdefaults]\n default_realm = TEST.EXAMPLE\n"
                   " dns_canonicalize_hostname = false\n"
                   " dns_lookup_kdc = false\n");
    options.cert_file = cert_file("server.pem");
    assert_int_equal(cs_tls_config_new(&options, &server_tls, NULL), 0);
    options.cert_file = cert_file("other.pem");
    assert_int_equal(cs_tls_config_new(&options, &other_tls, NULL), 0);
    return 0;
}

int
pair_teardown(void **state)
{
    (void)state;
    cs_tls_config_free(&server_tls);
    cs_tls_config_free(&other_tls);
    return 0;
}

struct cs_tls_config *
pair_server_tls(void)
{
    return server_tls;
}

struct cs_tls_config *
pair_client_tls(int tls_max)
{
    struct cs_tls_options options = { .max_version = tls_max };
    struct cs_tls_config *config;

    assert_int_equal(cs_tls_config_new(&options, &config, NULL), 0);
    return config;
}

static gss_name_t
target(void)
{
    gss_buffer_desc text = { 23, (void *)"HTTP@web01.test.example" };
    gss_name_t name;
    OM_uint32 minor;

    assert_int_equal(gss_import_name(&minor, &text, GSS_C_NT_HOSTBASED_SERVICE,
                                     &name), GSS_S_COMPLETE);
    return name;
}

int
pair_inner(const struct pair *p, struct cs_inner **out, struct cs_error *err)
{
    const char *password = p->password ? p->password : PAIR_PASSWORD;
    struct cs_creds_options options = {
        .user = "TEST\\alice",
        .password = { (const uint8_t *)password, strlen(password) }
    };
    struct cs_policy policy = { 1, !p->no_ntlm, p->client_minimum };
    struct cs_proof proof = { .ntlm = target() };
    struct cs_creds *creds;
    OM_uint32 minor;
    int ret;

    assert_int_equal(cs_creds_new(&options, &creds, err), 0);
    ret = cs_inner_initiator(creds, &proof, &policy, 0, out, err);
    cs_creds_free(&creds);
    (void)gss_release_name(&minor, &proof.ntlm);
    return ret;
}

static void
make_ends(struct pair *p)
{
    struct cs_policy policy = { 0, 0, p->server_minimum };
    struct credssp_params params = { 0 };
    struct cs_tls_config *client_tls = pair_client_tls(p->tls_max);

    assert_int_equal(pair_inner(p, &params.inner, NULL), 0);
    if (p->inside != NULL)
        params.inner = p->inside(params.inner);
    params.tls = client_tls;
    params.stream = p->stream;
    params.announce = p->client_announce;
    params.minimum_version = p->client_minimum;
    assert_int_equal(credssp_new(&params, &p->client, NULL), 0);
    params.tls = server_tls;
    params.announce = p->server_announce;
    params.minimum_version = p->server_minimum;
    assert_int_equal(cs_inner_acceptor(GSS_C_NO_CREDENTIAL, &policy,
                                       &params.inner, NULL), 0);
    if (p->inside != NULL)
        params.inner = p->inside(params.inner);
    assert_int_equal(credssp_new(&params, &p->server, NULL), 0);
    assert_int_equal(cs_tls_new(p->other_key ? other_tls : server_tls, NULL,
                                &p->front, NULL), 0);
    assert_int_equal(cs_tls_new(client_tls, NULL, &p->back, NULL), 0);
    cs_tls_config_free(&client_tls);
}

/* Look at what passes by, and meddle. */
static void
pass_on(struct pair *p, enum direction to, struct cs_span in,
        struct cs_tls *tls)
{
    struct cs_buf out = CS_BUF_INIT(2 * CS_TSREQUEST_MAX);
    struct cs_tsrequest m;

    assert_int_equal(cs_tsrequest_decode(in, &m, NULL), 0);
    if (to == TO_SERVER && (m.fields & CS_AUTHINFO))
        p->secrets++;
    if (to == TO_CLIENT && (m.fields & CS_ERRORCODE))
        p->error_codes++;
    if (to == TO_SERVER && (m.fields & CS_PUBKEY)) {
        cs_buf_reset(&p->proof);
        cs_buf_add(&p->proof, m.pub_key_auth.p, m.pub_key_auth.len);
    }
    if (p->meddle != NULL)
        p->meddle(p, to, p->count[to], &m, &out);
    p->count[to]++;
    if (out.len == 0)
        cs_tsrequest_encode(&m, &out);
    assert_int_equal(out.error, 0);
    /* (Damage may have ended this side's TLS.) */
    (void)cs_tls_write(tls, cs_buf_span(&out), NULL);
    cs_buf_free(&out);
}

/* Move what has arrived at `from' on to `to'. */
static void
relay(struct pair *p, struct cs_tls *from, struct cs_tls *to,
      enum direction direction)
{
    struct cs_buf plain = CS_BUF_INIT(CS_TSREQUEST_MAX);
    int up;

    if (cs_tls_handshake(from, &up, NULL) == 0 && up &&
        cs_tls_read(from, &plain, NULL) == 0 && plain.len > 0)
        pass_on(p, direction, cs_buf_span(&plain), to);
    cs_buf_free(&plain);
}

/* Give an end a token, in pieces if that is wanted. */
static void
give(const struct pair *p, struct credssp *end, struct cs_span in,
     struct cs_buf *out, int *done, struct cs_error *error)
{
    struct cs_span piece = in;

    for (;;) {
        if (p->piece > 0 && in.len > p->piece)
            piece.len = p->piece;
        in.len -= piece.len;
        if (credssp_step(end, piece, out, done, error) != 0 || *done ||
            in.len == 0)
            return;
        piece.p += piece.len;
        piece.len = in.len;
    }
}

/* Give one end what its side of the man in the middle has to say. */
static void
turn(struct pair *p, enum direction to, int first)
{
    struct cs_buf in = CS_BUF_INIT(8 * CS_TSREQUEST_MAX);
    struct cs_buf out = CS_BUF_INIT(8 * CS_TSREQUEST_MAX);
    struct cs_tls *side = (to == TO_CLIENT) ? p->front : p->back;
    int *done = (to == TO_CLIENT) ? &p->client_done : &p->server_done;
    struct cs_error *error = (to == TO_CLIENT) ? &p->client_error :
        &p->server_error;

    assert_int_equal(cs_tls_drain(side, &in, NULL), 0);
    if (!*done && error->code == 0 && (in.len > 0 || first)) {
        if (p->damage != NULL)
            p->damage(p, to, p->tokens[to], &in);
        p->tokens[to]++;
        give(p, to == TO_CLIENT ? p->client : p->server, cs_buf_span(&in),
             &out, done, error);
        (void)cs_tls_feed(side, cs_buf_span(&out), NULL);
    }
    cs_buf_free(&in);
    cs_buf_free(&out);
}

/* TLS 1.3's Finished wants no answer of a server: the middle gives none. */
static void
nudge(struct pair *p, int *nudged)
{
    struct cs_span none = { NULL, 0 };
    struct cs_buf out = CS_BUF_INIT(CS_TSREQUEST_MAX);
    struct credssp_info info;

    credssp_info(p->client, &info);
    if (*nudged || p->client_error.code != 0 ||
        strcmp(info.state, "start") != 0)
        return;
    *nudged = 1;
    (void)credssp_step(p->client, none, &out, &p->client_done,
                       &p->client_error);
    (void)cs_tls_feed(p->front, cs_buf_span(&out), NULL);
    cs_buf_free(&out);
}

void
pair_run(struct pair *p)
{
    int leg, nudged = 0, up;

    p->proof = (struct cs_buf)CS_BUF_INIT(CS_TSREQUEST_MAX);
    make_ends(p);
    for (leg = 0; leg < LEGS; leg++) {
        turn(p, TO_CLIENT, leg == 0);
        relay(p, p->front, p->back, TO_SERVER);
        (void)cs_tls_handshake(p->back, &up, NULL);
        turn(p, TO_SERVER, 0);
        relay(p, p->back, p->front, TO_CLIENT);
        nudge(p, &nudged);
    }
    credssp_info(p->client, &p->info);
    p->delegated = credssp_delegated(p->server);
}

void
pair_free(struct pair *p)
{
    credssp_free(&p->client);
    credssp_free(&p->server);
    cs_tls_free(&p->front);
    cs_tls_free(&p->back);
    cs_buf_free(&p->proof);
}
