/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* login.c - gss-winrm login: a password for the broker. */
#include "config.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <krb5.h>

#include "helper/cli/cli.h"

#define PASSWORD_MAX 1024       /* bytes */
#define SLOW_SECONDS 3          /* then it is said what is waited for */

struct login {
    const char *user;
    const char *askpass;
    enum cli_password_source source;
    uint32_t lifetime;          /* seconds; 0: the broker's default */
    int check;
};

static const struct option options[] = {
    { "lifetime", required_argument, NULL, 'l' },
    { "no-check", no_argument, NULL, 'n' },
    { "stdin", no_argument, NULL, 's' },
    { "askpass", required_argument, NULL, 'a' },
    CLI_JSON, CLI_HELP, CLI_END
};

static int
set_source(struct login *l, enum cli_password_source source, const char *name)
{
    if (l->source != CLI_ASK && l->source != source)
        return cli_usage(name, "a password has one source: --stdin or "
                         "--askpass");
    l->source = source;
    return 0;
}

/* 0 or an exit status. */
static int
parse(int argc, char **argv, struct login *l)
{
    int c, ret = 0;

    while (ret == 0 && (c = cli_option(argc, argv, ":h", options)) != -1) {
        switch (c) {
        case 'l':
            l->lifetime = cli_duration(optarg);
            if (l->lifetime == 0)
                ret = cli_usage(argv[0], "%s is not a time like 8h, 90m or "
                                "1d12h", optarg);
            break;
        case 'n':
            l->check = 0;
            break;
        case 's':
            ret = set_source(l, CLI_STDIN, argv[0]);
            break;
        case 'a':
            l->askpass = optarg;
            ret = set_source(l, CLI_ASKPASS, argv[0]);
            break;
        default:
            break;
        }
    }
    if (ret == 0 && argc - optind > 1)
        ret = cli_usage(argv[0], "one user at a time");
    l->user = argv[optind];
    if (ret == 0 && l->user != NULL && *l->user == '\0')
        ret = cli_usage(argv[0], "the user name is empty");
    return ret;
}

/* Whose the tickets in the default cache are. */
static char *
cache_principal(krb5_context context)
{
    krb5_principal principal = NULL;
    krb5_ccache cache = NULL;
    char *text = NULL, *copy = NULL;

    if (krb5_cc_default(context, &cache) == 0 &&
        krb5_cc_get_principal(context, cache, &principal) == 0 &&
        krb5_unparse_name(context, principal, &text) == 0)
        copy = strdup(text);
    krb5_free_unparsed_name(context, text);
    krb5_free_principal(context, principal);
    if (cache != NULL)
        (void)krb5_cc_close(context, cache);
    return copy;
}

/* The name of this account in the default realm. */
static char *
account_principal(krb5_context context)
{
    const char *name = secure_getenv("USER");
    const struct passwd *pw;
    char *realm = NULL, *text;

    if (name == NULL || *name == '\0') {
        pw = getpwuid(getuid());        /* cppcheck-suppress getpwuidCalled */
        name = (pw != NULL) ? pw->pw_name : NULL;
    }
    if (name == NULL || krb5_get_default_realm(context, &realm) != 0)
        return NULL;
    if (asprintf(&text, "%s@%s", name, realm) < 0)
        text = NULL;
    krb5_free_default_realm(context, realm);
    return text;
}

/* New memory, or NULL. */
static char *
default_user(void)
{
    krb5_context context;
    char *user;

    if (krb5_init_context(&context) != 0)
        return NULL;
    user = cache_principal(context);
    if (user == NULL)
        user = account_principal(context);
    krb5_free_context(context);
    return user;
}

static void
print_result(const char *name, uint64_t expiry)
{
    struct cs_span span = { (const uint8_t *)name, strlen(name) };
    char when[128];
    json_t *object;

    if (cli_wants_json() && (object = json_object()) != NULL) {
        cli_set_text(object, "name", span);
        (void)json_object_set_new(object, "expires", expiry != 0 ?
                                  json_integer((json_int_t)expiry) :
                                  json_null());
        cli_print_json(object);
    } else if (expiry != 0) {
        cli_time_text(expiry, when, sizeof(when));
        say_line(stdout, "Logged in as %s until %s.", name, when);
    } else {
        say_line(stdout, "Logged in as %s.", name);
    }
}

/* No core and no debugger while there is a password in our memory. */
static void
hide(int yes)
{
    struct rlimit none = { 0, 0 };

    if (yes)
        (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, !yes, 0, 0, 0);
}

/* Whose controllers are asked: "user@REALM", "DOMAIN\\user", or nobody's that
 * is named. */
static void
tell_wait(void *arg)
{
    const char *user = arg, *at = strrchr(user, '@');
    size_t domain = strcspn(user, "\\");

    if (user[domain] == '\\')
        say_line(stderr, "Waiting for a domain controller (KDC) of %.*s to "
                 "answer ...", (int)domain, user);
    else
        say_line(stderr, "Waiting for a domain controller (KDC)%s%s to "
                 "answer ...", at != NULL ? " of " : "",
                 at != NULL ? at + 1 : "");
}

static int
send_password(const struct login *l, struct bl_link *link, const char *user)
{
    struct cs_buf password = CS_BUF_INIT(PASSWORD_MAX);
    char *name = NULL, *prompt = NULL;
    struct cs_error err;
    uint64_t expiry;
    int ret;

    if (asprintf(&prompt, "Password for %s: ", user) < 0)
        prompt = NULL;
    hide(1);
    ret = cli_password(l->source, l->askpass, prompt != NULL ? prompt :
                       "Password: ", &password);
    if (ret != 0) {
        ret = CLI_FAILED;
    } else {
        if (l->check)
            bl_when_slow(link, SLOW_SECONDS, tell_wait, (char *)(uintptr_t)
                         user);
        ret = bl_login(link, user, NULL, cs_buf_span(&password), l->lifetime,
                       l->check, &name, &expiry, &err);
        if (ret != 0)
            ret = cli_fail(&err);
        else
            print_result(name, expiry);
    }
    cs_buf_free(&password);
    cs_wipe_stack();
    hide(0);
    free(name);
    free(prompt);
    return ret;
}

int
cli_login(int argc, char **argv)
{
    struct login l = { NULL, NULL, CLI_ASK, 0, 1 };
    struct bl_link *link = NULL;
    char *user;
    int ret = parse(argc, argv, &l);

    if (ret != 0)
        return ret;
    user = (l.user != NULL) ? strdup(l.user) : default_user();
    if (user == NULL)
        return cli_usage(argv[0], "neither a ticket nor a default realm says "
                         "who you are: give USER@REALM");
    ret = cli_broker(1, &link);
    if (ret == 0)
        ret = send_password(&l, link, user);
    bl_close(&link);
    free(user);
    return ret;
}
