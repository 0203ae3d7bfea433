/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_sections.c - sections of krb5.conf on one line and on several. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/conf/sections.h"
#include "tests/unit/unit.h"
#include "plugin/base/strlist.h"

static void
inline_is(const char *text, const char *key, const char *want)
{
    char *value = gw_inline_value(text, key);

    if (want == NULL) {
        assert_null(value);
    } else {
        assert_non_null(value);
        assert_string_equal(value, want);
    }
    free(value);
}

static void
test_inline(void **state)
{
    (void)state;
    inline_is("{ a = 1 }", "a", "1");
    inline_is("{a=1}", "a", "1");
    inline_is("{ a=1 b=2 3 }", "b", "2 3");
    inline_is("  { a = 1 b = 2 }  ", "a", "1");
    inline_is("{ a = 1 b = 2 }", "c", NULL);
    inline_is("{ a = }", "a", "");
    inline_is("{ a = 1 a = 2 }", "a", "1 2");
    inline_is("{ a = b = 2 }", "b", "2");
    inline_is("{ a = 1", "a", NULL);    /* not closed */
    inline_is("a = 1 }", "a", NULL);    /* not opened */
    inline_is("", "a", NULL);
    inline_is("{", "a", NULL);
    inline_is("{ }", "a", NULL);
    inline_is("{ = = = }", "=", "=");
    inline_is("{ a = 1 b = 2 c }", NULL, "a b");
    inline_is("{ x }", NULL, NULL);
}

static void
joined(char **words, const char *want)
{
    char buf[512] = "";
    char **w;

    for (w = words; w != NULL && *w != NULL; w++) {
        strcat(buf, *w);
        strcat(buf, "|");
    }
    assert_string_equal(buf, want);
    gw_strlist_free(words);
}

static void
test_names_and_values(void **state)
{
    const char *top[] = { "appdefaults", "winrm", NULL };
    const char *a[] = { "appdefaults", "winrm", "a", "x", NULL };
    const char *b[] = { "appdefaults", "winrm", "b", "x", NULL };
    const char *c[] = { "appdefaults", "winrm", "c", "x", NULL };
    const char *keys[] = { "appdefaults", "winrm", "b", NULL };
    profile_t p = unit_profile("winrm = {\n a = {\n  x = 1\n  x = 2 3\n }\n"
                               " b = { x = 4 y = 5 }\n c = plain\n}\n");

    (void)state;
    joined(gw_section_names(p, top), "a|b|");
    joined(gw_section_values(p, a), "1|2 3|");
    joined(gw_section_values(p, b), "4|");
    joined(gw_section_values(p, c), "");
    joined(gw_section_keys(p, keys), "x|y|");
    profile_release(p);
}

static void
test_deep_and_empty(void **state)
{
    const char *deep[] = { "appdefaults", "1", "2", "3", "4", "5", "6", "7",
                           "8", "9", NULL };
    const char *none[] = { NULL };
    profile_t p = unit_profile("");

    (void)state;
    assert_null(gw_section_names(p, deep));
    assert_null(gw_section_values(p, deep));
    assert_null(gw_section_values(p, none));
    profile_release(p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inline),
        cmocka_unit_test(test_names_and_values),
        cmocka_unit_test(test_deep_and_empty),
    };

    return cmocka_run_group_tests_name("sections", tests, NULL, NULL);
}
