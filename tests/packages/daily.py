# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Run in the root: what people do there all day, each as its program answers. Prints JSON.

    daily.py prepare    accounts, a realm with a KDC, keys, krb5.conf: once
    daily.py            does it all, in a network of its own
"""

import http.server
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

REALM, PASSWORD = 'DAILY.EXAMPLE.COM', 'correct horse'
HOME = pathlib.Path('/root/daily')
CONF = '''[libdefaults]
    default_realm = %s
    dns_lookup_kdc = false
    dns_canonicalize_hostname = false
[realms]
    %s = {
        kdc = 127.0.0.1:88
    }
[domain_realm]
    localhost = %s
''' % (REALM, REALM, REALM)
KDC_CONF = '''[realms]
    %s = {
        database_name = %s/principal
        key_stash_file = %s/stash
        kdc_ports = 88
        kdc_tcp_ports = 88
    }
''' % (REALM, HOME, HOME)
SSHD = '''Port 2222
ListenAddress 127.0.0.1
UsePAM yes
PidFile none
'''


def prepare():
    HOME.mkdir()
    pathlib.Path('/etc/krb5.conf').write_text(CONF)
    (HOME / 'kdc.conf').write_text(KDC_CONF)
    os.environ['KRB5_KDC_PROFILE'] = str(HOME / 'kdc.conf')
    subprocess.run(['kdb5_util', 'create', '-s', '-P', 'master'], check=True)
    for query in ('addprinc -pw "%s" alice' % PASSWORD, 'addprinc -randkey HTTP/localhost',
                  'addprinc -randkey HOST/localhost', 'addprinc -randkey host/localhost', 'ktadd host/localhost'):
        subprocess.run(['kadmin.local', '-q', query], check=True)
    subprocess.run(['useradd', '--create-home', '--shell', '/bin/bash', 'alice'], check=True)
    subprocess.run(['chpasswd'], check=True, text=True, input='alice:%s\n' % PASSWORD)
    pathlib.Path('/etc/sudoers.d/alice').write_text('alice ALL=(ALL) ALL\n')
    (HOME / 'sshd_config').write_text(SSHD)
    (HOME / 'askpass').write_text('#!/bin/sh\necho "%s"\n' % PASSWORD)
    (HOME / 'askpass').chmod(0o755)
    subprocess.run(['ssh-keygen', '-A'], check=True)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        token = self.headers.get('Authorization', '').startswith('Negotiate ')
        self.send_response(200 if token else 401)
        self.send_header('WWW-Authenticate', 'Negotiate')
        self.send_header('Content-Length', '0')
        self.end_headers()

    def log_message(self, *_):
        pass


def listening(port):
    """Wait until somebody does."""
    import socket
    for _ in range(600):
        try:
            socket.create_connection(('127.0.0.1', port), 5).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.1)
    sys.exit('nobody listens on port %d' % port)


def did(*argv, secret='', **env):
    """The end of what a program says, and its status."""
    done = subprocess.run(argv, text=True, input=secret, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600,
                          start_new_session=True, env=dict(os.environ, **env))
    return '%d %s' % (done.returncode, done.stdout.strip().splitlines()[-1:])


def day():
    line = PASSWORD + '\n'
    curl = 'curl', '-s', '--negotiate', '-u', ':', '-o', '/dev/null', '-w', '%{http_code}'
    ssh = ('ssh', '-F', 'none', '-p', '2222', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null',
           '-o', 'LogLevel=ERROR', '-o', 'PubkeyAuthentication=no')
    return {
        'kinit': did('kinit', 'alice', secret=line),
        'klist': did('klist', '-s'),
        'curl, WinRM': did(*curl, 'http://localhost:5985/wsman'),
        'curl, another site': did(*curl, 'http://localhost:8080/'),
        'login': did('pamtester', 'login', 'alice', 'authenticate', 'acct_mgmt', secret=line),
        'session': did('pamtester', 'login', 'alice', 'open_session', 'close_session'),
        'su': did('setpriv', '--reuid=nobody', '--clear-groups', 'su', 'alice', '-c', 'id -un', secret=line),
        'sudo': did('setpriv', '--reuid=alice', '--clear-groups', 'sudo', '-S', '-k', '-p', '', 'id', '-un', secret=line),
        'ssh, password': did(*ssh, '-o', 'PreferredAuthentications=password', 'alice@localhost', 'id', '-un',
                             SSH_ASKPASS=str(HOME / 'askpass'), SSH_ASKPASS_REQUIRE='force'),
        'shell': did('setpriv', '--reuid=alice', '--clear-groups', 'bash', '-lc', 'true'),
    }


def main():
    os.environ.update(PATH='/usr/sbin:/usr/bin:/sbin:/bin', KRB5CCNAME='FILE:/root/daily/ccache')
    if sys.argv[1:] == ['prepare']:
        return prepare()
    os.makedirs('/run/sshd', exist_ok=True)
    kept = []
    # A krb5.conf that cannot be read ends the KDC, too; what then fails is told.
    kept.append(subprocess.Popen(['krb5kdc', '-n'], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, env=dict(
        os.environ, KRB5_KDC_PROFILE=str(HOME / 'kdc.conf'))))
    kept.append(subprocess.Popen(['/usr/sbin/sshd', '-D', '-f', str(HOME / 'sshd_config')]))
    for port in 5985, 8080:
        server = http.server.ThreadingHTTPServer(('127.0.0.1', port), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        listening(2222)
        if kept[0].poll() is None:
            listening(88)
        print(json.dumps(day()))
    finally:
        for process in kept:
            process.terminate()
            process.wait()


main()
