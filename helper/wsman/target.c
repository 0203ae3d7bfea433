/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* target.c - the server that a request is for. */
#include "config.h"

#include <arpa/inet.h>
#include <string.h>

#include "helper/wsman/target.h"
#include "helper/wsman/text.h"

#define LABEL_MAX 63            /* bytes (RFC 1035 2.3.4) */
#define HTTP_PORT 80            /* what a URL without a port means */
#define LOCAL ".localhost"

/* One authority, with its port as given. */
struct hostport {
    char host[GATE_HOST_MAX + 1];
    uint16_t port;              /* 0: not given */
};

static int
copy_lower(struct cs_span from, char *to, size_t size)
{
    size_t i;

    if (from.len == 0 || from.len >= size)
        return CS_MALFORMED;
    for (i = 0; i < from.len; i++)
        to[i] = gate_lower((char)from.p[i]);
    to[i] = '\0';
    return 0;
}

static int
good_label(const char *label, size_t len)
{
    size_t i;

    if (len == 0 || len > LABEL_MAX || label[0] == '-' ||
        label[len - 1] == '-')
        return 0;
    for (i = 0; i < len; i++) {
        if (!gate_is_digit(label[i]) && (label[i] < 'a' || label[i] > 'z') &&
            label[i] != '-' && label[i] != '_')
            return 0;
    }
    return 1;
}

/* Whatever ends like this is an address to a resolver: "127.1", "0x7f000001",
 * "2130706433". */
static int
numeric(const char *label, size_t len)
{
    return strspn(label, "0123456789") == len ||
        (len > 1 && label[0] == '0' && label[1] == 'x' &&
         strspn(label + 2, "0123456789abcdef") == len - 2);
}

/* A name, or an IPv4 address in its usual form; one final dot is dropped. */
static int
read_name(struct cs_span text, char *host, size_t size)
{
    const char *label, *dot;
    struct in_addr address;
    size_t len;

    if (text.len > 1 && text.p[text.len - 1] == '.')
        text.len--;
    if (copy_lower(text, host, size) != 0)
        return CS_MALFORMED;
    for (label = host;; label = dot + 1) {
        dot = strchr(label, '.');
        len = (dot != NULL) ? (size_t)(dot - label) : strlen(label);
        if (!good_label(label, len))
            return CS_MALFORMED;
        if (dot == NULL)
            break;
    }
    if (numeric(label, len) && inet_pton(AF_INET, host, &address) != 1)
        return CS_MALFORMED;
    return 0;
}

/* As the system writes it, so that there is one text for an address. */
static int
read_ipv6(struct cs_span text, char *host, size_t size)
{
    char copy[INET6_ADDRSTRLEN];
    struct in6_addr address;

    if (copy_lower(text, copy, sizeof(copy)) != 0 ||
        inet_pton(AF_INET6, copy, &address) != 1 ||
        inet_ntop(AF_INET6, &address, host, (socklen_t)size) == NULL)
        return CS_MALFORMED;
    return 0;
}

/* ":PORT" or nothing, and ":0" only where it has a meaning. */
static int
read_port(struct cs_span text, int zero, uint16_t *port)
{
    uint64_t value;

    *port = 0;
    if (text.len == 0)
        return 0;
    if (!gate_take_text(&text, ":") || text.len == 0 ||
        (*text.p == '0' && !(zero && text.len == 1)) ||
        gate_number(text, UINT16_MAX, &value) != 0)
        return CS_MALFORMED;
    *port = (uint16_t)value;
    return 0;
}

static struct cs_span
split(struct cs_span *rest, size_t at)
{
    struct cs_span first = { rest->p, at };

    rest->p += at;
    rest->len -= at;
    return first;
}

static size_t
find(struct cs_span text, char c)
{
    const uint8_t *at = (text.len > 0) ? memchr(text.p, c, text.len) : NULL;

    return (at != NULL) ? (size_t)(at - text.p) : text.len;
}

/* bare: not in a URL, so that an IPv6 address without a port needs no
 * brackets, and port 0 is any. */
static int
read_hostport(struct cs_span text, int bare, char *host, size_t size,
              uint16_t *port)
{
    struct cs_span name, rest = text;
    size_t colon;

    if (gate_take_text(&rest, "[")) {
        name = split(&rest, find(rest, ']'));
        if (!gate_take_text(&rest, "]") || read_ipv6(name, host, size) != 0)
            return CS_MALFORMED;
        return read_port(rest, bare, port);
    }
    colon = find(text, ':');
    if (bare && colon < text.len && memchr(text.p + colon + 1, ':',
                                           text.len - colon - 1) != NULL) {
        *port = 0;
        return read_ipv6(text, host, size);
    }
    name = split(&rest, colon);
    if (read_name(name, host, size) != 0)
        return CS_MALFORMED;
    return read_port(rest, bare, port);
}

int
gate_hostport_parse(const char *text, char *host, size_t size,
                    uint16_t *port, struct cs_error *err)
{
    if (read_hostport(gate_span(text), 1, host, size, port) != 0) {
        host[0] = '\0';
        return cs_fail(err, CS_MALFORMED, "expected HOST or HOST:PORT (an "
                       "IPv6 address with a port is [ADDRESS]:PORT)");
    }
    return 0;
}

/* What may stand in a URL (RFC 3986 2), a fragment excepted. */
static int
uri_characters(struct cs_span url)
{
    static const char hex[] = "0123456789abcdefABCDEF";
    size_t i;

    for (i = 0; i < url.len; i++) {
        char c = (char)url.p[i];

        if (c == '%') {
            if (url.len - i < 3 || strchr(hex, url.p[i + 1]) == NULL ||
                strchr(hex, url.p[i + 2]) == NULL)
                return 0;
        } else if (!gate_is_digit(c) &&
                   (gate_lower(c) < 'a' || gate_lower(c) > 'z') &&
                   strchr("-._~:/?[]@!$&'()*+,;=", c) == NULL) {
            return 0;
        }
    }
    return 1;
}

/* "HOST[:PORT]/path" behind "http://". */
static int
read_absolute(struct cs_span rest, struct gate_target *out,
              struct cs_error *err)
{
    struct cs_span authority;
    size_t slash = find(rest, '/'), query = find(rest, '?');

    if (query < slash)
        return cs_fail(err, CS_MALFORMED, "the URL has no path");
    authority = split(&rest, slash);
    if (find(authority, '@') < authority.len)
        return cs_fail(err, CS_MALFORMED, "the URL contains a user name, "
                       "which has no effect: the gateway has its own "
                       "credentials");
    if (read_hostport(authority, 0, out->host, sizeof(out->host),
                      &out->port) != 0)
        return cs_fail(err, CS_MALFORMED, "the URL has no host, or an invalid "
                       "host or port");
    out->path = (rest.len > 0) ? (const char *)rest.p : "/";
    return 0;
}

/* Host beside a URL with a host: the same, or there are two opinions. */
static int
check_host(const char *header, const struct gate_target *target,
           struct cs_error *err)
{
    struct hostport host = { .port = 0 };
    uint16_t port = (target->port != 0) ? target->port : HTTP_PORT;

    if (read_hostport(gate_span(header), 0, host.host, sizeof(host.host),
                      &host.port) != 0)
        return cs_fail(err, CS_MALFORMED, "the Host header is malformed");
    if (strcmp(host.host, target->host) != 0 ||
        (host.port != 0 ? host.port : HTTP_PORT) != port)
        return cs_fail(err, CS_MALFORMED, "the Host header names a different "
                       "host than the URL");
    return 0;
}

/* "NAME.localhost[:PORT]". */
static int
read_local(const char *header, struct gate_target *out, struct cs_error *err)
{
    size_t len, suffix = strlen(LOCAL);
    struct hostport host = { .port = 0 };

    if (header == NULL)
        return cs_fail(err, CS_MALFORMED, "the request has no Host header");
    if (read_hostport(gate_span(header), 0, host.host, sizeof(host.host),
                      &host.port) != 0)
        return cs_fail(err, CS_MALFORMED, "the Host header is malformed");
    len = strlen(host.host);
    if (len <= suffix || strcmp(host.host + len - suffix, LOCAL) != 0)
        return cs_fail(err, CS_MALFORMED, "the Host header does not say which "
                       "host is meant: use the gateway as a proxy, or write "
                       "http://NAME.localhost:PORT/wsman");
    host.host[len - suffix] = '\0';
    /* What is left must stand by itself: not an address cut short. */
    if (read_name(gate_span(host.host), out->host, sizeof(out->host)) != 0)
        return cs_fail(err, CS_MALFORMED, "the Host header is malformed");
    out->port = 0;
    return 0;
}

static int
bad_characters(struct cs_error *err)
{
    return cs_fail(err, CS_MALFORMED, "the URL contains invalid characters");
}

/* This machine, by a name that no DNS server can give to others. */
static int
is_loopback(const char *host)
{
    struct in_addr four;

    return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
        (inet_pton(AF_INET, host, &four) == 1 &&
         ntohl(four.s_addr) >> 24 == 127);
}

/* "NAME" or "NAME.localhost". */
static int
names_target(const char *host, const char *name)
{
    size_t len = strlen(name);

    return strncmp(host, name, len) == 0 &&
        (host[len] == '\0' || strcmp(host + len, LOCAL) == 0);
}

/*
 * A page whose name a DNS server suddenly gives this machine's address
 * (rebinding) has that name in its Host header.
 */
static int
check_own_host(const char *header, const struct gate_target *fixed,
               uint16_t port, struct cs_error *err)
{
    struct hostport host = { .port = 0 };

    if (header == NULL)
        return cs_fail(err, CS_MALFORMED, "the request has no Host header");
    if (read_hostport(gate_span(header), 0, host.host, sizeof(host.host),
                      &host.port) != 0)
        return cs_fail(err, CS_MALFORMED, "the Host header is malformed");
    if (names_target(host.host, fixed->host) ||
        (is_loopback(host.host) &&
         (host.port != 0 ? host.port : HTTP_PORT) == port))
        return 0;
    return cs_fail(err, CS_MALFORMED, "the Host header names another host or "
                   "port: this listener serves only %s, as "
                   "http://127.0.0.1:%u/wsman or http://localhost:%u/wsman",
                   fixed->host, (unsigned int)port, (unsigned int)port);
}

int
gate_target_fixed(const char *url, const char *host_header,
                  const struct gate_target *fixed, uint16_t port,
                  struct gate_target *out, struct cs_error *err)
{
    int ret;

    memset(out, 0, sizeof(*out));
    if (!uri_characters(gate_span(url)))
        return bad_characters(err);
    if (url[0] != '/')
        return cs_fail(err, CS_MALFORMED, "this listener serves only %s and "
                       "is not a proxy", fixed->host);
    ret = check_own_host(host_header, fixed, port, err);
    if (ret != 0)
        return ret;
    *out = *fixed;
    out->path = url;
    return 0;
}

int
gate_target_parse(const char *url, const char *host_header,
                  struct gate_target *out, struct cs_error *err)
{
    struct cs_span rest = gate_span(url);
    int ret;

    memset(out, 0, sizeof(*out));
    if (!uri_characters(rest))
        return bad_characters(err);
    if (gate_take_text(&rest, "https://"))
        return cs_fail(err, CS_MALFORMED, "the gateway speaks TLS with the "
                       "server itself: write http://HOST:5986/wsman for "
                       "https://HOST:5986/wsman");
    if (gate_take_text(&rest, "http://")) {
        ret = read_absolute(rest, out, err);
        if (ret == 0 && host_header != NULL)
            ret = check_host(host_header, out, err);
    } else if (url[0] == '/') {
        ret = read_local(host_header, out, err);
        out->path = url;
    } else {
        ret = cs_fail(err, CS_MALFORMED, "the request's target is neither "
                      "http://HOST/ nor a path");
    }
    if (ret != 0)
        memset(out, 0, sizeof(*out));
    return ret;
}
