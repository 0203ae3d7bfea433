/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * main.c - gss-winrmd, the broker: holds a user's credentials, and uses them
 * for other programs without revealing them (docs/PROTOCOL.broker.md).
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <systemd/sd-daemon.h>

#include "helper/broker/harden.h"
#include "helper/common/kdcwait.h"
#include "helper/broker/listen.h"
#include "helper/broker/log.h"
#include "helper/broker/ntlmfile.h"
#include "helper/broker/options.h"
#include "helper/broker/serve.h"

static void
block_signals(void)
{
    sigset_t signals;

    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
}

/* In the parent: the status that the child reports, when it does. */
static int
parent_status(int from)
{
    char status = 1;

    while (read(from, &status, 1) < 0 && errno == EINTR)
        ;
    return status;
}

/*
 * Leave a child in the background, with *report to tell by that it is ready.
 * Here, before there are secrets and threads, which a fork does not keep.
 */
static int
background(int *report, struct cs_error *err)
{
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return cs_fail_errno(err, CS_SYSTEM, errno, "cannot create a pipe");
    pid = fork();
    if (pid < 0)
        return cs_fail_errno(err, CS_SYSTEM, errno, "cannot fork");
    if (pid > 0) {
        (void)close(ends[1]);
        _exit(parent_status(ends[0]));
    }
    (void)close(ends[0]);
    (void)setsid();
    (void)!chdir("/");
    *report = ends[1];
    return 0;
}

/* From now on nobody reads what we write. */
static void
detach(int report)
{
    static const char well = 0;

    (void)!write(report, &well, 1);
    (void)close(report);
    log_to_stderr(0);
    (void)dup2(0, 1);
    (void)dup2(0, 2);
}

static int
load_sources(const struct options *o, struct vault *vault,
             struct cs_error *err)
{
    int ret = ntlmfile_load_systemd(secure_getenv("CREDENTIALS_DIRECTORY"),
                                    vault, err);

    if (ret == 0 && o->ntlm_file != NULL)
        ret = ntlmfile_load(o->ntlm_file, 0, o->ntlm_file, vault, err);
    return ret;
}

static int
run(const struct options *o, const struct listener *l, int report,
    struct cs_error *err)
{
    static struct broker b;     /* threads may stay behind, below */
    int ret = vault_new(&b.vault, err);

    b.lifetime = o->lifetime;
    if (ret == 0)
        ret = hoststatus_new(&b.journal, err);
    if (ret == 0)
        ret = load_sources(o, b.vault, err);
    if (ret == 0 && !vault_locked(b.vault))
        log_line(LOG_WARNING, "cannot lock passwords in memory: raise the "
                 "limit (ulimit -l, LimitMEMLOCK=)");
    if (ret == 0 && report >= 0)
        detach(report);
    if (ret == 0) {
        (void)sd_notify(0, "READY=1");
        ret = broker_serve(&b, l->fd, o->idle_exit, err);
        (void)sd_notify(0, "STOPPING=1");
    }
    if (ret == CS_UNEXPECTED) {
        log_line(LOG_NOTICE, "%s", err->text);
        return 0;
    }
    vault_free(&b.vault);
    hoststatus_free(&b.journal);
    return ret;
}

int
main(int argc, char **argv)
{
    struct listener l = { -1, -1, NULL };
    struct cs_error err = { 0 };
    struct options o;
    int report = -1, ret = options_parse(argc, argv, &o);

    if (ret >= 0)
        return ret;
    /* We choose names ourselves, and say which. */
    (void)setenv("GSS_WINRM", "off", 1);
    /* gss-ntlmssp's: NTLMv2 and no less.  NTLMv1's session key is the same in
     * each context of a user, and a gateway gets that of its own. */
    (void)setenv("LM_COMPAT_LEVEL", "5", 1);
    log_open(1);
    harden_process();
    kdc_wait_bound();
    block_signals();
    ret = listener_open(o.socket, &l, &err);
    if (ret == 0 && !o.foreground && l.path != NULL)
        ret = background(&report, &err);
    if (ret == 0)
        ret = run(&o, &l, report, &err);
    if (ret != 0)
        log_line(LOG_ERR, "%s", err.text);
    listener_close(&l);
    return (ret == 0) ? 0 : 1;
}
