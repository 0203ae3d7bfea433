/* fault.c - a SOAP fault, as a WinRM server sends it. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "error.h"
#include "fault.h"
#include "text.h"
#include "tscreds.h"

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

/* Is it UTF-8?  If not, only its ASCII is anything. */
static int
is_utf8(struct cs_span text)
{
    struct cs_buf scratch = CS_BUF_INIT(2 * text.len + 1);
    int ok = (cs_utf16_from_utf8(text, &scratch) == 0);

    cs_buf_free(&scratch);
    return ok;
}

/* U+FFFE and U+FFFF, which are no characters (XML 1.0 2.2). */
static int
is_nothing(struct cs_span at)
{
    return at.len >= 3 && at.p[0] == 0xEF && at.p[1] == 0xBF &&
        at.p[2] >= 0xBE;
}

/* The one character that begins here; returns its bytes. */
static size_t
put_escaped(struct cs_buf *out, struct cs_span at, int utf8)
{
    static const struct {
        char c;
        const char *entity;
    } entities[] = {
        { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" },
        { '"', "&quot;" }, { '\'', "&apos;" },
    };
    uint8_t c = *at.p;
    size_t i;

    if (utf8 && is_nothing(at)) {
        put(out, "?");
        return 3;
    }
    for (i = 0; i < sizeof(entities) / sizeof(*entities); i++) {
        if (c == (uint8_t)entities[i].c) {
            put(out, entities[i].entity);
            return 1;
        }
    }
    if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7F ||
        (c >= 0x80 && !utf8))
        c = '?';
    cs_buf_add(out, &c, 1);
    return 1;
}

static void
put_text(struct cs_buf *out, const char *text)
{
    struct cs_span at = gate_span(text);
    int utf8 = is_utf8(at);
    size_t n;

    for (; at.len > 0; at.p += n, at.len -= n)
        n = put_escaped(out, at, utf8);
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
