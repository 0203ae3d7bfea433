/* harden.h - what a process with secrets does to itself first. */
#ifndef BD_HARDEN_H
#define BD_HARDEN_H

/* No core dumps, no debuggers of the same user, no privileges by exec, files
 * of its own for nobody else, nothing on stdin.  What cannot be done is a line
 * in the log. */
void harden_process(void);

#endif /* BD_HARDEN_H */
