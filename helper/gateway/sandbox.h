/*
 * sandbox.h - giving up what the gateway does not need, before it reads a
 * byte from anybody.
 */
#ifndef GATE_SANDBOX_H
#define GATE_SANDBOX_H

#include "error.h"

/*
 * For good, for all threads: no capabilities, no new privileges, no core, not
 * dumpable; by seccomp no system call that is not on a list; by Landlock,
 * where the kernel has it, no files but those that names, certificates and
 * krb5.conf come from, and none to write; from the directory removable they
 * may be removed.  *landlock says whether it has.  What is open already stays
 * usable: that it is harmless is up to the caller (apart.h, logway.h).  Fails
 * rather than doing half.
 */
int sandbox_enter(const char *removable, int *landlock, struct cs_error *err);

#endif /* GATE_SANDBOX_H */
