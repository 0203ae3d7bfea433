/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * dispatch.c - one connection: which messages it may send when.
 *
 * The table is docs/PROTOCOL.broker.md's.  A message that is not legal ends
 * the connection; one that fails leaves the state as it was.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helper/broker/check.h"
#include "plugin/bytes/clean.h"
#include "helper/broker/context.h"
#include "helper/broker/log.h"
#include "helper/broker/dispatch.h"
#include "plugin/conf/names.h"
#include "helper/common/often.h"
#include "helper/broker/report.h"
#include "helper/broker/text.h"

enum state { NEW = 1, IDLE = 2, CREDSSP = 4, CONTEXT = 8 };
enum who { USER, ALL };
#define SAME 0

/* What a gateway that was taken over can cause. */
static const struct often of_refusals = { 5 }, of_breaches = { 5 };

struct dispatch {
    struct broker *broker;
    enum state state;
    int confined;
    struct context *context;
    int passed;                 /* to go with the reply; or -1 */
    int encoded;                /* the reply is in out already */
    struct cs_buf data;         /* that the reply's spans point into */
    char *text;                 /* the same */
    struct bp_message request, reply;
};

/* Fills s->reply, or returns an error that becomes the reply. */
typedef int handler(struct dispatch *s, struct cs_buf *out,
                    struct cs_error *err);

int
dispatch_new(struct broker *broker, int adopted, int confined,
             struct dispatch **out, struct cs_error *err)
{
    struct dispatch *s = calloc(1, sizeof(*s));

    *out = s;
    if (s == NULL)
        return cs_nomem(err);
    s->broker = broker;
    s->state = adopted ? IDLE : NEW;
    s->confined = confined;
    s->passed = -1;
    s->data.max = BP_FRAME_MAX;
    return 0;
}

void
dispatch_free(struct dispatch **dispatch)
{
    struct dispatch *s = *dispatch;

    *dispatch = NULL;
    if (s == NULL)
        return;
    context_free(&s->context);
    cs_buf_free(&s->data);
    free(s->text);
    free(s);
}

/* --- The user's --- */

static int
do_hello(struct dispatch *s, struct cs_buf *out, struct cs_error *err)
{
    (void)out;
    if (s->request.version != BP_VERSION)
        return cs_fail(err, CS_VERSION, "the broker speaks version %d of its "
                       "protocol", BP_VERSION);
    s->reply.number = BP_WELCOME;
    s->reply.version = BP_VERSION;
    s->reply.pid = (uint32_t)getpid();
    s->reply.locked = (uint8_t)vault_locked(s->broker->vault);
    return 0;
}

static int
new_creds(const struct bp_message *m, struct cs_creds **out,
          struct cs_error *err)
{
    struct cs_creds_options o = { .user_tickets = 1, .private = 1 };
    char *user = text_string(m->user), *domain = text_string(m->domain);
    int ret = (user != NULL && domain != NULL) ? 0 : cs_nomem(err);

    o.user = user;
    o.domain = (domain != NULL && *domain != '\0') ? domain : NULL;
    o.password = m->password;
    *out = NULL;
    if (ret == 0 && m->password.len == 0)
        ret = cs_fail(err, CS_USAGE, "the password is empty");
    if (ret == 0)
        ret = cs_creds_new(&o, out, err);
    free(user);
    free(domain);
    return ret;
}

static int
do_login(struct dispatch *s, struct cs_buf *out, struct cs_error *err)
{
    uint32_t lifetime = s->request.lifetime;
    struct cs_creds *creds;
    int ret = new_creds(&s->request, &creds, err);

    (void)out;
    if (ret == 0 && s->request.check)
        ret = check_password(creds, err);
    if (ret == 0 && (s->text = strdup(cs_creds_name(creds))) == NULL)
        ret = cs_nomem(err);
    if (ret != 0) {
        log_line(LOG_NOTICE, "login refused: %s: %s", creds != NULL ?
                 cs_creds_name(creds) : "(no credential)", err->text);
        if (creds != NULL)
            cs_creds_wipe(creds);       /* a check may go on */
        cs_creds_free(&creds);
        return ret;
    }
    ret = vault_add(s->broker->vault, &creds, "login",
                    lifetime != 0 ? lifetime : s->broker->lifetime,
                    &s->reply.expiry, err);
    if (ret != 0)
        return ret;
    log_line(LOG_INFO, "login: %s", s->text);
    s->reply.number = BP_LOGGED_IN;
    s->reply.name = text_span(s->text);
    return 0;
}

static int
do_logout(struct dispatch *s, struct cs_buf *out, struct cs_error *err)
{
    char *name = text_string(s->request.name);
    int n;

    (void)out;
    if (name == NULL)
        return cs_nomem(err);
    n = vault_remove(s->broker->vault, name);
    log_line(LOG_INFO, "logout: %s (%d)", *name != '\0' ? name : "all", n);
    s->reply.number = BP_OK;
    if (n == 0 && *name != '\0')
        cs_set_error(err, CS_USAGE, "there is no credential %s", name);
    n = (n > 0 || *name == '\0') ? 0 : CS_USAGE;
    free(name);
    return n;
}

/* Encoded at once, while nobody changes what it points to. */
static int
do_status(struct dispatch *s, struct cs_buf *out, struct cs_error *err)
{
    int ret;

    s->reply.number = BP_STATUS_IS;
    vault_lock(s->broker->vault, &s->reply);
    hoststatus_lock(s->broker->journal, &s->reply);
    ret = bp_encode(&s->reply, out, err);
    hoststatus_unlock(s->broker->journal);
    vault_unlock(s->broker->vault);
    s->encoded = (ret == 0);
    return ret;
}

static int
do_confine(struct dispatch *s, struct cs_buf *out, struct cs_error *err)
{
    (void)out;
    (void)err;
    s->confined = 1;
    s->reply.number = BP_OK;
    return 0;
}

static int
do_channel(struct dispatch *s, struct cs_buf *out, struct cs_error *err)
{
    int pair[2], ret;

    (void)out;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return cs_fail_errno(err, CS_SYSTEM, errno, "socketpair");
    ret = s->broker->adopt(s->broker, pair[0], s->confined, err);
    if (ret != 0) {
        (void)close(pair[1]);
        return ret;
    }
    s->passed = pair[1];
    s->reply.number = BP_OK;
    return 0;
}

static int
do_report(struct dispatch *s, struct cs_buf *out, struct cs_error *err)
{
    (void)out;
    s->reply.number = BP_OK;
    return report_take(s->broker, &s->request, s->context != NULL ?
                       context_info(s->context)->host : NULL, err);
}

/* --- Contexts --- */

static int
started(struct dispatch *s)
{
    const struct context_info *info = context_info(s->context);

    s->reply.number = BP_STARTED;
    s->reply.spn = text_span(info->spn);
    s->reply.candidate = info->candidate;
    s->reply.candidates = info->candidates;
    s->reply.credential = text_span(info->credential);
    return 0;
}

/* Start either kind of context as the request says. */
static int
start(struct dispatch *s, struct cs_error *err)
{
    const struct bp_message *m = &s->request;
    char *host = text_string(m->host), *node = text_string(m->node);
    struct wish wish = { host, NULL, (uint16_t)m->port, m->candidate };
    int ret = (host != NULL && node != NULL) ? 0 : cs_nomem(err);

    if (node != NULL && *node != '\0')
        wish.node = node;
    if (ret == 0 && m->number == BP_CREDSSP)
        ret = context_credssp(s->broker, &wish, &s->context, err);
    else if (ret == 0)
        ret = context_plain(s->broker, &wish, m->scheme, m->bindings,
                            &s->context, err);
    if (ret != 0)
        often_log(&of_refusals, OFTEN_BY_TEXT, LOG_NOTICE,
                  "refused: %s for %s: %s", bp_name(m->number),
                  host != NULL && gw_host_ok(host) ? host : "no host",
                  err->text);
    free(host);
    free(node);
    return (ret == 0) ? started(s) : ret;
}

static int
do_start(struct dispatch *s, struct cs_buf *out, struct cs_error *err)
{
    (void)out;
    return start(s, err);
}

/* A line for the log: what was given to which name. */
static void
tell(struct dispatch *s, const char *what, const char *to, const char *name)
{
    const struct context_info *info = context_info(s->context);

    log_line(LOG_INFO, "%s: %s %s %s (%s, %s)", what, info->credential, to,
             info->host, name, info->mech == BP_MECH_NTLM ? "NTLM" :
             "Kerberos");
}

/* The last outcome for STATUS, with the name that was really proved. */
static void
keep_outcome(struct dispatch *s, const char *what)
{
    char text[HOSTSTATUS_TEXT];

    (void)snprintf(text, sizeof(text), "%s %s", what,
                   context_info(s->context)->target);
    context_outcome(s->broker, s->context, NULL, text);
}

/* A ticket that is forwarded is in the first token, before anybody has proved
 * anything: whoever has the key of the name has it from then on. */
static void
tell_of_step(struct dispatch *s, int first, int complete)
{
    const struct context_info *info = context_info(s->context);
    int forwards = (info->flags & GSS_C_DELEG_FLAG) != 0;

    if (first && forwards)
        tell(s, "forwarded", "to", info->spn);
    if (complete && !forwards)
        tell(s, "context", "with", info->target);
    if (complete)
        keep_outcome(s, forwards ? "authenticated, ticket forwarded to" :
                     "authenticated");
}

static int
do_step(struct dispatch *s, struct cs_buf *out, struct cs_error *err)
{
    struct cs_span in = s->request.token;
    const struct context_info *info = context_info(s->context);
    int ready, complete, ret;

    (void)out;
    if (!s->request.has_token)
        in.p = NULL;
    ret = context_step(s->context, in, &s->data, &ready, &complete, err);
    if (ret != 0)
        return ret;
    s->reply.number = BP_STEPPED;
    s->reply.token = cs_buf_span(&s->data);
    s->reply.ready = (uint8_t)ready;
    s->reply.complete = (uint8_t)complete;
    if (complete) {
        s->reply.mech = info->mech;
        s->reply.source = text_span(info->source);
        s->reply.target = text_span(info->target);
        s->reply.flags = info->flags;
        s->reply.lifetime = info->lifetime;
    }
    if (s->state == CONTEXT)
        tell_of_step(s, !s->request.has_token, complete);
    return 0;
}

static int
data(struct dispatch *s)
{
    s->reply.number = BP_DATA;
    s->reply.data = cs_buf_span(&s->data);
    return 0;
}

/* A gateway's word about a certificate is the word of a program that talks to
 * the network. */
static struct cs_binding *
binding(struct dispatch *s)
{
    if (s->confined)
        s->request.binding.verified = 0;
    return &s->request.binding;
}

static int
do_bind(struct dispatch *s, struct cs_buf *out, struct cs_error *err)
{
    int ret = context_bind(s->context, binding(s), &s->data, err);

    (void)out;
    return (ret == 0) ? data(s) : ret;
}

static int
do_verify(struct dispatch *s, struct cs_buf *out, struct cs_error *err)
{
    (void)out;
    s->reply.number = BP_OK;
    return context_verify(s->context, binding(s), s->request.sealed, err);
}

static int
do_delegate(struct dispatch *s, struct cs_buf *out, struct cs_error *err)
{
    int ret = context_delegate(s->context, &s->data, err);

    (void)out;
    if (ret != 0)
        return ret;
    tell(s, "delegated", "to", context_info(s->context)->target);
    keep_outcome(s, "delegated by CredSSP to");
    return data(s);
}

static void
reply_keys(struct dispatch *s, const struct krb_keys *keys)
{
    cs_buf_add(&s->data, keys->key, keys->len);
    s->reply.number = BP_KEYS;
    s->reply.subkey = (uint8_t)keys->acceptor_subkey;
    s->reply.enctype = (uint32_t)keys->enctype;
    s->reply.send_seq = keys->send_seq;
    s->reply.recv_seq = keys->recv_seq;
    s->reply.data = cs_buf_span(&s->data);
}

static int
do_export(struct dispatch *s, struct cs_buf *out, struct cs_error *err)
{
    const struct context_info *info = context_info(s->context);
    struct krb_keys keys = { 0 };
    int ret = context_export(s->context, &keys, &s->data, err);

    (void)out;
    if (ret == 0 && info->mech == BP_MECH_KRB5)
        reply_keys(s, &keys);
    else if (ret == 0)
        (void)data(s);
    krb_keys_wipe(&keys);
    if (ret == 0)
        context_free(&s->context);
    return ret;
}

static int
do_finish(struct dispatch *s, struct cs_buf *out, struct cs_error *err)
{
    (void)out;
    (void)err;
    context_free(&s->context);
    s->reply.number = BP_OK;
    return 0;
}

/* --- The table --- */

static const struct rule {
    enum bp_number number;
    enum who who;
    int states;                 /* in which it is legal */
    int next;                   /* the state after success; or SAME */
    handler *handle;
} rules[] = {
    { BP_HELLO, ALL, NEW, IDLE, do_hello },
    { BP_LOGIN, USER, IDLE, SAME, do_login },
    { BP_LOGOUT, USER, IDLE, SAME, do_logout },
    { BP_STATUS, USER, IDLE, SAME, do_status },
    { BP_CONFINE, USER, IDLE, SAME, do_confine },
    { BP_CHANNEL, ALL, IDLE, SAME, do_channel },
    { BP_CREDSSP, ALL, IDLE, CREDSSP, do_start },
    { BP_STEP, ALL, CREDSSP | CONTEXT, SAME, do_step },
    { BP_BIND, ALL, CREDSSP, SAME, do_bind },
    { BP_VERIFY, ALL, CREDSSP, SAME, do_verify },
    { BP_DELEGATE, ALL, CREDSSP, SAME, do_delegate },
    { BP_FINISH, ALL, CREDSSP | CONTEXT, IDLE, do_finish },
    { BP_CONTEXT, ALL, IDLE, CONTEXT, do_start },
    { BP_EXPORT, ALL, CONTEXT, IDLE, do_export },
    { BP_REPORT, ALL, IDLE | CREDSSP | CONTEXT, SAME, do_report },
};

#define NRULES (sizeof(rules) / sizeof(*rules))

/* The rule of the request; NULL if it is not legal now. */
static const struct rule *
legal(const struct dispatch *s, struct cs_error *err)
{
    const struct rule *r;

    for (r = rules; r < rules + NRULES; r++) {
        if (r->number == s->request.number)
            break;
    }
    if (r == rules + NRULES || !(r->states & (int)s->state))
        cs_set_error(err, CS_UNEXPECTED, "%s is not allowed in this state",
                     bp_name(s->request.number));
    else if (r->who == USER && s->confined)
        cs_set_error(err, CS_POLICY, "%s is not allowed on a confined "
                     "connection",
                     bp_name(s->request.number));
    else
        return r;
    often_log(&of_breaches, OFTEN_BY_TEXT, LOG_WARNING,
              "connection closed: %s", err->text);
    return NULL;
}

/* An error as a reply.  Its text may have come from anywhere. */
static void
reply_error(struct dispatch *s, const struct cs_error *err, struct cs_buf *out)
{
    char text[sizeof(err->text)];

    memset(&s->reply, 0, sizeof(s->reply));
    clean_copy(text, sizeof(text), err->text);
    s->reply.number = BP_ERROR;
    s->reply.code = (uint32_t)-err->code;
    s->reply.ntstatus = err->ntstatus;
    s->reply.major = err->major;
    s->reply.minor = err->minor;
    s->reply.text = text_span(text);
    (void)bp_encode(&s->reply, out, NULL);
}

/* Nothing of a message stays behind. */
static void
clean(struct dispatch *s)
{
    cs_buf_reset(&s->data);
    free(s->text);
    s->text = NULL;
    s->encoded = 0;
    memset(&s->request, 0, sizeof(s->request));
    memset(&s->reply, 0, sizeof(s->reply));
}

int
dispatch_frame(struct dispatch *s, struct cs_span frame, struct cs_buf *out,
               int *passed)
{
    struct cs_error err = { 0 };
    const struct rule *r = NULL;
    int ret, end;

    *passed = -1;
    ret = bp_decode(frame, &s->request, &err);
    if (ret == 0)
        r = legal(s, &err);
    end = (r == NULL);
    if (r != NULL)
        ret = r->handle(s, out, &err);
    /* What has been done and cannot be said: nobody knows the state. */
    if (r != NULL && ret == 0 && !s->encoded &&
        (ret = bp_encode(&s->reply, out, &err)) != 0)
        end = 1;
    if (ret == 0 && r != NULL && r->next != SAME)
        s->state = (enum state)r->next;
    if (end || ret != 0) {
        if (s->context != NULL && err.code != 0)
            context_outcome(s->broker, s->context, &err, NULL);
        reply_error(s, &err, out);
    }
    if (ret == 0 && !end) {
        *passed = s->passed;
    } else if (s->passed >= 0) {
        (void)close(s->passed);
    }
    s->passed = -1;
    clean(s);
    return end ? CS_UNEXPECTED : 0;
}
