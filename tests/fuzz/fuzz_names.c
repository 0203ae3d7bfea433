/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* fuzz_names.c - "TEMPLATE NUL HOST": no host gets a principal's syntax in. */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin/conf/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char conf_path[64];

static void
clean_up(void)
{
    (void)unlink(conf_path);
}

/* Without DNS, whatever this machine is set up for. */
static void
configure(void)
{
    static const char conf[] = "[libdefaults]\n default_realm = R\n"
        " dns_canonicalize_hostname = false\n dns_lookup_realm = false\n";
    char path[] = "/tmp/fuzz-names.XXXXXX";
    int fd = mkstemp(path);

    if (fd == -1 || write(fd, conf, sizeof(conf) - 1) < 0)
        abort();
    (void)close(fd);
    (void)setenv("KRB5_CONFIG", path, 1);
    (void)snprintf(conf_path, sizeof(conf_path), "%s", path);
    (void)atexit(clean_up);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int ready;
    char *template, *host, *name;
    const uint8_t *nul = memchr(data, '\0', size);

    if (!ready++)
        configure();
    if (nul == NULL)
        return 0;
    template = strdup((const char *)data);
    host = strndup((const char *)nul + 1, size - (nul + 1 - data));
    if (gw_name_expand(template, host, 5985, &name) == 0) {
        if (strpbrk(host, "@/\\ \n") != NULL)
            abort();
        free(name);
    }
    free(template);
    free(host);
    return 0;
}
