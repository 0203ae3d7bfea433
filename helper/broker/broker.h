/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* broker.h - what all connections share. */
#ifndef BD_BROKER_H
#define BD_BROKER_H

#include "helper/broker/hoststatus.h"
#include "helper/broker/vault.h"

struct broker {
    struct vault *vault;
    struct hoststatus *journal;
    uint32_t lifetime;          /* seconds, of a LOGIN that gives none */
    /* Serve fd as well, past HELLO; it is taken.  0 or an error. */
    int (*adopt)(struct broker *broker, int fd, int confined,
                 struct cs_error *err);
};

#endif /* BD_BROKER_H */
