/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* link.c - a connection to the broker: its messages as functions. */
#include "config.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "helper/proto/client.h"
#include "helper/link/linkint.h"
#include "helper/proto/runtime.h"
#include "helper/proto/wire.h"

struct cs_span
bl_text(const char *s)
{
    struct cs_span span = { (const uint8_t *)s, s != NULL ? strlen(s) : 0 };

    return span;
}

static char *
copy_text(struct cs_span s)
{
    return strndup(s.p != NULL ? (const char *)s.p : "", s.len);
}

/* --- Requests and replies --- */

/* What every call says from now on. */
static int
give_up(struct bl_link *link, const struct cs_error *why, struct cs_error *err)
{
    link->failure = *why;
    link->failure.code = CS_SYSTEM;
    link->active = 0;
    if (err != NULL)
        *err = link->failure;
    return CS_SYSTEM;
}

/* Say so when the reply takes its time. */
static void
watch(const struct bl_link *link)
{
    struct pollfd wait = { link->fd, POLLIN, 0 };

    if (link->slow > 0 && poll(&wait, 1, link->slow * 1000) == 0)
        link->told(link->told_arg);
}

/* The replies that are owed come first. */
static int
receive(struct bl_link *link, int *passed, struct cs_error *why)
{
    int ret = 0;

    for (; link->owed > 0 && ret == 0; link->owed--)
        ret = bp_receive(link->fd, &link->in, NULL, why);
    if (ret == 0) {
        watch(link);
        ret = bp_receive(link->fd, &link->in, passed, why);
    }
    return (ret == 0) ? bp_decode(cs_buf_span(&link->in), &link->reply, why) :
        ret;
}

static int
exchange(struct bl_link *link, int *passed, struct cs_error *err)
{
    struct cs_error why;
    int ret = bp_send(link->fd, cs_buf_span(&link->out), -1, &why);

    if (ret == 0)
        ret = receive(link, passed, &why);
    return (ret == 0) ? 0 : give_up(link, &why, err);
}

/* Send link->request, whose reply would not matter: nobody waits for it. */
static void
tell(struct bl_link *link)
{
    struct cs_error why;

    cs_buf_reset(&link->out);
    if (link->failure.code == 0 &&
        bp_encode(&link->request, &link->out, NULL) == 0) {
        if (bp_send(link->fd, cs_buf_span(&link->out), -1, &why) == 0)
            link->owed++;
        else
            (void)give_up(link, &why, NULL);
    }
    memset(&link->request, 0, sizeof(link->request));
}

int
bl_call_fd(struct bl_link *link, enum bp_number want, int *passed,
           struct cs_error *err)
{
    struct cs_error why;
    int ret;

    if (passed != NULL)
        *passed = -1;
    cs_buf_reset(&link->out);
    ret = (link->failure.code != 0) ? give_up(link, &link->failure, err) :
        bp_encode(&link->request, &link->out, err);
    if (ret == 0)
        ret = exchange(link, passed, err);
    cs_buf_reset(&link->out);   /* it may have had a password */
    memset(&link->request, 0, sizeof(link->request));
    if (ret != 0)
        return ret;
    ret = bp_check_reply(&link->reply, want, &why);
    if (ret != 0 && link->reply.number != BP_ERROR)
        return give_up(link, &why, err);
    if (ret != 0 && err != NULL)
        *err = why;
    return ret;
}

int
bl_call(struct bl_link *link, enum bp_number want, struct cs_error *err)
{
    return bl_call_fd(link, want, NULL, err);
}

/* --- The connection --- */

struct bl_link *
bl_new(int fd)
{
    struct bl_link *link = calloc(1, sizeof(*link));

    if (link == NULL)
        return NULL;
    link->fd = fd;
    link->in.max = BP_FRAME_MAX;
    link->out.max = BP_FRAME_MAX + 4;
    (void)pthread_mutex_init(&link->lock, NULL);
    return link;
}

static int
connect_to(const char *path, int *out, struct cs_error *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int error;

    *out = -1;
    if (strlen(path) >= sizeof(address.sun_path))
        return cs_fail(err, CS_SYSTEM, "%s is too long for a socket's path",
                       path);
    memcpy(address.sun_path, path, strlen(path));
    error = bp_connect(&address, out);
    if (error == 0)
        return 0;
    if (bp_is_absent(error))
        return cs_fail(err, CS_SYSTEM, "no broker listens at %s: start one "
                       "with `systemctl --user start gss-winrmd.socket' or "
                       "`gss-winrmd'", path);
    return cs_fail_errno(err, CS_SYSTEM, error, "cannot connect to %s", path);
}

static int
hello(struct bl_link *link, struct cs_error *err)
{
    int ret;

    link->request.number = BP_HELLO;
    link->request.version = BP_VERSION;
    ret = bl_call(link, BP_WELCOME, err);
    if (ret == 0)
        ret = bp_check_version(&link->reply, err);
    if (ret != 0)
        return ret;
    link->pid = link->reply.pid;
    link->locked = link->reply.locked;
    return 0;
}

/* A directory that is not there is like a socket that is not. */
static int
find_socket(const char *path, char **out, struct cs_error *err)
{
    int ret;

    *out = NULL;
    if (path == NULL)
        return rt_socket(1, "broker", out, err);
    ret = rt_check_parent(path, err);
    if (ret != 0)
        return ret;
    *out = strdup(path);
    return (*out != NULL) ? 0 : cs_nomem(err);
}

int
bl_open(const char *path, struct bl_link **out, struct cs_error *err)
{
    struct bl_link *link = NULL;
    char *where = NULL;
    int fd = -1, ret;

    *out = NULL;
    ret = find_socket(path, &where, err);
    if (ret == 0)
        ret = connect_to(where, &fd, err);
    if (ret == 0)
        ret = bp_check_peer(fd, err);
    if (ret == 0 && (link = bl_new(fd)) == NULL)
        ret = cs_nomem(err);
    if (ret == 0)
        ret = hello(link, err);
    free(where);
    if (link == NULL && fd >= 0)
        (void)close(fd);
    if (ret != 0) {
        bl_close(&link);
        return ret;
    }
    *out = link;
    return 0;
}

void
bl_close(struct bl_link **out)
{
    struct bl_link *link = *out;

    *out = NULL;
    if (link == NULL)
        return;
    (void)close(link->fd);
    cs_buf_free(&link->in);
    cs_buf_free(&link->out);
    free(link->spn);
    free(link->credential);
    free(link->proved);
    (void)pthread_mutex_destroy(&link->lock);
    free(link);
}

void
bl_when_slow(struct bl_link *link, int seconds, void (*told)(void *arg),
             void *arg)
{
    link->slow = seconds;
    link->told = told;
    link->told_arg = arg;
}

uint32_t
bl_pid(const struct bl_link *link)
{
    return link->pid;
}

int
bl_secrets_locked(const struct bl_link *link)
{
    return link->locked;
}

int
bl_fd(const struct bl_link *link)
{
    return link->fd;
}

/* --- Requests of a user --- */

int
bl_login(struct bl_link *link, const char *user, const char *domain,
         struct cs_span password, uint32_t lifetime, int check, char **name,
         uint64_t *expiry, struct cs_error *err)
{
    struct bp_message *m = &link->request;
    int ret;

    if (name != NULL)
        *name = NULL;
    m->number = BP_LOGIN;
    m->user = bl_text(user);
    m->domain = bl_text(domain);
    m->password = password;
    m->lifetime = lifetime;
    m->check = (check != 0);
    ret = bl_call(link, BP_LOGGED_IN, err);
    if (ret != 0)
        return ret;
    if (expiry != NULL)
        *expiry = link->reply.expiry;
    if (name != NULL && (*name = copy_text(link->reply.name)) == NULL)
        return cs_nomem(err);
    return 0;
}

int
bl_logout(struct bl_link *link, const char *name, struct cs_error *err)
{
    link->request.number = BP_LOGOUT;
    link->request.name = bl_text(name);
    return bl_call(link, BP_OK, err);
}

int
bl_status(struct bl_link *link, const struct bp_message **out,
          struct cs_error *err)
{
    int ret;

    link->request.number = BP_STATUS;
    ret = bl_call(link, BP_STATUS_IS, err);
    *out = (ret == 0) ? &link->reply : NULL;
    return ret;
}

int
bl_confine(struct bl_link *link, struct cs_error *err)
{
    link->request.number = BP_CONFINE;
    return bl_call(link, BP_OK, err);
}

int
bl_channel(struct bl_link *link, struct bl_link **out, struct cs_error *err)
{
    int fd = -1, ret;

    *out = NULL;
    (void)pthread_mutex_lock(&link->lock);
    link->request.number = BP_CHANNEL;
    ret = bl_call_fd(link, BP_OK, &fd, err);
    if (ret == 0 && fd < 0)
        ret = cs_fail(err, CS_INNER, "the broker sent no descriptor for the "
                      "channel");
    if (ret == 0 && (*out = bl_new(fd)) == NULL)
        ret = cs_nomem(err);
    if (ret == 0) {
        (*out)->pid = link->pid;
        (*out)->locked = link->locked;
    } else if (fd >= 0) {
        (void)close(fd);
    }
    (void)pthread_mutex_unlock(&link->lock);
    return ret;
}

void
bl_report(struct bl_link *link, const char *host, uint32_t ntstatus,
          const char *text)
{
    link->request.number = BP_REPORT;
    link->request.host = bl_text(host);
    link->request.ntstatus = ntstatus;
    link->request.text = bl_text(text);
    tell(link);
}

/* --- Contexts --- */

static int
keep_started(struct bl_link *link, struct bl_started *started,
             struct cs_error *err)
{
    free(link->spn);
    free(link->credential);
    link->spn = copy_text(link->reply.spn);
    link->credential = copy_text(link->reply.credential);
    if (link->spn == NULL || link->credential == NULL)
        return cs_nomem(err);
    started->spn = link->spn;
    started->candidate = link->reply.candidate;
    started->candidates = link->reply.candidates;
    started->credential = link->credential;
    return 0;
}

int
bl_start(struct bl_link *link, const struct bl_target *target,
         struct bl_started *started, struct cs_error *err)
{
    struct bp_message *m = &link->request;
    int ret;

    memset(started, 0, sizeof(*started));
    m->host = bl_text(target->host);
    m->port = target->port;
    m->node = bl_text(target->node);
    m->candidate = target->candidate;
    ret = bl_call(link, BP_STARTED, err);
    if (ret != 0)
        return ret;
    link->active = 1;
    ret = keep_started(link, started, err);
    if (ret != 0)
        bl_abandon(link);
    return ret;
}

int
bl_context(struct bl_link *link, enum bp_scheme scheme,
           const struct bl_target *target, struct cs_span bindings,
           struct bl_started *started, struct cs_error *err)
{
    link->request.number = BP_CONTEXT;
    link->request.scheme = scheme;
    link->request.bindings = bindings;
    return bl_start(link, target, started, err);
}

int
bl_step(struct bl_link *link, struct cs_span in, struct cs_buf *out,
        int *complete, struct cs_error *err)
{
    int ret;

    *complete = 0;
    link->request.number = BP_STEP;
    link->request.has_token = (in.p != NULL);
    link->request.token = in;
    ret = bl_call(link, BP_STEPPED, err);
    if (ret != 0)
        return ret;
    cs_buf_add(out, link->reply.token.p, link->reply.token.len);
    *complete = link->reply.complete;
    link->mech = link->reply.mech;
    if (*complete) {
        free(link->proved);
        link->proved = copy_text(link->reply.target);
        link->granted = link->reply.flags;
    }
    return (out->error == CS_NOMEM) ? cs_nomem(err) : out->error != 0 ?
        cs_fail(err, CS_MALFORMED, "a token is too long") : 0;
}

enum bp_mech
bl_mech(const struct bl_link *link)
{
    return link->mech;
}

static int
take_keys(const struct bp_message *m, struct krb_keys *out,
          struct cs_error *err)
{
    if (m->data.len > sizeof(out->key))
        return cs_fail(err, CS_MALFORMED, "the broker's key is too long");
    out->initiator = 1;
    out->acceptor_subkey = m->subkey;
    out->enctype = (int32_t)m->enctype;
    out->send_seq = m->send_seq;
    out->recv_seq = m->recv_seq;
    out->len = m->data.len;
    memcpy(out->key, m->data.p, m->data.len);
    return 0;
}

static int
import_ntlm(const struct bp_message *m, gss_ctx_id_t *out,
            struct cs_error *err)
{
    gss_buffer_desc token = { m->data.len, (void *)(uintptr_t)m->data.p };
    OM_uint32 major, minor;

    major = gss_import_sec_context(&minor, &token, out);
    return GSS_ERROR(major) ? cs_fail(err, CS_INNER, "cannot import the "
                                      "context (major %u, minor %u)",
                                      major, minor) : 0;
}

uint32_t
bl_granted(const struct bl_link *link)
{
    return link->granted;
}

const char *
bl_proved(const struct bl_link *link)
{
    return (link->proved != NULL) ? link->proved : "";
}

int
bl_export(struct bl_link *link, struct bl_exported *out, struct cs_error *err)
{
    int is_krb5 = link->mech == BP_MECH_KRB5, ret;

    memset(out, 0, sizeof(*out));
    out->mech = link->mech;
    link->request.number = BP_EXPORT;
    ret = bl_call(link, is_krb5 ? BP_KEYS : BP_DATA, err);
    if (ret != 0)
        return ret;
    link->active = 0;
    ret = is_krb5 ? take_keys(&link->reply, &out->keys, err) :
        import_ntlm(&link->reply, &out->ntlm, err);
    cs_buf_reset(&link->in);    /* session keys */
    return ret;
}

void
bl_abandon(struct bl_link *link)
{
    if (!link->active)
        return;
    link->active = 0;
    link->request.number = BP_FINISH;
    tell(link);
}
