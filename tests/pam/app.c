/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * app.c - a PAM application of the tests.
 *
 *     app SERVICE USER STEP...
 *
 * A step is authenticate, setcred, refresh, delete, open, close, chauthtok,
 * end; user=NAME (the name is another from now on), putenv=NAME=VALUE, sigchld
 * (a handler that waits for any child), reaped (how many that has found), or
 * search (itself, for the password).  Prints a line per step: its name, what PAM has
 * returned or how many copies there are, milliseconds, and how often it has
 * been asked something.  The answer to every question is the password.
 */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include <security/pam_appl.h>

#include "tests/unit/cs_search.h"

static int asked;
static volatile sig_atomic_t reaped;

static void
answer(struct pam_response *r)
{
    char *text = malloc(SECRET_LENGTH + 1);

    if (text != NULL)
        secret_decode(text);
    r->resp = text;
}

static int
converse(int n, const struct pam_message **messages,
         struct pam_response **out, void *data)
{
    int i;

    (void)data;
    *out = calloc(n, sizeof(**out));
    if (*out == NULL)
        return PAM_BUF_ERR;
    for (i = 0; i < n; i++) {
        if (messages[i]->msg_style != PAM_PROMPT_ECHO_OFF &&
            messages[i]->msg_style != PAM_PROMPT_ECHO_ON)
            continue;
        asked++;
        answer(&(*out)[i]);
    }
    return PAM_SUCCESS;
}

static void
reap(int number)
{
    (void)number;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        reaped++;
}

/* Those that are none of PAM's calls. */
static int
other_step(pam_handle_t *pamh, const char *step)
{
    if (strncmp(step, "user=", 5) == 0)
        return pam_set_item(pamh, PAM_USER, step + 5);
    if (strncmp(step, "putenv=", 7) == 0)
        return pam_putenv(pamh, step + 7);
    if (strcmp(step, "sigchld") == 0)
        return signal(SIGCHLD, reap) == SIG_ERR;
    if (strcmp(step, "reaped") == 0)
        return reaped;
    (void)fprintf(stderr, "app: what is %s?\n", step);
    exit(2);
}

static int
run(pam_handle_t **pamh, const char *step, int *last)
{
    if (strcmp(step, "search") == 0)
        return secret_in_memory();
    if (*pamh == NULL) {
        (void)fprintf(stderr, "app: %s after the end\n", step);
        exit(2);
    }
    if (strcmp(step, "authenticate") == 0)
        *last = pam_authenticate(*pamh, 0);
    else if (strcmp(step, "setcred") == 0)
        *last = pam_setcred(*pamh, PAM_ESTABLISH_CRED);
    else if (strcmp(step, "refresh") == 0)
        *last = pam_setcred(*pamh, PAM_REINITIALIZE_CRED);
    else if (strcmp(step, "delete") == 0)
        *last = pam_setcred(*pamh, PAM_DELETE_CRED);
    else if (strcmp(step, "open") == 0)
        *last = pam_open_session(*pamh, 0);
    else if (strcmp(step, "close") == 0)
        *last = pam_close_session(*pamh, 0);
    else if (strcmp(step, "chauthtok") == 0)
        *last = pam_chauthtok(*pamh, 0);
    else if (strcmp(step, "end") == 0) {
        (void)pam_end(*pamh, *last);
        *pamh = NULL;
        return 0;
    } else
        return other_step(*pamh, step);
    return *last;
}

static long
now_ms(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int
main(int argc, char **argv)
{
    static const struct pam_conv conv = { converse, NULL };
    const char *confdir = getenv("APP_CONFDIR");
    pam_handle_t *pamh = NULL;
    int i, ret, last;
    long start;

    if (argc < 3)
        return 2;
    last = (confdir != NULL) ?
        pam_start_confdir(argv[1], argv[2], &conv, confdir, &pamh) :
        pam_start(argv[1], argv[2], &conv, &pamh);
    if (last != PAM_SUCCESS) {
        (void)printf("start %d\n", last);
        return 1;
    }
    for (i = 3; i < argc; i++) {
        start = now_ms();
        ret = run(&pamh, argv[i], &last);
        (void)printf("%s %d %ld %d\n", argv[i], ret, now_ms() - start, asked);
        (void)fflush(stdout);
    }
    if (pamh != NULL)
        (void)pam_end(pamh, last);
    return 0;
}
