/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_cs_utf16.c - between UTF-8 and UTF-16LE. */
#include "config.h"

#include "tests/unit/cs_hex.h"
#include "plugin/bytes/error.h"
#include "plugin/bytes/utf16.h"

/* All code points that there are, both ways; surrogates are none. */
static void
test_code_points(void **state)
{
    struct cs_buf narrow = CS_BUF_INIT(8), wide = CS_BUF_INIT(8);
    struct cs_buf back = CS_BUF_INIT(8);
    uint32_t cp, unit;
    size_t want;

    (void)state;
    for (cp = 0; cp <= 0x10FFFF; cp++) {
        cs_buf_reset(&wide);
        cs_buf_reset(&narrow);
        cs_buf_reset(&back);
        unit = (cp < 0x10000) ? cp : 0xD800 + ((cp - 0x10000) >> 10);
        cs_buf_add(&wide, (uint8_t[]){ unit, unit >> 8 }, 2);
        unit = 0xDC00 + (cp & 0x3FF);
        if (cp >= 0x10000)
            cs_buf_add(&wide, (uint8_t[]){ unit, unit >> 8 }, 2);
        if (cp >= 0xD800 && cp <= 0xDFFF) {
            assert_int_equal(cs_utf8_from_utf16(cs_buf_span(&wide), &narrow),
                             CS_MALFORMED);
            continue;
        }
        assert_int_equal(cs_utf8_from_utf16(cs_buf_span(&wide), &narrow), 0);
        want = (cp < 0x80) ? 1 : (cp < 0x800) ? 2 : (cp < 0x10000) ? 3 : 4;
        assert_int_equal(narrow.len, want);
        assert_int_equal(cs_utf16_from_utf8(cs_buf_span(&narrow), &back), 0);
        assert_true(same(cs_buf_span(&back), cs_buf_span(&wide)));
    }
    cs_buf_free(&narrow);
    cs_buf_free(&wide);
    cs_buf_free(&back);
}

static const struct {
    const char *utf8, *utf16;   /* NULL: malformed */
} texts[] = {
    { "41c3a9e282acf09f9880", "4100e900ac203dd800de" },
    { "00", "0000" }, { "efbbbf", "fffe" }, { "efbfbf", "ffff" },
    { "ed9fbf", "ffd7" }, { "ee8080", "00e0" }, { "f0908080", "00d800dc" },
    { "c080", NULL }, { "c1bf", NULL }, { "e09fbf", NULL },   /* overlong */
    { "f08fbfbf", NULL }, { "f888808080", NULL }, { "fc8480808080", NULL },
    { "eda080", NULL }, { "edbfbf", NULL },             /* surrogates */
    { "eda0bdedb880", NULL },
    { "f4908080", NULL }, { "f5808080", NULL }, { "f7bfbfbf", NULL },
    { "80", NULL }, { "bf", NULL }, { "41bf", NULL }, { "fe", NULL },
    { "c3", NULL }, { "e282", NULL }, { "f09f98", NULL }, { "e2", NULL },
    { "c3c3", NULL }, { "c341", NULL }, { "e24141", NULL },
    { "e28241", NULL }, { "e282c3", NULL }, { "f09f9841", NULL },
    { NULL, "41" }, { NULL, "410042" },                 /* odd */
    { NULL, "00d8" }, { NULL, "00dc" }, { NULL, "00d84100" },
    { NULL, "00dc00d8" }, { NULL, "00dc00dc" }, { NULL, "00d800d8" },
    { NULL, "3dd800" },
    { NULL, "3dd800e0" }, { NULL, "ffdbffdb" }, { NULL, "410000d8" },
};

static void
convert(int (*f)(struct cs_span, struct cs_buf *), const char *from,
        const char *to)
{
    struct cs_buf out = CS_BUF_INIT(100);
    struct cs_span in;

    if (from == NULL)
        return;
    in = unhex(from);
    if (f(in, &out) != (to == NULL ? CS_MALFORMED : 0) ||
        (to != NULL && !is_hex(cs_buf_span(&out), to)))
        fail_msg("%s", from);
    cs_buf_free(&out);
    if (to != NULL) {
        out = (struct cs_buf)CS_BUF_INIT(strlen(to) / 2 - 1);
        assert_int_equal(f(in, &out), CS_MALFORMED);
        cs_buf_free(&out);
    }
    drop(in);
}

static void
test_texts(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(texts); i++) {
        convert(cs_utf16_from_utf8, texts[i].utf8, texts[i].utf16);
        convert(cs_utf8_from_utf16, texts[i].utf16, texts[i].utf8);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_code_points),
        cmocka_unit_test(test_texts),
    };

    return cmocka_run_group_tests_name("CredSSP's UTF-16", tests, NULL, NULL);
}
