/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The gss-winrm authors */
/*
 * keytable.h - every key of the winrm section of krb5.conf, once.
 *
 *     GW_..._KEY(section, name, levels, type, default, example, sentence, ...)
 *
 * The macro is the key's owner: the struct that has a field of that name, and
 * NAME_source (keys.h), and so who reads it:
 *
 *     GW_POLICY_KEY   struct gw_policy          the plugin, broker and gateway
 *     GW_CREDSSP_KEY  struct gw_credssp_policy  the mechanism and the broker
 *     GW_HOST_KEY     struct hc_host            the broker and the gateway;
 *                     by the host as it was given, whatever DNS makes of it
 *     GW_GATEWAY_KEY  struct hc_gateway         the gateway
 *
 * section   a subsection, or ""
 * levels    where it may stand: anywhere, not_targets, targets or general
 * type      of keys.h
 * default   as it would stand in krb5.conf; "" where there is none
 * example   for the sample file, where there is no default
 * sentence  what it does, for the sample file
 * ...       .want, what a value has to be, for complaints: for a WORD all of
 *           the words, in the order of its enum; for a number its unit, if it
 *           has one, beside .low and .high; .ok, a check (keys.h)
 *
 * Whoever includes this defines the macros that it wants, or GW_KEY for all.
 * All that knows keys comes from here: reading, defaults, the trace's review,
 * `gss-winrm explain' and `configure', the completions and the sample file (by
 * keylist.in).  A test compares gss-winrm.conf(5).
 */
#ifndef GW_KEY
#define GW_KEY(...)
#endif
#ifndef GW_POLICY_KEY
#define GW_POLICY_KEY GW_KEY
#endif
#ifndef GW_CREDSSP_KEY
#define GW_CREDSSP_KEY GW_KEY
#endif
#ifndef GW_HOST_KEY
#define GW_HOST_KEY GW_KEY
#endif
#ifndef GW_GATEWAY_KEY
#define GW_GATEWAY_KEY GW_KEY
#endif

GW_POLICY_KEY("", enabled, anywhere, BOOLEAN, "true", "",
              "If false, the name is left alone.",
              .want = "true or false")
/* Samba uses gss_krb5_import_cred(), whose credentials are lost on any
 * interposer (INTERPOSER.md), and has no business with WinRM.  The helper's
 * programs choose names themselves, by the same rules. */
GW_POLICY_KEY("", except, general, WORDS,
              "smbd winbindd nmbd samba samba-dcerpcd samba-tool smbclient "
              "rpcclient net gss-winrmd gss-winrm-gateway", "",
              "Programs in which the plugin is not there at all.",
              .want = "names of programs")
GW_POLICY_KEY("", match, anywhere, WORD, "auto", "",
              "Whether calls for HTTP at a host are about WinRM.",
              .want = "auto, always or never")
GW_POLICY_KEY("", programs, not_targets, WORDS, "", "evil-winrm",
              "Programs whose every HTTP name is WinRM.",
              .want = "names of programs")
GW_POLICY_KEY("", ports, anywhere, PORTS, "5985 5986", "",
              "A connection to one of these tells that a call is about WinRM.",
              .low = 1, .high = 65535, .want = "a port number")
GW_POLICY_KEY("", spn, anywhere, WORDS,
              "HOST/%f WSMAN/%f HTTP/%n HTTP/%f", "",
              "The service names to ask for, until the KDC knows one.",
              .want = "of the form CLASS/NAME", .ok = gw_spn_ok)
GW_POLICY_KEY("", delegation, anywhere, WORD, "none", "",
              "What the server may have of the user's, to act elsewhere.",
              .want = "none, kerberos or credssp")
GW_POLICY_KEY("", host, targets, STRING, "", "web03.corp.example.com",
              "The name to use in place of an address or an alias.",
              .want = "a name")
GW_POLICY_KEY("", nodes, targets, WORDS, "",
              "web01.corp.example.com web02.corp.example.com",
              "The nodes behind a cluster's name; they come before host.",
              .want = "names of hosts")

GW_CREDSSP_KEY("credssp", delegate_to, not_targets, WORDS, "",
               "web04.lab.example.com",
               "The targets to which a password may be sent.",
               .want = "targets")
GW_CREDSSP_KEY("credssp", ntlm, not_targets, BOOLEAN, "false", "",
               "Also to a server that has proved itself by NTLM only.",
               .want = "true or false")
/* 5: CVE-2018-0886. */
GW_CREDSSP_KEY("credssp", minimum_version, not_targets, NUMBER, "5", "",
               "The oldest version of the protocol to accept.",
               .low = 2, .high = 6)

GW_HOST_KEY("", credential, anywhere, STRING, "", "alice@CORP.EXAMPLE.COM",
            "Which of the broker's credentials to use.",
            .want = "a name")
GW_HOST_KEY("", ca_file, anywhere, STRING, "system", "",
            "The authorities for port 5986, a file in PEM or the machine's.",
            .want = "an absolute path or \"system\"", .ok = hc_ca_file_ok)
GW_HOST_KEY("", pin, anywhere, STRING, "",
            "5ab0c7d99f4f1e0a5ab0c7d99f4f1e0a5ab0c7d99f4f1e0a5ab0c7d99f4f1e0a",
            "The hash of the server's public key, in place of authorities.",
            .want = "a SHA-256 in hexadecimal (64 digits)", .ok = hc_pin_ok)
GW_HOST_KEY("gateway", targets, not_targets, WORDS, "", ".corp.example.com",
            "More hosts to which the gateway may connect.",
            .want = "targets")
GW_HOST_KEY("gateway", ntlm, anywhere, BOOLEAN, "false", "",
            "Whether Negotiate may end up as NTLM.",
            .want = "true or false")

GW_GATEWAY_KEY("gateway", listen, general, WORDS, "127.0.0.1:5980 [::1]:5980",
               "", "Where to listen.",
               .want = "a loopback address with a port", .ok = hc_listen_ok)
/* WinRM's MaxEnvelopeSizekb is 500 by default. */
GW_GATEWAY_KEY("gateway", max_message, general, SIZE, "1000", "",
               "The longest body of a request or response, in KiB.",
               .low = 16, .high = 65536, .want = "KiB")
/* A ticket with many groups is 64 KiB in base64, and a bit more. */
GW_GATEWAY_KEY("gateway", max_header, general, SIZE, "128", "",
               "All headers of a request or response, in KiB.",
               .low = 16, .high = 1024, .want = "KiB")
GW_GATEWAY_KEY("gateway", connections, general, NUMBER, "200", "",
               "Clients at the same time.",
               .low = 1, .high = 10000)
GW_GATEWAY_KEY("gateway", connect_timeout, general, NUMBER, "10", "",
               "Seconds to get a connection to the server.",
               .low = 1, .high = 86400, .want = "seconds")
GW_GATEWAY_KEY("gateway", idle_timeout, general, NUMBER, "120", "",
               "Seconds until a client without a request is disconnected.",
               .low = 1, .high = 86400, .want = "seconds")
/* WinRM answers a Receive with nothing to say after OperationTimeout, 60
 * seconds by default; clients raise it. */
GW_GATEWAY_KEY("gateway", response_timeout, general, NUMBER, "600", "",
               "Seconds between two parts of a server's response.",
               .low = 1, .high = 86400, .want = "seconds")

#undef GW_KEY
#undef GW_POLICY_KEY
#undef GW_CREDSSP_KEY
#undef GW_HOST_KEY
#undef GW_GATEWAY_KEY
