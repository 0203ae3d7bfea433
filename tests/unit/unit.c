/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* unit.c - what the unit tests share. */
#include "config.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static char dir[] = "/tmp/gss-winrm-unit.XXXXXX";
static pid_t owner;

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static void
remove_dir(void)
{
    if (getpid() == owner)
        (void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *
unit_dir(void)
{
    if (owner == 0) {
        assert_non_null(mkdtemp(dir));
        owner = getpid();
        assert_int_equal(atexit(remove_dir), 0);
    }
    return dir;
}

const char *
unit_file(const char *name, const char *text)
{
    static char path[256];
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/%s", unit_dir(), name);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    return path;
}

void
unit_krb5_conf(const char *text)
{
    assert_int_equal(setenv("KRB5_CONFIG", unit_file("krb5.conf", text), 1),
                     0);
}

profile_t
unit_profile(const char *appdefaults)
{
    static int serial;
    profile_t profile;
    char *text, name[32];

    /* The profile library keeps a file that it has seen for a second. */
    (void)snprintf(name, sizeof(name), "profile-%d", serial++);
    assert_true(asprintf(&text, "[appdefaults]\n%s\n", appdefaults) > 0);
    assert_int_equal(profile_init_path(unit_file(name, text), &profile), 0);
    free(text);
    return profile;
}

char *
unit_read(const char *path)
{
    FILE *f = fopen(path, "r");
    char *text = calloc(1, 65536);
    size_t n;

    assert_non_null(text);
    if (f != NULL) {
        n = fread(text, 1, 65535, f);
        text[n] = '\0';
        (void)fclose(f);
    }
    return text;
}
