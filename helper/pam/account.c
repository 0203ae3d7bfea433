/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* account.c - the user that a PAM application works for. */
#include "config.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <security/pam_modutil.h>

#include "helper/pam/tell.h"
#include "helper/pam/account.h"

static int
not_for(pam_handle_t *pamh, const struct arguments *args, const char *name,
        const char *why)
{
    if (args->debug)
        tell(pamh, LOG_DEBUG, "nothing to do for %s: %s", name, why);
    return -1;
}

/* Not pam_get_user(): that may ask. */
int
whose(pam_handle_t *pamh, const struct arguments *args, struct account *out)
{
    const void *item = NULL;
    const struct passwd *pw;

    memset(out, 0, sizeof(*out));
    if (pam_get_item(pamh, PAM_USER, &item) != PAM_SUCCESS || item == NULL ||
        *(const char *)item == '\0')
        return -1;
    out->name = item;
    pw = pam_modutil_getpwnam(pamh, out->name);
    if (pw == NULL)
        return not_for(pamh, args, out->name, "there is no such account");
    out->uid = pw->pw_uid;
    out->gid = pw->pw_gid;
    if (out->uid < args->minimum_uid)
        return not_for(pamh, args, out->name, "the uid is below minimum_uid");
    if (geteuid() != 0 && geteuid() != out->uid)
        return not_for(pamh, args, out->name, "this program runs as another "
                       "user");
    return 0;
}

int
account_login(const struct account *w, const struct arguments *args,
              char **user, char **domain)
{
    const char *slash = strchr(w->name, '\\'), *at = strrchr(w->name, '@');
    const char *name = (slash != NULL) ? slash + 1 : w->name;
    int chosen = (args->realm != NULL || args->domain != NULL);
    size_t n = (chosen && slash == NULL && at != NULL) ?
        (size_t)(at - name) : strlen(name);

    *domain = NULL;
    if (asprintf(user, "%.*s%s%s", (int)n, name, args->realm != NULL ? "@" :
                 "", args->realm != NULL ? args->realm : "") < 0)
        *user = NULL;
    if (args->domain != NULL)
        *domain = strdup(args->domain);
    else
        *domain = (slash != NULL && !chosen) ?
            strndup(w->name, (size_t)(slash - w->name)) : strdup("");
    if (*user != NULL && *domain != NULL)
        return 0;
    free(*user);
    free(*domain);
    *user = *domain = NULL;
    return -1;
}
