/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * peer.c - one end of security contexts in a process of its own, driven over
 * the socket on its standard input until that is closed.  Its environment
 * decides whether it is interposed and which keytab it has.
 */
#include "config.h"

#include <unistd.h>

#include "tests/k5/end.h"

int
main(void)
{
    k5_end_serve(STDIN_FILENO);
    return 0;
}
