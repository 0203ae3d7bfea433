# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Run in the root: what two GSSAPI programs do, and whether they have loaded the plugin. Prints JSON."""

import http.server
import json
import re
import subprocess
import threading

PYTHON = '''
import gssapi, gssapi.raw, json
mechs = sorted(mech.dotted_form for mech in gssapi.raw.indicate_mechs())
name = gssapi.Name('HTTP@localhost', gssapi.NameType.hostbased_service)
try:
    gssapi.SecurityContext(name=name, usage='initiate').step()
    said = 'a token'
except gssapi.exceptions.GSSError as error:
    # Numbers of minor codes differ for any interposer.
    said = str(error).split('Minor')[0]
loaded = 'gss_winrm.so' in open('/proc/self/maps').read()
print(json.dumps({'mechs': mechs, 'said': said, 'loaded': loaded}))
'''


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        self.send_response(401)
        self.send_header('WWW-Authenticate', 'Negotiate')
        self.send_header('Content-Length', '0')
        self.end_headers()

    def log_message(self, *_):
        pass


def main():
    python = subprocess.run(['/usr/bin/python3', '-c', PYTHON], check=True, text=True, stdout=subprocess.PIPE).stdout
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 5985), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    curl = subprocess.run(['curl', '-s', '--negotiate', '-u', ':', '-o', '/dev/null', '-w', '%{http_code}',
                           'http://localhost:5985/wsman'], text=True, capture_output=True,
                          env={'PATH': '/usr/bin:/bin', 'LD_DEBUG': 'files'})
    print(json.dumps({
        'python': json.loads(python),
        'curl': {'code': curl.stdout, 'status': curl.returncode,
                 'loaded': bool(re.search('calling init: .*/gss_winrm.so', curl.stderr)),
                 'gssapi': bool(re.search('calling init: .*/libgssapi_krb5', curl.stderr))}}))


main()
