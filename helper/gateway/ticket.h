/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * ticket.h - Ticket and EncTicketPart of RFC 4120 5.3, as DER.  Writing only:
 * whoever reads them is libkrb5.
 *
 *     Ticket        ::= [APPLICATION 1] SEQUENCE {
 *             tkt-vno [0] INTEGER (5), realm [1] Realm,
 *             sname [2] PrincipalName, enc-part [3] EncryptedData }
 *     EncTicketPart ::= [APPLICATION 3] SEQUENCE {
 *             flags [0] TicketFlags, key [1] EncryptionKey,
 *             crealm [2] Realm, cname [3] PrincipalName,
 *             transited [4] TransitedEncoding, authtime [5] KerberosTime,
 *             starttime [6] KerberosTime, endtime [7] KerberosTime }
 */
#ifndef GATE_TICKET_H
#define GATE_TICKET_H

#include <krb5.h>

#include "plugin/bytes/buf.h"

/* Append the part to be encrypted: client, flags, keyblock and times of creds
 * (authtime, starttime, endtime). */
void ticket_encode_part(struct cs_buf *out, const krb5_creds *creds);

/* Append the ticket around it. */
void ticket_encode(struct cs_buf *out, krb5_const_principal server,
                   krb5_enctype enctype, krb5_kvno kvno,
                   const krb5_data *sealed);

/* The encryption type: the first that krb5.conf permits.  A crypto-policies
 * include may have but those with SHA-2, and whoever gets a ticket has the
 * same krb5.conf.  RC4 and 3DES are not for a key that lives as long as the
 * gateway: ENCTYPE_NULL if nothing better is permitted. */
krb5_error_code ticket_enctype(krb5_context context, krb5_enctype *out);

#endif /* GATE_TICKET_H */
