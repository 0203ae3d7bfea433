/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_clean.c - what others have chosen, made fit to be shown. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/bytes/clean.h"
#include "helper/common/say.h"
#include "plugin/bytes/utf16.h"
#include "tests/unit/unit.h"

static const struct {
    const char *from, *to;
} table[] = {
    { "", "" },
    { "web01.corp.example.com", "web01.corp.example.com" },
    { "J\xC3\xBCrgen \xE2\x9C\x93 \xF0\x9F\x98\x80",
      "J\xC3\xBCrgen \xE2\x9C\x93 \xF0\x9F\x98\x80" },
    /* C0 and DEL: a title, a cleared screen, lines, a carriage return */
    { "\033]0;pwned\007", "?]0;pwned?" },
    { "\033[2J\033[Ha\nb\rc\td\b\177", "?[2J?[Ha?b?c?d??" },
    /* C1 in UTF-8: CSI, OSC 52, NEL; and as bytes */
    { "\xC2\x9B" "2J", "?2J" },
    { "\xC2\x9D" "52;c;eA==\xC2\x9C", "?52;c;eA==?" },
    { "a\xC2\x85" "b\xC2\xA0", "a?b\xC2\xA0" },
    { "\x9B" "2J\x80", "?2J?" },
    /* directions of writing, separators */
    { "\xD8\x9C|\xE2\x80\x8E|\xE2\x80\x8F", "?|?|?" },
    { "\xE2\x80\xAA\xE2\x80\xAE\xE2\x81\xA6\xE2\x81\xA9", "????" },
    { "\xE2\x80\xA8|\xE2\x80\xA9", "?|?" },
    /* what joins letters is left alone; what hides is not */
    { "\xE2\x80\x8D", "\xE2\x80\x8D" },
    { "\xEF\xBB\xBF|\xF3\xA0\x81\x81|\xEF\xBF\xB9", "?|?|?" },
    /* no UTF-8: overlong, surrogates, beyond, cut short, lone */
    { "\xC0\x9B|\xC1\xBF", "??|??" },
    { "\xE0\x80\x9B|\xF0\x80\x80\x9B", "???|????" },
    { "\xED\xA0\x80|\xED\xBF\xBF", "???|???" },
    { "\xF4\x90\x80\x80|\xF8\x88\x80\x80\x80", "????|?????" },
    { "a\xC3", "a?" },
    { "\xE2\x82" "z\xFF\xFE", "??z??" },
};

#define NTABLE (sizeof(table) / sizeof(*table))

static void
test_table(void **state)
{
    struct cs_span span;
    char text[256], *copy;
    size_t i;

    (void)state;
    for (i = 0; i < NTABLE; i++) {
        strcpy(text, table[i].from);
        clean_text(text);
        assert_string_equal(text, table[i].to);
        clean_text(text);
        assert_string_equal(text, table[i].to);
        clean_copy(text, sizeof(text), table[i].from);
        assert_string_equal(text, table[i].to);
        span.p = (const uint8_t *)table[i].from;
        span.len = strlen(table[i].from);
        copy = clean_new(span);
        assert_string_equal(copy, table[i].to);
        free(copy);
    }
}

/* Every code point: what is let through has no control character in it, in
 * one byte or in two. */
static void
test_code_points(void **state)
{
    struct cs_buf wide = CS_BUF_INIT(8), narrow = CS_BUF_INIT(8);
    char text[8];
    uint32_t cp;
    size_t through = 0;
    int control;

    (void)state;
    for (cp = 1; cp < 0xD800; cp++) {
        cs_buf_reset(&wide);
        cs_buf_reset(&narrow);
        cs_buf_add(&wide, (uint8_t[]){ cp, cp >> 8 }, 2);
        assert_int_equal(cs_utf8_from_utf16(cs_buf_span(&wide), &narrow), 0);
        cs_buf_add(&narrow, "", 1);
        clean_copy(text, sizeof(text), (const char *)narrow.p);
        control = cp < 0x20 || (cp >= 0x7F && cp < 0xA0);
        assert_true(!control || strcmp(text, "?") == 0);
        through += strcmp(text, (const char *)narrow.p) == 0;
    }
    assert_true(through > 0xD7FF - 100);
    cs_buf_free(&wide);
    cs_buf_free(&narrow);
}

static void
test_room(void **state)
{
    struct cs_span with_nul = { (const uint8_t *)"a\0b", 3 };
    struct cs_span nothing = { NULL, 0 };
    char to[6], *copy;

    (void)state;
    clean_copy(to, sizeof(to), "abcd\xC3\xA4");
    assert_string_equal(to, "abcd");
    clean_copy(to, sizeof(to), "abc\xC3\xA4");
    assert_string_equal(to, "abc\xC3\xA4");
    clean_copy(to, sizeof(to), "abcde\033");
    assert_string_equal(to, "abcde");
    clean_copy(to, 1, "a");
    assert_string_equal(to, "");
    copy = clean_new(with_nul);
    assert_string_equal(copy, "a?b");
    free(copy);
    copy = clean_new(nothing);
    assert_string_equal(copy, "");
    free(copy);
}

static void
test_lines(void **state)
{
    char text[] = "a\n\tb\r\033\xC2\x9B\n", ascii[] = "\xC3\x9B\n\033x\xC3\x9B";

    (void)state;
    clean_lines(text);
    assert_string_equal(text, "a\n\tb???\n");
    clean_ascii(ascii);
    assert_string_equal(ascii, "?\n?x?");
}

/* An argument begins no line, whatever is in it. */
static void
test_say(void **state)
{
    char *out = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&out, &size);

    (void)state;
    say(f, "%s|", "one\ntwo");
    say_line(f, "%-6s|%s", "\033[2J", "x\n");
    say_lines(f, "\na\n  \033b");
    assert_int_equal(fclose(f), 0);
    assert_string_equal(out, "one?two|?[2J  |x?\n\na\n  ?b");
    free(out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_code_points),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_say),
    };

    return cmocka_run_group_tests_name("clean", tests, NULL, NULL);
}
