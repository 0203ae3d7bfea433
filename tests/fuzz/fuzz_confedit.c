/*
 * fuzz_confedit.c - a file of krb5.conf's kind, to be changed.
 *
 * What is read and not changed is written as it was; what is changed can be
 * read again, and has the change already.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "confedit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(int ok)
{
    if (!ok)
        abort();
}

static int
set(struct confedit *edit, const char *value)
{
    static const char *const path[] = {
        "appdefaults", "winrm", "targets", "web01", NULL
    };
    struct cs_error err;

    return confedit_set(edit, path, "host", value, &err);
}

static void
check_again(const struct cs_buf *text, const char *value)
{
    struct confedit *edit;
    struct cs_error err;

    check(confedit_parse(cs_buf_span(text), &edit, &err) == 0);
    check(set(edit, value) == 0);
    check(!confedit_changed(edit));
    confedit_free(&edit);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cs_buf text = CS_BUF_INIT(1 << 20), diff = CS_BUF_INIT(1 << 20);
    struct cs_span in = { data, size };
    struct confedit *edit;
    struct cs_error err;

    (void)confedit_has_directive(in, "includedir", "/x");
    if (confedit_parse(in, &edit, &err) != 0)
        return 0;
    confedit_write(edit, &text);
    check(text.len == size && (size == 0 || memcmp(text.p, data, size) == 0));
    if (set(edit, "web02.corp") == 0) {
        cs_buf_reset(&text);
        confedit_write(edit, &text);
        confedit_diff(edit, &diff);
        check((diff.len > 0) == confedit_changed(edit));
        check_again(&text, "web02.corp");
    }
    if (set(edit, NULL) == 0 && confedit_prepend(edit, "includedir /x") == 0) {
        cs_buf_reset(&text);
        confedit_write(edit, &text);
        check_again(&text, NULL);
        check(confedit_has_directive(cs_buf_span(&text), "includedir", "/x/"));
    }
    confedit_free(&edit);
    cs_buf_free(&text);
    cs_buf_free(&diff);
    return 0;
}
