/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* t_config.c - configuration, names and caches that are not as they should
 * be: all as without the plugin, and said in the trace. */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/k5/k5.h"

#define ALWAYS " match = always\n"
#define WEB01 "h:HTTP@web01.test.example"
#define PLAIN "HTTP/web01.test.example"
#define MACHINE "HOST/web01.test.example"

/* --- values --- */

struct value {
    const char *winrm, *ticket, *trace;
};

static const struct value values[] = {
    { ALWAYS " enabled = maybe", MACHINE, "enabled = maybe" },
    { ALWAYS " ports = 0 99999 -1 http", MACHINE, "ports = " },
    { ALWAYS " ports = \"\"", MACHINE, NULL },
    { ALWAYS " ports = 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20",
      MACHINE, NULL },
    { ALWAYS " spn = \"\"", MACHINE, NULL },
    { ALWAYS " spn = junk", MACHINE, "spn = junk" },
    { ALWAYS " spn = junk WSMAN/%f", "WSMAN/web01.test.example",
      "spn = junk" },
    { ALWAYS " spn = %z/%f WSMAN/%f", "WSMAN/web01.test.example", "%z/%f" },
    { ALWAYS " spn = WSMAN/%f%", PLAIN, "WSMAN/%f%" },
    { ALWAYS " spn = /%f HOST/ @/@ WSMAN/%f", "WSMAN/web01.test.example",
      NULL },
    { ALWAYS " spn = a/b@c@d CUSTOM/web01.test.example",
      "CUSTOM/web01.test.example", NULL },
    { ALWAYS " delegation = perhaps", MACHINE, "delegation = perhaps" },
    { ALWAYS " match = never\n match = auto", MACHINE, NULL },
    { ALWAYS " winrm = 1\n ponrts = 5985", MACHINE, "unknown key ponrts" },
    { ALWAYS " targets = web01.test.example", MACHINE, NULL },
    { ALWAYS " targets = {\n  web01.test.example = WSMAN\n }", MACHINE, NULL },
    { ALWAYS " targets = {\n  = {\n  spn = WSMAN/%f\n  }\n }", NULL, NULL },
    { ALWAYS " targets = {\n  .. = {\n   spn = WSMAN/%f\n  }\n }", MACHINE,
      NULL },
    { ALWAYS " targets = {\n  web01.test.example = {\n   spn = junk\n  }\n }",
      MACHINE, "spn = junk" },
    { ALWAYS " targets = {\n  web01.test.example = {\n   sqn = a\n  }\n }",
      MACHINE, "unknown key sqn" },
    { ALWAYS
      " targets = {\n  web01.test.example = {\n"
      "   host = node1.test.example\n   nodes = node2.test.example\n  }\n }",
      "HOST/node2.test.example", "host and nodes are both set" },
    { ALWAYS " targets = {\n  web01.test.example = {\n   host = \"\"\n  }\n }",
      MACHINE, NULL },
    { ALWAYS " targets = {\n  web01.test.example = {\n"
             "   host = \"a b/c@d\"\n  }\n }",
      PLAIN, NULL },
    { ALWAYS " targets = {\n  web01.test.example = {\n"
             "   nodes = \"\" \n  }\n }",
      MACHINE, NULL },
    { ALWAYS " TEST.EXAMPLE = junk", MACHINE, NULL },
    { ALWAYS " credssp = {\n  minimum_version = 99\n  ntlm = perhaps\n"
             "  key = x\n }",
      MACHINE, "unknown key key" },
    { ALWAYS " credssp = junk", MACHINE, NULL },
    { " match = always never", PLAIN, "match = always never" },
    { " enabled = false\n enabled = true\n" ALWAYS, PLAIN, NULL },
    { " programs = \xff\xfe \x01 t_config", MACHINE, NULL },
};

static void
check_values(void)
{
    struct k5_side me;
    const char *cc, *trace;
    char name[64];
    size_t i;

    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        (void)snprintf(
            name, sizeof(name), "%s",
            values[i].winrm
                + (strncmp(values[i].winrm, ALWAYS, 15) == 0 ? 16 : 1));
        name[strcspn(name, "\n")] = '\0';
        k5_conf(NULL, values[i].winrm);
        cc = k5_fresh("alice");
        (void)k5_trace();
        k5_local(&me);
        (void)k5_init(&me, WEB01, K5_KRB5, ALL_FLAGS, NULL);
        trace = k5_trace();
        if (values[i].ticket == NULL)
            ok(GSS_ERROR(me.reply.major), "%s: krb5's own error", name);
        else if (!is_str(k5_tickets(cc), values[i].ticket, "%s", name))
            diag("0x%x %s\n%s", me.reply.major, k5_part(&me, 1), trace);
        if (values[i].trace != NULL)
            has_str(trace, values[i].trace, "%s: in the trace", name);
        k5_close(&me);
    }
}

/* --- whole files --- */

/*
 * The same call in three processes: one without the plugin, a new one with it,
 * and this one, which loaded it when all was well. With a file that krb5
 * cannot read nothing may differ.
 */
static void
check_same(const char *target, const char *what)
{
    struct k5_side bare, new, me;
    struct k5_side *sides[] = { &new, &me };
    static const char *const names[] = { "a new process", "this process" };
    char *tickets;
    const char *cc;
    int i;

    k5_spawn(&bare, K5_BARE, "none");
    k5_spawn(&new, K5_PERHAPS, "none");
    cc = k5_fresh("alice");
    k5_close(&bare);
    k5_close(&new);
    k5_spawn(&bare, K5_BARE, "none");
    (void)k5_init(&bare, target, K5_KRB5, ALL_FLAGS, NULL);
    tickets = strdup(k5_tickets(cc));
    for (i = 0; i < 2; i++) {
        cc = k5_fresh("alice");
        if (i == 0)
            k5_spawn(&new, K5_PERHAPS, "none");
        else
            k5_local(&me);
        (void)k5_init(sides[i], target, K5_KRB5, ALL_FLAGS, NULL);
        is_int(sides[i]->reply.major, bare.reply.major, "%s, %s: the status",
               what, names[i]);
        is_str(k5_part(sides[i], 1), k5_part(&bare, 1), "%s, %s: the text",
               what, names[i]);
        is_str(k5_tickets(cc), tickets, "%s, %s: the tickets", what, names[i]);
        k5_close(sides[i]);
    }
    k5_close(&bare);
    free(tickets);
}

static void
check_file(const char *text, size_t len, const char *what)
{
    const char *path = k5_path("broken.conf");

    k5_write(path, text, len);
    (void)setenv("KRB5_CONFIG", path, 1);
    check_same(WEB01, what);
}

static void
check_text(const char *text, const char *what)
{
    check_file(text, strlen(text), what);
}

static void
check_files(void)
{
    static const char junk[] = "\x7f"
                               "ELF\x02\x01\x01\0\0\0\0\xff\xfe[]{}=*\n";
    char text[2048];
    const char *path;

    check_text("[libdefaults\n", "an unclosed bracket");
    check_text("[appdefaults]\n winrm = {\n", "an unclosed brace");
    check_text("[appdefaults]\n winrm = {\n } }\n", "a brace too many");
    check_text("winrm = 1\n", "a relation outside of a section");
    check_text("", "an empty file");
    check_file(junk, sizeof(junk), "binary junk");
    (void)snprintf(text, sizeof(text), "include %s\n", k5_path("broken.conf"));
    check_text(text, "a file that includes itself");
    check_text("include /nonexistent/file\n", "an include of no file");
    (void)snprintf(text, sizeof(text), "includedir %s\n", k5_path("none"));
    check_text(text, "an includedir of no directory");
    (void)setenv("KRB5_CONFIG", "/nonexistent/krb5.conf", 1);
    check_same(WEB01, "no file");
    path = k5_path("directory");
    (void)mkdir(path, 0700);
    (void)setenv("KRB5_CONFIG", path, 1);
    check_same(WEB01, "a directory");
    (void)setenv("KRB5_CONFIG", "", 1);
    check_same(WEB01, "an empty KRB5_CONFIG");
}

/* A drop-in that cannot be read; root can, so there must be nothing in it. */
static void
check_dropin(void)
{
    char text[1024], *dir = strdup(k5_path("conf.d"));
    const char *file;

    (void)mkdir(dir, 0700);
    file = k5_path("conf.d/gss-winrm.conf");
    k5_write(file, "", 0);
    (void)chmod(file, 0);
    (void)snprintf(text, sizeof(text), "includedir %s\ninclude %s/krb5.conf\n",
                   dir, getenv("K5_DIR"));
    check_text(text, "an unreadable drop-in");
    (void)chmod(file, 0600);
    k5_write(file, "[appdefaults\n", 13);
    check_text(text, "a drop-in that cannot be parsed");
    free(dir);
}

/* --- sizes --- */

static char *
repeat(const char *head, const char *item, size_t count, const char *tail)
{
    size_t n = strlen(item), used = strlen(head), i;
    char *text = malloc(used + count * n + strlen(tail) + 1), *p;

    if (text == NULL)
        abort();
    p = strcpy(text, head) + used;
    for (i = 0; i < count; i++, p += n)
        memcpy(p, item, n);
    (void)strcpy(p, tail);
    return text;
}

static void
check_size(char *winrm, const char *ticket, const char *what)
{
    struct k5_side me;
    const char *cc;

    k5_conf(NULL, winrm);
    cc = k5_fresh("alice");
    k5_local(&me);
    (void)k5_init(&me, WEB01, K5_KRB5, ALL_FLAGS, NULL);
    if (!is_str(k5_tickets(cc), ticket, "%s", what))
        diag("0x%x %s", me.reply.major, k5_part(&me, 1));
    k5_close(&me);
    free(winrm);
}

/* As long as a line may be (2,047 bytes): krb5 refuses a file with more. */
static void
check_sizes(void)
{
    check_size(repeat(ALWAYS " spn = X/", "a", 2000, "\n"), PLAIN,
               "a name of 2,000 bytes");
    check_size(repeat(ALWAYS " spn = ", "A/%f ", 400, "\n"), PLAIN,
               "400 names, none known");
    check_size(repeat(" programs = ", "abcdefg ", 250, "t_config\n"), MACHINE,
               "250 programs, this one last");
    check_size(repeat(ALWAYS " ", "k", 2000, " = 1\n"), MACHINE,
               "a key of 2,000 bytes");
    check_size(repeat(ALWAYS " a = {\n", " b = {\n", 5000, ""), MACHINE,
               "5,000 sections within each other, unclosed");
    check_size(repeat(ALWAYS, " spn = junk\n", 10000, " spn = WSMAN/%f\n"),
               "WSMAN/web01.test.example", "10,000 useless values");
    check_size(repeat(ALWAYS " targets = {\n",
                      "  x.example = {\n   spn = A/b\n  }\n", 10000,
                      "  web01.test.example = {\n   spn = WSMAN/%f\n  }\n }"),
               "WSMAN/web01.test.example", "10,000 targets");
    check_size(repeat(ALWAYS " targets = {\n  web01.test.example = {\n"
                             "   nodes = ",
                      "no.test.example ", 100, "node1.test.example\n  }\n }"),
               "HOST/node1.test.example", "101 nodes of which the last is");
}

static void
check_long_lines(void)
{
    char *text;

    text = repeat("[appdefaults]\n winrm = {\n  spn = X/", "a", 1 << 20,
                  "\n }\n");
    check_text(text, "a value of a megabyte");
    free(text);
    text = repeat("[appdefaults]\n winrm = {\n ", "k", 1 << 20, " = 1\n");
    check_text(text, "a key of a megabyte");
    free(text);
    text = repeat("# ", "comment ", 1 << 17, "\n");
    check_text(text, "a comment of a megabyte");
    free(text);
}

/* --- host names --- */

static void
check_name(const char *name, size_t len, const char *what)
{
    struct k5_side me, bare;
    gss_buffer_desc target = { len, (void *)(uintptr_t)name };
    struct k5_msg *m, *b;
    const char *trace, *p;
    char *tickets;
    const char *cc = k5_fresh("alice");

    k5_spawn(&bare, K5_BARE, "none");
    b = k5_call(&bare, K5_INIT, ALL_FLAGS, K5_KRB5, &target, NULL, NULL);
    tickets = strdup(k5_tickets(cc));
    cc = k5_fresh("alice");
    (void)k5_trace();
    k5_local(&me);
    m = k5_call(&me, K5_INIT, ALL_FLAGS, K5_KRB5, &target, NULL, NULL);
    is_int(m->major, b->major, "%s: the status", what);
    is_str(k5_part(&me, 1), k5_part(&bare, 1), "%s: the text", what);
    is_str(k5_tickets(cc), tickets, "%s: the tickets", what);
    trace = k5_trace();
    for (p = trace; *p == '\n' || (*p >= ' ' && *p <= '~'); p++)
        ;
    ok(*p == '\0', "%s: the trace is of printable characters", what);
    k5_close(&me);
    k5_close(&bare);
    free(tickets);
}

static void
check_names(void)
{
    static const char *const names[] = {
        "h:HTTP@",
        "h:HTTP",
        "h:@",
        "h:HTTP@.",
        "h:HTTP@..",
        "h:HTTP@-",
        "h:HTTP@ ",
        "h:HTTP@web01 web02",
        "h:HTTP@web01/web02",
        "h:HTTP@web01@web02",
        "h:HTTP@%f",
        "h:HTTP@%n%p%%%s%n",
        "h:HTTP@\xc3\xbc.test.example",
        "h:HTTP@\xff\xfe",
        "h:HTTP@a\nb: forged line",
        "h:HTTP@[::1]",
        "h:HTTP@::1",
        "h:HTTP@fe80::1%lo",
        "h:HTTP@1.2.3",
        "h:HTTP@a..b",
        "h:HTTP@nowhere.test.example.",
        "h:HTTP@\\@\\/",
        "h:http@$(id)",
        "h:HTTP@nowhere_1.test.example",
        "h:HTTP@*",
        "h:HTTP@*.test.example",
    };
    char what[64], *text;
    size_t i;

    k5_conf(NULL, ALWAYS);
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(what, sizeof(what), "name %zu (%.20s)", i,
                       names[i] + 2);
        what[strcspn(what, "\n\xc3\xff")] = '\0';
        check_name(names[i], strlen(names[i]), what);
    }
    check_name("n:HTTP@web01.test.example#.evil", 31, "an embedded NUL");
    check_name("n:HTTP@#", 8, "only a NUL");
    text = repeat("h:HTTP@", "a", 300, "");
    check_name(text, strlen(text), "300 characters");
    free(text);
    text = repeat("h:HTTP@", "a.", 127, "b");
    check_name(text, strlen(text), "255 characters");
    free(text);
    text = repeat("h:HTTP@", "a", 1 << 16, "");
    check_name(text, strlen(text), "64 KiB");
    free(text);
    text = repeat("h:", "HTTP", 1 << 14, "@web01.test.example");
    check_name(text, strlen(text), "a class of 64 KiB");
    free(text);
}

/* --- caches --- */

static void
check_cache(const char *name, const char *what)
{
    struct k5_side me, bare;

    (void)setenv("KRB5CCNAME", name, 1);
    k5_spawn(&bare, K5_BARE, "none");
    k5_local(&me);
    (void)k5_init(&bare, WEB01, K5_KRB5, ALL_FLAGS, NULL);
    (void)k5_init(&me, WEB01, K5_KRB5, ALL_FLAGS, NULL);
    ok(GSS_ERROR(bare.reply.major), "%s: an error without the plugin", what);
    is_int(me.reply.major, bare.reply.major, "%s: the status", what);
    is_str(k5_part(&me, 1), k5_part(&bare, 1), "%s: the text", what);
    k5_close(&me);
    k5_close(&bare);
}

static void
check_caches(void)
{
    /* Not one of junk: that can crash libkrb5 1.20.1 itself (an uninitialised
     * principal is freed in krb5_cccol_have_content). */
    k5_conf(NULL, ALWAYS);
    check_cache("NOSUCH:thing", "a ccache of an unknown type");
    check_cache("MEMORY:empty", "an empty ccache");
    check_cache("DIR:/nonexistent", "a directory that does not exist");
}

/* --- descriptors --- */

static int
open_descriptors(void)
{
    int fd, n = 0;

    for (fd = 0; fd < 4096; fd++)
        n += fcntl(fd, F_GETFD) != -1;
    return n;
}

static void
check_descriptors(void)
{
    static const char *const targets[] = {
        WEB01,      "h:HTTP@web08.test.example", "h:HTTP@web05.test.example",
        "h:HTTP@.", "h:HOST@web01.test.example",
    };
    struct k5_side me;
    int before = 0, i;

    k5_conf(NULL, ALWAYS);
    (void)k5_fresh("alice");
    for (i = 0; i < 50; i++) {
        if (i == 10)
            before = open_descriptors();
        k5_local(&me);
        (void)k5_init(&me, targets[i % 5], K5_KRB5, ALL_FLAGS, NULL);
        k5_close(&me);
    }
    is_int(open_descriptors(), before, "no descriptor is left open");
}

int
main(int argc, char **argv)
{
    k5_begin(argc, argv);
    check_values();
    check_sizes();
    check_names();
    check_caches();
    check_descriptors();
    check_files();
    check_long_lines();
    check_dropin();
    return k5_end();
}
