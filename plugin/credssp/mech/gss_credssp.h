/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * gss_credssp.h - CredSSP (MS-CSSP) as a GSSAPI mechanism: its OIDs.
 *
 * See gss-credssp(7).  Numbers in answers are four octets, little-endian.
 */
#ifndef GSS_CREDSSP_H
#define GSS_CREDSSP_H

/* DER contents of 2.25.1467839257. */
#define GSS_CREDSSP_OID "\x69\x85\xbb\xf5\xe6\x19"
#define GSS_CREDSSP_OID_LENGTH 6

/*
 * For gss_inquire_sec_context_by_oid(): the mechanism's OID and one more
 * octet.  One buffer each, but for the last.
 */
#define GSS_CREDSSP_INQ_LENGTH 7
/* Bytes that a record of 16384 bytes of plaintext has after the data; WinRM's
 * Length-Field (MS-WSMV 2.2.9.1.3).  With CBC ciphers it depends on the
 * length: take it from gss_wrap_iov(). */
#define GSS_CREDSSP_INQ_TRAILER GSS_CREDSSP_OID "\x01"
/* The version of CredSSP in force, 2 to 6. */
#define GSS_CREDSSP_INQ_VERSION GSS_CREDSSP_OID "\x02"
/* Text, as OpenSSL has it: "TLSv1.3"; "TLS_AES_256_GCM_SHA384". */
#define GSS_CREDSSP_INQ_TLS_VERSION GSS_CREDSSP_OID "\x03"
#define GSS_CREDSSP_INQ_TLS_CIPHER GSS_CREDSSP_OID "\x04"
/* The inner mechanism: DER contents of its OID. */
#define GSS_CREDSSP_INQ_INNER GSS_CREDSSP_OID "\x05"
/*
 * Acceptor: what was delegated, as three buffers in UTF-8: domain, user,
 * password.  The context forgets it with this call; wipe and release the
 * buffers.  GSS_S_UNAVAILABLE when it is gone.
 */
#define GSS_CREDSSP_INQ_DELEGATED GSS_CREDSSP_OID "\x06"

#endif /* GSS_CREDSSP_H */
