/* initctx.h - gss_init_sec_context, where the rewriting happens. */
#ifndef GW_INITCTX_H
#define GW_INITCTX_H

struct gw_attempt;

/* Release a search for a name.  NULL is fine. */
void gw_attempt_free(struct gw_attempt *attempt);

#endif /* GW_INITCTX_H */
