/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* fault.c - a SOAP fault, as a WinRM server sends it. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "plugin/bytes/error.h"
#include "helper/wsman/fault.h"
#include "helper/wsman/text.h"
#include "plugin/bytes/utf16.h"

/* Codes are Win32's or WinRM's (winerror.h, wsmerror.h).  Never 2150858793,
 * a timeout, after which clients ask again. */
static const struct {
    const char *party, *subcode;
    uint32_t code;
} kinds[] = {
    [GATE_FAULT_DENIED] = { "Sender", "AccessDenied", 5 },
    [GATE_FAULT_REQUEST] = { "Sender", "SchemaValidationError", 2150858817 },
    [GATE_FAULT_UNREACHABLE] = { "Receiver", "InternalError", 2150859046 },
    [GATE_FAULT_INTERNAL] = { "Receiver", "InternalError", 1359 },
};

static void
put(struct cs_buf *out, const char *text)
{
    cs_buf_add(out, text, strlen(text));
}

/* May XML have it (XML 1.0 2.2), and a terminal? */
static int
is_shown(uint32_t c)
{
    return (c >= 0x20 || c == '\t' || c == '\n') && c != 0x7F &&
        c != 0xFFFE && c != 0xFFFF;
}

/* What is not UTF-8 is nothing but its ASCII. */
static void
put_text(struct cs_buf *out, const char *text)
{
    static const struct {
        uint32_t c;
        const char *entity;
    } entities[] = {
        { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" },
        { '"', "&quot;" }, { '\'', "&apos;" },
    };
    const size_t count = sizeof(entities) / sizeof(*entities);
    struct cs_span at = gate_span(text);
    int utf8 = cs_utf8_ok(at);
    size_t n, i;
    uint32_t c;

    for (; at.len > 0; at.p += n, at.len -= n) {
        c = *at.p;
        n = utf8 ? cs_utf8_get(at.p, at.len, &c) : 1;
        for (i = 0; i < count && entities[i].c != c; i++)
            ;
        if (i < count)
            put(out, entities[i].entity);
        else if (!is_shown(c) || (c >= 0x80 && !utf8))
            put(out, "?");
        else
            cs_buf_add(out, at.p, n);
    }
}

void
gate_write_fault(struct cs_buf *out, enum gate_fault kind,
                 const char *machine, const char *text)
{
    char code[32];

    (void)snprintf(code, sizeof(code), " Code=\"%lu\"",
                   (unsigned long)kinds[kind].code);
    put(out, "<s:Envelope xml:lang=\"en-US\""
        " xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\""
        " xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\""
        " xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\">"
        "<s:Header><a:Action>http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
        "</a:Action><a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/"
        "role/anonymous</a:To></s:Header><s:Body><s:Fault><s:Code>"
        "<s:Value>s:");
    put(out, kinds[kind].party);
    put(out, "</s:Value><s:Subcode><s:Value>w:");
    put(out, kinds[kind].subcode);
    put(out, "</s:Value></s:Subcode></s:Code><s:Reason>"
        "<s:Text xml:lang=\"en-US\">");
    put_text(out, text);
    put(out, "</s:Text></s:Reason><s:Detail><f:WSManFault xmlns:f=\"http://"
        "schemas.microsoft.com/wbem/wsman/1/wsmanfault\"");
    put(out, code);
    if (machine != NULL) {
        put(out, " Machine=\"");
        put_text(out, machine);
        put(out, "\"");
    }
    put(out, "><f:Message>");
    put_text(out, text);
    put(out, "</f:Message></f:WSManFault></s:Detail></s:Fault></s:Body>"
        "</s:Envelope>");
}
