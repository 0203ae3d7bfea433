/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * client.h - what a client's requests mean, on one connection of its.
 *
 *     no Authorization, or Basic      ours to authenticate (session_request)
 *     Negotiate, Kerberos, our ticket the same, and encrypted here as well
 *     the same with another ticket,
 *     and any other scheme            its own (session_pass)
 *
 * An empty request without Authorization asks for a challenge, and gets it.
 */
#ifndef GATE_CLIENT_H
#define GATE_CLIENT_H

#include "helper/gateway/accept.h"
#include "helper/wsman/fault.h"
#include "helper/gateway/session.h"

struct client;

int client_new(const struct gate *gate, struct issuer *mint, int fd,
               struct client **out, struct cs_error *err);
void client_free(struct client **client);

/* Always makes an answer, if only an error's: session_answer_free(). */
void client_serve(struct client *client, const struct gate_target *target,
                  const struct up_request *request,
                  struct gate_answer *answer);

/* An error as the client reads it: a fault for one that speaks SOAP (type:
 * of its request), else a line of text with this status. */
void client_error(const char *type, unsigned int status, enum gate_fault kind,
                  const char *text, struct gate_answer *answer);

#endif /* GATE_CLIENT_H */
