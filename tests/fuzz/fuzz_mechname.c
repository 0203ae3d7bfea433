/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * fuzz_mechname.c - names that the mechanism imports: an octet for the type,
 * then the name.
 */
#include "config.h"

#include "plugin/credssp/mech/mech.h"
#include "tests/fuzz/parts.h"
#include "tests/fuzz/shown.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static gss_name_t
import(const void *p, size_t len, gss_OID type)
{
    gss_buffer_desc text = { len, part_copy(p, len) };
    gss_name_t name = GSS_C_NO_NAME;
    OM_uint32 minor, major;

    major = csm_import_name(&minor, &text, type, &name);
    check((GSS_ERROR(major) != 0) == (name == GSS_C_NO_NAME));
    free(text.value);
    return name;
}

static gss_buffer_desc
display(gss_name_t name, gss_OID *type)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor;

    check(csm_display_name(&minor, name, &text, type) == GSS_S_COMPLETE);
    return text;
}

/* Exported and imported, or copied, it is the same name. */
static void
check_same(gss_name_t a, gss_name_t b)
{
    gss_OID ta, tb;
    gss_buffer_desc one, other;
    OM_uint32 minor;

    check(b != GSS_C_NO_NAME);
    one = display(a, &ta);
    other = display(b, &tb);
    check(ta == tb && one.length == other.length &&
          (one.length == 0 ||
           memcmp(one.value, other.value, one.length) == 0));
    check(strcmp(((struct csm_name *)a)->text,
                 ((struct csm_name *)b)->text) == 0);
    (void)gss_release_buffer(&minor, &one);
    (void)gss_release_buffer(&minor, &other);
}

static void
check_copies(gss_name_t name)
{
    gss_buffer_desc exported = GSS_C_EMPTY_BUFFER;
    gss_name_t again, copy;
    OM_uint32 minor;

    check(csm_export_name(&minor, name, &exported) == GSS_S_COMPLETE);
    again = import(exported.value, exported.length, GSS_C_NT_EXPORT_NAME);
    check_same(name, again);
    check(csm_duplicate_name(&minor, name, &copy) == GSS_S_COMPLETE);
    check_same(name, copy);
    (void)csm_release_name(&minor, &again);
    (void)csm_release_name(&minor, &copy);
    (void)gss_release_buffer(&minor, &exported);
}

/* Our text of it, which decides where a password goes, is all of the name. */
static void
check_text(gss_name_t name)
{
    const struct csm_name *n = (struct csm_name *)name;
    gss_buffer_desc text = display(name, NULL);
    OM_uint32 minor;

    check(strlen(n->text) == text.length &&
          memcmp(n->text, text.value, text.length) == 0);
    (void)gss_release_buffer(&minor, &text);
}

/* Is there a NUL in a name that is imported, apart from one that was counted
 * with it? */
static int
has_nul(const uint8_t *text, size_t len)
{
    return len > 1 && memchr(text, '\0', len - 1) != NULL;
}

#define EXPORTED 17             /* bytes in front of an exported name's text */

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const gss_OID types[] = {
        GSS_C_NT_HOSTBASED_SERVICE, GSS_C_NT_USER_NAME, GSS_C_NT_EXPORT_NAME,
        GSS_C_NT_EXPORT_NAME
    };
    OM_uint32 minor;
    gss_name_t name;

    if (size == 0 || size > 4096)
        return 0;
    name = import(data + 1, size - 1, types[data[0] & 3]);
    if (name == GSS_C_NO_NAME)
        return 0;
    check((data[0] & 2) ? !has_nul(data + 1 + EXPORTED, size - 1 - EXPORTED) :
          !has_nul(data + 1, size - 1));
    check_text(name);
    check_copies(name);
    (void)csm_release_name(&minor, &name);
    return 0;
}
