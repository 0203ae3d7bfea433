/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * fuzz_broker_session.c - what a client sends, into a connection's table.
 *
 * The first octet says of what kind the connection is; frames follow, each
 * with its length as on the wire.  The cache has tickets of a KDC that never
 * was, so that contexts begin without one; none of them can end well.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <krb5.h>

#include "helper/broker/dispatch.h"

#define PASSWORD "not-for-anybody"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char krb5_conf[] =
    "[libdefaults]\n default_realm = T.EX\n dns_lookup_kdc = false\n"
    " dns_lookup_realm = false\n dns_canonicalize_hostname = false\n"
    " qualify_shortname = \"\"\n"
    "[realms]\n T.EX = {\n  kdc = 127.0.0.1:1\n }\n"
    "[domain_realm]\n web01 = T.EX\n"
    "[appdefaults]\n winrm = {\n  spn = HOST/%f\n  credssp = {\n"
    "   delegate_to = web01\n  }\n  gateway = {\n   targets = web01\n  }\n }\n";

static struct broker broker;

static int
adopt(struct broker *b, int fd, int confined, struct cs_error *err)
{
    (void)b;
    (void)confined;
    (void)err;
    (void)close(fd);
    return 0;
}

static void
must(int good)
{
    if (!good)
        abort();
}

/* A ticket out of thin air. */
static void
store(krb5_context k, krb5_ccache cache, krb5_principal client,
      const char *server)
{
    static krb5_octet key[32] = "0123456789abcdef0123456789abcde";
    char ticket[] = "\x61\x3f\x30\x3d\xa0\x03\x02\x01\x05\xa1\x06\x1b\x04"
        "T.EX\xa2\x15\x30\x13\xa0\x03\x02\x01\x02\xa1\x0c\x30\x0a\x1b\x08"
        "HOST/xxx\xa3\x17\x30\x15\xa0\x03\x02\x01\x12\xa2\x0e\x04\x0c"
        "ciphertext..";
    krb5_creds c;

    memset(&c, 0, sizeof(c));
    c.client = client;
    must(krb5_parse_name(k, server, &c.server) == 0);
    c.keyblock.enctype = ENCTYPE_AES256_CTS_HMAC_SHA1_96;
    c.keyblock.length = sizeof(key);
    c.keyblock.contents = key;
    c.times.starttime = c.times.authtime = time(NULL) - 60;
    c.times.endtime = time(NULL) + 100000;
    c.ticket.data = ticket;
    c.ticket.length = sizeof(ticket) - 1;
    must(krb5_cc_store_cred(k, cache, &c) == 0);
    krb5_free_principal(k, c.server);
}

static void
make_tickets(void)
{
    krb5_context k;
    krb5_ccache cache;
    krb5_principal client;

    must(krb5_init_context(&k) == 0);
    must(krb5_cc_default(k, &cache) == 0);
    must(krb5_parse_name(k, "alice@T.EX", &client) == 0);
    must(krb5_cc_initialize(k, cache, client) == 0);
    store(k, cache, client, "krbtgt/T.EX@T.EX");
    store(k, cache, client, "HOST/web01@T.EX");
    krb5_free_principal(k, client);
    must(krb5_cc_close(k, cache) == 0);
    krb5_free_context(k);
}

static void
setup(void)
{
    static const char path[] = "fuzz_broker_session.conf";
    FILE *f = fopen(path, "w");

    must(f != NULL && fputs(krb5_conf, f) >= 0 && fclose(f) == 0);
    must(setenv("KRB5_CONFIG", path, 1) == 0);
    must(setenv("KRB5CCNAME", "MEMORY:fuzz", 1) == 0);
    must(setenv("GSS_MECH_CONFIG", "/dev/null", 1) == 0);
    broker.adopt = adopt;
    broker.lifetime = 1000;
    must(vault_new(&broker.vault, NULL) == 0);
    must(hoststatus_new(&broker.journal, NULL) == 0);
    make_tickets();
}

/* The only credential, whatever the last input has done. */
static void
login(void)
{
    struct cs_creds_options o = { .user = "alice@T.EX", .user_tickets = 1 };
    struct cs_creds *c;

    (void)vault_remove(broker.vault, NULL);
    o.password = (struct cs_span){ (const uint8_t *)PASSWORD,
                                   strlen(PASSWORD) };
    must(cs_creds_new(&o, &c, NULL) == 0);
    must(vault_add(broker.vault, &c, "fuzz", 1000, NULL, NULL) == 0);
}

/* What no reply may be. */
static void
check(const struct cs_buf *out, uint8_t asked, int confined)
{
    static struct bp_message m;
    struct cs_span frame = { out->p + 4, out->len - 4 };

    must(out->len > 4 && bp_decode(frame, &m, NULL) == 0);
    must(m.number >= BP_OK);
    must(memmem(out->p, out->len, PASSWORD, strlen(PASSWORD)) == NULL);
    if (asked == BP_DELEGATE || asked == BP_EXPORT || asked == BP_BIND)
        must(m.number == BP_ERROR);
    if (confined)
        must(m.number != BP_LOGGED_IN && m.number != BP_STATUS_IS);
}

/* A frame of the input. */
static int
take(struct cs_span *in, struct cs_span *frame)
{
    if (in->len < 2)
        return 0;
    frame->len = (size_t)in->p[0] << 8 | in->p[1];
    in->p += 2;
    in->len -= 2;
    frame->p = in->p;
    if (frame->len > in->len)
        frame->len = in->len;
    in->p += frame->len;
    in->len -= frame->len;
    return 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cs_span in = { data, size }, frame;
    struct cs_buf out = CS_BUF_INIT(BP_FRAME_MAX + 4);
    struct dispatch *d;
    int confined, passed, end = 0;

    if (broker.vault == NULL)
        setup();
    if (size < 1)
        return 0;
    login();
    confined = (data[0] & 1) != 0;
    in.p++;
    in.len--;
    must(dispatch_new(&broker, confined, confined, &d, NULL) == 0);
    while (!end && take(&in, &frame)) {
        end = dispatch_frame(d, frame, &out, &passed);
        check(&out, frame.len > 0 ? frame.p[0] : 0, confined);
        if (passed >= 0)
            (void)close(passed);
        cs_buf_reset(&out);
    }
    dispatch_free(&d);
    cs_buf_free(&out);
    return 0;
}
