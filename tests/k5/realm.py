#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Two MIT realms on loopback, made in a temporary directory by any user, for as long as a command runs.

    realm.py COMMAND [ARGUMENT...]      run COMMAND with the realms up (a shell, by default)

The conflict that the project is about, without a Windows machine: HTTP/web01.test.example has the key of a service
account (iis.keytab), and every other name of web01 has the machine's (machine.keytab). MIT's KDC knows no aliases, so
each name is a principal. HOSTS below says which names exist.

The command finds in its environment K5_DIR (the directory), KRB5_CONFIG, KRB5CCNAME (alice's tickets) and the paths
in Realms.environment().
"""

import contextlib
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / 'watch'))
import progress     # noqa: E402

REALM = 'TEST.EXAMPLE'
OTHER = 'OTHER.EXAMPLE'
DOMAIN = 'test.example'

# host: (the machine's names, the service account's names); %f and %n as in krb5.conf's winrm section.
HOSTS = {
    'web01': ('HOST/%f WSMAN/%f HTTP/%n HTTP/%f:5985 HTTP/%n:5985 CUSTOM/%f', 'HTTP/%f'),   # the conflict
    'web02': ('HTTP/%f', ''),                                       # no conflict, and no other name either
    'web03': ('WSMAN/%f', 'HTTP/%f'),                               # the first candidate is missing
    'web04': ('HTTP/%n', 'HTTP/%f'),                                # only the NetBIOS form
    'web05': ('HOST/%f WSMAN/%f HTTP/%n', 'HTTP/%f'),               # HOST/ has expired
    'web06': ('HOST/%f WSMAN/%f HTTP/%n', 'HTTP/%f'),               # HOST/ is not allowed as a server
    'web07': ('HOST/%f WSMAN/%f HTTP/%n', 'HTTP/%f'),               # HOST/ is locked
    'web08': ('', ''),                                              # nobody knows it
    'web10': ('HTTP/%n', 'HTTP/%f HOST/%f WSMAN/%f'),               # the KDC's first answers are wrong
    'web11': ('WSMAN/%f', 'HTTP/%f HOST/%f'),
    'node1': ('HOST/%f WSMAN/%f HTTP/%n', ''),
    'node2': ('HOST/%f WSMAN/%f HTTP/%n', ''),
    'web': ('', 'HTTP/%f'),                                         # a cluster name for node1 and node2
}
SETTINGS = {
    'HOST/web05.' + DOMAIN: '-expire 2000-01-01',
    'HOST/web06.' + DOMAIN: '-allow_svr',
    'HOST/web07.' + DOMAIN: '-allow_tix',
}
ADDRESSES = {
    '127.0.11.1': 'web01.test.example web01 alias01.test.example alias01',
    '127.0.11.2': 'web02.test.example web02',
    '127.0.11.3': 'web03.test.example web03',
    '127.0.11.4': 'web04.test.example web04',
    '127.0.11.5': 'web05.test.example web05',
    '127.0.11.6': 'web06.test.example web06',
    '127.0.11.7': 'web07.test.example web07',
    '127.0.11.8': 'web08.test.example web08',
    '127.0.11.10': 'web10.test.example web10',
    '127.0.11.11': 'web11.test.example web11',
    '127.0.11.51': 'node1.test.example node1',
    '127.0.11.52': 'node2.test.example node2',
    '127.0.11.21': 'web21.other.example web21',
}
# A name with the addresses of two hosts, as an NLB cluster's or a round-robin name.
CLUSTER = 'web.test.example web'
CLUSTER_ADDRESSES = ('127.0.11.51', '127.0.11.52')

# What a system's own krb5.conf says: $K5_SYSTEM chooses.  Lines are as the distributions have them.
SYSTEMS = {
    'debian': {
        'libdefaults': [' dns_canonicalize_hostname = false', ' qualify_shortname = ' + DOMAIN, ' rdns = true',
                        ' forwardable = true'],
        'krb5.conf.d': {},
    },
    # Fedora, and EL 9 and 10 (krb5-libs, crypto-policies).
    'el': {
        'libdefaults': [' ticket_lifetime = 24h', ' renew_lifetime = 7d', ' forwardable = true', ' rdns = false',
                        ' spake_preauth_groups = edwards25519', ' dns_canonicalize_hostname = fallback',
                        ' qualify_shortname = ""'],
        'krb5.conf.d': {'crypto-policies': [
            'permitted_enctypes = aes256-cts-hmac-sha384-192 aes128-cts-hmac-sha256-128 aes256-cts-hmac-sha1-96 '
            'aes128-cts-hmac-sha1-96']},
    },
}
# With sssd-kcm, whose file of that name this is.
SYSTEMS['el-kcm'] = {
    'libdefaults': SYSTEMS['el']['libdefaults'],
    'krb5.conf.d': dict(SYSTEMS['el']['krb5.conf.d'], kcm_default_ccache=['default_ccache_name = KCM:']),
}


class Failure(Exception):
    """Something that the user can read and act on."""


def tool(name):
    """The path of a krb5 program, also where sbin is not in PATH."""
    path = shutil.which(name, path=os.environ.get('PATH', '') + ':/usr/sbin:/sbin:/usr/local/sbin')
    if path is None:
        raise Failure('there is no %s: apt-get install krb5-kdc krb5-admin-server krb5-user' % name)
    return path


def free_ports(count):
    """Ports free for UDP and TCP on 127.0.0.1. Another process may take one before the KDC does: callers retry."""
    ports = []
    with contextlib.ExitStack() as stack:
        while len(ports) < count:
            tcp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            tcp.bind(('127.0.0.1', 0))
            with contextlib.suppress(OSError):
                udp.bind(tcp.getsockname())
                ports.append(tcp.getsockname()[1])
    return ports


def die_with_parent():
    """In a child: end when this program does, however it ends."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGKILL)


def clean_environment():
    """The environment for krb5's own programs: nothing preloaded, nothing interposed, nothing of the user's."""
    env = {name: value for name, value in os.environ.items()
           if not name.startswith(('KRB5', 'GSS', 'LD_', 'ASAN_', 'TSAN_', 'NSS_WRAPPER'))}
    env['LC_ALL'] = 'C.UTF-8'
    env['GSS_MECH_CONFIG'] = '/dev/null'
    return env


class OneRealm:
    """A realm's database and its KDC."""

    def __init__(self, directory, name):
        self.directory = directory / name
        self.directory.mkdir()
        self.name = name
        self.log = self.directory / 'kdc.log'
        self.port = None
        self.process = None

    def environment(self):
        return dict(clean_environment(), KRB5_CONFIG=str(self.directory / 'krb5.conf'),
                    KRB5_KDC_PROFILE=str(self.directory / 'kdc.conf'))

    def configure(self, port):
        self.port = port
        here = self.directory
        (here / 'krb5.conf').write_text('\n'.join([
            '[libdefaults]', ' default_realm = ' + self.name, ' dns_lookup_kdc = false', ' dns_lookup_realm = false',
            ' dns_canonicalize_hostname = false',
            # For the services whose attribute session_enctypes says so, and clients that may.
            ' allow_rc4 = true',
            # The KDC refers names of the other realm's hosts there by this; clients get no such section for them.
            '[domain_realm]', ' .test.example = ' + REALM, ' .other.example = ' + OTHER,
            '[logging]', ' kdc = FILE:%s' % self.log, ' default = FILE:%s/other.log' % here]) + '\n')
        (here / 'kdc.conf').write_text('\n'.join([
            '[kdcdefaults]', ' kdc_listen = 127.0.0.1:%d' % port, ' kdc_tcp_listen = 127.0.0.1:%d' % port,
            '[realms]', ' %s = {' % self.name, '  database_name = %s/db' % here, '  key_stash_file = %s/stash' % here,
            '  acl_file = %s/acl' % here, '  kdc_listen = 127.0.0.1:%d' % port,
            '  kdc_tcp_listen = 127.0.0.1:%d' % port, '  max_life = 1d', '  max_renewable_life = 7d',
            '  supported_enctypes = aes256-cts:normal', '  master_key_type = aes256-cts',
            '  host_based_services = *', ' }']) + '\n')

    def administer(self, commands):
        """Run kadmin.local commands; they are all expected to succeed."""
        # Without a name it looks for the user's, and gives up on a user that has none.
        done = subprocess.run([tool('kadmin.local'), '-r', self.name, '-p', 'tests'],
                              input='\n'.join(commands) + '\n', text=True,
                              env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        errors = [line for line in done.stdout.splitlines() if ' while ' in line or 'usage:' in line]
        if done.returncode != 0 or errors:
            raise Failure('kadmin.local for %s failed: %s' % (self.name, '; '.join(errors) or done.stdout))

    def create(self):
        self.configure(1)
        done = subprocess.run([tool('kdb5_util'), 'create', '-s', '-r', self.name, '-P', 'master'],
                              env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
        if done.returncode != 0:
            raise Failure('kdb5_util create failed: ' + done.stdout)

    def start(self):
        """Start the KDC on a free port; the port may be lost to another process between choosing and binding."""
        for _ in range(5):
            self.configure(free_ports(1)[0])
            with open(self.directory / 'kdc.out', 'wb') as out:
                # pylint: disable=consider-using-with
                self.process = subprocess.Popen(
                    [tool('krb5kdc'), '-n', '-r', self.name, '-P', str(self.directory / 'kdc.pid')],
                    env=self.environment(), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                    preexec_fn=die_with_parent)
            if progress.wait_for(lambda: self.process.poll() is not None or self.answers()) and self.process.poll() is None:
                return
            self.stop()
        raise Failure('krb5kdc for %s does not start: %s' % (
            self.name, (self.directory / 'kdc.out').read_text() + self.log.read_text()[-2000:]))

    def answers(self):
        with contextlib.suppress(OSError), socket.create_connection(('127.0.0.1', self.port), 1):
            return True
        return False

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


class Realms:
    """The two realms, as a context manager."""

    def __init__(self):
        self.directory = Path(progress.directory('gss-winrm-k5.'))
        self.main = OneRealm(self.directory, REALM)
        self.other = OneRealm(self.directory, OTHER)

    def __enter__(self):
        try:
            self.populate()
            self.main.start()
            self.other.start()
            self.write_files()
            self.get_tickets()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.main.stop()
        self.other.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def populate(self):
        self.main.create()
        self.other.create()
        commands = [
            'add_principal -pw alice +allow_forwardable alice', 'add_principal -pw bob bob',
            'add_principal -pw cross krbtgt/%s@%s' % (OTHER, REALM),
            'add_principal -randkey +ok_to_auth_as_delegate HTTP/gw.' + DOMAIN,
            'add_principal -randkey HTTP/nodeleg.' + DOMAIN,
            'ktadd -k %s -norandkey HTTP/gw.%s HTTP/nodeleg.%s' % (self.directory / 'gw.keytab', DOMAIN, DOMAIN),
            'ktadd -k %s -norandkey alice' % (self.directory / 'client.keytab'),
        ]
        for host, owners in HOSTS.items():
            for keytab, names in zip(('machine.keytab', 'iis.keytab'), owners):
                for form in names.split():
                    name = form.replace('%f', '%s.%s' % (host, DOMAIN)).replace('%n', host)
                    commands.append('add_principal -randkey %s' % name)
                    commands.append('ktadd -k %s -norandkey %s' % (self.directory / keytab, name))
                    if name in SETTINGS:
                        commands.append('modify_principal %s %s' % (SETTINGS[name], name))
        self.main.administer(commands)
        other = ['add_principal -pw cross krbtgt/%s@%s' % (OTHER, REALM)]
        for name, keytab in (('HOST/web21.other.example', 'machine'), ('HTTP/web21', 'machine'),
                             ('HTTP/web21.other.example', 'iis')):
            other.append('add_principal -randkey ' + name)
            other.append('ktadd -k %s -norandkey %s' % (self.directory / (keytab + '.keytab'), name))
        self.other.administer(other)

    def write_files(self):
        here = self.directory
        system = SYSTEMS[os.environ.get('K5_SYSTEM', 'debian')]
        (here / 'krb5.conf.d').mkdir()
        for name, lines in system['krb5.conf.d'].items():
            (here / 'krb5.conf.d' / name).write_text('\n'.join(['[libdefaults]'] + lines) + '\n')
        text = '\n'.join([
            'includedir %s/krb5.conf.d/' % here,
            '[libdefaults]', ' default_realm = ' + REALM, ' dns_lookup_kdc = false', ' dns_lookup_realm = false',
            ' udp_preference_limit = 1', ' kdc_timeout = 5s',
        ] + system['libdefaults'] + [
            '[realms]',
            ' %s = {' % REALM, '  kdc = 127.0.0.1:%d' % self.main.port, ' }',
            ' %s = {' % OTHER, '  kdc = 127.0.0.1:%d' % self.other.port, ' }',
            '[domain_realm]', ' .test.example = ' + REALM]) + '\n'
        (here / 'krb5.conf').write_text(text)
        # The same, with KDCs that do not answer.
        (here / 'nokdc.conf').write_text(re.sub(r'kdc = 127.0.0.1:\d+', 'kdc = 127.0.0.1:1', text))
        lines = ['%s %s' % item for item in ADDRESSES.items()]
        lines += ['%s %s' % (address, CLUSTER) for address in CLUSTER_ADDRESSES]
        (here / 'hosts').write_text('\n'.join(['127.0.0.1 localhost'] + lines) + '\n')

    def get_tickets(self):
        env = dict(clean_environment(), KRB5_CONFIG=str(self.directory / 'krb5.conf'))
        for user in ('alice', 'bob'):
            done = subprocess.run([tool('kinit'), '-c', str(self.directory / user), user], env=env, input=user + '\n',
                                  text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            if done.returncode != 0:
                raise Failure('kinit for %s failed: %s' % (user, done.stdout))
        done = subprocess.run([tool('kinit'), '-k', '-t', str(self.directory / 'gw.keytab'), '-c',
                               str(self.directory / 'gw'), 'HTTP/gw.' + DOMAIN], env=env, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise Failure('kinit for HTTP/gw failed: ' + done.stdout)

    def environment(self):
        here = self.directory
        return {
            'K5_DIR': str(here), 'KRB5_CONFIG': str(here / 'krb5.conf'), 'KRB5CCNAME': 'FILE:%s/alice' % here,
            'K5_KDC_LOG': str(self.main.log), 'K5_MACHINE_KEYTAB': str(here / 'machine.keytab'),
            'K5_IIS_KEYTAB': str(here / 'iis.keytab'), 'K5_HOSTS': str(here / 'hosts'),
            'KRB5_KTNAME': str(here / 'no.keytab'), 'KRB5_CLIENT_KTNAME': str(here / 'no.keytab'),
            'KRB5RCACHENAME': 'none:', 'K5_SYSTEM': os.environ.get('K5_SYSTEM', 'debian'),
        }


def interrupted(number, _):
    sys.exit(128 + number)


def main():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    command = sys.argv[1:] or [os.environ.get('SHELL', '/bin/sh')]
    try:
        with Realms() as realms:
            return subprocess.run(command, env=dict(os.environ, **realms.environment()), check=False).returncode
    except Failure as failure:
        sys.exit('realm: %s' % failure)


if __name__ == '__main__':
    sys.exit(main())
