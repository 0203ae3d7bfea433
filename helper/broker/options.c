/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* options.c - the command line of gss-winrmd. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/broker/options.h"
#include "helper/common/say.h"

#define LIFETIME ((uint32_t)10 * 60 * 60)
#define IDLE_MAX (INT_MAX / 1000)       /* poll() counts milliseconds */

static const char usage[] =
    "usage: gss-winrmd [OPTION]...\n"
    "Hold this user's credentials and use them for others (gss-winrmd(8)).\n"
    "  -f, --foreground       stay in the foreground, and log to stderr too\n"
    "      --socket PATH      listen at PATH\n"
    "      --lifetime SECONDS default lifetime of a login (36000)\n"
    "      --idle-exit SECONDS\n"
    "                         exit after that time with nothing to do\n"
    "      --ntlm-file FILE   read credentials from FILE (mode 0600), a line\n"
    "                         DOMAIN:USER:PASSWORD for each\n"
    "      --help             print this help and exit\n"
    "      --version          print the version and exit\n";

enum { SOCKET = 256, LIFE, IDLE, NTLM, HELP, VERSION_OPTION };

static const struct option names[] = {
    { "foreground", no_argument, NULL, 'f' },
    { "socket", required_argument, NULL, SOCKET },
    { "lifetime", required_argument, NULL, LIFE },
    { "idle-exit", required_argument, NULL, IDLE },
    { "ntlm-file", required_argument, NULL, NTLM },
    { "help", no_argument, NULL, HELP },
    { "version", no_argument, NULL, VERSION_OPTION },
    { NULL, 0, NULL, 0 }
};

/* A number of seconds, at least 1. */
static int
seconds(const char *text, const char *option, unsigned long max,
        unsigned long *out)
{
    char *end;

    errno = 0;
    *out = strtoul(text, &end, 10);
    if (errno == 0 && *text >= '0' && *text <= '9' && *end == '\0' &&
        *out >= 1 && *out <= max)
        return -1;
    say_line(stderr, "gss-winrmd: --%s takes a number of seconds, not %s",
             option, text);
    return 2;
}

static int
one_option(int option, struct options *out)
{
    unsigned long n = 0;
    int ret = -1;

    switch (option) {
    case 'f':
        out->foreground = 1;
        return -1;
    case SOCKET:
        out->socket = optarg;
        return -1;
    case NTLM:
        out->ntlm_file = optarg;
        return -1;
    case LIFE:
        ret = seconds(optarg, "lifetime", UINT32_MAX - 1, &n);
        out->lifetime = (uint32_t)n;
        return ret;
    case IDLE:
        ret = seconds(optarg, "idle-exit", IDLE_MAX, &n);
        out->idle_exit = (unsigned int)n;
        return ret;
    case HELP:
        say_lines(stdout, usage);
        return 0;
    case VERSION_OPTION:
        say_line(stdout, "gss-winrmd " PACKAGE_VERSION);
        return 0;
    default:
        say_line(stderr, "gss-winrmd: try --help");
        return 2;
    }
}

int
options_parse(int argc, char **argv, struct options *out)
{
    int option, ret = -1;

    memset(out, 0, sizeof(*out));
    out->lifetime = LIFETIME;
    while (ret == -1 &&
           (option = getopt_long(argc, argv, "f", names, NULL)) != -1)
        ret = one_option(option, out);
    if (ret == -1 && optind < argc) {
        say_line(stderr, "gss-winrmd: unexpected argument %s; try --help",
                 argv[optind]);
        ret = 2;
    }
    return ret;
}
