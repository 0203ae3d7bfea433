# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""gss-winrm explain."""

import json
import re

from place import BUILD, check, ended


def explained(place, *arguments, **env):
    done = place.run('explain', '--json', *arguments, **env)
    ended(done, 0)
    answer = json.loads(done.stdout)
    answer['by key'] = {setting['key']: setting for setting in answer['settings']}
    return answer


EXACT = '''web01.corp.example.com, port 5985, realm CORP.EXAMPLE.COM

Gateway     connects: credssp: delegate_to = .corp.example.com
            authenticates by CredSSP, with your password
Plugin      asks for the names below if a program has a connection to port 5985, 5986 or 15985
Names       HTTP/web01@CORP.EXAMPLE.COM
            HOST/web01.corp.example.com@CORP.EXAMPLE.COM
            HTTP/web01.corp.example.com@CORP.EXAMPLE.COM
Delegates   HOST/web01.corp.example.com@CORP.EXAMPLE.COM

krb5.conf, [appdefaults] winrm:
  enabled                   = true                                default
  except                    = smbd winbindd nmbd samba samba-dcerpcd samba-tool smbclient rpcclient net \
gss-winrmd gss-winrm-gateway  default
  match                     = auto                                default
  programs                  = (none)                              default
  ports                     = 5985 5986 15985                     realm CORP.EXAMPLE.COM
  spn                       = HTTP/%n HOST/%f                     targets web01.corp.example.com
  delegation                = credssp                             targets .corp.example.com
  host                      = (none)                              default
  nodes                     = (none)                              default
  credssp: delegate_to      = .corp.example.com                   winrm
  credssp: ntlm             = false                               default
  credssp: minimum_version  = 5                                   default
  credential                = alice@CORP.EXAMPLE.COM              targets web01.corp.example.com
  ca_file                   = system                              default
  pin                       = (none)                              default
  gateway: targets          = .lab.example                        winrm
  gateway: ntlm             = false                               default
  gateway: listen           = 127.0.0.1:5980 [::1]:5980           default
  gateway: max_message      = 1000                                default
  gateway: max_header       = 128                                 default
  gateway: connections      = 200                                 default
  gateway: connect_timeout  = 10                                  default
  gateway: idle_timeout     = 120                                 default
  gateway: response_timeout = 600                                 default

Complaints  winrm gateway: unknown key ntml; ignored
'''


def test_explain_text(place):
    done = place.run('explain', 'Web01.corp.example.com.')
    ended(done, 0)
    check(done.stdout == EXACT, 'not as expected:\n' + done.stdout)
    check(place.logged() == [], 'a broker was started for that')


def test_explain_gateway(place):
    for host, connects, why, how in (
            ('a.corp.example.com', True, 'credssp: delegate_to = .corp.example.com', 'CredSSP, with your password'),
            ('a.lab.example', True, 'gateway: targets = .lab.example', 'Kerberos'),
            ('10.20.30.40:5986', True, 'targets 10.20.30.40', 'Kerberos'),
            ('a.corp.example.com:15985', True, 'credssp: delegate_to = .corp.example.com',
             'CredSSP, with your password'),
            ('a.corp.example.com:80', False, 'port 80 is not one of its ports', None),
            ('nopass.example.org', False, 'delegation = credssp, but delegate_to does not name it', None),
            ('portal.example.org', False, 'neither', None),
            ('elsewhere.example', False, 'neither', None),
            ('web01', False, 'neither', None)):
        gateway = explained(place, host)['gateway']
        check(gateway['connects'] == connects and gateway['why'].startswith(why) and gateway['authenticates'] == how,
              host, gateway)


def test_explain_names(place):
    answer = explained(place, '10.20.30.40')
    check(answer['names'][0].startswith('HOST/web03.corp.example.com@'), answer)
    check(answer['by key']['host'] == {'key': 'host', 'value': 'web03.corp.example.com',
                                       'source': 'targets 10.20.30.40'}, answer)
    check('KDC does not know' in answer['plugin'], answer)
    names = explained(place, 'web.corp.example.com')['names']
    check([name.split('@')[0] for name in names[:3]] ==
          ['HOST/web01.corp.example.com', 'HOST/web02.corp.example.com', 'WSMAN/web01.corp.example.com'], names)
    check(names[-1].startswith('HTTP/web.corp.example.com@'), names)
    # What krb5 makes of a short name counts for the plugin, and not for trust.
    answer = explained(place, 'web01')
    check(answer['by key']['spn']['source'] == 'targets web01.corp.example.com', answer)
    check(len(set(answer['names'])) == len(answer['names']), answer['names'])
    check(answer['by key']['credential'] == {'key': 'credential', 'value': None, 'source': 'default'}, answer)


def test_explain_delegates(place):
    answer = explained(place, 'a.lab.example')
    check(answer['delegates'] is None and answer['delegates_nothing'] is None, answer)
    # No password may go there, so there is no name for one.
    check(explained(place, 'nopass.example.org')['delegates'] is None, 'nopass')
    (place.path / 'krb5.conf').write_text('[libdefaults]\n default_realm = X\n[appdefaults]\n winrm = {\n'
                                          '  delegation = kerberos\n  gateway = {\n   targets = web01\n  }\n }\n')
    answer = explained(place, 'web01')
    check(answer['delegates'] == [] and 'short name' in answer['delegates_nothing'], answer)
    said = place.run('explain', 'web01').stdout
    check('refuses to authenticate: web01 is a short name' in said and 'Delegates   nothing: web01' in said and
          'authenticates by' not in said, said)
    check(explained(place, 'a.example.org')['delegates'][0].startswith('HOST/a.example.org@'), 'a whole name')


def test_explain_candidates(place):
    """Names and delegates are one list's (candidates.c): where a ticket is forwarded, the names that may have it first."""
    (place.path / 'krb5.conf').write_text(
        '[libdefaults]\n default_realm = X\n[domain_realm]\n .example.org = X\n[appdefaults]\n winrm = {\n'
        '  targets = {\n   web.example.org = {\n    nodes = n1.example.org n2.example.org\n'
        '    spn = HTTP/%f HOST/%f\n    delegation = kerberos\n   }\n'
        '   listed.example.org = {\n    spn = HTTP/listed.example.org HOST/%f HTTP/other.example.org\n'
        '    delegation = kerberos\n   }\n  }\n }\n')
    answer = explained(place, 'web.example.org')
    check(answer['delegates'] == ['HOST/n1.example.org@X', 'HOST/n2.example.org@X'], answer['delegates'])
    check(answer['names'] == ['HOST/n1.example.org@X', 'HOST/n2.example.org@X', 'HTTP/n1.example.org@X',
                              'HTTP/n2.example.org@X', 'HTTP/web.example.org@X'], answer['names'])
    answer = explained(place, 'listed.example.org')
    check(answer['delegates'] == ['HTTP/listed.example.org@X', 'HOST/listed.example.org@X'], answer['delegates'])
    check(answer['names'] == answer['delegates'] + ['HTTP/other.example.org@X'], answer['names'])


def test_explain_plugin(place):
    check('match = never' in explained(place, 'portal.example.org')['plugin'], 'never')
    check('GSS_WINRM' in explained(place, 'web01', GSS_WINRM='off')['plugin'], 'off')
    check('GSS_WINRM' in explained(place, 'web01', GSS_WINRM='Off')['plugin'], 'Off')
    check('match = never' in explained(place, 'portal.example.org', GSS_WINRM='')['plugin'], 'empty')
    check('connection to port' in explained(place, 'portal.example.org', GSS_WINRM='auto')['plugin'], 'auto')
    check('every call' in explained(place, 'portal.example.org', GSS_WINRM='always')['plugin'], 'always')
    check('connection to port' in explained(place, 'web01', GSS_WINRM='nonsense')['plugin'], 'nonsense')
    check(explained(place, 'web01')['complaints'] == ['winrm gateway: unknown key ntml; ignored'], 'complaints')
    check(explained(place, 'web01')['dns'] is False, 'dns')
    (place.path / 'krb5.conf').write_text('[libdefaults]\n default_realm = X\n[appdefaults]\n winrm = {\n'
                                          '  enabled = false\n }\n')
    answer = explained(place, 'web01.nowhere.invalid')
    check('enabled = false' in answer['plugin'] and answer['dns'] is True, answer)
    check(answer['by key']['enabled']['source'] == 'winrm', answer)


def test_explain_settings(place):
    """Every key has its value and where that is from; what nobody reads is a complaint, and no setting."""
    (place.path / 'krb5.conf').write_text(
        '[libdefaults]\n default_realm = X\n[appdefaults]\n winrm = {\n  except = mine\n  nodes = x\n'
        '  gateway = { connections = 7 max_message = 2000 }\n'
        '  X = {\n   credssp = { delegate_to = .b }\n   gateway = { targets = .c ntlm = yes listen = 127.0.0.1:1 }\n'
        '  }\n }\n')
    answer = explained(place, 'a.example.org')
    for key, value, source in (
            ('except', ['mine'], 'winrm'), ('nodes', [], 'default'), ('programs', [], 'default'),
            ('gateway: connections', 7, 'winrm'),
            ('gateway: max_message', 2000, 'winrm'), ('gateway: targets', ['.c'], 'realm X'),
            ('gateway: ntlm', True, 'realm X'), ('credssp: delegate_to', ['.b'], 'realm X'),
            ('gateway: listen', ['127.0.0.1:5980', '[::1]:5980'], 'default')):
        check(answer['by key'][key] == {'key': key, 'value': value, 'source': source}, key, answer)
    check(answer['complaints'] == ['winrm: no place for the key nodes; ignored',
                                   'winrm realm gateway: no place for the key listen; ignored'], answer['complaints'])
    (place.path / 'krb5.conf').write_text(
        '[libdefaults]\n default_realm = X\n[appdefaults]\n winrm = {\n'
        '  targets = {\n   a.example.org = { match = always programs = p }\n  }\n }\n')
    answer = explained(place, 'a.example.org')
    check(answer['by key']['match']['source'] == 'targets a.example.org', answer)
    check(answer['by key']['programs'] == {'key': 'programs', 'value': [], 'source': 'default'}, answer)
    check(answer['complaints'] == ['winrm targets: no place for the key programs; ignored'], answer['complaints'])


def test_explain_sample(place):
    """The sample file without its comments: every key of the table is there, taken, and has its default or example."""
    text = (BUILD / 'plugin/krb5.conf.d/gss-winrm.conf').read_text()
    check(re.search('^ *(?!winrm =|[}])[a-z.]', text, re.M) is None and '@' not in text.replace('alice@', ''), text)
    begin = text.index('[appdefaults]')
    (place.path / 'krb5.conf').write_text('[libdefaults]\n default_realm = X\n' +
                                          re.sub('^#', '', text[begin:], flags=re.M))
    answer = explained(place, 'web.corp.example.com')
    check(answer['complaints'] == ['targets web.corp.example.com: host and nodes are both set; nodes is used'],
          answer['complaints'])
    keys = [line.split('\t') for line in (BUILD / 'plugin/conf/keys.list').read_text().splitlines()]
    check(len(keys) == len(answer['settings']) > 20, len(keys), answer)
    for section, name, levels, _, default, example, *_ in keys:
        setting = answer['by key'][section + ': ' + name if section else name]
        value = setting['value']
        value = ' '.join(map(str, value)) if isinstance(value, list) else str(value)
        value = value.lower() if isinstance(setting['value'], bool) else value
        check(value == default + example, setting, default, example)
        check(setting['source'] == ('targets web.corp.example.com' if levels == 'targets' else 'winrm'), setting)


def test_explain_errors(place):
    ended(place.run('explain', 'a b'), 1, 'not the name or address')
    (place.path / 'krb5.conf').write_text('[libdefaults\n')
    done = place.run('explain', '--json', 'web01')
    ended(done, 1, 'krb5.conf cannot be read')
    check('krb5.conf' in json.loads(done.stdout)['error'], done.stdout)
