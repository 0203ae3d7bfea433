/*
 * plan.h - the names that one context may try, in order.
 */
#ifndef GW_PLAN_H
#define GW_PLAN_H

#include "decide.h"

#define GW_DELEGATION (GSS_C_DELEG_FLAG | GSS_C_DELEG_POLICY_FLAG)

/* A candidate before it is a name: template at host, or a name as it is. */
struct gw_step {
    char *template;             /* NULL: name is set */
    char *host;
    char *name;
    int gift;                   /* it may be given a ticket (delegate.h) */
};

/* Owns its steps, borrows the rest. */
struct gw_plan {
    const char *typed;          /* the host of HTTP@host */
    const char *plain;          /* "HTTP@host", the caller's own name */
    OM_uint32 flags;            /* the caller's */
    int other;                  /* it is host@HOST: no names of krb5.conf's */
    const struct gw_decision *decision;
    struct gw_step *steps;
    size_t n;
};

/*
 * Fill in the steps: the gateway's ticket; what was learned; where a ticket is
 * to be forwarded, the names that may have it; the names as krb5 makes them;
 * last of all the caller's own, as if we were not here.  0 or ENOMEM.
 */
int gw_plan_make(struct gw_plan *plan);
void gw_plan_free(struct gw_plan *plan);

/* A step's name, in new memory: 0, EINVAL (it means nothing) or ENOMEM. */
int gw_plan_name(const struct gw_plan *plan, const struct gw_step *step,
                 char **out);

/* Is a ticket to be forwarded, by krb5.conf or by the program's own wish? */
int gw_plan_delegates(const struct gw_plan *plan);

#endif /* GW_PLAN_H */
