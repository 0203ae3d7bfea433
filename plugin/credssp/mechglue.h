/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * mechglue.h - calls of the mechglue from inside a mechanism.
 *
 * A mechanism's module exports gss_init_sec_context() and so on, and the inner
 * context is made by the mechglue's functions of the same names.  A reference
 * that names the version can only mean libgssapi_krb5's, and mechglue.c has
 * one of each.  Every source that calls the mechglue includes this, after
 * gssapi's headers.
 *
 * CS_PLAIN_MECHGLUE leaves the names alone, for tests that wrap them.
 */
#ifndef CS_MECHGLUE_H
#define CS_MECHGLUE_H

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>

#ifndef CS_PLAIN_MECHGLUE
#define CS_MECHGLUE_ROWS(row) \
    row(accept_sec_context) \
    row(acquire_cred_from) \
    row(add_buffer_set_member) \
    row(add_cred_from) \
    row(add_oid_set_member) \
    row(compare_name) \
    row(create_empty_oid_set) \
    row(delete_sec_context) \
    row(display_name) \
    row(display_status) \
    row(duplicate_name) \
    row(export_name) \
    row(import_name) \
    row(init_sec_context) \
    row(inquire_context) \
    row(inquire_sec_context_by_oid) \
    row(release_buffer) \
    row(release_buffer_set) \
    row(release_cred) \
    row(release_name) \
    row(release_oid_set) \
    row(set_cred_option) \
    row(set_neg_mechs) \
    row(unwrap) \
    row(wrap) \
    row(wrap_size_limit)

#define CS_MECHGLUE_DECLARE(name) \
    extern __typeof__(gss_##name) *const cs_mechglue_##name;
CS_MECHGLUE_ROWS(CS_MECHGLUE_DECLARE)

/* mechglue.c itself means the names. */
#ifndef CS_MECHGLUE_HERE
#define gss_accept_sec_context cs_mechglue_accept_sec_context
#define gss_acquire_cred_from cs_mechglue_acquire_cred_from
#define gss_add_buffer_set_member cs_mechglue_add_buffer_set_member
#define gss_add_cred_from cs_mechglue_add_cred_from
#define gss_add_oid_set_member cs_mechglue_add_oid_set_member
#define gss_compare_name cs_mechglue_compare_name
#define gss_create_empty_oid_set cs_mechglue_create_empty_oid_set
#define gss_delete_sec_context cs_mechglue_delete_sec_context
#define gss_display_name cs_mechglue_display_name
#define gss_display_status cs_mechglue_display_status
#define gss_duplicate_name cs_mechglue_duplicate_name
#define gss_export_name cs_mechglue_export_name
#define gss_import_name cs_mechglue_import_name
#define gss_init_sec_context cs_mechglue_init_sec_context
#define gss_inquire_context cs_mechglue_inquire_context
#define gss_inquire_sec_context_by_oid cs_mechglue_inquire_sec_context_by_oid
#define gss_release_buffer cs_mechglue_release_buffer
#define gss_release_buffer_set cs_mechglue_release_buffer_set
#define gss_release_cred cs_mechglue_release_cred
#define gss_release_name cs_mechglue_release_name
#define gss_release_oid_set cs_mechglue_release_oid_set
#define gss_set_cred_option cs_mechglue_set_cred_option
#define gss_set_neg_mechs cs_mechglue_set_neg_mechs
#define gss_unwrap cs_mechglue_unwrap
#define gss_wrap cs_mechglue_wrap
#define gss_wrap_size_limit cs_mechglue_wrap_size_limit
#endif
#endif

#endif /* CS_MECHGLUE_H */
