/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_fault.c - SOAP faults: their shape, and whatever the text is. */
#include "config.h"

#include <stdio.h>

#include "tests/unit/cs_hex.h"
#include "plugin/bytes/error.h"
#include "helper/wsman/fault.h"

static char *
fault(enum gate_fault kind, const char *machine, const char *text)
{
    struct cs_buf out = CS_BUF_INIT(65536);
    char *xml;

    gate_write_fault(&out, kind, machine, text);
    assert_int_equal(out.error, 0);
    xml = strndup((char *)out.p, out.len);
    assert_int_equal(strlen(xml), out.len);
    cs_buf_free(&out);
    return xml;
}

static void
test_shape(void **state)
{
    char *xml = fault(GATE_FAULT_DENIED, "web01", "no");

    (void)state;
    assert_string_equal(xml, "<s:Envelope xml:lang=\"en-US\""
        " xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\""
        " xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\""
        " xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\">"
        "<s:Header>"
        "<a:Action>http://schemas.dmtf.org/wbem/wsman/1/wsman/fault</a:Action>"
        "<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
        "</a:To></s:Header>"
        "<s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value>"
        "<s:Subcode><s:Value>w:AccessDenied</s:Value></s:Subcode></s:Code>"
        "<s:Reason><s:Text xml:lang=\"en-US\">no</s:Text></s:Reason><s:Detail>"
        "<f:WSManFault"
        " xmlns:f=\"http://schemas.microsoft.com/wbem/wsman/1/wsmanfault\""
        " Code=\"5\" Machine=\"web01\"><f:Message>no</f:Message>"
        "</f:WSManFault></s:Detail></s:Fault></s:Body></s:Envelope>");
    free(xml);
}

static void
test_kinds(void **state)
{
    static const struct {
        enum gate_fault kind;
        const char *has;
    } kinds[] = {
        { GATE_FAULT_DENIED, "w:AccessDenied" },
        { GATE_FAULT_REQUEST, "s:Sender" },
        { GATE_FAULT_REQUEST, "Code=\"2150858817\">" },
        { GATE_FAULT_UNREACHABLE, "Code=\"2150859046\">" },
        { GATE_FAULT_INTERNAL, "s:Receiver" },
        { GATE_FAULT_INTERNAL, "Code=\"1359\">" },
    };
    size_t i;
    char *xml;

    (void)state;
    for (i = 0; i < COUNT(kinds); i++) {
        xml = fault(kinds[i].kind, NULL, "x");
        assert_non_null(strstr(xml, kinds[i].has));
        assert_null(strstr(xml, "Machine="));
        free(xml);
    }
}

static const struct {
    const char *text, *xml;
} texts[] = {
    { "", "" }, { "plain", "plain" },
    { "a<b>&\"'", "a&lt;b&gt;&amp;&quot;&apos;" },
    { "]]>", "]]&gt;" },
    { "</s:Text><x/>", "&lt;/s:Text&gt;&lt;x/&gt;" },
    { "a\tb\nc\rd\x01\x1b\x7f", "a\tb\nc?d???" },
    { "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
      "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
    { "\xef\xbf\xbd\xef\xbf\xbe\xef\xbf\xbf.", "\xef\xbf\xbd??." },
    { "\xc3", "?" }, { "a\xff<", "a?&lt;" },
    { "\xc3\xa9\xed\xa0\x80", "?????" },
};

static void
test_texts(void **state)
{
    char want[256];
    size_t i;
    char *xml;

    (void)state;
    for (i = 0; i < COUNT(texts); i++) {
        xml = fault(GATE_FAULT_INTERNAL, texts[i].text, texts[i].text);
        (void)snprintf(want, sizeof(want), "<f:Message>%s</f:Message>",
                       texts[i].xml);
        assert_non_null(strstr(xml, want));
        (void)snprintf(want, sizeof(want), "en-US\">%s</s:Text>",
                       texts[i].xml);
        assert_non_null(strstr(xml, want));
        (void)snprintf(want, sizeof(want), " Machine=\"%s\">", texts[i].xml);
        assert_non_null(strstr(xml, want));
        free(xml);
    }
}

static void
test_room(void **state)
{
    struct cs_buf out = CS_BUF_INIT(500);

    (void)state;
    gate_write_fault(&out, GATE_FAULT_INTERNAL, NULL, "x");
    assert_int_equal(out.error, CS_MALFORMED);
    cs_buf_free(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shape),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_room),
    };

    return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
