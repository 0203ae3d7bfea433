/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* fuzz_krb5conf.c - the winrm section of krb5.conf, through MIT's parser. */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "helper/common/conf.h"
#include "plugin/conf/policy.h"
#include "plugin/base/strlist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Everything that reads the section, for hosts that its keys may match. */
static void
read_all(profile_t profile)
{
    static const struct gw_subject subjects[] = {
        { "web01", "web01.corp.example.com", "CORP.EXAMPLE.COM" },
        { "web01.corp.example.com", NULL, NULL },
        { "10.20.30.40", NULL, "" },
        { "", "", "a" },
    };
    struct gw_credssp_policy *credssp;
    struct gw_policy *policy;
    size_t i;

    gw_policy_review(profile);
    for (i = 0; i < sizeof(subjects) / sizeof(*subjects); i++) {
        if (gw_policy_load(profile, &subjects[i], &policy) != 0)
            continue;
        if (policy->nports == 0 || policy->nports > GW_PORTS_MAX ||
            policy->spn == NULL || policy->spn[0] == NULL)
            abort();            /* what callers rely on */
        gw_policy_free(policy);
    }
    if (gw_credssp_policy_load(profile, "CORP.EXAMPLE.COM", &credssp) == 0) {
        if (credssp->minimum_version < 2 || credssp->minimum_version > 6)
            abort();
        gw_credssp_policy_free(credssp);
    }
}

/* The helper's part, which opens KRB5_CONFIG itself. */
static void
read_helper(void)
{
    static const char *const hosts[] = { "web01.corp.example.com", "web01" };
    struct hc_gateway *gateway;
    struct hc_host *host;
    char **names;
    size_t i;

    if (hc_gateway_load(&gateway, NULL) == 0) {
        if (gateway->listen == NULL || gateway->max_message == 0 ||
            gateway->connections == 0)
            abort();
        hc_gateway_free(&gateway);
    }
    for (i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
        if (hc_host_load(hosts[i], &host, NULL) != 0)
            continue;
        if (host->reachable != (host->reachable_source != NULL) ||
            (host->credssp.delegate && !host->reachable) ||
            host->ca_file == NULL)
            abort();
        if (hc_names(host, NULL, 0, &names, NULL) == 0) {
            if (names == NULL || names[0] == NULL)
                abort();
            gw_strlist_free(names);
        }
        hc_host_free(&host);
    }
}

/* A file without a name, whose path is put into path. */
static int
memory_file(char *path, size_t size)
{
    int fd = memfd_create("krb5.conf", 0);

    if (fd == -1)
        abort();
    (void)snprintf(path, size, "/proc/self/fd/%d", fd);
    return fd;
}

/* Complaints are part of it: trace, to nowhere.  No DNS, whatever this machine
 * is set up for. */
static int
set_up(char *path, size_t size)
{
    static const char conf[] = "[libdefaults]\n default_realm = R\n"
        " dns_canonicalize_hostname = false\n dns_lookup_realm = false\n";
    char first[64], both[160];
    int fd = memory_file(first, sizeof(first));

    if (write(fd, conf, sizeof(conf) - 1) < 0)
        abort();
    fd = memory_file(path, size);
    (void)snprintf(both, sizeof(both), "%s:%s", first, path);
    (void)setenv("KRB5_CONFIG", both, 1);
    (void)setenv("KRB5_TRACE", "/dev/null", 1);
    return fd;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char head[] = "[appdefaults]\n winrm = {\n";
    static int fd = -1;
    static char path[64];
    profile_t profile;

    if (fd == -1)
        fd = set_up(path, sizeof(path));
    if (ftruncate(fd, 0) != 0 ||
        pwrite(fd, head, sizeof(head) - 1, 0) < 0 ||
        pwrite(fd, data, size, sizeof(head) - 1) < 0)
        return 0;
    if (profile_init_path(path, &profile) == 0) {
        read_all(profile);
        profile_release(profile);
        read_helper();
    }
    return 0;
}
