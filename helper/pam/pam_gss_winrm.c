/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * pam_gss_winrm.c - hands the password of a login to the user's broker.
 *
 * It asks for nothing, checks nothing and decides nothing: every entry point
 * returns PAM_IGNORE, so that it neither allows nor denies a login.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "helper/pam/request.h"
#include "helper/pam/pwstore.h"
#include "helper/pam/tell.h"

#define EXPORTED __attribute__((visibility("default")))
#define DATA "gss-winrm_name"   /* what the broker calls the credential */

/* --- Errands --- */

static void
free_name(pam_handle_t *pamh, void *data, int status)
{
    (void)pamh;
    (void)status;
    free(data);
}

static void
keep_name(pam_handle_t *pamh, const char *name)
{
    char *copy = strdup(name);

    if (copy != NULL && pam_set_data(pamh, DATA, copy, free_name) !=
        PAM_SUCCESS)
        free(copy);
}

/* A user without a broker is no news: many have none. */
static void
say(pam_handle_t *pamh, const struct arguments *args, const struct account *w,
    const struct report *r, const char *done)
{
    if (r->code == 0)
        tell(pamh, LOG_INFO, "%s: %s%s%s", w->name, done,
             *r->name != '\0' ? " as " : "", r->name);
    else if (!r->absent)
        tell(pamh, LOG_NOTICE, "%s: not %s: %s", w->name, done, r->text);
    else if (args->debug)
        tell(pamh, LOG_DEBUG, "%s: not %s: %s", w->name, done, r->text);
}

static void
go(pam_handle_t *pamh, const struct arguments *args, const struct account *w,
   const struct bp_message *m, enum bp_number want, struct report *r)
{
    struct request *e;
    struct cs_error err;

    memset(r, 0, sizeof(*r));
    r->code = request_new(w, pam_getenv(pamh, "XDG_RUNTIME_DIR"), m, want, &e,
                          &err);
    if (r->code == 0)
        request_run(e, args->timeout, r);
    else
        memcpy(r->text, err.text, sizeof(r->text));
    r->text[sizeof(r->text) - 1] = '\0';
    r->name[sizeof(r->name) - 1] = '\0';
    request_free(&e);
}

static struct cs_span
text(const char *s)
{
    struct cs_span span = { (const uint8_t *)s, strlen(s) };

    return span;
}

static void
deliver(pam_handle_t *pamh, const struct arguments *args,
        const struct account *w, struct cs_span password)
{
    struct bp_message *m = calloc(1, sizeof(*m));
    char *user = NULL, *domain = NULL;
    struct report r;

    if (m != NULL && account_login(w, args, &user, &domain) == 0) {
        m->number = BP_LOGIN;
        m->user = text(user);
        m->domain = text(domain);
        m->password = password;
        m->lifetime = args->lifetime;
        go(pamh, args, w, m, BP_LOGGED_IN, &r);
        say(pamh, args, w, &r, "logged in at the broker");
        if (r.code == 0)
            keep_name(pamh, r.name);
    }
    free(user);
    free(domain);
    free(m);
    cs_wipe_stack();
}

/* What was delivered through this handle, if anything was. */
static void
take_back(pam_handle_t *pamh, const struct arguments *args,
          const struct account *w)
{
    struct bp_message *m = calloc(1, sizeof(*m));
    const void *name = NULL;
    struct report r;

    if (m != NULL && pam_get_data(pamh, DATA, &name) == PAM_SUCCESS &&
        name != NULL) {
        m->number = BP_LOGOUT;
        m->name = text(name);
        go(pamh, args, w, m, BP_OK, &r);
        say(pamh, args, w, &r, "logged out of the broker");
        (void)pam_set_data(pamh, DATA, NULL, NULL);
    }
    free(m);
}

/* The password that an earlier module has got, or NULL. */
static const char *
password_of(pam_handle_t *pamh)
{
    const void *item = NULL;

    if (pam_get_item(pamh, PAM_AUTHTOK, &item) != PAM_SUCCESS ||
        item == NULL || *(const char *)item == '\0')
        return NULL;
    return item;
}

/* --- Entry points --- */

EXPORTED int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    const char *password = password_of(pamh);
    struct arguments args;
    struct account w;

    (void)flags;
    arguments_parse(pamh, argc, argv, &args);
    /* One may be left of an attempt that has failed. */
    pwstore_drop(pamh);
    if (whose(pamh, &args, &w) != 0)
        return PAM_IGNORE;
    if (password == NULL && args.debug)
        tell(pamh, LOG_DEBUG, "%s: no earlier module has obtained a password",
             w.name);
    if (password != NULL && pwstore_put(pamh, &w, password) != 0)
        tell(pamh, LOG_NOTICE, "%s: out of memory", w.name);
    return PAM_IGNORE;
}

/* Deliver what is stashed; that is all there is to it then. */
static void
deliver_stash(pam_handle_t *pamh, const struct arguments *args)
{
    struct cs_span password;
    struct account w;

    if (whose(pamh, args, &w) == 0) {
        password = pwstore_get(pamh, &w);
        if (password.p != NULL)
            deliver(pamh, args, &w, password);
        else if (args->debug)
            tell(pamh, LOG_DEBUG, "%s: there is no password to deliver",
                 w.name);
    }
    pwstore_drop(pamh);
}

/* A screen that is unlocked opens no session; it may refresh credentials. */
EXPORTED int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    struct arguments args;

    arguments_parse(pamh, argc, argv, &args);
    if (flags & (PAM_REINITIALIZE_CRED | PAM_REFRESH_CRED))
        deliver_stash(pamh, &args);
    else if (flags & PAM_DELETE_CRED)
        pwstore_drop(pamh);
    return PAM_IGNORE;
}

EXPORTED int
pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    struct arguments args;

    (void)flags;
    arguments_parse(pamh, argc, argv, &args);
    deliver_stash(pamh, &args);
    return PAM_IGNORE;
}

EXPORTED int
pam_sm_close_session(pam_handle_t *pamh, int flags, int argc,
                     const char **argv)
{
    struct arguments args;
    struct account w;

    (void)flags;
    arguments_parse(pamh, argc, argv, &args);
    if (args.logout && whose(pamh, &args, &w) == 0)
        take_back(pamh, &args, &w);
    return PAM_IGNORE;
}

/* A password that had to be changed at login is delivered with the session:
 * there is hardly a broker before. */
EXPORTED int
pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    const char *password = password_of(pamh);
    struct arguments args;
    struct account w;

    arguments_parse(pamh, argc, argv, &args);
    if (!(flags & PAM_UPDATE_AUTHTOK) || password == NULL ||
        whose(pamh, &args, &w) != 0)
        return PAM_IGNORE;
    if (pwstore_get(pamh, &w).p != NULL && pwstore_put(pamh, &w, password) != 0)
        pwstore_drop(pamh);
    deliver(pamh, &args, &w, text(password));
    return PAM_IGNORE;
}
