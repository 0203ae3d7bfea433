"""A stand-in for WinRM: what a Windows host does on ports 5985 and 5986.

    tokens   what a Kerberos token asks for; error tokens as Windows sends them
    auth     one authentication: GSSAPI, channel bindings, rejections
    sealed   message encryption (multipart/encrypted)
    soap     WS-Management envelopes, Identify, faults
    shells   WinRS: shells and commands, as real processes
    server   HTTP, TLS and the life of a connection

Written from MS-WSMV and from what the clients send; python-gssapi does the
security.  Nothing in it knows about the plugin.
"""
