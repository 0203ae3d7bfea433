/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * reload.c - linked with no GSSAPI: opens libgssapi_krb5, begins a context and
 * closes it again, ten times, and finds as much memory mapped as before.
 *
 * It does not find the libraries gone.  A mechanism module that is linked with
 * libgssapi (gssproxy's as well as ours) is opened by it and holds it in turn,
 * so that dlclose() never comes to the library's end.
 */
#include "config.h"

#include <dlfcn.h>
#include <gssapi/gssapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMES 10

static gss_OID_desc host_based
    = { 10, (void *)"\x2a\x86\x48\x86\xf7\x12\x01\x02\x01\x04" };
static gss_OID_desc krb5_mech
    = { 9, (void *)"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02" };

/* How many mappings there are of files with name in theirs. */
static int
mapped(const char *name)
{
    char line[4096];
    int found = 0;
    FILE *f = fopen("/proc/self/maps", "re");

    while (f != NULL && fgets(line, sizeof(line), f) != NULL)
        found += strstr(line, name) != NULL;
    if (f != NULL)
        (void)fclose(f);
    return found;
}

/* Begin a context; 0 if it got as far as a token. */
static int
begin(void *handle)
{
    __typeof__(gss_import_name) *p_import = dlsym(handle, "gss_import_name");
    __typeof__(gss_init_sec_context) *p_init
        = dlsym(handle, "gss_init_sec_context");
    __typeof__(gss_delete_sec_context) *p_delete
        = dlsym(handle, "gss_delete_sec_context");
    __typeof__(gss_release_name) *p_release_name
        = dlsym(handle, "gss_release_name");
    __typeof__(gss_release_buffer) *p_release_buffer
        = dlsym(handle, "gss_release_buffer");
    gss_buffer_desc text = { 25, (void *)"HTTP@web01.test.example" };
    gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
    gss_ctx_id_t ctx = GSS_C_NO_CONTEXT;
    gss_name_t name = GSS_C_NO_NAME;
    OM_uint32 major, minor;

    text.length = strlen(text.value);
    major = p_import(&minor, &text, &host_based, &name);
    if (!GSS_ERROR(major))
        major = p_init(&minor, GSS_C_NO_CREDENTIAL, &ctx, name, &krb5_mech,
                       GSS_C_MUTUAL_FLAG, 0, NULL, NULL, NULL, &token, NULL,
                       NULL);
    if (GSS_ERROR(major) || token.length == 0)
        printf("major status 0x%x\n", major);
    (void)p_delete(&minor, &ctx, NULL);
    (void)p_release_buffer(&minor, &token);
    (void)p_release_name(&minor, &name);
    return GSS_ERROR(major) != 0;
}

int
main(void)
{
    const char *module = getenv("K5_MODULE");
    int i, module_maps = 0, so_maps = 0;
    void *handle;

    for (i = 0; i < TIMES; i++) {
        handle = dlopen("libgssapi_krb5.so.2", RTLD_NOW | RTLD_LOCAL);
        if (handle == NULL || begin(handle) != 0) {
            printf("no context: %s\n", handle == NULL ? dlerror() : "");
            return 1;
        }
        if (module == NULL || mapped(module) == 0) {
            printf("the interposer was not loaded\n");
            return 1;
        }
        (void)dlclose(handle);
        if (i == 0) {
            module_maps = mapped(module);
            so_maps = mapped(".so");
        } else if (mapped(module) != module_maps || mapped(".so") != so_maps) {
            printf("more is mapped with every dlclose: %d, %d\n",
                   mapped(module) - module_maps, mapped(".so") - so_maps);
            return 1;
        }
    }
    printf("loaded and unloaded %d times\n", TIMES);
    return 0;
}
