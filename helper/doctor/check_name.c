/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* check_name.c - the name: how DNS and krb5 resolve it. */
#define _GNU_SOURCE
#include "config.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "helper/doctor/doctor.h"
#include "plugin/base/strlist.h"

static void
note_address(struct doctor *d, const struct addrinfo *ai)
{
    char text[NI_MAXHOST];

    if (getnameinfo(ai->ai_addr, ai->ai_addrlen, text, sizeof(text), NULL, 0,
                    NI_NUMERICHOST) == 0)
        (void)gw_strlist_add(&d->addresses, &d->naddresses, text);
}

static void
look_forward(struct doctor *d, struct addrinfo **out)
{
    struct addrinfo hints, *ai;
    int ret;

    memset(&hints, 0, sizeof(hints));
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_CANONNAME;
    ret = getaddrinfo(d->host, NULL, &hints, out);
    if (ret != 0) {
        *out = NULL;
        doc_say(d, OUTPUT_BAD, "%s has no address: %s", d->host,
                gai_strerror(ret));
        return;
    }
    for (ai = *out; ai != NULL; ai = ai->ai_next)
        note_address(d, ai);
    if (*out != NULL && (*out)->ai_canonname != NULL)
        doc_set(&d->dns_name, "%s", (*out)->ai_canonname);
}

static void
look_back(struct doctor *d, const struct addrinfo *ai)
{
    char text[NI_MAXHOST];

    if (ai != NULL && getnameinfo(ai->ai_addr, ai->ai_addrlen, text,
                                  sizeof(text), NULL, 0, NI_NAMEREQD) == 0)
        doc_set(&d->reverse, "%s", text);
}

static void
say_forward(struct doctor *d)
{
    char list[256] = "";
    size_t i, len = 0;
    int n;

    for (i = 0; i < d->naddresses && i < 4; i++) {
        n = snprintf(list + len, sizeof(list) - len, "%s%s", i > 0 ? ", " : "",
                     d->addresses[i]);
        if (n < 0 || (size_t)n >= sizeof(list) - len)
            break;
        len += n;
    }
    if (d->is_address)
        doc_say(d, OUTPUT_WARN, "%s is an address, and Kerberos has names only",
                d->host);
    else if (d->dns_name != NULL && strcasecmp(d->dns_name, d->host) != 0)
        doc_say(d, OUTPUT_OK, "%s is %s, %s", d->host, d->dns_name, list);
    else if (d->naddresses > 0)
        doc_say(d, OUTPUT_OK, "%s is %s", d->host, list);
}

/* "No such name" is what most private networks answer, and harms nobody whose
 * krb5 does not ask. */
static void
say_reverse(struct doctor *d)
{
    if (d->naddresses == 0)
        return;
    if (d->reverse == NULL)
        doc_say(d, OUTPUT_NOTE, "%s has no name in reverse DNS",
                d->addresses[0]);
    else
        doc_say(d, OUTPUT_NOTE, "%s is called %s in reverse DNS",
                d->addresses[0],
                d->reverse);
}

static void
look_at_krb5(struct doctor *d)
{
    char **realms = NULL, *name = NULL;

    if (krb5_expand_hostname(d->k5, d->host, &name) == 0)
        doc_set(&d->krb5_name, "%s", name);
    krb5_free_string(d->k5, name);
    if (d->krb5_name != NULL &&
        krb5_get_host_realm(d->k5, d->krb5_name, &realms) == 0) {
        if (realms != NULL && realms[0] != NULL && realms[0][0] != '\0')
            doc_set(&d->realm, "%s", realms[0]);
        krb5_free_host_realm(d->k5, realms);
    }
    if (d->krb5_name == NULL)
        return;
    doc_say(d, strcasecmp(d->krb5_name, d->dns_name != NULL ? d->dns_name :
                          d->host) == 0 ? OUTPUT_OK : OUTPUT_WARN,
            "krb5 turns it into %s, realm %s", d->krb5_name, d->realm != NULL ?
            d->realm : "found by referral");
}

void
check_name(struct doctor *d)
{
    struct addrinfo *ai = NULL;

    d->is_address = gw_is_address(d->host);
    look_forward(d, &ai);
    look_back(d, ai);
    say_forward(d);
    say_reverse(d);
    look_at_krb5(d);
    if (ai != NULL)
        freeaddrinfo(ai);
    doc_fact(d, "dns", d->dns_name);
    doc_fact(d, "reverse", d->reverse);
    doc_fact(d, "krb5", d->krb5_name);
    doc_fact(d, "realm", d->realm);
}
