# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""gss-winrm configure."""

import array
import errno
import fcntl
import json
import os
import shutil
import struct
import subprocess
import termios

from place import BUILD, PROGRAM, check, ended, progress

SHIPPED = BUILD / 'plugin/krb5.conf.d/gss-winrm.conf'
PLAIN = '[libdefaults]\n default_realm = CORP.EXAMPLE.COM\n'


def set_up(place, included=True, dropin=None):
    """krb5.conf and the drop-in's directory; the drop-in's path."""
    directory = place.path / 'conf.d'
    directory.mkdir()
    main = place.path / 'krb5.conf'
    main.write_text(('includedir %s\n' % directory if included else '') + PLAIN)
    path = directory / 'gss-winrm.conf'
    if dropin is not None:
        path.write_text(dropin)
    return path, main


def configure(place, path, *arguments, **env):
    return place.run('configure', '--file', str(path), *arguments, **env)


def explained(place, host, key):
    settings = json.loads(place.run('explain', '--json', host).stdout)['settings']
    return next((s['value'], s['source']) for s in settings if s['key'] == key)


def test_configure_host(place):
    path, _ = set_up(place)
    done = configure(place, path, 'web.corp.example.com', 'nodes=web01.corp web02.corp', 'match=always')
    ended(done, 0, '--- /dev/null', '+++ %s' % path, '+                nodes = web01.corp web02.corp', where='stdout')
    check(explained(place, 'web.corp.example.com', 'nodes') ==
          (['web01.corp', 'web02.corp'], 'targets web.corp.example.com'), path.read_text())
    before = path.read_text()
    ended(configure(place, path, 'WEB.corp.example.com', 'match=always'), 0, 'already has these settings', where='stdout')
    check(path.read_text() == before, path.read_text())


def test_configure_targets(place):
    path, _ = set_up(place)
    for arguments, host, key, value in (
            (['.corp.example.com', 'delegation=kerberos'], 'a.corp.example.com', 'delegation',
             ('kerberos', 'targets .corp.example.com')),
            (['.', 'match=never'], 'short', 'match', ('never', 'targets .')),
            (['10.20.30.40', 'host=web03.corp.example.com'], '10.20.30.40', 'host',
             ('web03.corp.example.com', 'targets 10.20.30.40')),
            (['--realm', 'CORP.EXAMPLE.COM', 'spn=HOST/%f'], 'b.example.org', 'spn',
             (['HOST/%f'], 'realm CORP.EXAMPLE.COM'))):
        ended(configure(place, path, *arguments), 0)
        check(explained(place, host, key) == value, explained(place, host, key), path.read_text())


def test_configure_keeps_the_rest(place):
    """The diff is what has changed, patch(1) can take it back, and comments and blanks stay."""
    path, _ = set_up(place, dropin=SHIPPED.read_text())
    before = SHIPPED.read_text()
    done = configure(place, path, 'web01', 'match=always')
    ended(done, 0)
    after = path.read_text()
    check([line for line in before.split('\n') if line not in after.split('\n')] == [], after)
    if shutil.which('patch'):
        undone = subprocess.run(['patch', '-R', '-s', str(path)], input=done.stdout, text=True, capture_output=True)
        check(undone.returncode == 0 and path.read_text() == before, undone.stdout, path.read_text())
        path.write_text(after)
    done = configure(place, path, 'web01', 'match=')
    ended(done, 0, '-                match = always', where='stdout')
    check('match = always' not in path.read_text().replace('#', ''), path.read_text())


def test_configure_many_changes(place):
    """Several hunks, and all of an older file's values for a key."""
    block = '\n'.join('            h%d = {\n                host = a%d\n                host = b%d\n            }' %
                      (n, n, n) for n in range(9))
    text = '# top\n[appdefaults]\n    winrm = {\n        targets = {\n%s\n        }\n    }\n# end\n' % block
    path, _ = set_up(place, dropin=text)
    for n in (0, 4, 8):
        done = configure(place, path, 'h%d' % n, 'host=new%d' % n)
        ended(done, 0, '-                host = a%d\n' % n, where='stdout')
    after = path.read_text()
    check(after.count('host = ') == 15 and after.startswith('# top\n') and after.endswith('# end\n'), after)
    check(explained(place, 'h4', 'host') == ('new4', 'targets h4'), after)


def test_configure_includedir(place):
    path, main = set_up(place, included=False)
    before = main.read_text()
    for _ in range(2):
        ended(configure(place, path, 'web01', 'match=always'), 4, 'would not be read', '--includedir')
        check(not path.exists() and main.read_text() == before, 'something was written')
        ended(configure(place, path, '-n', '-i', 'web01', 'match=always'), 0, '+includedir %s/' % path.parent,
              '+                match = always', where='stdout')
        check(not path.exists() and main.read_text() == before, 'a dry run has written')
    ended(configure(place, path, '--includedir', 'web01', 'match=always'), 0)
    check(main.read_text() == 'includedir %s/\n%s' % (path.parent, before), main.read_text())
    check(explained(place, 'web01', 'match') == ('always', 'targets web01'), 'match')
    ended(configure(place, path, 'web01', 'match=never'), 0)


def test_configure_tabs(place):
    path, main = set_up(place, included=False)
    main.write_text('[libdefaults]\n\tdns_fallback = true\n' + main.read_text())
    ended(configure(place, path, '-n', '-i', 'web01', 'match=always'), 0, ' \tdns_fallback = true\n', where='stdout')
    answer = json.loads(configure(place, path, '-n', '-i', '--json', 'web01', 'match=always').stdout)
    check(any(' \tdns_fallback = true' in change['diff'] for change in answer['changes']), answer)


def test_configure_refuses(place):
    """What is not understood is not touched, and no value that would be ignored is written."""
    good = '[appdefaults]\n    winrm = {\n    }\n'
    path, main = set_up(place, dropin=good)
    for arguments, status, text in (
            (['web01', 'match=sometimes'], 2, 'not a valid value'),
            (['web01', 'nosuch=1'], 2, 'unknown key nosuch'),
            (['web01', 'programs=x'], 2, 'not a key for a target'),
            (['--realm', 'CORP', 'nodes=x'], 2, 'not a key for a realm'),
            (['web01', 'match'], 2, 'not KEY=VALUE'),
            (['web01', 'host=a\nb'], 2, 'cannot be written'),
            (['web01', 'nodes=' + 'web02 ' * 400 + 'web03'], 2, 'longer than libkrb5 can read'),
            (['web 01', 'match=always'], 2, 'not a host'),
            (['web01}', 'match=always'], 2, 'not a host'),
            (['--realm', 'A = {', 'match=always'], 2, 'not a realm'),
            (['web01'], 2, 'KEY=VALUE')):
        ended(configure(place, path, *arguments), status, text)
        check(path.read_text() == good, path.read_text())
    for text, wrong in (('[appdefaults]\n winrm =\n {\n }\n', 'line 2'), ('key\n', 'line 1'),
                        ('[a]\n b = {\n', 'closed'), ('[a]\n b = "c\n', 'line 2'), ('[a]*\n', 'line 1'),
                        ('[a]\n}\n', 'line 2'), ('\x01\n', 'line 1'),
                        (' [appdefaults]\n', 'beginning of a line'), ('[a]\r\n', 'dos2unix'),
                        ('[a]\n# %s\n' % ('x' * 2100), 'line 2: it is longer'),
                        ('[appdefaults]\nwinrm = {\ntargets = { web01 = { match = never } }\n}\n', 'lines of its own')):
        path.write_text(text)
        ended(configure(place, path, 'web01', 'match=always'), 1, wrong)
        check(path.read_bytes() == text.encode(), repr(path.read_bytes()))
    path.write_text('[ appdefaults ]\n')      # another name, to libkrb5
    ended(configure(place, path, 'web01', 'match=always'), 0)
    check(path.read_text().startswith('[ appdefaults ]\n\n[appdefaults]\n'), path.read_text())
    ended(configure(place, 'relative.conf', 'web01', 'match=always'), 2, 'absolute')
    ended(configure(place, path.parent / 'a.conf.bak', 'web01', 'match=always'), 2, 'must end in .conf')
    ended(configure(place, path.parent / 'no/such/a.conf', 'web01', 'match=always', '-i'), 1)
    check('no/such' not in main.read_text(), main.read_text())


def test_configure_files(place):
    """Mode and link stay; nothing is left beside."""
    path, _ = set_up(place)
    real = place.path / 'real.conf'
    real.write_text('')
    real.chmod(0o640)
    path.symlink_to(real)
    ended(configure(place, path, 'web01', 'match=always'), 0)
    check(path.is_symlink() and real.stat().st_mode & 0o777 == 0o640, oct(real.stat().st_mode))
    check([p.name for p in path.parent.iterdir()] == [path.name], list(path.parent.iterdir()))


def test_configure_odd_files(place):
    """A link that leads nowhere, a file that is none, one that ends in the middle of a line."""
    path, _ = set_up(place)
    path.symlink_to(place.path / 'nowhere.conf')
    ended(configure(place, path, 'web01', 'match=always'), 1, 'dangling')
    check(path.is_symlink(), 'the link was replaced')
    path.unlink()
    os.mkfifo(path)
    ended(configure(place, path, 'web01', 'match=always'), 1, 'not a text file')
    path.unlink()
    path.write_text('# no end')
    ended(configure(place, path, 'web01', 'match=always'), 0)
    check(path.read_text().startswith('# no end\n'), path.read_text())


def test_configure_access_list(place):
    """Who may read a file by its access list still may."""
    path, _ = set_up(place, dropin='')
    acl = struct.pack('<I', 2) + b''.join(struct.pack('<HHI', *entry) for entry in (
        (1, 6, 0xffffffff), (2, 4, 12345), (4, 4, 0xffffffff), (0x10, 4, 0xffffffff), (0x20, 0, 0xffffffff)))
    try:
        os.setxattr(path, 'system.posix_acl_access', acl)
    except OSError as error:
        check(error.errno == errno.ENOTSUP, error)
        return 'SKIP no access lists here'
    ended(configure(place, path, 'web01', 'match=always'), 0)
    check(os.getxattr(path, 'system.posix_acl_access') == acl, 'the access list')


def test_configure_meanwhile(place):
    """A file that somebody else changes meanwhile is left as it is: here while the diff waits to be read."""
    long = ('# ' + 'x' * 1800 + '\n') * 4
    path, _ = set_up(place, dropin=long)
    reader, writer = os.pipe()
    fcntl.fcntl(writer, 1031, 4096)  # F_SETPIPE_SZ
    with subprocess.Popen([str(PROGRAM), 'configure', '--file', str(path), 'web01', 'match=always'], env=place.env,
                          stdout=writer, stderr=subprocess.PIPE, text=True) as program:
        os.close(writer)
        waiting = array.array('i', [0])

        def is_full():
            fcntl.ioctl(reader, termios.FIONREAD, waiting)
            return waiting[0] >= 4096

        progress.wait_for(is_full)
        path.write_text(long + '# theirs\n')
        with os.fdopen(reader) as out:
            out.read()
        error = program.stderr.read()
    check(program.returncode == 1 and 'changed in the meantime' in error, program.returncode, error)
    check(path.read_text() == long + '# theirs\n', path.read_text())
    check([p.name for p in path.parent.iterdir()] == [path.name], list(path.parent.iterdir()))


def test_configure_main_file(place):
    """krb5.conf is understood only if it has to be changed; of several, the first that is there is."""
    path, main = set_up(place)
    odd = '[realms]\r\n A = {\n  kdc = "quoted"\n }\n'
    for line in ('includedir %s', 'includedir\t%s/ ', 'includedir %s\r'):
        main.write_text(odd + line % path.parent + '\n')
        ended(configure(place, path, '-n', 'web01', 'match=always'), 0)
    for line in (' includedir %s', '# includedir %s', 'includedirs %s', 'includedir %s x', 'module %s', 'includedir'):
        main.write_text(odd + line.replace('%s', str(path.parent)) + '\n')
        ended(configure(place, path, 'web01', 'match=always'), 4, 'would not be read')
        ended(configure(place, path, '-i', 'web01', 'match=always'), 1, '%s, line ' % main)
        check(not path.exists() and main.read_bytes().startswith(b'[realms]\r\n'), main.read_bytes())
    main.write_text(PLAIN)
    ended(configure(place, path, '-i', 'web01', 'match=always', KRB5_CONFIG='/no/such:%s:/neither' % main), 0)
    check(main.read_text() == 'includedir %s/\n%s' % (path.parent, PLAIN), main.read_text())


def test_configure_directory_for_all(place):
    """Where everybody reads krb5.conf, everybody can read what it includes from now on."""
    path, main = set_up(place, included=False)
    path.parent.rmdir()
    place.path.chmod(0o755)
    before = main.read_text()
    main.chmod(0o644)
    umask = os.umask(0o077)
    try:
        ended(configure(place, path, '-i', 'web01', 'match=always'), 0)
    finally:
        os.umask(umask)
    check(path.parent.stat().st_mode & 0o7777 == 0o755 and path.stat().st_mode & 0o7777 == 0o644,
          oct(path.parent.stat().st_mode))
    if os.geteuid() == 0:
        done = subprocess.run([str(PROGRAM), 'explain', 'web01'], env=place.env, text=True, capture_output=True,
                              preexec_fn=lambda: os.setuid(65534))
        check(done.returncode == 0 and 'targets web01' in done.stdout, done)
    written = path.read_text()
    for what, mode in ((path.parent, 0o700), (path.parent, 0o751), (path, 0o640)):
        main.write_text(before)
        main.chmod(0o644)
        good = what.stat().st_mode & 0o7777
        what.chmod(mode)
        ended(configure(place, path, '-i', 'web01', 'match=never'), 1, 'chmod o+r', '%s' % what)
        check(main.read_text() == before, main.read_text())
        main.chmod(0o600)       # and where nobody else does, nobody needs to
        ended(configure(place, path, '-i', '-n', 'web01', 'match=never'), 0)
        main.chmod(0o644)
        main.unlink()           # a new one is for everybody
        ended(configure(place, path, '-i', 'web01', 'match=never'), 1, 'chmod o+r')
        what.chmod(good)
    check(path.read_text() == written, path.read_text())
    ended(configure(place, path, '-i', 'web01', 'match=never'), 0)
    check(main.read_text() == 'includedir %s/\n' % path.parent and main.stat().st_mode & 0o777 == 0o644, main.stat())


def test_configure_directory_unfit(place):
    """What else is in the directory is read from now on, too; what would break krb5 is found first."""
    path, main = set_up(place, included=False)
    before = main.read_text()
    other = path.parent / 'other.conf'
    for text in ('[libdefaults\n', 'includedir %s\n' % path.parent, 'include /no/such\n'):
        other.write_text(text)
        # Directories that include each other would take all the stack there is.
        done = subprocess.run(['sh', '-c', 'ulimit -s 512; exec "$@"', 'sh', str(PROGRAM), 'configure', '--file',
                               str(path), '-i', 'web01', 'match=always'], env=place.env, text=True, capture_output=True)
        ended(done, 1, 'libkrb5 would not read %s' % main)
        check(main.read_text() == before and not path.exists(), main.read_text())
    other.rename(path.parent / 'other.bak')
    path.parent.chmod(0o777)
    ended(configure(place, path, '-i', 'web01', 'match=always'), 1, 'world-writable')
    path.parent.chmod(0o755)
    ended(configure(place, path, '-i', 'web01', 'match=always'), 0)


def section(*lines):
    return '[appdefaults]\nwinrm = {\ntargets = {\n%s\n}\n}\n' % '\n'.join(lines)


def test_configure_sections_again(place):
    """libkrb5 makes one section of those with the same name, wherever they are."""
    path, _ = set_up(place)
    twice = [section('web01 = {\nhost = old1\n}\nweb01 = {\nhost = old2\nmatch = never\n}') +
             '[realms]\n' + section('web01 = {\nhost = old3\n}'),
             section('web01 = {\nmatch = never\n}', '}', 'targets = {', 'Web01. = {\nhost = old1\n}'),
             section('}', '}', 'winrm = {', 'targets = {', 'WEB01 = {\nhost = old1\n}', 'web01 = {\nmatch = never\n}')]
    for text in twice:
        path.write_text(text)
        ended(configure(place, path, 'web01', 'host=new', 'match=always'), 0)
        after = path.read_text()
        check('old' not in after and after.count('host = ') == after.count('match = ') == 1, after)
        for key, value in (('host', 'new'), ('match', 'always')):
            check(explained(place, 'web01', key)[0] == value, key, after)
        ended(configure(place, path, 'web01', 'host=new', 'match=always'), 0, 'already', where='stdout')
        path.write_text(text)
        ended(configure(place, path, 'web01', 'host='), 0)
        check('host' not in path.read_text(), path.read_text())
    # A host that is called as the one that stands for a suffix.
    path.write_text(section('x.corp = {\nmatch = never\n}', 'x = {\nmatch = never\n}'))
    ended(configure(place, path, '.corp', 'match=always'), 0)
    ended(configure(place, path, '.', 'match=always'), 0)
    # One of them on one line.
    path.write_text(section('web01 = {\nhost = a\n}', 'web01 = { host = b }'))
    ended(configure(place, path, 'web01', 'host='), 1, 'lines of its own')


def test_configure_pairs_again(place):
    """The last of several pairs counts, and the diff has what comes of it."""
    path, _ = set_up(place)
    done = configure(place, path, 'web01', 'match=never', 'host=a', 'match=', 'match=always', 'host=b')
    ended(done, 0)
    check(done.stdout.count('\n') == 3 + 9 and '@@ -0,0 +1,9 @@' in done.stdout and '-  ' not in done.stdout,
          done.stdout)


def test_configure_remove_nothing(place):
    """A removal makes no section: one for a host lets the gateway go there."""
    path, _ = set_up(place)
    done = configure(place, path, 'web01', 'match=')
    ended(done, 0, 'already has these settings', where='stdout')
    check(not path.exists(), 'a file was made')
    ended(configure(place, path, 'web01', 'match=always', 'match='), 0, 'already has these settings', where='stdout')
    check(not json.loads(place.run('explain', '--json', 'web01').stdout)['gateway']['connects'], 'the gateway')


def test_configure_remove_last(place):
    """With its last key a section goes, and what else is empty then; comments stay."""
    top = '# top\n[realms]\n A = {\n }\n'
    path, _ = set_up(place, dropin=top)
    ended(configure(place, path, 'web01', 'match=always', 'host=web02'), 0)
    full = path.read_text()
    ended(configure(place, path, 'web01', 'match='), 0)
    check(path.read_text() == full.replace('                match = always\n', ''), path.read_text())
    done = configure(place, path, 'web01', 'host=')
    ended(done, 0)
    check(path.read_text() == top + '\n' and done.stderr == '', path.read_text(), done.stderr)
    # Others stay.
    for rest in ('web02 = {\nmatch = never\n}', '# why\n'):
        path.write_text(section(rest, 'web01 = {\nmatch = never\n\n}'))
        ended(configure(place, path, 'web01', 'match='), 0)
        check(path.read_text() == section(rest), path.read_text())
    # In two places; and a section of which something is left.
    path.write_text(section('web01 = {\nmatch = never\n}', 'WEB01 = {\n}') + section('web01 = {\nhost = a\n}'))
    ended(configure(place, path, 'web01', 'match='), 0)
    check(path.read_text() == section('web01 = {\nhost = a\n}'), path.read_text())
    ended(configure(place, path, 'web01', 'host='), 0)
    check(path.read_text() == '', path.read_text())
    ended(configure(place, path, '--realm', 'CORP', 'match=always'), 0)
    ended(configure(place, path, '--realm', 'CORP', 'match='), 0)
    check(path.read_text() == '', path.read_text())
    # Not the only [section] that begins a line: libkrb5 would take the next for a comment.
    path.write_text(section('web01 = {\nmatch = never\n}') + ' [realms]\n')
    ended(configure(place, path, 'web01', 'match='), 0)
    check(path.read_text() == '[appdefaults]\n [realms]\n', path.read_text())
    # Back in the same run.
    path.write_text(section('web01 = {\nmatch = never\n}'))
    ended(configure(place, path, 'web01', 'match=', 'host=a'), 0)
    check(path.read_text().count('web01') == 1, path.read_text())


def test_configure_remove_commented(place):
    text = section('web01 = {\n# since the move\nmatch = never\n}')
    path, _ = set_up(place, dropin=text)
    done = configure(place, path, 'web01', 'match=')
    ended(done, 0, 'web01 has comments', 'the gateway may still connect')
    check(path.read_text() == text.replace('match = never\n', ''), path.read_text())


def test_configure_json(place):
    path, _ = set_up(place)
    answer = json.loads(configure(place, path, '--json', '-n', 'web01', 'match=always').stdout)
    check(answer['written'] is False and answer['changes'][0]['file'] == str(path), answer)
    check('+                match = always' in answer['changes'][0]['diff'], answer)
    answer = json.loads(configure(place, path, '--json', 'web01', 'match=always').stdout)
    check(answer['written'] is True, answer)
    answer = json.loads(configure(place, path, '--json', 'web01', 'match=always').stdout)
    check(answer == {'changes': [], 'written': False}, answer)
