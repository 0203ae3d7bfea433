/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* watchdog.c - a thread that ends the gateway, whatever its others do. */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/eventfd.h>

#include "helper/common/say.h"
#include "helper/gateway/watchdog.h"

#define GRACE_MS 3000           /* for all connections to end */

struct watchdog {
    struct watchdog_options o;
    int stop, done;             /* eventfd */
    int status;                 /* before stop is readable */
    int running;
    pthread_t thread;
};

static void
tell(int fd)
{
    (void)eventfd_write(fd, 1);
}

/* Wait, for the first of them most of all: returns whether that has come. */
static int
first_of(struct pollfd *fds, nfds_t n, int ms)
{
    while (poll(fds, n, ms) < 0 && errno == EINTR)
        ;
    return fds[0].revents != 0;
}

/* done comes in the place of a signal when the gateway ends by itself. */
static void *
watch(void *data)
{
    struct watchdog *w = data;
    struct pollfd fds[] = {
        { w->done, POLLIN, 0 }, { w->o.signals, POLLIN, 0 },
        { w->o.needed, 0, 0 }, { w->o.broker, POLLRDHUP, 0 }
    };

    if (first_of(fds, 4, -1))
        return NULL;
    if (fds[1].revents == 0 && fds[2].revents == 0) {
        say_log(LOG_ERR, "the broker is gone");
        w->status = w->o.broker_status;
    }
    tell(w->stop);
    if (first_of(fds, 1, GRACE_MS))
        return NULL;
    say_log(LOG_WARNING, "stopped while connections were still busy");
    w->o.wipe(w->o.data);
    _exit(w->status);
}

int
watchdog_new(const struct watchdog_options *options, struct watchdog **out,
             struct cs_error *err)
{
    struct watchdog *w = calloc(1, sizeof(*w));
    int error;

    *out = w;
    if (w == NULL)
        return cs_nomem(err);
    w->o = *options;
    w->stop = eventfd(0, EFD_CLOEXEC);
    w->done = eventfd(0, EFD_CLOEXEC);
    error = (w->stop < 0 || w->done < 0) ? errno :
        pthread_create(&w->thread, NULL, watch, w);
    w->running = error == 0;
    if (!w->running) {
        (void)watchdog_free(out);
        return cs_fail_errno(err, CS_SYSTEM, error, "cannot start the thread "
                             "that waits for signals");
    }
    return 0;
}

int
watchdog_fd(const struct watchdog *w)
{
    return w->stop;
}

int
watchdog_free(struct watchdog **warden)
{
    struct watchdog *w = *warden;
    int status;

    *warden = NULL;
    if (w == NULL)
        return 0;
    if (w->running) {
        tell(w->done);
        (void)pthread_join(w->thread, NULL);
    }
    if (w->stop >= 0)
        close(w->stop);
    if (w->done >= 0)
        close(w->done);
    status = w->status;
    free(w);
    return status;
}
