/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * An auditor for the dynamic linker (rtld-audit(7)): proves, for each program of MIT's suite and from outside that
 * program, that the interposer was loaded and took krb5's place.  Loading alone proves nothing (a module may return
 * no mechanisms); the mechglue resolves gssi_init_sec_context only for an interposer that has accepted its mechanism.
 *
 * With LD_AUDIT naming this module, each process appends to the file $GW_AUDIT_LOG:
 *     gssapi PROGRAM PATH      PATH is the libgssapi_krb5 that the program got
 *     interposed PROGRAM PATH  PATH is the module whose gssi_init_sec_context the mechglue has looked up
 */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* rtld-audit's entry points are found by name; no header declares them. */
unsigned int la_version(unsigned int version);
unsigned int la_objopen(struct link_map *map, Lmid_t lmid, uintptr_t *cookie);
uintptr_t la_symbind64(Elf64_Sym *sym, unsigned int ndx, uintptr_t *refcook, uintptr_t *defcook,
                       unsigned int *flags, const char *symname);

static void
note(const char *what, const char *path)
{
    const char *log = getenv("GW_AUDIT_LOG");
    char line[8192];
    int fd, len;

    if (log == NULL)
        return;
    len = snprintf(line, sizeof(line), "%s %s %s\n", what, program_invocation_short_name, path);
    fd = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    /* One write is one line.  A line that is missing fails the test, so nothing else is to be done about errors. */
    if (fd < 0 || len <= 0 || (size_t)len >= sizeof(line) || write(fd, line, (size_t)len) != len)
        (void)fprintf(stderr, "audit: cannot write to %s: %s\n", log, strerror(errno));
    if (fd >= 0)
        close(fd);
}

unsigned int
la_version(unsigned int version)
{
    return version < LAV_CURRENT ? version : LAV_CURRENT;
}

unsigned int
la_objopen(struct link_map *map, Lmid_t lmid, uintptr_t *cookie)
{
    (void)lmid;
    *cookie = (uintptr_t)map;
    if (strstr(map->l_name, "/libgssapi_krb5.so") != NULL)
        note("gssapi", map->l_name);
    /* Bindings are reported from an object with BINDFROM to one with BINDTO. krb5's dlsym is called in krb5support. */
    if (strstr(map->l_name, "/libkrb5support.so") != NULL)
        return LA_FLG_BINDFROM;
    return LA_FLG_BINDTO;
}

uintptr_t
la_symbind64(Elf64_Sym *sym, unsigned int ndx, uintptr_t *refcook, uintptr_t *defcook, unsigned int *flags,
             const char *symname)
{
    (void)ndx;
    (void)refcook;
    if ((*flags & LA_SYMB_DLSYM) && strcmp(symname, "gssi_init_sec_context") == 0)
        note("interposed", ((struct link_map *)*defcook)->l_name);
    return sym->st_value;
}
