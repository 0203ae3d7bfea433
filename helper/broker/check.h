/* check.h - asking the KDC about a new password, for a limited time. */
#ifndef BD_CHECK_H
#define BD_CHECK_H

#include "creds.h"

/* More than kdcwait.h's, which ends most waits: krb5 before 1.22 takes that
 * long for each of a realm's KDCs, and asks one after the other. */
#define CHECK_SECONDS 30

/* cs_creds_check() in a thread of its own, whose end is not waited for longer.
 * It holds on to the credential, whose password the caller should then wipe.
 */
int check_password(struct cs_creds *creds, struct cs_error *err);

#endif /* BD_CHECK_H */
