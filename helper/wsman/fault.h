/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * fault.h - a SOAP fault, as a WinRM server sends it (MS-WSMV 2.2.4, DSP0226
 * 14): how the gateway reports an error to a SOAP client.
 *
 * Goes with HTTP status 500 and the Content-Type below.  pywinrm, pypsrp
 * and Ansible show the text.  No I/O.
 */
#ifndef GATE_FAULT_H
#define GATE_FAULT_H

#include "plugin/bytes/buf.h"

#define GATE_FAULT_CONTENT_TYPE "application/soap+xml;charset=UTF-8"

enum gate_fault {
    GATE_FAULT_DENIED,          /* refused: here, or by the server's logon */
    GATE_FAULT_REQUEST,         /* the client's mistake */
    GATE_FAULT_UNREACHABLE,     /* no connection to the server */
    GATE_FAULT_INTERNAL         /* anything else */
};

/* Append one.  machine: whose fault it is, or NULL.  Both may be anything:
 * what XML cannot have comes out as '?'. */
void gate_write_fault(struct cs_buf *out, enum gate_fault kind,
                      const char *machine, const char *text);

#endif /* GATE_FAULT_H */
