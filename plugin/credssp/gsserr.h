/* gsserr.h - GSSAPI's errors as ours. */
#ifndef CS_GSSERR_H
#define CS_GSSERR_H

#include <gssapi/gssapi.h>

#include "error.h"

/* CS_INNER (or CS_NOMEM) with "WHAT: the texts of both codes". */
int cs_gss_fail(struct cs_error *err, const char *what, OM_uint32 major,
                OM_uint32 minor, gss_const_OID mech);

#endif /* CS_GSSERR_H */
