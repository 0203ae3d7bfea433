/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/* test_sealed.c - encrypted bodies: what is read, and what is not. */
#include "config.h"

#include "tests/unit/cs_hex.h"
#include "helper/wsman/sealed.h"

#define B "--Encrypted Boundary"
#define TYPE(p) "\tContent-Type: application/HTTP-" p "-session-encrypted\r\n"
#define SIZE(n) "\tOriginalContent: type=application/soap+xml;charset=UTF-8;" \
    "Length=" n "\r\n"
#define OCTETS "\tContent-Type: application/octet-stream\r\n"
#define START(p, n) B "\r\n" TYPE(p) SIZE(n) B "\r\n" OCTETS
#define MAX ((size_t)1 << 20)

/* Made by pypsrp 0.9.1 with pyspnego 0.12.4: NTLM, and TLS 1.3. */
static const char by_ntlm[] = START("SPNEGO", "13")
    "\x10\x00\x00\x00" "\x01\x00\x00\x00\xca.U\xb5h$U\xd2\x00\x00\x00\x00"
    "3\xf8\x10\x1f\xf2\xce\x89+q\x8a\xfa\x1a\x1d" B "--\r\n";
static const char by_credssp[] = START("CredSSP", "13")
    "\x11\x00\x00\x00" "\x17\x03\x03\x00\x1e\xd3o\x84\xe8\x0b" "4W\x01\x8a\xd0"
    "\r\xb3O\r\xcdx@\x8a\xf1" "7\xd3\x8b\x96l[}\x8f)\x1b\xff" B "--\r\n";

#define SPAN(array) exact((array), sizeof(array) - 1)

/* Read all parts of a body; returns how many, or CS_MALFORMED. */
static int
count(struct cs_span body, enum gate_protocol protocol)
{
    struct gate_reader reader;
    struct gate_part part;
    struct cs_error err = { 0 };
    int ret, parts = 0;

    gate_reader_init(&reader, body, protocol, MAX);
    while ((ret = gate_reader_next(&reader, &part, &err)) == 1)
        parts++;
    assert_int_equal(ret == 0, err.text[0] == '\0');
    assert_int_equal(gate_reader_next(&reader, &part, NULL), ret);
    assert_null(part.data.p);
    return (ret == 0) ? parts : ret;
}

/* text has NULs written as '%', since a field always has some. */
static int
count_text(const char *text, enum gate_protocol protocol)
{
    struct cs_span body = exact(text, strlen(text));
    uint8_t *p = (uint8_t *)(uintptr_t)body.p;
    size_t i;
    int ret;

    for (i = 0; i < body.len; i++) {
        if (p[i] == '%')
            p[i] = 0;
    }
    ret = count(body, protocol);
    drop(body);
    return ret;
}

static void
test_vectors(void **state)
{
    struct cs_span body = SPAN(by_ntlm);
    struct gate_reader reader;
    struct gate_part part;

    (void)state;
    gate_reader_init(&reader, body, GATE_SPNEGO, 13);
    assert_int_equal(gate_reader_next(&reader, &part, NULL), 1);
    assert_int_equal(part.length, 13);
    assert_int_equal(part.field, 16);
    assert_true(is_hex(part.header, "01000000ca2e55b5682455d200000000"));
    assert_true(is_hex(part.data, "33f8101ff2ce892b718afa1a1d"));
    assert_int_equal(part.type.len, 34);
    assert_memory_equal(part.type.p, "application/soap+xml;charset=UTF-8", 34);
    assert_int_equal(gate_reader_next(&reader, &part, NULL), 0);
    drop(body);

    body = SPAN(by_credssp);
    gate_reader_init(&reader, body, GATE_CREDSSP, 13);
    assert_int_equal(gate_reader_next(&reader, &part, NULL), 1);
    assert_int_equal(part.field, 17);
    assert_int_equal(part.header.len, 0);
    assert_int_equal(part.data.len, 35);
    assert_memory_equal(part.data.p, "\x17\x03\x03\x00\x1e", 5);
    assert_int_equal(gate_reader_next(&reader, &part, NULL), 0);
    drop(body);
}

/* Only these may be missing: the last line end, and the dashes. */
static void
test_truncated(void **state)
{
    struct cs_span whole[] = { SPAN(by_ntlm), SPAN(by_credssp) }, cut;
    size_t len, left, i;

    (void)state;
    for (i = 0; i < COUNT(whole); i++) {
        for (len = 0; len < whole[i].len; len++) {
            cut = exact(whole[i].p, len);
            left = whole[i].len - len;
            if (count(cut, i == 0 ? GATE_SPNEGO : GATE_CREDSSP) !=
                ((left == 2 || left == 4) ? 1 : CS_MALFORMED))
                fail_msg("%zu of %zu", len, whole[i].len);
            drop(cut);
        }
        drop(whole[i]);
    }
}

#define KRB START("Kerberos", "2")
#define ONE "\x01%%%hdd"
/* A TLS record of 10 bytes, with room for one. */
#define TLS "\x0a%%%\x17\x03\x03%\x0a" "0123456789"
#define CRED START("CredSSP", "1")

static const struct {
    enum gate_protocol protocol;
    int parts;
    const char *body;
} bodies[] = {
    { GATE_KERBEROS, 1, KRB ONE B "--\r\n" },
    { GATE_KERBEROS, 1, KRB ONE B "--" },
    { GATE_KERBEROS, 1, KRB ONE B "--\r\n\r\n" },
    { GATE_KERBEROS, 1, KRB ONE B "\r\n" },
    { GATE_KERBEROS, 1, KRB ONE B "" },
    /* Exchange, openwsman; OMI without tabs; other case; other order. */
    { GATE_KERBEROS, 1, "-- Encrypted Boundary\r\n" TYPE("Kerberos") SIZE("2")
      "-- Encrypted Boundary\r\n" OCTETS ONE "-- Encrypted Boundary--\r\n" },
    { GATE_KERBEROS, 1, B "\r\nContent-Type: application/HTTP-Kerberos-"
      "session-encrypted\r\nOriginalContent: type=a/b;Length=2\r\n" B "\r\n"
      "Content-Type: application/octet-stream\r\n" ONE B "--\r\n" },
    { GATE_KERBEROS, 1, "--encrypted boundary\r\n content-type:application/"
      "http-kerberos-session-encrypted \r\n\toriginalcontent: TYPE=a/b; "
      "length=2\r\n--ENCRYPTED BOUNDARY\r\n\tcontent-type: application/OCTET-"
      "stream\r\n" ONE B "--\r\n" },
    { GATE_KERBEROS, 1, B "\r\n" SIZE("2") TYPE("Kerberos") B "\r\n" OCTETS
      ONE B "--\r\n" },
    { GATE_SPNEGO, 1, KRB ONE B "--\r\n" },
    { GATE_KERBEROS, 1, START("SPNEGO", "2") ONE B "--\r\n" },
    /* The boundary inside the ciphertext. */
    { GATE_KERBEROS, 1, START("Kerberos", "24") "\x01%%%h" B "--\r\n"
      B "--\r\n" },
    { GATE_KERBEROS, 1, START("Kerberos", "22") "\x01%%%h" B "\r\n"
      B "--\r\n" },
    { GATE_KERBEROS, 1, START("Kerberos", "1") "\x16%%%" B "--d" B "--\r\n" },
    { GATE_CREDSSP, 1, CRED "\x0a%%%\x17\x03\x03%\x18" B "--\r\n" B "--\r\n" },
    { GATE_CREDSSP, 1, CRED TLS B "--\r\n" },
    { GATE_CREDSSP, 2, CRED TLS CRED TLS B "--\r\n" },
    { GATE_CREDSSP, 3, CRED TLS CRED TLS CRED TLS B "--\r\n" },
    { GATE_CREDSSP, 2, CRED TLS B "--\r\n" CRED TLS B "--\r\n" },
    { GATE_CREDSSP, 1, CRED "\x0a%%%\x17\x03\x01%\x0a" "0123456789"
      B "--\r\n" },
    /* Several records: what follows one says so. */
    { GATE_CREDSSP, 1, CRED TLS "\x17\x03\x03%\x0a" "0123456789" B "--\r\n" },
    { GATE_CREDSSP, 1, START("CredSSP", "2") TLS "\x17\x03\x03%\x0a"
      "----------" B "--\r\n" },

    { GATE_KERBEROS, -2, "" },
    { GATE_KERBEROS, -2, "\r\n" KRB ONE B "--\r\n" },
    { GATE_KERBEROS, -2, B "--\r\n" },
    { GATE_KERBEROS, -2, B "\r\n" },
    { GATE_KERBEROS, -2, KRB ONE B "--\r\n\r\n\r\n" },
    { GATE_KERBEROS, -2, KRB ONE B "--\n" },
    { GATE_KERBEROS, -2, KRB ONE B "--\r\nx" },
    { GATE_KERBEROS, -2, KRB ONE B "x" },
    { GATE_KERBEROS, -2, KRB ONE B "-" },
    { GATE_KERBEROS, -2, KRB ONE "\r\n" B "--\r\n" },
    { GATE_KERBEROS, -2, KRB ONE "d" B "--\r\n" },
    { GATE_KERBEROS, -2, KRB "\x01%%%hd" B "--\r\n" },
    { GATE_KERBEROS, -2, KRB "\x02%%%hd" B "--\r\n" },
    { GATE_KERBEROS, -2, KRB "%%%%dd" B "--\r\n" },
    { GATE_KERBEROS, -2, KRB "\xff\xff\xff\xff" "dd" B "--\r\n" },
    { GATE_KERBEROS, -2, KRB "\x01%%\x80hdd" B "--\r\n" },
    { GATE_KERBEROS, -2, KRB ONE B "--\r\n" KRB ONE B "--\r\n" },
    { GATE_KERBEROS, -2, KRB ONE KRB ONE B "--\r\n" },
    { GATE_KERBEROS, -2, CRED TLS B "--\r\n" },
    { GATE_CREDSSP, -2, KRB ONE B "--\r\n" },
    { GATE_KERBEROS, -2, START("CredSSP", "2") ONE B "--\r\n" },
    { GATE_CREDSSP, -2, START("Kerberos", "1") TLS B "--\r\n" },
    { GATE_CREDSSP, -2, CRED TLS B "\r\n" B "\r\n" TYPE("CredSSP") SIZE("1")
      B "\r\n" OCTETS TLS B "--\r\n" },
    { GATE_CREDSSP, -2, CRED TLS B "--" CRED TLS B "--\r\n" },
    { GATE_CREDSSP, -2, CRED TLS B "--\r\n\r\n" CRED TLS B "--\r\n" },
    { GATE_CREDSSP, -2, CRED TLS "\r\n" B "--\r\n" },
    /* Too little room, another type or version, cut off, too long. */
    { GATE_CREDSSP, -2, START("CredSSP", "2") TLS B "--\r\n" },
    { GATE_CREDSSP, -2, CRED "\x09%%%\x17\x03\x03%\x09" "012345678" B "--" },
    { GATE_CREDSSP, -2, CRED "\x05%%%\x17\x03\x03%\x05" "01234" B "--" },
    { GATE_CREDSSP, -2, CRED "\x05%%%\x17\x03\x03%%" B "--" },
    { GATE_CREDSSP, -2, CRED "\x0a%%%\x17\x02\x03%\x0a" "0123456789" B "--" },
    { GATE_CREDSSP, -2, CRED "\x0a%%%\x15\x03\x03%\x0a" "0123456789" B "--" },
    { GATE_CREDSSP, -2, CRED "\x0a%%%\x17\x03%%\x0a" "0123456789" B "--" },
    { GATE_CREDSSP, -2, CRED "\x0a%%%\x17\x03\x04%\x0a" "0123456789" B "--" },
    { GATE_CREDSSP, -2, CRED "\x0a%%%\x17\x03\x03%\x40" "0123456789" B "--" },
    { GATE_CREDSSP, -2, CRED "\x0a%%%\x17\x03\x03\x48\x01" "01234" B "--" },
    { GATE_CREDSSP, -2, CRED "\x0f%%%\x17\x03\x03%\x0a" "0123456789" B "--" },
    { GATE_CREDSSP, -2, CRED "\x0a%%%" B "--" },
    /* The description of a part. */
    { GATE_KERBEROS, -2, B "\r\n" SIZE("2") B "\r\n" OCTETS ONE B "--" },
    { GATE_KERBEROS, -2, B "\r\n" TYPE("Kerberos") B "\r\n" OCTETS ONE B },
    { GATE_KERBEROS, -2, B "\r\n" SIZE("2") SIZE("2") B "\r\n" OCTETS ONE B },
    { GATE_KERBEROS, -2, B "\r\n" TYPE("Kerberos") TYPE("Kerberos") SIZE("2")
      B "\r\n" OCTETS ONE B "--" },
    { GATE_KERBEROS, -2, B "\r\n" TYPE("Kerberos") SIZE("2") "\tX: y\r\n"
      B "\r\n" OCTETS ONE B "--" },
    { GATE_KERBEROS, -2, B "\r\n" TYPE("Kerberos") SIZE("2") "\r\n" B "\r\n"
      OCTETS ONE B "--" },
    { GATE_KERBEROS, -2, B "\r\n" TYPE("Kerberos") SIZE("2") B "\r\n" OCTETS
      "\r\n" ONE B "--" },
    { GATE_KERBEROS, -2, B "\r\n" TYPE("Kerberos") SIZE("2") B "\r\n" ONE B },
    { GATE_KERBEROS, -2, B "\r\n" TYPE("NTLM") SIZE("2") B "\r\n" OCTETS ONE
      B "--" },
    { GATE_KERBEROS, -2, B "\n" TYPE("Kerberos") SIZE("2") B "\r\n" OCTETS ONE
      B "--" },
    { GATE_KERBEROS, -2, START("Kerberos", "") ONE B "--" },
    { GATE_KERBEROS, -2, START("Kerberos", "0") "\x01%%%h" B "--" },
    { GATE_KERBEROS, -2, START("Kerberos", "-2") ONE B "--" },
    { GATE_KERBEROS, -2, START("Kerberos", "+2") ONE B "--" },
    { GATE_KERBEROS, -2, START("Kerberos", "0x2") ONE B "--" },
    { GATE_KERBEROS, -2, START("Kerberos", "2;a=b") ONE B "--" },
    { GATE_KERBEROS, -2, START("Kerberos", "4294967296") ONE B "--" },
    { GATE_KERBEROS, -2, START("Kerberos", "4294967298") ONE B "--" },
    { GATE_KERBEROS, -2, START("Kerberos", "18446744073709551618") ONE B },
};

static void
test_bodies(void **state)
{
    size_t i;
    int got;

    (void)state;
    for (i = 0; i < COUNT(bodies); i++) {
        got = count_text(bodies[i].body, bodies[i].protocol);
        if (got != bodies[i].parts)
            fail_msg("%zu: %d for %d: %s", i, got, bodies[i].parts,
                     bodies[i].body);
    }
}

static void
put(struct cs_buf *out, const char *text)
{
    cs_buf_add(out, text, strlen(text));
}

static void
put_record(struct cs_buf *out, size_t len)
{
    uint8_t head[5] = { 0x17, 3, 3, len >> 8, len };

    cs_buf_add(out, head, 5);
    for (; len > 0; len--)
        cs_buf_add(out, "-", 1);
}

/* One CredSSP part whose plaintext is said to have n bytes, in records. */
static int
read_sized(const char *n, const size_t *records, size_t count_of)
{
    struct cs_buf out = CS_BUF_INIT(MAX);
    struct cs_span body;
    size_t i;
    int ret;

    put(&out, B "\r\n" TYPE("CredSSP") "\tOriginalContent: type=a;Length=");
    put(&out, n);
    put(&out, "\r\n" B "\r\n" OCTETS);
    cs_buf_add(&out, "\x10\0\0", 4);
    for (i = 0; i < count_of; i++)
        put_record(&out, records[i]);
    put(&out, B "--\r\n");
    body = exact(out.p, out.len);
    ret = count(body, GATE_CREDSSP);
    drop(body);
    cs_buf_free(&out);
    return ret;
}

static void
test_record_sizes(void **state)
{
    size_t many[65], i;

    (void)state;
    for (i = 0; i < COUNT(many); i++)
        many[i] = 280;
    assert_int_equal(read_sized("16384", (size_t[]){ 16401 }, 1), 1);
    assert_int_equal(read_sized("16384", (size_t[]){ 18432 }, 1), 1);
    assert_int_equal(read_sized("16384", (size_t[]){ 18433 }, 1), -2);
    assert_int_equal(read_sized("16384", (size_t[]){ 16392 }, 1), -2);
    assert_int_equal(read_sized("16385", (size_t[]){ 16402 }, 1), -2);
    assert_int_equal(read_sized("16385", (size_t[]){ 8200, 9000 }, 2), -2);
    assert_int_equal(read_sized("16384", (size_t[]){ 37, 16420 }, 2), 1);
    assert_int_equal(read_sized("16384", many, 64), 1);
    assert_int_equal(read_sized("16384", many, 65), -2);
}

/* A header of Kerberos or NTLM has some 60 bytes. */
static void
test_header_sizes(void **state)
{
    struct cs_buf out = CS_BUF_INIT(MAX);
    uint32_t size;
    uint8_t *at;

    (void)state;
    for (size = 1023; size <= 1025; size++) {
        put(&out, KRB);
        cs_buf_add(&out, (uint8_t[]){ size, size >> 8, 0, 0 }, 4);
        at = cs_buf_room(&out, size + 2);
        assert_non_null(at);
        memset(at, '-', size + 2);
        out.len += size + 2;
        put(&out, B "--\r\n");
        assert_int_equal(count(cs_buf_span(&out), GATE_KERBEROS),
                         size <= 1024 ? 1 : CS_MALFORMED);
        cs_buf_reset(&out);
    }
    cs_buf_free(&out);
}

/* The limit is of all parts together, and is checked before anything is. */
static void
test_limits(void **state)
{
    struct cs_span body = exact(KRB "\x01\0\0\0hdd" B "--\r\n",
                                sizeof(KRB "\x01\0\0\0hdd" B "--\r\n") - 1);
    struct cs_buf out = CS_BUF_INIT((size_t)16 << 20);
    struct gate_reader reader;
    struct gate_part part;
    struct cs_error err;
    int i;

    (void)state;
    gate_reader_init(&reader, body, GATE_KERBEROS, 2);
    assert_int_equal(gate_reader_next(&reader, &part, &err), 1);
    gate_reader_init(&reader, body, GATE_KERBEROS, 1);
    assert_int_equal(gate_reader_next(&reader, &part, &err), CS_MALFORMED);
    assert_non_null(strstr(err.text, "more than 1 bytes"));
    drop(body);

    for (i = 0; i < GATE_PARTS_MAX; i++) {
        cs_buf_add(&out, CRED "\x10\0\0", sizeof(CRED) - 1 + 4);
        put_record(&out, 20);
    }
    assert_int_equal(out.error, 0);
    body = exact(out.p, out.len);
    assert_int_equal(count(body, GATE_CREDSSP), CS_MALFORMED);
    drop(body);
    put(&out, B "--");
    assert_int_equal(count(cs_buf_span(&out), GATE_CREDSSP), GATE_PARTS_MAX);
    gate_reader_init(&reader, cs_buf_span(&out), GATE_CREDSSP, 2);
    assert_int_equal(gate_reader_next(&reader, &part, NULL), 1);
    assert_int_equal(gate_reader_next(&reader, &part, NULL), 1);
    assert_int_equal(gate_reader_next(&reader, &part, NULL), CS_MALFORMED);
    out.len -= 2;               /* "--Encrypted Boundary", and one more */
    cs_buf_add(&out, &(CRED "\x10\0\0")[20], sizeof(CRED) - 1 - 20 + 4);
    put_record(&out, 20);
    put(&out, B "--");
    assert_int_equal(count(cs_buf_span(&out), GATE_CREDSSP), CS_MALFORMED);
    cs_buf_free(&out);
}

/* What we write is what others do, and reads. */
static void
test_write(void **state)
{
    struct cs_buf out = CS_BUF_INIT(MAX);
    struct cs_span body = SPAN(by_ntlm);
    struct gate_reader reader;
    struct gate_part part;

    (void)state;
    gate_reader_init(&reader, body, GATE_SPNEGO, MAX);
    assert_int_equal(gate_reader_next(&reader, &part, NULL), 1);
    gate_write_part(&out, GATE_SPNEGO, &part);
    gate_write_end(&out);
    assert_true(same(cs_buf_span(&out), body));
    drop(body);
    cs_buf_reset(&out);

    body = SPAN(by_credssp);
    gate_reader_init(&reader, body, GATE_CREDSSP, MAX);
    assert_int_equal(gate_reader_next(&reader, &part, NULL), 1);
    part.type.len = 0;          /* what it is by default */
    gate_write_part(&out, GATE_CREDSSP, &part);
    gate_write_end(&out);
    assert_true(same(cs_buf_span(&out), body));
    part.type = (struct cs_span){ (const uint8_t *)"a\r\nX: y", 7 };
    gate_write_part(&out, GATE_CREDSSP, &part);
    assert_int_equal(out.error, CS_MALFORMED);
    cs_buf_free(&out);
    part.type = (struct cs_span){ (const uint8_t *)"a;Length=1", 10 };
    gate_write_part(&out, GATE_CREDSSP, &part);
    assert_int_equal(out.error, CS_MALFORMED);
    cs_buf_free(&out);
    drop(body);
}

#define PROTOCOL(p) ";protocol=\"application/HTTP-" p "-session-encrypted\""
#define BOUNDARY ";boundary=\"Encrypted Boundary\""

static const struct {
    const char *type;
    int ret;
    enum gate_protocol protocol;
    int multi;
} types[] = {
    { "multipart/encrypted" PROTOCOL("SPNEGO") BOUNDARY, 1, GATE_SPNEGO, 0 },
    { "multipart/encrypted" PROTOCOL("Kerberos") BOUNDARY, 1, GATE_KERBEROS,
      0 },
    { "multipart/x-multi-encrypted" PROTOCOL("CredSSP") BOUNDARY, 1,
      GATE_CREDSSP, 1 },
    { "Multipart/Encrypted ; Boundary=\"encrypted boundary\" ; charset=utf-8"
      PROTOCOL("spnego"), 1, GATE_SPNEGO, 0 },
    { "application/soap+xml;charset=UTF-8", 0, 0, 0 },
    { "multipart/encryptedfoo", 0, 0, 0 }, { "", 0, 0, 0 },
    { "multipart/mixed" PROTOCOL("SPNEGO") BOUNDARY, 0, 0, 0 },
    { "multipart/encrypted", -2, 0, 0 },
    { "multipart/encrypted;", -2, 0, 0 },
    { "multipart/encrypted" PROTOCOL("SPNEGO"), -2, 0, 0 },
    { "multipart/encrypted" BOUNDARY, -2, 0, 0 },
    { "multipart/encrypted" PROTOCOL("SPNEGO") BOUNDARY BOUNDARY, -2, 0, 0 },
    { "multipart/encrypted" PROTOCOL("SPNEGO") PROTOCOL("SPNEGO") BOUNDARY,
      -2, 0, 0 },
    { "multipart/encrypted" PROTOCOL("NTLM") BOUNDARY, -2, 0, 0 },
    { "multipart/encrypted" PROTOCOL("SPNEGO") ";boundary=\"x\"", -2, 0, 0 },
    { "multipart/encrypted" PROTOCOL("SPNEGO") BOUNDARY "x", -2, 0, 0 },
    { "multipart/encrypted" PROTOCOL("SPNEGO") ";boundary=\"Encrypted ", -2, 0,
      0 },
    { "multipart/encrypted" PROTOCOL("SPNEGO") BOUNDARY ";a=\"\\", -2, 0, 0 },
};

static void
test_types(void **state)
{
    enum gate_protocol protocol, p;
    size_t i;
    int multi;

    (void)state;
    for (i = 0; i < COUNT(types); i++) {
        if (gate_sealed_type(types[i].type, &protocol, &multi, NULL) !=
            types[i].ret || (types[i].ret == 1 &&
            (protocol != types[i].protocol || multi != types[i].multi)))
            fail_msg("%s", types[i].type);
    }
    for (p = GATE_SPNEGO; p <= GATE_CREDSSP; p++) {
        assert_int_equal(gate_sealed_type(gate_sealed_content_type(p, 1),
                                          &protocol, &multi, NULL), 1);
        assert_true(protocol == p && multi == 1);
    }
    assert_string_equal(gate_sealed_content_type(GATE_CREDSSP, 0),
                        "multipart/encrypted"
                        PROTOCOL("CredSSP") BOUNDARY);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_record_sizes),
        cmocka_unit_test(test_header_sizes),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_types),
    };

    return cmocka_run_group_tests_name("encrypted bodies", tests, NULL, NULL);
}
