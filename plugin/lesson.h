/*
 * lesson.h - what was learned about a host, kept with the tickets.
 *
 * An entry of the credential cache's own configuration, which klist -C shows
 * and kdestroy removes:
 *
 *   config: winrm_spn(HTTP/HOST/PROGRAM@) = NAME
 */
#ifndef GW_LESSON_H
#define GW_LESSON_H

#include <krb5.h>

#include "handles.h"

/*
 * The name that this program got in with at host.  Returns 1 with new memory
 * in *name, or 0: nothing is known, or there is no cache to read.
 */
int gw_lesson_get(krb5_context context, const struct gw_cred *cred,
                  const char *host, char **name);

/*
 * Keep the name in the cache that the context with this handle used.  Returns
 * 0, or a krb5 error, which loses nothing: the process remembers by itself.
 */
krb5_error_code gw_lesson_put(krb5_context context, const struct gw_cred *cred,
                              gss_ctx_id_t inner, const char *host,
                              const char *name);

#endif /* GW_LESSON_H */
