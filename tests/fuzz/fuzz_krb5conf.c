/* fuzz_krb5conf.c - the winrm section of krb5.conf, through MIT's parser. */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "policy.h"

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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char head[] = "[appdefaults]\n winrm = {\n";
    static int fd = -1;
    static char path[64];
    profile_t profile;

    if (fd == -1) {
        /* Complaints are part of it: trace, to nowhere. */
        (void)setenv("KRB5_TRACE", "/dev/null", 1);
        fd = memfd_create("krb5.conf", 0);
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    }
    if (ftruncate(fd, 0) != 0 ||
        pwrite(fd, head, sizeof(head) - 1, 0) < 0 ||
        pwrite(fd, data, size, sizeof(head) - 1) < 0)
        return 0;
    if (profile_init_path(path, &profile) == 0) {
        read_all(profile);
        profile_release(profile);
    }
    return 0;
}
