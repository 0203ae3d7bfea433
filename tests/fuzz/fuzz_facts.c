/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * fuzz_facts.c - what DNS, KDCs, servers and a user's own programs have said,
 * in the doctor's verdicts: twelve octets for what was found, then strings.
 */
#define _GNU_SOURCE
#include "config.h"

#include "helper/wsman/challenge.h"
#include "tests/fuzz/doctor_state.h"
#include "helper/doctor/web.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As doc_set() takes it, always. */
static void
take(struct parts *in, char **to)
{
    char *text = part_string(in);

    if (*text != '\0')
        doc_set(to, "%s", text);
    free(text);
}

static void
take_claims(struct doctor *d, struct parts *in, uint32_t bits)
{
    char *name;

    while (d->nclaims < 3) {
        name = part_string(in);
        if (!claim_ok(name)) {
            free(name);
            return;
        }
        d->claims[d->nclaims].name = name;
        d->claims[d->nclaims].address = doc_copy("192.0.2.1");
        d->claims[d->nclaims].vouched = (bits >> d->nclaims) & 1;
        d->nclaims++;
    }
}

static void
take_found(struct doctor *d, struct parts *in)
{
    uint32_t bits = part_number(in, 4);
    size_t i;

    d->is_address = bits & 1;
    d->dir_seen = (bits >> 1) & 1;
    d->port_open = (bits >> 2) & 1;
    d->open[0] = (bits >> 3) & 1;
    d->open[1] = (bits >> 4) & 1;
    d->answered = (bits >> 5) & 1;
    d->tls = (bits >> 6) & 1;
    d->seen.looked = (bits >> 7) & 1;
    d->seen.gssproxy = (bits >> 8) & 1;
    d->mech_off = (bits >> 9) & 1;
    d->needs_bindings = (bits >> 10) & 1;
    d->certificate_expired = (bits >> 11) & 1;
    d->nodes_differ = (bits >> 12) & 1;
    d->dc_clock = (bits >> 13) & 1;
    d->cache = (bits >> 14) & 1 ? (krb5_ccache)d : NULL;
    d->expired = (bits >> 15) & 1 ? (time_t)(bits * 1000UL) : 0;
    d->seen.outcome = (bits >> 16) % 4;
    d->offers = (bits >> 18) & 15;
    d->dc_ahead = (int32_t)part_number(in, 4);
    for (i = 0; i < 3; i++) {
        state_candidate(d, i == 0 ? "HOST" : i == 1 ? "WSMAN" : "HTTP",
                        (int)((bits >> (22 + i)) & 1));
        d->candidates[i].asked = 1;
        d->candidates[i].code = part_number(in, 1) & 1 ?
            KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN : 0;
        d->candidates[i].outcome = part_number(in, 1) % 4;
    }
    take_claims(d, in, bits >> 25);
}

static void
check_header(const char *date, struct doctor *d)
{
    char *line = NULL, buf[80];
    struct up_reply reply;
    const char *value;

    doc_set(&line, "DATE:  %s", date);
    memset(&reply, 0, sizeof(reply));
    reply.headers[reply.nheaders++] = line;
    value = up_header(&reply, "Date");
    check(value >= line && value <= line + strlen(line));
    check(up_header(&reply, "Dat") == NULL);
    server_date(d, value);
    (void)web_offers(d->offers, buf, sizeof(buf));
    free(line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct parts in = { data, size };
    struct doctor d;
    char *date;

    state_begin(&d);
    d.environment[0] = "yes";
    take_found(&d, &in);
    date = part_string(&in);
    check_header(date, &d);
    free(date);
    take(&in, &d.dns_name);
    take(&in, &d.krb5_name);
    take(&in, &d.realm);
    take(&in, &d.user_realm);
    take(&in, &d.user);
    take(&in, &d.seen.sent);
    take(&in, &d.seen.why);
    take(&in, &d.port_why);
    take(&in, &d.mech_file);
    take(&in, &d.mech_module);
    take(&in, &d.mech_why);
    take(&in, &d.dir_realm);
    d.environment[2] = part_string(&in);
    (void)verdict_find(&d);
    state_check(&d);
    free(d.environment[2]);
    state_end(&d);
    return 0;
}
