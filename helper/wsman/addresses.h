/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * addresses.h - the servers' addresses, which sessions share for some seconds.
 *
 * Without it each session would look its server up, in a thread of its own.
 */
#ifndef GATE_ADDRESSES_H
#define GATE_ADDRESSES_H

#include "plugin/bytes/error.h"

/* Seconds: a cluster's name may soon lead elsewhere. */
#define ADDRESSES_SECONDS 10L

struct addresses;

int addresses_new(struct addresses **out, struct cs_error *err);
/* Nobody may use it any more. */
void addresses_free(struct addresses **a);

/* For CURLOPT_SHARE; from any thread. */
void *addresses_share(struct addresses *a);

#endif /* GATE_ADDRESSES_H */
