/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * check_localhost.c - HOST.localhost, by which programs may reach a gateway:
 * is it this machine, and what says so?
 */
#define _GNU_SOURCE
#include "config.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "helper/doctor/doctor.h"
#include "helper/common/localnames.h"

static int
is_loopback(const struct sockaddr *sa)
{
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;
    const struct sockaddr_in *in = (const struct sockaddr_in *)sa;

    if (sa->sa_family == AF_INET)
        return ntohl(in->sin_addr.s_addr) >> 24 == 127;
    return sa->sa_family == AF_INET6 &&
        IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

/* The first address that is not this machine's loopback; 0 if there is none.
 * *any: there is an address at all. */
static int
find_foreign(const char *name, char *text, size_t size, int *any)
{
    struct addrinfo hints, *list, *ai;
    int found = 0;

    memset(&hints, 0, sizeof(hints));
    hints.ai_socktype = SOCK_STREAM;
    *any = 0;
    if (getaddrinfo(name, NULL, &hints, &list) != 0)
        return 0;
    *any = 1;
    for (ai = list; ai != NULL && !found; ai = ai->ai_next)
        found = !is_loopback(ai->ai_addr) &&
            getnameinfo(ai->ai_addr, ai->ai_addrlen, text, (socklen_t)size,
                        NULL, 0, NI_NUMERICHOST) == 0;
    freeaddrinfo(list);
    return found;
}

/* A warning where krb5.conf has the gateway connect there, else a note: then
 * nobody has a reason to use the name. */
static void
say_leaving(struct doctor *d, const char *name, const char *foreign)
{
    enum output_mark mark = d->conf->reachable ? OUTPUT_WARN : OUTPUT_NOTE;
    char *warning = local_names_warning(name);

    if (foreign != NULL)
        doc_say(d, d->conf->reachable ? OUTPUT_BAD : OUTPUT_WARN, "%s is %s, which "
                "is not this machine", name, foreign);
    if (warning != NULL)
        doc_say(d, mark, "%s", warning);
    free(warning);
}

void
check_localhost(struct doctor *d)
{
    char *services, *name, address[NI_MAXHOST];
    const char *by;
    int leaves, foreign, any;

    if (asprintf(&name, "%s.localhost", d->is_address ? "HOST" : d->host) < 0)
        return;
    leaves = local_names_ask(name, &by, &services);
    foreign = find_foreign(name, address, sizeof(address), &any);
    if (leaves || foreign)
        say_leaving(d, name, foreign ? address : NULL);
    else if (any)
        doc_say(d, OUTPUT_OK, "%s is this machine (%s)", name, by);
    else
        doc_say(d, OUTPUT_NOTE, "%s has no address, and no server is asked for "
                "one; `gss-winrm run' and `gss-winrm forward' need none",
                name);
    doc_fact(d, "name", name);
    doc_fact(d, "answered_by", by);
    doc_fact(d, "elsewhere", foreign ? address : NULL);
    free(services);
    free(name);
}
