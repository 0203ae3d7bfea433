/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* report.c - what a gateway reports about a host. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plugin/bytes/clean.h"
#include "helper/common/conf.h"
#include "helper/common/often.h"
#include "helper/broker/report.h"
#include "helper/broker/text.h"

#define TEXT_MAX_BYTES 160

static const struct often of_reports = { 20 };

/* In quotes, which it cannot close: no part of it is a line of ours. */
static void
say(const char *host, uint32_t ntstatus, const char *text)
{
    char quoted[TEXT_MAX_BYTES], *p;

    clean_copy(quoted, sizeof(quoted), text);
    while ((p = strchr(quoted, '"')) != NULL)
        *p = '\'';
    often_log(&of_reports, 0, LOG_NOTICE, "gateway says: %s: \"%s\" (0x%08X)",
              host, quoted, ntstatus);
}

static int
check_host(const char *host, struct cs_error *err)
{
    struct hc_host *h;
    int ret = hc_host_load(host, &h, err);

    if (ret == 0 && !h->reachable)
        ret = cs_fail(err, CS_POLICY, "krb5.conf does not let the gateway "
                      "connect to %s, so it has nothing to report about it",
                      h->host);
    hc_host_free(&h);
    return ret;
}

int
report_take(struct broker *b, const struct bp_message *m, const char *known,
            struct cs_error *err)
{
    char *host = text_string(m->host), *text = text_string(m->text);
    uint32_t ntstatus = m->ntstatus != 0 ? m->ntstatus : STATUS_UNSUCCESSFUL;
    int ret = (host != NULL && text != NULL) ? 0 : cs_nomem(err);

    if (ret == 0 && m->ntstatus == 0 && *text == '\0') {
        /* What went well, the broker knows itself. */
        hoststatus_withdraw(b->journal, host);
    } else if (ret == 0) {
        if (known == NULL || strcasecmp(known, host) != 0)
            ret = check_host(host, err);
        if (ret == 0) {
            hoststatus_report(b->journal, host, ntstatus, text);
            say(host, ntstatus, text);
        }
    }
    free(host);
    free(text);
    return ret;
}
