/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * end.c - one end of CredSSP as a program, for tests against other
 * implementations: `end init|accept [--option value]...`.
 *
 * Tokens go over stdin and stdout, each with its length in four octets, the
 * highest first; with --stream as they are (RDP).  What became of it is one
 * line of JSON on stderr.  With --talk messages follow the exchange: the
 * acceptor returns each of them turned round.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin/credssp/cspolicy.h"
#include "tests/credssp/say.h"

#define TOKEN_MAX ((size_t)1024 * 1024)

struct options {
    int acceptor, stream, talk;
    const char *target, *user, *domain, *password_file, *ccache;
    const char *keytab, *ntlm_users;
    unsigned int mechs;
    int minimum, announce;
    struct cs_policy policy;
    struct cs_tls_options tls;
};

static void
die(const char *what)
{
    fprintf(stderr, "end: %s\n", what);
    exit(2);
}

/* --- Input and output --- */

static int
read_all(void *p, size_t n)
{
    size_t got = 0;
    ssize_t r;

    while (got < n) {
        r = read(0, (char *)p + got, n - got);
        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            return -1;
        got += r;
    }
    return 0;
}

static int
write_all(const void *p, size_t n)
{
    size_t done = 0;
    ssize_t w;

    while (done < n) {
        w = write(1, (const char *)p + done, n - done);
        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0)
            return -1;
        done += w;
    }
    return 0;
}

/* One record of TLS: what follows the last one is no longer CredSSP's. */
static int
receive_record(struct cs_buf *in)
{
    uint8_t *room = cs_buf_room(in, 5);
    size_t n;

    if (room == NULL || read_all(room, 5) != 0)
        return -1;
    n = (size_t)room[3] << 8 | room[4];
    in->len = 5;
    room = cs_buf_room(in, n);
    if (room == NULL || read_all(room, n) != 0)
        return -1;
    in->len += n;
    return 0;
}

static int
receive(const struct options *o, struct cs_buf *in)
{
    uint32_t size;
    uint8_t *room;
    size_t n;

    cs_buf_reset(in);
    if (o->stream)
        return receive_record(in);
    if (read_all(&size, 4) != 0)
        return -1;
    n = ntohl(size);
    room = cs_buf_room(in, n);
    if ((n > 0 && room == NULL) || read_all(room, n) != 0)
        return -1;
    in->len = n;
    return 0;
}

static int
transmit(const struct options *o, struct cs_buf *out)
{
    uint32_t size = htonl((uint32_t)out->len);
    int ret = 0;

    if (!o->stream)
        ret = write_all(&size, 4);
    if (ret == 0)
        ret = write_all(out->p, out->len);
    cs_buf_reset(out);
    return ret;
}

/* --- The exchange --- */

static int
exchange(const struct options *o, struct credssp *c, struct cs_error *err)
{
    struct cs_buf in = CS_BUF_INIT(TOKEN_MAX), out = CS_BUF_INIT(TOKEN_MAX);
    int done = 0, ret = 0, first = !o->acceptor;

    while (!done && ret == 0) {
        if (!first && receive(o, &in) != 0) {
            ret = cs_fail(err, CS_SYSTEM, "the peer ended the exchange");
            break;
        }
        first = 0;
        ret = credssp_step(c, cs_buf_span(&in), &out, &done, err);
        if ((out.len > 0 || (ret == 0 && !done)) && transmit(o, &out) != 0 &&
            ret == 0)
            ret = cs_fail(err, CS_SYSTEM, "the peer does not listen");
    }
    cs_buf_free(&in);
    cs_buf_free(&out);
    return ret;
}

/* --- Messages after it --- */

static int
answer_messages(const struct options *o, struct credssp *c,
                struct cs_error *err)
{
    struct cs_buf in = CS_BUF_INIT(TOKEN_MAX), out = CS_BUF_INIT(TOKEN_MAX);
    struct cs_buf plain = CS_BUF_INIT(TOKEN_MAX);
    size_t i;
    uint8_t swap;
    int ret = 0;

    while (ret == 0 && receive(o, &in) == 0) {
        ret = credssp_unwrap(c, cs_buf_span(&in), &plain, err);
        for (i = 0; i < plain.len / 2; i++) {
            swap = plain.p[i];
            plain.p[i] = plain.p[plain.len - 1 - i];
            plain.p[plain.len - 1 - i] = swap;
        }
        if (ret == 0)
            ret = credssp_wrap(c, cs_buf_span(&plain), &out, err);
        if (ret == 0 && transmit(o, &out) != 0)
            break;
        cs_buf_reset(&plain);
    }
    cs_buf_free(&in);
    cs_buf_free(&out);
    cs_buf_free(&plain);
    return ret;
}

/* Are they the first n octets of the pattern, the last one first? */
static int
turned_round(struct cs_span plain, const uint8_t *pattern, size_t n)
{
    size_t i;

    for (i = 0; i < n && plain.len == n; i++)
        if (plain.p[i] != pattern[n - 1 - i])
            return 0;
    return plain.len == n;
}

static int
send_messages(const struct options *o, struct credssp *c,
              struct cs_error *err)
{
    static const size_t sizes[] = { 0, 1, 100, 16384, 16385, 70000 };
    static uint8_t pattern[70000];
    struct cs_buf in = CS_BUF_INIT(TOKEN_MAX), out = CS_BUF_INIT(TOKEN_MAX);
    struct cs_buf plain = CS_BUF_INIT(TOKEN_MAX);
    struct cs_span message = { pattern, 0 };
    size_t i;
    int ret = 0;

    for (i = 0; i < sizeof(pattern); i++)
        pattern[i] = (uint8_t)(i * 7 + i / 251);
    for (i = 0; ret == 0 && i < sizeof(sizes) / sizeof(*sizes); i++) {
        message.len = sizes[i];
        ret = credssp_wrap(c, message, &out, err);
        if (ret == 0 && (transmit(o, &out) != 0 || receive(o, &in) != 0))
            ret = cs_fail(err, CS_SYSTEM, "no answer to %zu bytes", sizes[i]);
        if (ret == 0)
            ret = credssp_unwrap(c, cs_buf_span(&in), &plain, err);
        if (ret == 0 && !turned_round(cs_buf_span(&plain), pattern, sizes[i]))
            ret = cs_fail(err, CS_MALFORMED, "%zu bytes came back as %zu "
                          "others", sizes[i], plain.len);
        cs_buf_reset(&plain);
    }
    cs_buf_free(&in);
    cs_buf_free(&out);
    cs_buf_free(&plain);
    return ret;
}

/* --- The two sides --- */

/* The first line of a file. */
static char *
read_password(const char *path)
{
    FILE *f = fopen(path, "re");
    char *line = NULL;
    size_t size = 0;

    if (f == NULL || getline(&line, &size, f) < 0)
        die("cannot read the password file");
    fclose(f);
    line[strcspn(line, "\r\n")] = '\0';
    return line;
}

static int
make_initiator(const struct options *o, struct cs_inner **out,
               struct cs_error *err)
{
    struct cs_creds_options user = { o->user, o->domain, { NULL, 0 },
                                     o->ccache, 0, 0 };
    gss_buffer_desc text = { strlen(o->target),
                             (void *)(uintptr_t)o->target };
    struct cs_creds *creds = NULL;
    int verified = o->tls.ca_file != NULL || o->tls.pin != NULL, ret;
    struct cs_proof proof = { 0 };
    gss_name_t target;
    OM_uint32 minor;
    char *password = NULL;

    if (o->password_file != NULL) {
        password = read_password(o->password_file);
        user.password.p = (uint8_t *)password;
        user.password.len = strlen(password);
    }
    if (GSS_ERROR(gss_import_name(&minor, &text, GSS_C_NT_HOSTBASED_SERVICE,
                                  &target)))
        die("cannot import the target's name");
    ret = cs_creds_new(&user, &creds, err);
    if (ret == 0)
        ret = cs_proof_find(creds, o->target, target, o->mechs,
                            o->policy.ntlm || verified, &proof, err);
    if (ret == 0)
        ret = cs_inner_initiator(creds, &proof, &o->policy, verified, out,
                                 err);
    cs_creds_free(&creds);
    cs_wipe_string(password);
    gss_release_name(&minor, &target);
    return ret;
}

/* Keys and users come by the environment: gss-ntlmssp takes any credential
 * store, even one that is not about it, for that of an initiator. */
static gss_cred_id_t
acceptor_cred(const struct options *o)
{
    gss_OID_desc mechs[] = { cs_oid_spnego, cs_oid_ntlmssp };
    gss_OID_set_desc set = { 2, mechs };
    gss_cred_id_t cred = GSS_C_NO_CREDENTIAL;
    OM_uint32 minor;

    if ((o->keytab != NULL && setenv("KRB5_KTNAME", o->keytab, 1) != 0) ||
        (o->ntlm_users != NULL &&
         setenv("NTLM_USER_FILE", o->ntlm_users, 1) != 0))
        die("out of memory");
    if (GSS_ERROR(gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE,
                                   &set, GSS_C_ACCEPT, &cred, NULL, NULL)))
        die("cannot acquire the acceptor's credential");
    return cred;
}

static int
run(struct options *o)
{
    struct credssp_params params = { 0 };
    struct credssp *c = NULL;
    struct cs_error err = { 0 };
    gss_cred_id_t cred = GSS_C_NO_CREDENTIAL;
    OM_uint32 minor;
    int ret = cs_tls_config_new(&o->tls, &params.tls, &err);

    if (ret == 0 && o->acceptor) {
        cred = acceptor_cred(o);
        ret = cs_inner_acceptor(cred, &o->policy, &params.inner, &err);
    } else if (ret == 0) {
        ret = make_initiator(o, &params.inner, &err);
        params.host = strchr(o->target, '@');
        params.host += (params.host != NULL);
    }
    params.minimum_version = o->minimum;
    params.announce = o->announce;
    params.stream = o->stream;
    if (ret == 0)
        ret = credssp_new(&params, &c, &err);
    if (ret == 0)
        ret = exchange(o, c, &err);
    if (ret == 0 && o->talk)
        ret = o->acceptor ? answer_messages(o, c, &err) :
            send_messages(o, c, &err);
    if (ret != 0)
        say_error(&err, c);
    else
        say_done(c, o->acceptor, o->talk);
    credssp_free(&c);
    cs_tls_config_free(&params.tls);
    gss_release_cred(&minor, &cred);
    return ret != 0;
}

/* --- Options --- */

static int
tls_number(const char *text)
{
    if (strcmp(text, "1.2") == 0)
        return 0x0303;
    if (strcmp(text, "1.3") != 0)
        die("--tls-min and --tls-max are 1.2 or 1.3");
    return 0x0304;
}

static int
yes_or_no(const char *text)
{
    if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
        die("yes or no");
    return *text == 'y';
}

static unsigned int
mechs_of(const char *text)
{
    static const struct {
        const char *name;
        unsigned int bit;
    } names[] = { { "krb5", CS_MECH_KRB5 }, { "ntlm", CS_MECH_NTLM },
                  { "raw-ntlm", CS_MECH_RAW_NTLM } };
    unsigned int mechs = 0;
    size_t n, i;

    for (; *text != '\0'; text += n + (text[n] == ',')) {
        n = strcspn(text, ",");
        for (i = 0; i < 3; i++)
            if (strlen(names[i].name) == n &&
                strncmp(text, names[i].name, n) == 0)
                mechs |= names[i].bit;
    }
    if (mechs == 0)
        die("--mechs is a list of krb5, ntlm, raw-ntlm");
    return mechs;
}

/* Options that are strings, by the number that getopt_long() returns. */
static const char **
string_option(struct options *o, int opt)
{
    const char **all[] = {
        &o->target, &o->user, &o->domain, &o->password_file, &o->ccache,
        &o->keytab, &o->ntlm_users, &o->tls.ca_file, &o->tls.pin,
        &o->tls.ciphers, &o->tls.cert_file, &o->tls.key_file
    };

    return all[opt - 1];
}

static const struct option long_options[] = {
    { "target", 1, NULL, 1 }, { "user", 1, NULL, 2 },
    { "domain", 1, NULL, 3 }, { "password-file", 1, NULL, 4 },
    { "ccache", 1, NULL, 5 }, { "keytab", 1, NULL, 6 },
    { "ntlm-users", 1, NULL, 7 }, { "ca", 1, NULL, 8 },
    { "pin", 1, NULL, 9 }, { "ciphers", 1, NULL, 10 },
    { "cert", 1, NULL, 11 }, { "key", 1, NULL, 12 },
    { "mechs", 1, NULL, 'm' }, { "minimum", 1, NULL, 'v' },
    { "announce", 1, NULL, 'a' }, { "tls-min", 1, NULL, 'l' },
    { "tls-max", 1, NULL, 'h' }, { "delegate", 1, NULL, 'd' },
    { "ntlm", 1, NULL, 'n' }, { "stream", 0, NULL, 's' },
    { "talk", 0, NULL, 't' }, { NULL, 0, NULL, 0 }
};

static void
set_option(struct options *o, int opt, const char *value)
{
    switch (opt) {
    case 'm':
        o->mechs = mechs_of(value);
        break;
    case 'v':
        o->minimum = o->policy.minimum_version = (int)strtol(value, NULL, 10);
        break;
    case 'a':
        o->announce = (int)strtol(value, NULL, 10);
        break;
    case 'l':
        o->tls.min_version = tls_number(value);
        break;
    case 'h':
        o->tls.max_version = tls_number(value);
        break;
    case 'd':
        o->policy.delegate = yes_or_no(value);
        break;
    case 'n':
        o->policy.ntlm = yes_or_no(value);
        break;
    case 's':
        o->stream = 1;
        break;
    case 't':
        o->talk = 1;
        break;
    default:
        die("see end.c for the options");
    }
}

int
main(int argc, char **argv)
{
    struct options o = { .mechs = CS_MECH_KRB5 | CS_MECH_NTLM,
                         .policy = { .delegate = 1, .ntlm = 1 } };
    int opt;

    if (argc < 2 || (strcmp(argv[1], "init") != 0 &&
                     strcmp(argv[1], "accept") != 0))
        die("usage: end init|accept [--option value]...");
    o.acceptor = o.tls.acceptor = (argv[1][0] == 'a');
    argv++;
    argc--;
    while ((opt = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (opt >= 1 && opt <= 12)
            *string_option(&o, opt) = optarg;
        else
            set_option(&o, opt, optarg);
    }
    if (optind != argc || (!o.acceptor && (!o.target || !o.user)))
        die("an initiator needs --target and --user");
    return run(&o);
}
