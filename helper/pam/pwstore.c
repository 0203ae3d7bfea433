/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* pwstore.c - the password, from the authentication until the session. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/bytes/buf.h"
#include "helper/pam/pwstore.h"

#define DATA "gss-winrm_password"

struct stash {
    uid_t uid;
    char *name;
    struct cs_secret password;
};

static void
free_stash(struct stash *s)
{
    if (s == NULL)
        return;
    cs_secret_free(&s->password);
    free(s->name);
    free(s);
}

static void
clean_up(pam_handle_t *pamh, void *data, int status)
{
    (void)pamh;
    (void)status;
    free_stash(data);
}

int
pwstore_put(pam_handle_t *pamh, const struct account *w, const char *password)
{
    struct cs_span bytes = { (const uint8_t *)password, strlen(password) };
    struct stash *s = calloc(1, sizeof(*s));

    if (s == NULL || (s->name = strdup(w->name)) == NULL)
        goto fail;
    s->uid = w->uid;
    /* Not private: some programs authenticate in one process and open the
     * session in its child. */
    if (cs_secret_set(&s->password, bytes, 0) != 0)
        goto fail;
    cs_wipe_stack();
    if (pam_set_data(pamh, DATA, s, clean_up) == PAM_SUCCESS)
        return 0;
fail:
    free_stash(s);
    return -1;
}

struct cs_span
pwstore_get(pam_handle_t *pamh, const struct account *w)
{
    struct cs_span none = { NULL, 0 };
    const struct stash *s;
    const void *data = NULL;

    if (pam_get_data(pamh, DATA, &data) != PAM_SUCCESS || data == NULL)
        return none;
    s = data;
    if (s->uid != w->uid || strcmp(s->name, w->name) != 0)
        return none;
    return cs_secret_span(&s->password);
}

void
pwstore_drop(pam_handle_t *pamh)
{
    const void *data = NULL;

    if (pam_get_data(pamh, DATA, &data) == PAM_SUCCESS && data != NULL)
        (void)pam_set_data(pamh, DATA, NULL, NULL);
}
