/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* end.c - see end.h. */
#include "config.h"

#include "tests/k5/end.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static gss_OID_desc krb5_mech
    = { 9, (void *)"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02" };
static gss_OID_desc spnego_mech = { 6, (void *)"\x2b\x06\x01\x05\x05\x02" };

gss_OID
k5_mech(uint32_t number)
{
    return number == K5_SPNEGO ? &spnego_mech : &krb5_mech;
}

/* --- messages --- */

void
k5_msg_clear(struct k5_msg *msg)
{
    unsigned int i;

    for (i = 0; i < K5_PARTS; i++)
        free(msg->part[i].value);
    memset(msg, 0, sizeof(*msg));
}

void
k5_msg_set(struct k5_msg *msg, unsigned int i, const void *data, size_t len)
{
    free(msg->part[i].value);
    msg->part[i].value = NULL;
    msg->part[i].length = 0;
    if (data == NULL)
        return;
    /* Parts are strings for whoever wants them as such. */
    msg->part[i].value = malloc(len + 1);
    if (msg->part[i].value == NULL)
        abort();
    memcpy(msg->part[i].value, data, len);
    ((char *)msg->part[i].value)[len] = '\0';
    msg->part[i].length = len;
}

static void
set_text(struct k5_msg *msg, unsigned int i, const char *text)
{
    k5_msg_set(msg, i, text, strlen(text));
}

/* Move a buffer that GSSAPI allocated into a part. */
static void
set_buffer(struct k5_msg *msg, unsigned int i, gss_buffer_t buffer)
{
    OM_uint32 minor;

    k5_msg_set(msg, i, buffer->value, buffer->length);
    /* MIT allocates one byte for an empty message, and does not release it. */
    if (buffer->length == 0)
        free(buffer->value);
    else
        (void)gss_release_buffer(&minor, buffer);
}

static int
write_all(int fd, const void *data, size_t len)
{
    const char *p = data;
    ssize_t n;

    for (; len > 0; p += n, len -= (size_t)n) {
        n = write(fd, p, len);
        if (n < 0 && errno == EINTR)
            n = 0;
        if (n < 0)
            return -1;
    }
    return 0;
}

static int
read_all(int fd, void *data, size_t len)
{
    char *p = data;
    ssize_t n;

    for (; len > 0; p += n, len -= (size_t)n) {
        n = read(fd, p, len);
        if (n < 0 && errno == EINTR)
            n = 0;
        else if (n <= 0)
            return -1;
    }
    return 0;
}

/* A message is its five numbers, the length of each part plus one (0: no
 * part), and the parts. */
int
k5_msg_send(int fd, const struct k5_msg *msg)
{
    uint32_t head[5 + K5_PARTS]
        = { msg->op, msg->a, msg->b, msg->major, msg->minor };
    unsigned int i;

    for (i = 0; i < K5_PARTS; i++)
        head[5 + i] = msg->part[i].value == NULL
                          ? 0
                          : (uint32_t)msg->part[i].length + 1;
    if (write_all(fd, head, sizeof(head)) != 0)
        return -1;
    for (i = 0; i < K5_PARTS; i++) {
        if (head[5 + i] > 0
            && write_all(fd, msg->part[i].value, msg->part[i].length) != 0)
            return -1;
    }
    return 0;
}

int
k5_msg_receive(int fd, struct k5_msg *msg)
{
    uint32_t head[5 + K5_PARTS];
    unsigned int i;

    memset(msg, 0, sizeof(*msg));
    if (read_all(fd, head, sizeof(head)) != 0)
        return -1;
    msg->op = head[0];
    msg->a = head[1];
    msg->b = head[2];
    msg->major = head[3];
    msg->minor = head[4];
    for (i = 0; i < K5_PARTS; i++) {
        if (head[5 + i] == 0)
            continue;
        msg->part[i].length = head[5 + i] - 1;
        msg->part[i].value = calloc(1, head[5 + i]);
        if (msg->part[i].value == NULL
            || read_all(fd, msg->part[i].value, msg->part[i].length) != 0) {
            k5_msg_clear(msg);
            return -1;
        }
    }
    return 0;
}

/* --- names and errors --- */

OM_uint32
k5_name(OM_uint32 *minor, const gss_buffer_desc *text, gss_name_t *name)
{
    gss_OID type = GSS_C_NT_HOSTBASED_SERVICE;
    gss_buffer_desc buffer = *text;
    OM_uint32 major;
    char *copy, *p;

    *name = GSS_C_NO_NAME;
    *minor = 0;
    if (text->length < 2)
        return GSS_S_COMPLETE;
    copy = buffer.value = malloc(text->length);
    if (copy == NULL)
        abort();
    memcpy(copy, text->value, text->length);
    if (strncmp(copy, "n:", 2) == 0) {
        p = memchr(copy, '#', text->length);
        if (p != NULL)
            *p = '\0';
    } else if (strncmp(copy, "p:", 2) == 0) {
        type = (gss_OID)GSS_KRB5_NT_PRINCIPAL_NAME;
    } else if (strncmp(copy, "u:", 2) == 0) {
        type = GSS_C_NT_USER_NAME;
    }
    buffer.value = copy + 2;
    buffer.length = text->length - 2;
    major = gss_import_name(minor, &buffer, type, name);
    free(copy);
    return major;
}

static void
append_status(char *text, size_t size, OM_uint32 code, int type, gss_OID mech)
{
    OM_uint32 minor, more = 0;
    gss_buffer_desc line = GSS_C_EMPTY_BUFFER;
    size_t used = strlen(text);

    do {
        if (GSS_ERROR(
                gss_display_status(&minor, code, type, mech, &more, &line)))
            return;
        (void)snprintf(text + used, size - used, "%s%.*s", used ? ": " : "",
                       (int)line.length, (char *)line.value);
        used = strlen(text);
        (void)gss_release_buffer(&minor, &line);
    } while (more != 0);
}

/* The texts of an error, as a program would show them, in part i of the reply.
 */
static void
set_error(struct k5_msg *reply, unsigned int i, gss_OID mech)
{
    char text[2048] = "";

    if (GSS_ERROR(reply->major)) {
        append_status(text, sizeof(text), reply->major, GSS_C_GSS_CODE,
                      GSS_C_NO_OID);
        append_status(text, sizeof(text), reply->minor, GSS_C_MECH_CODE, mech);
    }
    set_text(reply, i, text);
}

static void
set_name(struct k5_msg *reply, unsigned int i, gss_name_t name)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor;

    if (name != GSS_C_NO_NAME
        && gss_display_name(&minor, name, &text, NULL) == GSS_S_COMPLETE)
        set_buffer(reply, i, &text);
    else
        set_text(reply, i, "");
}

/* A mechanism as "krb5", "spnego" or its numbers: an interposer's own OID must
 * never be seen here. */
static void
set_mech(struct k5_msg *reply, unsigned int i, gss_const_OID mech)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor;

    if (gss_oid_equal(mech, &krb5_mech))
        set_text(reply, i, "krb5");
    else if (gss_oid_equal(mech, &spnego_mech))
        set_text(reply, i, "spnego");
    else if (mech != NULL
             && gss_oid_to_str(&minor, (gss_OID)mech, &text) == GSS_S_COMPLETE)
        set_buffer(reply, i, &text);
    else
        set_text(reply, i, "none");
}

int
k5_module_loaded(void)
{
    const char *module = getenv("K5_MODULE");
    char line[4096];
    int found = 0;
    FILE *maps;

    maps = module == NULL ? NULL : fopen("/proc/self/maps", "re");
    if (maps == NULL)
        return 0;
    while (!found && fgets(line, sizeof(line), maps) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        found = strchr(line, '/') != NULL
                && strcmp(strchr(line, '/'), module) == 0;
    }
    (void)fclose(maps);
    return found;
}

/* --- contexts --- */

static gss_channel_bindings_t
bindings_from(const gss_buffer_desc *part,
              struct gss_channel_bindings_struct *bindings)
{
    if (part->value == NULL)
        return GSS_C_NO_CHANNEL_BINDINGS;
    memset(bindings, 0, sizeof(*bindings));
    bindings->application_data = *part;
    return bindings;
}

static void
do_init(struct k5_end *end, const struct k5_msg *in, struct k5_msg *out)
{
    struct gss_channel_bindings_struct bindings;
    gss_buffer_desc input = in->part[1], output = GSS_C_EMPTY_BUFFER;
    gss_OID actual = GSS_C_NO_OID;
    gss_name_t target;
    OM_uint32 minor;

    out->major = k5_name(&out->minor, &in->part[0], &target);
    if (!GSS_ERROR(out->major))
        out->major = gss_init_sec_context(
            &out->minor, end->cred, &end->ctx, target, k5_mech(in->b), in->a,
            0, bindings_from(&in->part[2], &bindings), &input, &actual,
            &output, &out->a, NULL);
    set_error(out, 1, k5_mech(in->b));
    set_buffer(out, 0, &output);
    set_mech(out, 2, actual);
    (void)gss_release_name(&minor, &target);
}

static void
do_accept(struct k5_end *end, const struct k5_msg *in, struct k5_msg *out)
{
    struct gss_channel_bindings_struct bindings;
    gss_buffer_desc input = in->part[0], output = GSS_C_EMPTY_BUFFER;
    gss_name_t source = GSS_C_NO_NAME;
    gss_OID mech = GSS_C_NO_OID;
    OM_uint32 minor;

    (void)gss_release_cred(&minor, &end->delegated);
    out->major = gss_accept_sec_context(
        &out->minor, &end->ctx, end->cred, &input,
        bindings_from(&in->part[1], &bindings), &source, &mech, &output,
        &out->a, NULL, &end->delegated);
    set_error(out, 1, mech);
    set_buffer(out, 0, &output);
    set_name(out, 2, source);
    set_mech(out, 3, mech);
    out->b = end->delegated != GSS_C_NO_CREDENTIAL;
    (void)gss_release_name(&minor, &source);
}

static void
do_inquire(struct k5_end *end, const struct k5_msg *in, struct k5_msg *out)
{
    gss_name_t source = GSS_C_NO_NAME, target = GSS_C_NO_NAME;
    OM_uint32 minor, lifetime = 0;
    gss_OID mech = GSS_C_NO_OID;
    int local = 0, open = 0;

    (void)in;
    out->major = gss_inquire_context(&out->minor, end->ctx, &source, &target,
                                     &lifetime, &mech, &out->a, &local, &open);
    out->b = (uint32_t)open;
    set_name(out, 0, source);
    set_name(out, 1, target);
    set_mech(out, 2, mech);
    set_text(out, 3, local ? "initiator" : "acceptor");
    (void)gss_release_name(&minor, &source);
    (void)gss_release_name(&minor, &target);
}

static void
do_export(struct k5_end *end, const struct k5_msg *in, struct k5_msg *out)
{
    gss_buffer_desc token = GSS_C_EMPTY_BUFFER;

    (void)in;
    out->major = gss_export_sec_context(&out->minor, &end->ctx, &token);
    set_buffer(out, 0, &token);
}

static void
do_import(struct k5_end *end, const struct k5_msg *in, struct k5_msg *out)
{
    gss_buffer_desc token = in->part[0];

    out->major = gss_import_sec_context(&out->minor, &token, &end->ctx);
    set_error(out, 1, &krb5_mech);
}

/* --- messages of a context --- */

static void
do_wrap(struct k5_end *end, const struct k5_msg *in, struct k5_msg *out)
{
    gss_buffer_desc input = in->part[0], output = GSS_C_EMPTY_BUFFER;
    int conf = 0;

    out->major = gss_wrap(&out->minor, end->ctx, (int)in->a, GSS_C_QOP_DEFAULT,
                          &input, &conf, &output);
    out->a = (uint32_t)conf;
    set_buffer(out, 0, &output);
}

static void
do_unwrap(struct k5_end *end, const struct k5_msg *in, struct k5_msg *out)
{
    gss_buffer_desc input = in->part[0], output = GSS_C_EMPTY_BUFFER;
    int conf = 0;

    out->major
        = gss_unwrap(&out->minor, end->ctx, &input, &output, &conf, NULL);
    out->a = (uint32_t)conf;
    set_buffer(out, 0, &output);
}

static void
do_wrap_iov(struct k5_end *end, const struct k5_msg *in, struct k5_msg *out)
{
    gss_iov_buffer_desc iov[5] = {
        { .type = GSS_IOV_BUFFER_TYPE_HEADER | GSS_IOV_BUFFER_FLAG_ALLOCATE },
        { .type = GSS_IOV_BUFFER_TYPE_DATA },
        { .type = GSS_IOV_BUFFER_TYPE_PADDING | GSS_IOV_BUFFER_FLAG_ALLOCATE },
        { .type = GSS_IOV_BUFFER_TYPE_TRAILER | GSS_IOV_BUFFER_FLAG_ALLOCATE },
        { .type = GSS_IOV_BUFFER_TYPE_SIGN_ONLY }
    };
    gss_iov_buffer_desc lengths[4]
        = { { .type = GSS_IOV_BUFFER_TYPE_HEADER },
            { .type = GSS_IOV_BUFFER_TYPE_DATA },
            { .type = GSS_IOV_BUFFER_TYPE_PADDING },
            { .type = GSS_IOV_BUFFER_TYPE_TRAILER } };
    int count = in->part[1].value == NULL ? 4 : 5, conf = 0, i;
    OM_uint32 minor;

    k5_msg_set(out, 1, in->part[0].value, in->part[0].length);
    iov[1].buffer = lengths[1].buffer = out->part[1];
    iov[4].buffer = in->part[1];
    out->major = gss_wrap_iov_length(&out->minor, end->ctx, (int)in->a,
                                     GSS_C_QOP_DEFAULT, &conf, lengths, 4);
    if (GSS_ERROR(out->major))
        return;
    out->major = gss_wrap_iov(&out->minor, end->ctx, (int)in->a,
                              GSS_C_QOP_DEFAULT, &conf, iov, count);
    if (GSS_ERROR(out->major))
        return;
    out->a = (uint32_t)conf;
    for (i = 0; i < 4; i++) {
        if (iov[i].buffer.length != lengths[i].buffer.length)
            out->major = GSS_S_FAILURE;
        if (i != 1)
            k5_msg_set(out, (unsigned int)i, iov[i].buffer.value,
                       iov[i].buffer.length);
    }
    (void)gss_release_iov_buffer(&minor, iov, count);
}

static void
do_unwrap_iov(struct k5_end *end, const struct k5_msg *in, struct k5_msg *out)
{
    gss_iov_buffer_desc iov[5]
        = { { .type = GSS_IOV_BUFFER_TYPE_HEADER, .buffer = in->part[0] },
            { .type = GSS_IOV_BUFFER_TYPE_DATA },
            { .type = GSS_IOV_BUFFER_TYPE_PADDING, .buffer = in->part[2] },
            { .type = GSS_IOV_BUFFER_TYPE_TRAILER, .buffer = in->part[3] },
            { .type = GSS_IOV_BUFFER_TYPE_SIGN_ONLY, .buffer = in->part[4] } };
    int conf = 0;

    k5_msg_set(out, 0, in->part[1].value, in->part[1].length);
    iov[1].buffer = out->part[0];
    out->major = gss_unwrap_iov(&out->minor, end->ctx, &conf, NULL, iov,
                                in->part[4].value == NULL ? 4 : 5);
    out->a = (uint32_t)conf;
}

static void
do_unwrap_stream(struct k5_end *end, const struct k5_msg *in,
                 struct k5_msg *out)
{
    gss_iov_buffer_desc iov[2]
        = { { .type = GSS_IOV_BUFFER_TYPE_STREAM, .buffer = in->part[0] },
            { .type
              = GSS_IOV_BUFFER_TYPE_DATA | GSS_IOV_BUFFER_FLAG_ALLOCATE } };
    OM_uint32 minor;
    int conf = 0;

    out->major = gss_unwrap_iov(&out->minor, end->ctx, &conf, NULL, iov, 2);
    out->a = (uint32_t)conf;
    k5_msg_set(out, 0, iov[1].buffer.value, iov[1].buffer.length);
    if (iov[1].buffer.length == 0)
        free(iov[1].buffer.value); /* as in set_buffer */
    (void)gss_release_iov_buffer(&minor, iov, 2);
}

static void
do_mic(struct k5_end *end, const struct k5_msg *in, struct k5_msg *out)
{
    gss_buffer_desc input = in->part[0], output = GSS_C_EMPTY_BUFFER;

    out->major = gss_get_mic(&out->minor, end->ctx, GSS_C_QOP_DEFAULT, &input,
                             &output);
    set_buffer(out, 0, &output);
}

static void
do_verify(struct k5_end *end, const struct k5_msg *in, struct k5_msg *out)
{
    gss_buffer_desc message = in->part[0], mic = in->part[1];

    out->major = gss_verify_mic(&out->minor, end->ctx, &message, &mic, NULL);
}

static void
do_mic_iov(struct k5_end *end, const struct k5_msg *in, struct k5_msg *out)
{
    gss_iov_buffer_desc iov[2]
        = { { .type = GSS_IOV_BUFFER_TYPE_DATA, .buffer = in->part[0] },
            { .type = GSS_IOV_BUFFER_TYPE_MIC_TOKEN
                      | GSS_IOV_BUFFER_FLAG_ALLOCATE } };
    gss_iov_buffer_desc length[2]
        = { { .type = GSS_IOV_BUFFER_TYPE_DATA, .buffer = in->part[0] },
            { .type = GSS_IOV_BUFFER_TYPE_MIC_TOKEN } };
    OM_uint32 minor;

    out->major = gss_get_mic_iov_length(&out->minor, end->ctx,
                                        GSS_C_QOP_DEFAULT, length, 2);
    if (GSS_ERROR(out->major))
        return;
    out->major
        = gss_get_mic_iov(&out->minor, end->ctx, GSS_C_QOP_DEFAULT, iov, 2);
    if (!GSS_ERROR(out->major)
        && iov[1].buffer.length != length[1].buffer.length)
        out->major = GSS_S_FAILURE;
    k5_msg_set(out, 0, iov[1].buffer.value, iov[1].buffer.length);
    (void)gss_release_iov_buffer(&minor, iov, 2);
}

static void
do_verify_iov(struct k5_end *end, const struct k5_msg *in, struct k5_msg *out)
{
    gss_iov_buffer_desc iov[2]
        = { { .type = GSS_IOV_BUFFER_TYPE_DATA, .buffer = in->part[0] },
            { .type = GSS_IOV_BUFFER_TYPE_MIC_TOKEN, .buffer = in->part[1] } };

    out->major = gss_verify_mic_iov(&out->minor, end->ctx, NULL, iov, 2);
}

static void
do_size_limit(struct k5_end *end, const struct k5_msg *in, struct k5_msg *out)
{
    out->major = gss_wrap_size_limit(&out->minor, end->ctx, 1,
                                     GSS_C_QOP_DEFAULT, in->a, &out->a);
}

/* --- credentials --- */

/* Split "key=value;key=value" (which it overwrites) into a store. */
static void
parse_store(char *text, gss_key_value_element_desc *elements,
            gss_key_value_set_desc *store)
{
    char *item, *save = NULL, *equals;

    store->elements = elements;
    store->count = 0;
    for (item = strtok_r(text, ";", &save); item != NULL && store->count < 4;
         item = strtok_r(NULL, ";", &save)) {
        equals = strchr(item, '=');
        if (equals == NULL)
            continue;
        *equals = '\0';
        elements[store->count].key = item;
        elements[store->count++].value = equals + 1;
    }
}

static void
do_acquire(struct k5_end *end, const struct k5_msg *in, struct k5_msg *out)
{
    gss_OID_set_desc mechs = { 1, k5_mech(in->b) };
    gss_key_value_element_desc elements[4];
    gss_key_value_set_desc store;
    char *copy = in->part[1].value == NULL ? NULL : strdup(in->part[1].value);
    gss_name_t name;
    OM_uint32 minor;

    (void)gss_release_cred(&minor, &end->cred);
    out->major = k5_name(&out->minor, &in->part[0], &name);
    if (!GSS_ERROR(out->major) && copy == NULL)
        out->major
            = gss_acquire_cred(&out->minor, name, GSS_C_INDEFINITE, &mechs,
                               (int)in->a, &end->cred, NULL, NULL);
    if (!GSS_ERROR(out->major) && copy != NULL) {
        parse_store(copy, elements, &store);
        out->major = gss_acquire_cred_from(&out->minor, name, GSS_C_INDEFINITE,
                                           &mechs, (int)in->a, &store,
                                           &end->cred, NULL, NULL);
    }
    set_error(out, 1, k5_mech(in->b));
    (void)gss_release_name(&minor, &name);
    free(copy);
}

static void
do_password(struct k5_end *end, const struct k5_msg *in, struct k5_msg *out)
{
    gss_OID_set_desc mechs = { 1, k5_mech(in->b) };
    gss_buffer_desc password = in->part[1];
    gss_name_t name;
    OM_uint32 minor;

    (void)gss_release_cred(&minor, &end->cred);
    out->major = k5_name(&out->minor, &in->part[0], &name);
    if (!GSS_ERROR(out->major))
        out->major = gss_acquire_cred_with_password(
            &out->minor, name, &password, GSS_C_INDEFINITE, &mechs,
            GSS_C_INITIATE, &end->cred, NULL, NULL);
    set_error(out, 1, k5_mech(in->b));
    (void)gss_release_name(&minor, &name);
}

static void
do_cred(struct k5_end *end, const struct k5_msg *in, struct k5_msg *out)
{
    gss_name_t name = GSS_C_NO_NAME;
    gss_OID_set mechs = GSS_C_NO_OID_SET;
    OM_uint32 minor, lifetime = 0;
    gss_cred_usage_t usage = 0;

    (void)in;
    out->major = gss_inquire_cred(&out->minor, end->cred, &name, &lifetime,
                                  &usage, &mechs);
    out->a = (uint32_t)usage;
    out->b = lifetime > 0;
    set_name(out, 0, name);
    set_mech(out, 1,
             mechs != NULL && mechs->count > 0 ? &mechs->elements[0] : NULL);
    set_error(out, 2, &krb5_mech);
    (void)gss_release_name(&minor, &name);
    (void)gss_release_oid_set(&minor, &mechs);
}

static void
do_cred_export(struct k5_end *end, const struct k5_msg *in, struct k5_msg *out)
{
    gss_buffer_desc token = GSS_C_EMPTY_BUFFER;

    (void)in;
    out->major = gss_export_cred(&out->minor, end->cred, &token);
    set_error(out, 1, &krb5_mech);
    set_buffer(out, 0, &token);
}

static void
do_cred_import(struct k5_end *end, const struct k5_msg *in, struct k5_msg *out)
{
    gss_buffer_desc token = in->part[0];
    OM_uint32 minor;

    (void)gss_release_cred(&minor, &end->cred);
    out->major = gss_import_cred(&out->minor, &token, &end->cred);
    set_error(out, 1, &krb5_mech);
}

static void
do_cred_store(struct k5_end *end, const struct k5_msg *in, struct k5_msg *out)
{
    gss_key_value_element_desc elements[4];
    gss_key_value_set_desc store;
    char *copy = strdup(in->part[0].value);

    if (copy == NULL)
        abort();
    parse_store(copy, elements, &store);
    out->major = gss_store_cred_into(&out->minor, end->cred, GSS_C_INITIATE,
                                     &krb5_mech, 1, 1, &store, NULL, NULL);
    set_error(out, 1, &krb5_mech);
    free(copy);
}

static void
do_delegated(struct k5_end *end, const struct k5_msg *in, struct k5_msg *out)
{
    OM_uint32 minor;

    (void)in;
    (void)gss_release_cred(&minor, &end->cred);
    end->cred = end->delegated;
    end->delegated = GSS_C_NO_CREDENTIAL;
    out->major
        = end->cred == GSS_C_NO_CREDENTIAL ? GSS_S_NO_CRED : GSS_S_COMPLETE;
}

static void
do_impersonate(struct k5_end *end, const struct k5_msg *in, struct k5_msg *out)
{
    gss_OID_set_desc mechs = { 1, &krb5_mech };
    gss_cred_id_t result = GSS_C_NO_CREDENTIAL;
    gss_name_t name;
    OM_uint32 minor;

    out->major = k5_name(&out->minor, &in->part[0], &name);
    if (!GSS_ERROR(out->major))
        out->major = gss_acquire_cred_impersonate_name(
            &out->minor, end->cred, name, GSS_C_INDEFINITE, &mechs,
            GSS_C_INITIATE, &result, NULL, NULL);
    set_error(out, 1, &krb5_mech);
    (void)gss_release_name(&minor, &name);
    if (!GSS_ERROR(out->major)) {
        (void)gss_release_cred(&minor, &end->cred);
        end->cred = result;
    }
}

static void
do_loaded(struct k5_end *end, const struct k5_msg *in, struct k5_msg *out)
{
    gss_OID_set mechs = GSS_C_NO_OID_SET;
    OM_uint32 minor;

    (void)end;
    (void)in;
    out->major = gss_indicate_mechs(&out->minor, &mechs);
    out->b = mechs == NULL ? 0 : (uint32_t)mechs->count;
    out->a = (uint32_t)k5_module_loaded();
    (void)gss_release_oid_set(&minor, &mechs);
}

static void
do_reset_ctx(struct k5_end *end, const struct k5_msg *in, struct k5_msg *out)
{
    (void)in;
    out->major = gss_delete_sec_context(&out->minor, &end->ctx, NULL);
}

static void
do_reset(struct k5_end *end, const struct k5_msg *in, struct k5_msg *out)
{
    (void)in;
    (void)out;
    k5_end_reset(end);
}

void
k5_end_reset(struct k5_end *end)
{
    OM_uint32 minor;

    (void)gss_delete_sec_context(&minor, &end->ctx, NULL);
    (void)gss_release_cred(&minor, &end->cred);
    (void)gss_release_cred(&minor, &end->delegated);
}

typedef void handler(struct k5_end *, const struct k5_msg *, struct k5_msg *);

static handler *const handlers[K5_LAST] = {
    [K5_RESET] = do_reset,
    [K5_RESET_CTX] = do_reset_ctx,
    [K5_INIT] = do_init,
    [K5_ACCEPT] = do_accept,
    [K5_INQUIRE] = do_inquire,
    [K5_WRAP] = do_wrap,
    [K5_UNWRAP] = do_unwrap,
    [K5_WRAP_IOV] = do_wrap_iov,
    [K5_UNWRAP_IOV] = do_unwrap_iov,
    [K5_UNWRAP_STREAM] = do_unwrap_stream,
    [K5_MIC] = do_mic,
    [K5_VERIFY] = do_verify,
    [K5_MIC_IOV] = do_mic_iov,
    [K5_VERIFY_IOV] = do_verify_iov,
    [K5_SIZE_LIMIT] = do_size_limit,
    [K5_EXPORT] = do_export,
    [K5_IMPORT] = do_import,
    [K5_ACQUIRE] = do_acquire,
    [K5_PASSWORD] = do_password,
    [K5_CRED] = do_cred,
    [K5_CRED_EXPORT] = do_cred_export,
    [K5_CRED_IMPORT] = do_cred_import,
    [K5_CRED_STORE] = do_cred_store,
    [K5_DELEGATED] = do_delegated,
    [K5_IMPERSONATE] = do_impersonate,
    [K5_LOADED] = do_loaded,
};

void
k5_end_handle(struct k5_end *end, const struct k5_msg *request,
              struct k5_msg *reply)
{
    memset(reply, 0, sizeof(*reply));
    if (request->op >= K5_LAST)
        abort();
    handlers[request->op](end, request, reply);
}

void
k5_end_serve(int fd)
{
    struct k5_end end
        = { GSS_C_NO_CONTEXT, GSS_C_NO_CREDENTIAL, GSS_C_NO_CREDENTIAL };
    struct k5_msg request, reply;
    int ret = 0;

    while (ret == 0 && k5_msg_receive(fd, &request) == 0) {
        k5_end_handle(&end, &request, &reply);
        ret = k5_msg_send(fd, &reply);
        k5_msg_clear(&request);
        k5_msg_clear(&reply);
    }
    k5_end_reset(&end);
}
