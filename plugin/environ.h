/* environ.h - what the environment says, and whether to be there at all. */
#ifndef GW_ENVIRON_H
#define GW_ENVIRON_H

#include "policy.h"

/*
 * Should the plugin not be there at all?  True for GSS_USE_PROXY, for
 * GSS_WINRM=off, for "enabled = false" and the programs of "except", when
 * krb5.conf cannot be read, and when the module was installed after this
 * process had begun.
 */
int gw_stand_aside(void);

/*
 * GSS_WINRM in the environment (secure_getenv), over the target's match:
 * returns 1 with *match set, or 0 when it is unset or not understood.
 */
int gw_environment_match(enum gw_match *match);

#endif /* GW_ENVIRON_H */
