/*
 * mechglue.h - calls of the mechglue from inside a mechanism.
 *
 * A mechanism's module exports gss_init_sec_context() and so on, and the
 * context inside CredSSP is made by the mechglue's functions of the same
 * names.  A reference that names the version can only mean libgssapi_krb5's.
 * Every source that calls the mechglue includes this, after gssapi's headers.
 *
 * CS_PLAIN_MECHGLUE leaves the names alone, for tests that wrap them.
 */
#ifndef CS_MECHGLUE_H
#define CS_MECHGLUE_H

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>

#ifndef CS_PLAIN_MECHGLUE
#define CS_MECHGLUE(name) \
    __asm__(".symver gss_" #name ", gss_" #name "@gssapi_krb5_2_MIT")

CS_MECHGLUE(accept_sec_context);
CS_MECHGLUE(acquire_cred_from);
CS_MECHGLUE(add_buffer_set_member);
CS_MECHGLUE(add_cred_from);
CS_MECHGLUE(add_oid_set_member);
CS_MECHGLUE(compare_name);
CS_MECHGLUE(create_empty_oid_set);
CS_MECHGLUE(delete_sec_context);
CS_MECHGLUE(display_name);
CS_MECHGLUE(display_status);
CS_MECHGLUE(duplicate_name);
CS_MECHGLUE(export_name);
CS_MECHGLUE(import_name);
CS_MECHGLUE(init_sec_context);
CS_MECHGLUE(inquire_context);
CS_MECHGLUE(inquire_sec_context_by_oid);
CS_MECHGLUE(release_buffer);
CS_MECHGLUE(release_buffer_set);
CS_MECHGLUE(release_cred);
CS_MECHGLUE(release_name);
CS_MECHGLUE(release_oid_set);
CS_MECHGLUE(set_cred_option);
CS_MECHGLUE(set_neg_mechs);
CS_MECHGLUE(unwrap);
CS_MECHGLUE(wrap);
CS_MECHGLUE(wrap_size_limit);
#endif

#endif /* CS_MECHGLUE_H */
