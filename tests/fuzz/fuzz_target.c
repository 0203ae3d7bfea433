/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * fuzz_target.c - "URL NUL HOST": a request's target and its Host header, at a
 * listener for any host and for one; and the first as HOST:PORT.
 *
 * A host that is accepted is a name or an address, and names itself.
 */
#include "config.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "helper/wsman/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(int ok)
{
    if (!ok)
        abort();
}

static void
check_host(const char *host)
{
    char again[GATE_HOST_MAX + 1];
    struct in6_addr address;
    uint16_t port;

    check(host[0] != '\0' && strlen(host) <= GATE_HOST_MAX);
    check(inet_pton(AF_INET6, host, &address) == 1 ||
          strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-_.") ==
          strlen(host));
    check(gate_hostport_parse(host, again, sizeof(again), &port, NULL) == 0);
    check(strcmp(again, host) == 0 && port == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = (size > 0) ? memchr(data, '\0', size) : NULL;
    char *url, *header = NULL, host[GATE_HOST_MAX + 1];
    const struct gate_target fixed = { "web01.example.com", 5986, NULL };
    struct gate_target target;
    uint16_t port;

    if (size == 0)
        return 0;
    url = strndup((const char *)data, size);
    if (nul != NULL)
        header = strndup((const char *)nul + 1, size - (nul + 1 - data));
    if (gate_target_parse(url, header, &target, NULL) == 0) {
        check_host(target.host);
        check(target.path[0] == '/' && strpbrk(target.path, " \r\n") == NULL);
        check(header != NULL || strncasecmp(url, "http://", 7) == 0);
    }
    if (gate_target_fixed(url, header, &fixed, 5980, &target, NULL) == 0)
        check(strcmp(target.host, fixed.host) == 0 && target.path == url &&
              url[0] == '/' && strpbrk(url, " \r\n") == NULL &&
              header != NULL);
    if (gate_hostport_parse(url, host, sizeof(host), &port, NULL) == 0)
        check_host(host);
    free(url);
    free(header);
    return 0;
}
