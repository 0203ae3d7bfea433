/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* client.c - the client's end of the broker's protocol. */
#include "config.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helper/proto/client.h"

int
bp_connect(const struct sockaddr_un *address, int *fd)
{
    int error;

    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return errno;
    if (connect(*fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
        return 0;
    error = errno;
    (void)close(*fd);
    *fd = -1;
    return error;
}

int
bp_is_absent(int error)
{
    return error == ENOENT || error == ECONNREFUSED;
}

int
bp_check_reply(const struct bp_message *reply, enum bp_number want,
               struct cs_error *err)
{
    int code;

    if (reply->number == want)
        return 0;
    if (reply->number != BP_ERROR)
        return cs_fail(err, CS_UNEXPECTED, "the broker has answered with %s "
                       "where %s was due", bp_name(reply->number),
                       bp_name(want));
    code = (reply->code >= 1 && reply->code < (uint32_t)-CS_SYSTEM) ?
        -(int)reply->code : CS_INNER;
    cs_set_error(err, code, "%.*s", (int)reply->text.len,
                 (const char *)reply->text.p);
    if (err != NULL) {
        err->ntstatus = reply->ntstatus;
        err->major = reply->major;
        err->minor = reply->minor;
    }
    return code;
}

int
bp_check_version(const struct bp_message *welcome, struct cs_error *err)
{
    if (welcome->version == BP_VERSION)
        return 0;
    return cs_fail(err, CS_VERSION, "the broker speaks version %u of its "
                   "protocol, this program %d: restart it", welcome->version,
                   BP_VERSION);
}
