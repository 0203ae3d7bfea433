/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * secure.c - a client in a process whose environment is not to be trusted
 * (AT_SECURE); run by secure.py. Its arguments are a ccache and the module
 * that /etc/gss/mech.d (not the environment) names.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "tests/k5/end.h"

static struct k5_msg *
call(struct k5_end *end, enum k5_op op, uint32_t a, const char *part0,
     const char *part1)
{
    static struct k5_msg reply;
    struct k5_msg request = { .op = op, .a = a };

    k5_msg_clear(&reply);
    if (part0 != NULL)
        k5_msg_set(&request, 0, part0, strlen(part0));
    if (part1 != NULL)
        k5_msg_set(&request, 1, part1, strlen(part1));
    k5_end_handle(end, &request, &reply);
    k5_msg_clear(&request);
    return &reply;
}

int
main(int argc, char **argv)
{
    struct k5_end end
        = { GSS_C_NO_CONTEXT, GSS_C_NO_CREDENTIAL, GSS_C_NO_CREDENTIAL };
    struct k5_msg *r;
    char store[1024];

    if (argc != 3)
        return 2;
    if (getauxval(AT_SECURE) == 0) {
        printf("the process is not secure\n");
        return 3;
    }
    (void)setenv("K5_MODULE", argv[2], 1);
    if (call(&end, K5_LOADED, 0, NULL, NULL)->a != 1) {
        printf("the interposer is not loaded in this process\n");
        return 4;
    }
    (void)snprintf(store, sizeof(store), "ccache=%s", argv[1]);
    r = call(&end, K5_ACQUIRE, GSS_C_INITIATE, "", store);
    if (!GSS_ERROR(r->major))
        r = call(&end, K5_INIT, GSS_C_MUTUAL_FLAG, "h:HTTP@web01.test.example",
                 NULL);
    if (GSS_ERROR(r->major)) {
        printf("0x%x %s\n", r->major, (char *)r->part[1].value);
        return 5;
    }
    k5_msg_clear(r);
    k5_end_reset(&end);
    return 0;
}
