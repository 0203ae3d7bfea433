/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* fuzz_accept.c - a client's Authorization header. */
#include "config.h"

#include "helper/gateway/accept.h"
#include "helper/wsman/challenge.h"
#include "tests/fuzz/parts.h"
#include "tests/fuzz/shown.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What it was taken for is the same written down again. */
static void
check_again(const struct accept_header *header)
{
    struct cs_buf text = CS_BUF_INIT(2 * ACCEPT_TOKEN_MAX);
    struct accept_header again;

    gate_authorization(&text, header->scheme, cs_buf_span(&header->token));
    cs_buf_add(&text, "", 1);
    check(text.error == 0 && text.p != NULL);
    check(accept_parse((const char *)text.p, &again, NULL) == 0);
    check(again.protocol == header->protocol &&
          again.token.len == header->token.len &&
          (again.token.len == 0 ||
           memcmp(again.token.p, header->token.p, again.token.len) == 0));
    cs_buf_free(&again.token);
    cs_buf_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct parts in = { data, size };
    char *value = part_string(&in);
    struct accept_header header;
    struct cs_error err;
    int ret = accept_parse(value, &header, &err);

    if (header.scheme == NULL) {
        check(ret == 0 && header.token.len == 0);
        check(strncasecmp(value, "Negotiate ", 10) != 0 &&
              strncasecmp(value, "Kerberos ", 9) != 0);
    } else if (ret == 0) {
        check(strncasecmp(value, header.scheme, strlen(header.scheme)) == 0 &&
              value[strlen(header.scheme)] == ' ');
        check(header.token.len <= ACCEPT_TOKEN_MAX);
        check((header.protocol == GATE_SPNEGO) ==
              (strcmp(header.scheme, "Negotiate") == 0));
        if (header.token.len > 0)
            check_again(&header);
    } else {
        check(err.code == CS_MALFORMED && err.text[0] != '\0');
    }
    cs_buf_free(&header.token);
    free(value);
    return 0;
}
