/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * report.h - what a gateway reports about a host.
 *
 * It comes from a program that talks to the network and may have been taken
 * over: it is journaled and logged as a report, and never looks like one of
 * the broker's own lines.
 */
#ifndef BD_REPORT_H
#define BD_REPORT_H

#include "helper/broker/broker.h"

/*
 * Take a REPORT.  known: a host that the broker itself deals with at this
 * moment, or NULL; any other has to be one that krb5.conf lets the gateway
 * reach.  0 or an error.
 */
int report_take(struct broker *broker, const struct bp_message *report,
                const char *known, struct cs_error *err);

#endif /* BD_REPORT_H */
