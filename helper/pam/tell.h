/* tell.h - what the module has to say, to the log. */
#ifndef GP_TELL_H
#define GP_TELL_H

#include <syslog.h>
#include <security/pam_modules.h>

/* pam_syslog(), cleaned (clean.h): names and answers are other people's. */
void tell(pam_handle_t *pamh, int priority, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif /* GP_TELL_H */
