/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* mech_store.c - the keys of a credential store (gss_acquire_cred_from). */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/ssl.h>

#include "plugin/credssp/mech/mech.h"
#include "plugin/base/uid.h"

/* A reader takes the value of a key; it returns 0 for one that is no good. */
typedef int (*reader)(const char *value, struct csm_options *o);

static int
read_password_key(const char *value, struct csm_options *o)
{
    o->user.password.p = (const uint8_t *)value;
    o->user.password.len = strlen(value);
    return 1;
}

static const struct {
    const char *word;
    unsigned int mech;
} mech_words[] = {
    { "krb5", CS_MECH_KRB5 },
    { "ntlm", CS_MECH_NTLM },
    { "raw-ntlm", CS_MECH_RAW_NTLM },
};

/* "krb5,ntlm" */
static int
read_mechs(const char *value, struct csm_options *o)
{
    size_t len, i;

    o->mechs = 0;
    for (;; value += len + 1) {
        len = strcspn(value, ",");
        for (i = 0; i < sizeof(mech_words) / sizeof(*mech_words); i++) {
            if (strlen(mech_words[i].word) == len &&
                strncasecmp(value, mech_words[i].word, len) == 0)
                break;
        }
        if (i == sizeof(mech_words) / sizeof(*mech_words))
            return 0;
        o->mechs |= mech_words[i].mech;
        if (value[len] == '\0')
            return 1;
    }
}

static int
tls_version(const char *value)
{
    return (strlen(value) == 3 && value[0] == '1' && value[1] == '.' &&
            value[2] >= '0' && value[2] <= '3') ?
        TLS1_VERSION + (value[2] - '0') : 0;
}

static int
read_tls_min(const char *value, struct csm_options *o)
{
    o->tls.min_version = tls_version(value);
    return o->tls.min_version != 0;
}

static int
read_tls_max(const char *value, struct csm_options *o)
{
    o->tls.max_version = tls_version(value);
    return o->tls.max_version != 0;
}

static int
read_minimum(const char *value, struct csm_options *o)
{
    if (value[0] < '2' || value[0] > '6' || value[1] != '\0')
        return 0;
    o->minimum_version = value[0] - '0';
    return 1;
}

static int
read_framing(const char *value, struct csm_options *o)
{
    static const char *const words[] = { "auto", "none", "rfc2743" };
    int i;

    for (i = 0; i < 3; i++) {
        if (strcasecmp(value, words[i]) == 0) {
            o->framing = i;
            return 1;
        }
    }
    return 0;
}

/* A key whose value is kept as it is. */
#define STRING(member) NULL, offsetof(struct csm_options, member)

/* Documented in gss-credssp(7). */
static const struct {
    const char *key;
    reader read;                /* or NULL: a string, which goes to... */
    size_t offset;
    const char *want;
} keys[] = {
    { "user", STRING(user.user), "a user name" },
    { "domain", STRING(user.domain), "a domain" },
    { "password", read_password_key, 0, "a password" },
    { "password_file", STRING(password_file), "a file name" },
    { "ccache", STRING(user.ccache), "a credential cache" },
    { "mechs", read_mechs, 0, "a list of krb5, ntlm, raw-ntlm" },
    { "tls_ca_file", STRING(tls.ca_file), "a file name, or system" },
    { "tls_pin", STRING(tls.pin), "a SHA-256" },
    { "tls_ciphers", STRING(tls.ciphers), "a list of ciphers" },
    { "tls_min_version", read_tls_min, 0, "1.0 to 1.3" },
    { "tls_max_version", read_tls_max, 0, "1.0 to 1.3" },
    { "minimum_version", read_minimum, 0, "2 to 6" },
    { "framing", read_framing, 0, "auto, none or rfc2743" },
    { "certificate", STRING(tls.cert_file), "a file name" },
    { "key", STRING(tls.key_file), "a file name" },
    { "keytab", STRING(keytab), "a keytab" },
};

#define NKEYS (sizeof(keys) / sizeof(*keys))

/* Use one key; 0 if its value is no good. */
static int
take_key(size_t k, const char *value, struct csm_options *o)
{
    if (keys[k].read != NULL)
        return keys[k].read(value, o);
    *(const char **)((char *)o + keys[k].offset) = value;
    return *value != '\0';
}

OM_uint32
csm_read_store(OM_uint32 *minor, gss_const_key_value_set_t store,
               struct csm_options *o)
{
    struct cs_error err;
    OM_uint32 i;
    size_t k;

    for (i = 0; store != NULL && i < store->count; i++) {
        for (k = 0; k < NKEYS; k++) {
            if (strcmp(store->elements[i].key, keys[k].key) == 0)
                break;
        }
        if (k == NKEYS) {
            (void)cs_fail(&err, CS_USAGE, "unknown key %.60s for a CredSSP "
                          "credential", store->elements[i].key);
            return csm_error(minor, &err);
        }
        if (!take_key(k, store->elements[i].value, o)) {
            (void)cs_fail(&err, CS_USAGE, "the key %s takes %s", keys[k].key,
                          keys[k].want);
            return csm_error(minor, &err);
        }
    }
    return GSS_S_COMPLETE;
}

/* Ours alone: not even readable for others. */
static int
check_file(int fd, const char *path, struct cs_error *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return cs_fail_errno(err, CS_SYSTEM, errno, "cannot stat %s", path);
    if (!S_ISREG(st.st_mode))
        return cs_fail(err, CS_SYSTEM, "%.150s is not a regular file", path);
    if (!gw_uid_is_ours(st.st_uid) && st.st_uid != 0)
        return cs_fail(err, CS_POLICY, "%.150s belongs to another user", path);
    if ((st.st_mode & 077) != 0)
        return cs_fail(err, CS_POLICY, "other users can access %.150s: "
                       "chmod 600 it", path);
    return 0;
}

#define PASSWORD_MAX 1024

int
csm_read_password(const char *path, char **out, struct cs_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    ssize_t n = -1;
    size_t len;
    int ret, error;

    *out = NULL;
    if (fd == -1)
        return cs_fail_errno(err, CS_SYSTEM, errno, "cannot open %s", path);
    ret = check_file(fd, path, err);
    if (ret == 0 && (*out = calloc(1, PASSWORD_MAX + 1)) == NULL)
        ret = cs_nomem(err);
    if (ret == 0)
        n = read(fd, *out, PASSWORD_MAX);
    error = errno;
    (void)close(fd);
    if (ret == 0 && n < 0)
        ret = cs_fail_errno(err, CS_SYSTEM, error, "cannot read %s", path);
    if (ret == 0) {
        len = strcspn(*out, "\r\n");
        if (len == PASSWORD_MAX || (n > (ssize_t)len && (*out)[len] == '\0'))
            ret = cs_fail(err, CS_USAGE, "the password in %.150s is too long "
                          "or contains a NUL", path);
        (*out)[len] = '\0';
    }
    if (ret == 0 && **out == '\0')
        ret = cs_fail(err, CS_USAGE, "%.150s contains no password", path);
    /* Other lines may be secrets, too. */
    if (*out != NULL) {
        len = strlen(*out);
        explicit_bzero(*out + len, PASSWORD_MAX - len);
    }
    if (ret != 0) {
        cs_wipe_string(*out);
        *out = NULL;
    }
    return ret;
}
