/*
 * witness.h - a process with this machine's GSSAPI mechanisms, like any
 * program here.
 *
 * The doctor itself loads none: it wants krb5 as it is.  So before anything
 * has touched GSSAPI a child is forked that keeps the environment; it reports
 * what it has loaded, and can be told to authenticate.
 */
#ifndef DOC_WITNESS_H
#define DOC_WITNESS_H

#include "helper/doctor/doctor.h"

struct witness;

/* First thing.  NULL without memory. */
struct witness *witness_start(void);
void witness_end(struct witness **witness);
/* Why it does not answer, when one of the functions below has returned -1. */
const char *witness_why(const struct witness *witness);

/* What is loaded: fills d->seen.  Returns 0 or -1. */
int witness_look(struct doctor *d);
/* Authenticate as programs do: HTTP@HOST, Negotiate.  Returns 0 or -1. */
int witness_authenticate(struct doctor *d);

#endif /* DOC_WITNESS_H */
