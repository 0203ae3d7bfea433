# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""A stand-in for WinRM: what a Windows host does on ports 5985 and 5986.

    tokens   what a Kerberos token asks for; error tokens as Windows sends them
    auth     one authentication: GSSAPI, channel bindings, rejections
    verdict  what became of a token, who a connection is
    credssp  CredSSP and NTLM (pyspnego)
    logon    the second hop: tickets from what was delegated
    sealed   message encryption (multipart/encrypted)
    soap     WS-Management envelopes, Identify, faults
    shells   WinRS: shells and commands, as real processes
    server   HTTP, TLS and the life of a connection
    balancer a virtual address in front of several hosts

Written from MS-WSMV and from what the clients send.  The security of Kerberos
is python-gssapi's, that of CredSSP and NTLM pyspnego's: nothing in it knows
about the plugin or the gateway, or shares code with them.
"""
