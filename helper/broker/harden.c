/* harden.c - what a process with secrets does to itself first. */
#include "config.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harden.h"
#include "log.h"

/* As much locked memory as we may have: a page or two for each secret. */
static void
raise_memlock(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_MEMLOCK, &limit);
}

/* Each connection is one, and a gateway may have many: the usual limit is for
 * programs that call select(). */
static void
raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

void
harden_process(void)
{
    static const struct rlimit none = { 0, 0 };
    int fd;

    if (prctl(PR_SET_DUMPABLE, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
        log_line(LOG_WARNING, "core dumps cannot be switched off");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        log_line(LOG_WARNING, "privileges cannot be given up");
    raise_memlock();
    raise_descriptors();
    (void)umask(S_IRWXG | S_IRWXO);
    fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd >= 0 && dup2(fd, 0) < 0)
        log_line(LOG_WARNING, "stdin stays open");
    if (fd > 2)
        (void)close(fd);
}
