# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""gss-winrm enable and disable, on a system of their own (--root)."""

import ctypes
import errno
import json
import os
import re
import shutil
import struct
import subprocess

from place import BUILD, PROGRAM, check, ended


def installed(name, makefile=None):
    """A directory's variable of the build's Makefile, expanded."""
    makefile = makefile or (BUILD / 'Makefile').read_text()
    value = re.search('^%s = (.*)$' % name, makefile, re.M).group(1)
    return re.sub(r'\$[({](\w+)[)}]', lambda match: installed(match.group(1), makefile), value)


class Root:
    """What make install puts there."""

    def __init__(self, place):
        self.place, self.path = place, place.path / 'root'
        self.conf = self.path / installed('mechdir').lstrip('/') / 'gss-winrm.conf'
        self.module = self.path / installed('gwlibdir').lstrip('/') / 'gss_winrm.so'
        for path in (self.conf, self.module):
            path.parent.mkdir(parents=True)
        self.shipped = (BUILD / 'plugin/gss-winrm.conf').read_text()
        self.conf.write_text(self.shipped)
        self.module.write_bytes(b'')

    def turn(self, command, *arguments):
        done = self.place.run(command, '--root', str(self.path), *arguments)
        ended(done, 0)
        return done.stdout

    def lines(self):
        """What the mechglue reads."""
        return [line for line in self.conf.read_text().splitlines() if line and not line.startswith('#')]

    def leftovers(self):
        return [path.name for path in self.conf.parent.iterdir() if path != self.conf]


def test_switch_twice(place):
    root = Root(place)
    check(len(root.lines()) == 1, root.shipped)
    check(root.turn('enable') == 'The plugin was already on.\n', 'enable')
    check(root.turn('disable') == 'The plugin is off for programs started from now on.\n', 'disable')
    check(root.lines() == [], root.conf.read_text())
    off = root.conf.read_text()
    check(root.turn('disable') == 'The plugin was already off.\n', 'disable again')
    check(root.conf.read_text() == off, 'a second disable changed something')
    check(root.turn('enable') == 'The plugin is on for programs started from now on.\n', 'enable')
    check(root.conf.read_text() == root.shipped, root.conf.read_text())
    check(root.leftovers() == [], root.leftovers())


def test_switch_json(place):
    root = Root(place)
    for command, on, changed in (('disable', False, True), ('disable', False, False),
                                 ('enable', True, True), ('enable', True, False)):
        answer = json.loads(root.turn(command, '--json'))
        check(answer == {'enabled': on, 'changed': changed, 'file': str(root.conf)}, command, answer)


def test_switch_keeps_the_rest(place):
    """Comments, other mechanisms, the mode, a missing end of line."""
    root = Root(place)
    other = 'gss_winrm2\t1.2.3\tother.so'
    root.conf.write_text('# mine\n' + root.lines()[0] + '\n\n' + other)
    root.conf.chmod(0o640)
    root.turn('disable')
    check(root.lines() == [other], root.conf.read_text())
    check(root.conf.read_text().startswith('# mine\n'), root.conf.read_text())
    check(root.conf.stat().st_mode & 0o7777 == 0o640, 'the mode')
    root.turn('enable')
    check(len(root.lines()) == 2 and root.lines()[1] == other, root.conf.read_text())


def test_switch_file_removed(place):
    """Removing the file is a way to switch it off; enable takes it back."""
    root = Root(place)
    line = root.lines()[0]
    root.conf.unlink()
    check(root.turn('disable') == 'The plugin was already off.\n', 'disable')
    check(not root.conf.exists(), 'disable made a file')
    root.turn('enable')
    check(root.lines() == [line] and root.conf.stat().st_mode & 0o777 == 0o644, root.conf.read_text())
    root.conf.write_text('')
    root.turn('enable')
    check(root.lines() == [line], root.conf.read_text())


def outside(place, root):
    """The same tree beside the root, which a link that is followed there would reach; what is in it."""
    other = place.path / 'outside'
    shutil.copytree(root.path, other, symlinks=True)

    def state():
        return {path: (path.lstat().st_ino, path.lstat().st_ctime_ns, path.is_file() and path.read_bytes())
                for path in other.rglob('*')}

    return other, state


def test_switch_link(place):
    """Links are the other system's: from its root, and not above it."""
    root = Root(place)
    for to in ('/managed.conf', '../' * 30 + 'managed.conf', 'managed.conf', '/link.conf'):
        real = (root.conf.parent if to == 'managed.conf' else root.path) / 'managed.conf'
        (root.path / 'link.conf').symlink_to('/managed.conf')
        real.write_text(root.shipped)
        root.conf.unlink()
        root.conf.symlink_to(to)
        root.turn('disable')
        check(root.conf.is_symlink() and '\n#off gss_winrm' in real.read_text(), to, real.read_text())
        root.turn('enable')
        check(root.conf.is_symlink() and real.read_text() == root.shipped, to, real.read_text())
        real.unlink()
        (root.path / 'link.conf').unlink()


def test_switch_link_out(place):
    """A link that leads out, seen from here, is not followed there: root would change this system."""
    root = Root(place)
    other, state = outside(place, root)
    before = state()
    for path in (root.conf, root.conf.parent, root.module, root.module.parent):
        saved = path.rename(place.path / 'saved')
        path.symlink_to(other / path.relative_to(root.path))
        for command in ('disable', 'enable'):
            done = place.run(command, '--root', str(root.path))
            check(state() == before, command, path, done)
            check(done.returncode == 0 or 'No such file' in done.stderr, command, path, done)
        path.unlink()
        saved.rename(path)
        root.turn('enable')
    root.conf.unlink()
    root.conf.symlink_to(root.conf.name)
    ended(place.run('disable', '--root', str(root.path)), 1, 'symbolic links')


def without_openat2():
    """A filter of system calls, as of an old container: there is no openat2(2)."""
    libc = ctypes.CDLL(None, use_errno=True)
    steps = [(0x20, 0, 0, 0), (0x15, 0, 1, 437), (0x06, 0, 0, 0x00050000 | errno.ENOSYS), (0x06, 0, 0, 0x7fff0000)]
    code = ctypes.create_string_buffer(b''.join(struct.pack('<HBBI', *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack('@HP', len(steps), ctypes.addressof(code)))
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):
        raise OSError(ctypes.get_errno(), 'prctl')


def test_switch_old_kernel(place):
    """Without openat2(2) a directory that is a link is an error."""
    root = Root(place)
    other, state = outside(place, root)
    before = state()

    def turn(command):
        return subprocess.run([str(PROGRAM), command, '--root', str(root.path)], env=place.env, text=True,
                              capture_output=True, preexec_fn=without_openat2)

    ended(turn('disable'), 0)
    ended(turn('enable'), 0)
    check(len(root.lines()) == 1, root.conf.read_text())
    for to in (other / root.conf.parent.relative_to(root.path), '../mech.e'):
        saved = root.conf.parent.rename(root.conf.parent.with_name('mech.e'))
        root.conf.parent.symlink_to(to)
        ended(turn('disable'), 1, 'symbolic links')
        check(state() == before and (saved / root.conf.name).read_text() == root.shipped, 'disable')
        root.conf.parent.unlink()
        saved.rename(root.conf.parent)
    root.conf.unlink()
    root.conf.symlink_to('../' * 30 + str(other / root.conf.relative_to(root.path)))
    ended(turn('disable'), 1, 'symbolic links')
    check(state() == before, 'disable')


def test_switch_odd_files(place):
    """What is no text of a sensible size is left as it is."""
    root = Root(place)
    line = root.shipped.encode()
    for text in (line + b'\0' + line, line + b'#' * (1 << 20)):
        root.conf.write_bytes(text)
        for command in ('disable', 'enable'):
            done = place.run(command, '--root', str(root.path))
            check(done.returncode == 1 and root.conf.read_bytes() == text, done)
    root.conf.unlink()
    os.mkfifo(root.conf)
    ended(place.run('disable', '--root', str(root.path)), 1, 'not a text file')


def test_switch_running_programs(place):
    """The plugin stands aside in programs older than its file, by its inode's change; enable has to renew that."""
    root = Root(place)
    root.turn('disable')
    before = root.module.stat()
    root.turn('enable')
    after = root.module.stat()
    check(after.st_ctime_ns > before.st_ctime_ns, 'the time of change')
    check((after.st_mode, after.st_mtime_ns) == (before.st_mode, before.st_mtime_ns), 'the rest of it')


def test_switch_failures(place):
    root = Root(place)
    ended(place.run('enable', 'x'), 2, 'no arguments')
    ended(place.run('disable', '--root'), 2, 'needs a value')
    root.turn('disable')
    root.module.unlink()
    ended(place.run('enable', '--root', str(root.path)), 1, str(root.module), 'No such file')
    check(root.lines() == [], 'enabled without a module')
    if os.geteuid() == 0:
        return
    root.conf.write_text(root.shipped)
    root.conf.parent.chmod(0o500)
    done = place.run('disable', '--root', str(root.path), '--json')
    ended(done, 1, 'this needs root')
    check(json.loads(done.stdout)['status'] == 1 and len(root.lines()) == 1, done.stdout)
    root.conf.parent.chmod(0o700)


def test_switch_module_of_the_line(place):
    """What enable writes by itself is the line that is shipped."""
    root = Root(place)
    root.conf.unlink()
    root.turn('enable')
    check([line.split() for line in root.lines()]
          == [line.split() for line in root.shipped.splitlines() if line[0] != '#'], PROGRAM)
