/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* learned.c - what was learned about a host, kept with the tickets. */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "plugin/base/clock.h"
#include "plugin/learned.h"
#include "plugin/conf/names.h"
#include "plugin/lock.h"
#include "plugin/rejcache.h"
#include "plugin/base/program.h"
#include "plugin/base/strlist.h"

#define KEY "winrm_spn"
#define ROOM_NEEDED 65536     /* bytes */

/* HTTP/host/program@, the principal that the entry is about. */
static krb5_error_code
entry_principal(krb5_context context, const char *host, krb5_principal *out)
{
    char lower[GW_HOST_MAX + 1], program[GW_PROGRAM_MAX];
    size_t i;

    for (i = 0; i < GW_HOST_MAX && host[i] != '\0'; i++)
        lower[i] = tolower((unsigned char)host[i]);
    lower[i] = '\0';
    gw_program_name(program, sizeof(program));
    return krb5_build_principal(context, out, 0, "", "HTTP", lower, program,
                                (char *)NULL);
}

/* A GSS name as a principal. */
static krb5_error_code
to_principal(krb5_context context, gss_name_t name, krb5_principal *out)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    krb5_error_code ret = KRB5_CC_NOTFOUND;
    OM_uint32 minor;
    char *copy;

    if (name == GSS_C_NO_NAME ||
        GSS_ERROR(gss_display_name(&minor, name, &text, NULL)))
        return ret;
    copy = strndup(text.value, text.length);
    if (copy != NULL)
        ret = krb5_parse_name(context, copy, out);
    free(copy);
    (void)gss_release_buffer(&minor, &text);
    return ret;
}

/* Whose credential is this? */
static krb5_error_code
cred_principal(krb5_context context, const struct gw_cred *cred,
               krb5_principal *out)
{
    gss_name_t name = GSS_C_NO_NAME;
    krb5_error_code ret;
    OM_uint32 minor;

    if (GSS_ERROR(gss_inquire_cred_by_mech(&minor, cred->inner,
                                           &gw_oid_special, &name, NULL, NULL,
                                           NULL)))
        return KRB5_CC_NOTFOUND;
    ret = to_principal(context, name, out);
    (void)gss_release_name(&minor, &name);
    return ret;
}


/* The cache behind a credential, before it has been used. */
static krb5_error_code
open_cache(krb5_context context, const struct gw_cred *cred, const char *name,
           krb5_ccache *out)
{
    krb5_principal client = NULL;
    krb5_error_code ret;

    if (name != NULL)
        return krb5_cc_resolve(context, name, out);
    if (cred == NULL || cred->is_default)
        return krb5_cc_default(context, out);
    ret = cred_principal(context, cred, &client);
    if (ret == 0)
        ret = krb5_cc_cache_match(context, client, out);
    krb5_free_principal(context, client);
    return ret;
}

/*
 * The cache that a context has used: with no credential given, or none that
 * names a cache, krb5 may have chosen one of the collection by the target, so
 * go by the client that it authenticated.
 */
static krb5_error_code
used_cache(krb5_context context, const struct gw_cred *cred,
           gss_ctx_id_t inner, krb5_ccache *out)
{
    gss_name_t name = GSS_C_NO_NAME;
    krb5_principal client = NULL;
    krb5_error_code ret;
    OM_uint32 minor;

    if (cred != NULL && cred->ccache != NULL)
        return krb5_cc_resolve(context, cred->ccache, out);
    if (GSS_ERROR(gss_inquire_context(&minor, inner, &name, NULL, NULL, NULL,
                                      NULL, NULL, NULL)))
        return KRB5_CC_NOTFOUND;
    ret = to_principal(context, name, &client);
    (void)gss_release_name(&minor, &name);
    if (ret == 0)
        ret = krb5_cc_cache_match(context, client, out);
    krb5_free_principal(context, client);
    return ret;
}

/*
 * May an entry be appended?  On a full disk libkrb5 can leave half an entry at
 * the end of a FILE cache, and the tickets behind it are what we must not
 * risk.  Other types of cache look after themselves.
 */
static int
has_room(krb5_context context, krb5_ccache cache)
{
    const char *type = krb5_cc_get_type(context, cache);
    const char *path = krb5_cc_get_name(context, cache);
    struct statvfs fs;

    if (strcmp(type, "FILE") != 0 && strcmp(type, "DIR") != 0)
        return 1;
    if (*path == ':')           /* DIR::PATH, one cache of the directory */
        path++;
    return statvfs(path, &fs) == 0 &&
        (uint64_t)fs.f_bavail * fs.f_frsize >= ROOM_NEEDED;
}

/* What the cache says, in new memory, or NULL. */
static char *
read_entry(krb5_context context, krb5_ccache cache, const char *host)
{
    krb5_principal entry = NULL;
    krb5_data data = { 0 };
    char *name = NULL;

    if (entry_principal(context, host, &entry) == 0 &&
        krb5_cc_get_config(context, cache, entry, KEY, &data) == 0) {
        if (data.length > 0 && data.length < GW_MEMORY_NAME &&
            memchr(data.data, '\0', data.length) == NULL)
            name = strndup(data.data, data.length);
        krb5_free_data_contents(context, &data);
    }
    krb5_free_principal(context, entry);
    return name;
}

static char *
read_cache(const struct gw_cred *cred, const char *ccache, const char *host)
{
    krb5_context context;
    krb5_ccache cache;
    char *name = NULL;

    if (krb5_init_context(&context) != 0)
        return NULL;
    if (open_cache(context, cred, ccache, &cache) == 0) {
        name = read_entry(context, cache, host);
        (void)krb5_cc_close(context, cache);
    }
    krb5_free_context(context);
    return name;
}

/*
 * What was read, for a few hosts: of a FILE cache for as long as the file stays
 * as it was, of others for a second.  Most of the time that is nothing, which
 * should not cost a reading of all the tickets at every context.
 */
#define SLOTS 8
#define LIFETIME_MS 1000

static struct slot {
    char *ccache, *host;
    struct stat st;             /* of a FILE cache's file; else zero */
    long long when;             /* milliseconds, CLOCK_MONOTONIC */
    char *name;                 /* or NULL: no entry */
} slots[SLOTS];                 /* under the lock */

static struct slot *
slot_of(const char *host)
{
    return &slots[gw_hash(host) % SLOTS];
}

static int
same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
        a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
        a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Put contents into a slot; takes over their strings. */
static void
fill(struct slot *slot, struct slot contents)
{
    struct slot old;

    gw_lock();
    old = *slot;
    *slot = contents;
    gw_unlock();
    free(old.ccache);
    free(old.host);
    free(old.name);
}

void
gw_learned_clear(void)
{
    const struct slot empty = { 0 };
    size_t i;

    for (i = 0; i < SLOTS; i++)
        fill(&slots[i], empty);
}

/* Is the answer known?  Returns 1 with it in *name (new memory, or NULL). */
static int
look_up(const char *ccache, const char *host, const struct stat *st,
        char **name)
{
    const struct slot *s = slot_of(host);
    int hit;

    gw_lock();
    hit = s->ccache != NULL && s->host != NULL &&
        strcmp(s->ccache, ccache) == 0 && strcasecmp(s->host, host) == 0 &&
        same_file(&s->st, st) &&
        (st->st_ino != 0 || gw_now_ms() - s->when < LIFETIME_MS);
    *name = (hit && s->name != NULL) ? strdup(s->name) : NULL;
    gw_unlock();
    return hit;
}

/* The file behind a cache's full name, or NULL. */
static const char *
file_of(const char *ccache)
{
    if (strncmp(ccache, "FILE:", 5) == 0)
        return ccache + 5;
    return (strchr(ccache, ':') == NULL || *ccache == '/') ? ccache : NULL;
}

char *
gw_learned_get(const struct gw_cred *cred, const char *dflt, const char *host)
{
    const char *ccache = (cred == NULL || cred->is_default) ? dflt :
        cred->ccache;
    struct slot s = { .when = gw_now_ms() };
    char *name;

    if (ccache == NULL)
        return read_cache(cred, NULL, host);
    if (file_of(ccache) != NULL && stat(file_of(ccache), &s.st) != 0)
        return NULL;
    if (look_up(ccache, host, &s.st, &name))
        return name;
    name = read_cache(cred, ccache, host);
    s.ccache = strdup(ccache);
    s.host = strdup(host);
    s.name = (name != NULL) ? strdup(name) : NULL;
    fill(slot_of(host), s);
    return name;
}

static krb5_error_code
write_entry(krb5_context context, krb5_ccache cache, const char *host,
            const char *name)
{
    krb5_data data = { 0, strlen(name), (char *)(uintptr_t)name };
    krb5_principal entry = NULL;
    krb5_error_code ret;

    if (!has_room(context, cache))
        return ENOSPC;
    ret = entry_principal(context, host, &entry);
    if (ret == 0) {
        /* A FILE cache is appended to and the first entry is the one that
         * counts, so an older one has to go. */
        (void)krb5_cc_set_config(context, cache, entry, KEY, NULL);
        ret = krb5_cc_set_config(context, cache, entry, KEY, &data);
    }
    krb5_free_principal(context, entry);
    return ret;
}

krb5_error_code
gw_learned_put(const struct gw_cred *cred, gss_ctx_id_t inner,
               const char *host, const char *name)
{
    const struct slot empty = { 0 };
    krb5_context context;
    krb5_ccache cache;
    krb5_error_code ret;

    ret = krb5_init_context(&context);
    if (ret != 0)
        return ret;
    ret = used_cache(context, cred, inner, &cache);
    if (ret == 0) {
        ret = write_entry(context, cache, host, name);
        (void)krb5_cc_close(context, cache);
    }
    krb5_free_context(context);
    fill(slot_of(host), empty);         /* what was read is out of date */
    return ret;
}
