/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * client.h - the client's end of the broker's protocol, for the programs
 * (link.h) and for the PAM module.
 *
 * The module asks from a child that was made without the C library's
 * knowledge: nothing here allocates or locks.
 */
#ifndef BP_CLIENT_H
#define BP_CLIENT_H

#include <sys/un.h>

#include "helper/proto/proto.h"

/* Connect: 0 with *fd, or an errno.  The peer is still to be checked
 * (wire.h). */
int bp_connect(const struct sockaddr_un *address, int *fd);

/* Does that errno mean that there is no broker? */
int bp_is_absent(int error);

/*
 * Is a reply of the kind that is wanted?  0; CS_UNEXPECTED for another one; or
 * the error that the broker has reported, as it was there (code, ntstatus,
 * text), but for CS_SYSTEM, which is about the connection here: CS_INNER.
 */
int bp_check_reply(const struct bp_message *reply, enum bp_number want,
                   struct cs_error *err);

/* Does the broker speak our version?  Of a WELCOME: 0 or CS_VERSION. */
int bp_check_version(const struct bp_message *welcome, struct cs_error *err);

#endif /* BP_CLIENT_H */
