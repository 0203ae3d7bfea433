/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * mechprobe.h - a process with this machine's GSSAPI mechanisms, like any
 * program here.
 *
 * The doctor itself loads none: it wants krb5 as it is.  So before anything
 * has touched GSSAPI a child is forked that keeps the environment; it reports
 * what it has loaded, and can be told to authenticate.
 */
#ifndef DOC_MECHPROBE_H
#define DOC_MECHPROBE_H

#include "helper/doctor/doctor.h"

struct mechprobe;

/* First thing.  NULL without memory. */
struct mechprobe *mechprobe_start(void);
void mechprobe_end(struct mechprobe **witness);
/* Why it does not answer, when one of the functions below has returned -1. */
const char *witness_why(const struct mechprobe *witness);

/* What is loaded: fills d->seen.  Returns 0 or -1. */
int mechprobe_look(struct doctor *d);
/* Authenticate as programs do: HTTP@HOST, Negotiate.  Returns 0 or -1. */
int mechprobe_authenticate(struct doctor *d);

#endif /* DOC_MECHPROBE_H */
