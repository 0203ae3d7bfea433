/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * fuzz_confedit.c - a file of krb5.conf's kind, to be changed.
 *
 * What is read and not changed is written as it was.  What is changed can be
 * read again, has the change already, and no comment less; and what libkrb5 and
 * the plugin find there is what was set.
 */
#define _GNU_SOURCE
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "helper/configure/confedit.h"
#include "plugin/conf/levels.h"
#include "plugin/base/strlist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const path[] = {
    "appdefaults", "winrm", "targets", "web01", NULL
};

#define check(ok) ((ok) ? (void)0 : failed(__LINE__))

static void
failed(int line)
{
    (void)fprintf(stderr, "fuzz_confedit.c:%d: not as it should be\n", line);
    abort();
}

static int
set(struct confedit *edit, const char *value)
{
    struct cs_error err;
    int ret = confedit_set(edit, path, "host", value, &err);

    return ret != 0 ? ret : confedit_prune(edit, path, &err) < 0;
}

static void
check_again(const struct cs_buf *text, const char *value)
{
    struct confedit *edit;
    struct cs_error err;

    check(confedit_parse(cs_buf_span(text), &edit, &err) == 0);
    check(set(edit, value) == 0);
    check(!confedit_changed(edit));
    confedit_free(&edit);
}

/* A profile of the text, if libkrb5 takes it; and if it reads no other file. */
static profile_t
open_profile(const struct cs_buf *text, int *fd)
{
    *fd = memmem(text->p, text->len, "include", 7) != NULL ||
        memmem(text->p, text->len, "module", 6) != NULL ? -1 :
        memfd_create("krb5.conf", MFD_CLOEXEC);
    char name[64];
    const char *files[] = { name, NULL };
    profile_t profile = NULL;

    (void)snprintf(name, sizeof(name), "/proc/self/fd/%d", *fd);
    if (*fd == -1)
        return NULL;
    check(write(*fd, text->p, text->len) == (ssize_t)text->len);
    if (profile_init(files, &profile) != 0)
        (void)close(*fd);
    return profile;
}

static void
check_read(const struct cs_buf *text, const char *value)
{
    struct gw_subject subject = { .typed = "web01" };
    struct gw_levels levels;
    char **read = NULL;
    int fd;                     /* libkrb5 looks at it again every second */
    profile_t profile = text->len > 0 ? open_profile(text, &fd) : NULL;

    if (profile == NULL)
        return;
    check(gw_levels_find(&levels, profile, &subject) == 0);
    if (levels.v[0].kind == L_TARGET && *levels.v[0].key != '.')
        read = gw_level_values(&levels, &levels.v[0], NULL, "host");
    check(value == NULL ? read == NULL : read != NULL &&
          strcmp(read[0], value) == 0 && read[1] == NULL);
    gw_strlist_free(read);
    gw_levels_free(&levels);
    profile_release(profile);
    (void)close(fd);
}

/* Lines that are comments. */
static size_t
comments(const uint8_t *p, size_t size)
{
    size_t n = 0, i = 0;

    while (i < size) {
        while (i < size && (p[i] == ' ' || p[i] == '\t'))
            i++;
        n += i < size && (p[i] == '#' || p[i] == ';');
        while (i < size && p[i] != '\n')
            i++;
        i++;
    }
    return n;
}

static void
change(struct confedit *edit, const char *value, size_t want)
{
    struct cs_buf text = CS_BUF_INIT(1 << 20), diff = CS_BUF_INIT(1 << 20);

    if (set(edit, value) == 0) {
        confedit_write(edit, &text);
        confedit_diff(edit, &diff);
        check((diff.len > 0) == confedit_changed(edit));
        check(comments(text.p, text.len) == want);
        check_again(&text, value);
        check_read(&text, value);
    }
    cs_buf_free(&text);
    cs_buf_free(&diff);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cs_buf text = CS_BUF_INIT(1 << 20);
    struct cs_span in = { data, size };
    struct confedit *edit;
    struct cs_error err;

    (void)confedit_has_directive(in, "includedir", "/x");
    if (confedit_parse(in, &edit, &err) != 0)
        return 0;
    confedit_write(edit, &text);
    check(text.len == size && (size == 0 || memcmp(text.p, data, size) == 0));
    change(edit, "web02.corp", comments(data, size));
    change(edit, NULL, comments(data, size));
    if (confedit_prepend(edit, "includedir /x") == 0) {
        cs_buf_reset(&text);
        confedit_write(edit, &text);
        check(confedit_has_directive(cs_buf_span(&text), "includedir", "/x/"));
    }
    confedit_free(&edit);
    cs_buf_free(&text);
    return 0;
}
