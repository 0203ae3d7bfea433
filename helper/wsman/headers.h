/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * headers.h - the headers of a request and of a reply: which go on to the
 * other side, and whether a request says in one way only where it ends.  No
 * I/O.
 */
#ifndef GATE_HEADERS_H
#define GATE_HEADERS_H

#include <stddef.h>
#include <stdint.h>

#include "plugin/bytes/error.h"

#define GATE_HEADERS_MAX 64     /* of one request */

/*
 * Does a client's header go on to the server, or the server's to the client?
 * Only those of a list do.  Content-Type is on neither: the type of an
 * encrypted message goes into the body, and otherwise the caller decides.
 */
int gate_header_up(const char *name);
int gate_header_down(const char *name);

/* Is this a header's value: no control character but a tab?  (An obsolete
 * folding has them, too.) */
int gate_header_value_ok(const char *value, size_t len);

/*
 * Does this header of a request show that a web page sent it?  No page can
 * omit them: Origin, or a Sec-Fetch-Site that is not "none", which is the
 * user's own doing (https://www.w3.org/TR/fetch-metadata/).
 */
int gate_header_of_page(const char *name, const char *value);

/*
 * A request's headers, one after the other.  The first thing that is wrong
 * stays: a request is refused when RFC 9112 leaves open where it ends, or
 * proxies are known to differ (6.1, 6.3, 11.2).
 */
struct gate_headers_check {
    size_t max, bytes, count;   /* "name: value" and two line ends */
    int has_length, chunked, has_host;
    uint64_t length;            /* of Content-Length */
    struct cs_error error;
};

/* max: bytes of all headers. */
void gate_headers_init(struct gate_headers_check *check, size_t max);
void gate_headers_add(struct gate_headers_check *check, const char *name,
                      size_t name_len, const char *value, size_t value_len);

/* Is anything given more than once, or in two ways?  Returns 0 or CS_MALFORMED
 * with a sentence for the client. */
int gate_headers_finish(const struct gate_headers_check *check,
                        struct cs_error *err);

#endif /* GATE_HEADERS_H */
