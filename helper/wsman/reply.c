/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* reply.c - what a server has answered. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "helper/wsman/upstream.h"

void
up_reply_free(struct up_reply *reply)
{
    while (reply->nheaders > 0)
        free(reply->headers[--reply->nheaders]);
    gate_challenge_free(&reply->challenge);
    cs_buf_free(&reply->body);
}

const char *
up_header(const struct up_reply *reply, const char *name)
{
    size_t i, len = strlen(name);
    const char *value;

    for (i = 0; i < reply->nheaders; i++) {
        if (strncasecmp(reply->headers[i], name, len) != 0 ||
            reply->headers[i][len] != ':')
            continue;
        value = reply->headers[i] + len + 1;
        return value + strspn(value, " \t");
    }
    return NULL;
}
