/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * target.h - the server that a request is for: the request target, Host, or
 * the listener's fixed target.  No I/O, no policy.
 */
#ifndef GATE_TARGET_H
#define GATE_TARGET_H

#include <stdint.h>

#include "plugin/bytes/error.h"

#define GATE_HOST_MAX 255       /* bytes */

struct gate_target {
    char host[GATE_HOST_MAX + 1];       /* lower case; an IPv6 address bare */
    uint16_t port;              /* 0: not given */
    const char *path;           /* borrowed from the request; "/wsman?..." */
};

/*
 * "http://host[:port]/path" (a proxy's client), else a path with a Host header
 * "NAME.localhost[:port]", whose port is the gateway's own and says nothing.
 * Refuses with CS_MALFORMED and a sentence for the client: https (what to
 * write instead), user information in the URL, control characters, a Host
 * that is not under .localhost, another one than the URL's, a bad port, a
 * name with characters that no host has.
 */
int gate_target_parse(const char *url, const char *host_header,
                      struct gate_target *out, struct cs_error *err);

/*
 * A path, of a listener for one target.  Host may be this machine's (localhost,
 * a loopback address) with the listener's port, NAME or NAME.localhost of the
 * target.  Refuses everything else with CS_MALFORMED and a sentence.
 */
int gate_target_fixed(const char *url, const char *host_header,
                      const struct gate_target *fixed, uint16_t port,
                      struct gate_target *out, struct cs_error *err);

/* "HOST", "HOST:PORT", "[::1]:PORT", "ADDRESS"; without a port, or with 0,
 * *port is 0. */
int gate_hostport_parse(const char *text, char *host, size_t size,
                        uint16_t *port, struct cs_error *err);

#endif /* GATE_TARGET_H */
