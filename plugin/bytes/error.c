/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* error.c - what went wrong, for programs and for people. */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "plugin/bytes/error.h"

void
cs_set_error(struct cs_error *err, int code, const char *fmt, ...)
{
    va_list ap;

    if (err == NULL)
        return;
    memset(err, 0, sizeof(*err));
    err->code = code;
    va_start(ap, fmt);
    (void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
    va_end(ap);
}

void
cs_set_errno(struct cs_error *err, int code, int error, const char *fmt, ...)
{
    const char *known = strerrordesc_np(error);
    char why[80];
    size_t room, len;
    va_list ap;

    if (err == NULL)
        return;
    if (known != NULL)
        (void)snprintf(why, sizeof(why), ": %s", known);
    else
        (void)snprintf(why, sizeof(why), ": error %d", error);
    room = sizeof(err->text) - strlen(why);
    memset(err, 0, sizeof(*err));
    err->code = code;
    va_start(ap, fmt);
    (void)vsnprintf(err->text, room, fmt, ap);
    va_end(ap);
    len = strlen(err->text);
    (void)snprintf(err->text + len, sizeof(err->text) - len, "%s", why);
}

static const struct {
    uint32_t status;
    const char *name, *text;
} statuses[] = {
    { 0xC0000001, "STATUS_UNSUCCESSFUL", "the operation failed" },
    { 0xC0000022, "STATUS_ACCESS_DENIED", "access is denied" },
    { 0xC000005E, "STATUS_NO_LOGON_SERVERS",
      "no domain controller answers" },
    { 0xC0000064, "STATUS_NO_SUCH_USER", "there is no such user" },
    { 0xC000006A, "STATUS_WRONG_PASSWORD", "the password is wrong" },
    { 0xC000006D, "STATUS_LOGON_FAILURE",
      "the logon failed: usually a wrong user name or password" },
    { 0xC000006E, "STATUS_ACCOUNT_RESTRICTION",
      "an account restriction prevents this logon" },
    { 0xC000006F, "STATUS_INVALID_LOGON_HOURS",
      "the account may not log on at this time" },
    { 0xC0000070, "STATUS_INVALID_WORKSTATION",
      "the account may not log on from this machine" },
    { 0xC0000071, "STATUS_PASSWORD_EXPIRED", "the password has expired" },
    { 0xC0000072, "STATUS_ACCOUNT_DISABLED", "the account is disabled" },
    { 0xC00000BB, "STATUS_NOT_SUPPORTED",
      "the server does not support this version of CredSSP" },
    { 0xC0000133, "STATUS_TIME_DIFFERENCE_AT_DC",
      "the clocks of the client and the domain differ too much" },
    { 0xC000015B, "STATUS_LOGON_TYPE_NOT_GRANTED",
      "the account lacks the right to this type of logon" },
    { 0xC000018B, "STATUS_NO_TRUST_SAM_ACCOUNT",
      "the domain has no account for the server" },
    { 0xC000018D, "STATUS_TRUSTED_RELATIONSHIP_FAILURE",
      "the trust between the server and the domain is broken" },
    { 0xC0000193, "STATUS_ACCOUNT_EXPIRED", "the account has expired" },
    { 0xC0000224, "STATUS_PASSWORD_MUST_CHANGE",
      "the password must be changed before the first logon" },
    { 0xC0000234, "STATUS_ACCOUNT_LOCKED_OUT", "the account is locked" },
    { 0xC000035B, "STATUS_BAD_BINDINGS", "the channel bindings differ" },
};

#define NSTATUSES (sizeof(statuses) / sizeof(*statuses))

static size_t
status_index(uint32_t status)
{
    size_t i;

    for (i = 0; i < NSTATUSES && statuses[i].status != status; i++)
        ;
    return i;
}

const char *
cs_ntstatus_name(uint32_t status)
{
    size_t i = status_index(status);

    return (i < NSTATUSES) ? statuses[i].name : NULL;
}

const char *
cs_ntstatus_text(uint32_t status)
{
    size_t i = status_index(status);

    if (i < NSTATUSES)
        return statuses[i].text;
    /* FACILITY_NTWIN32 (MS-ERREF 2.3): a Win32 error code inside. */
    if ((status & 0xFFFF0000) == 0xC0070000)
        return "a Win32 error; its number is the low 16 bits";
    return "unknown status";
}

static const char *const code_texts[] = {
    "no error",
    "out of memory",
    "the peer's message is not CredSSP",
    "the peer sent a CredSSP message out of turn",
    "the peer's version of CredSSP is older than allowed",
    "the peer's pubKeyAuth does not match this TLS connection",
    "not allowed by policy",
    "TLS failed",
    "the inner authentication failed",
    "the server returned an error",
    "the call is not allowed in this state",
    "a system call failed"
};

const char *
cs_code_text(int code)
{
    size_t i = (code <= 0) ? (size_t)-(long)code : SIZE_MAX;

    if (i >= sizeof(code_texts) / sizeof(*code_texts))
        return "unknown error";
    return code_texts[i];
}

int
cs_is_verdict(const struct cs_error *err)
{
    static const uint32_t verdicts[] = {
        0xC000006A, 0xC000006E, 0xC0000071, 0xC0000193, 0xC0000234
    };
    size_t i;

    for (i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++) {
        if (err->ntstatus == verdicts[i])
            return 1;
    }
    return 0;
}
