"""gss-winrm enable and disable, on a system of their own (--root)."""

import json
import os
import re

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
    check(root.turn('enable') == 'The plugin was on already.\n', 'enable')
    check(root.turn('disable') == 'The plugin is off, for programs that start from now on.\n', 'disable')
    check(root.lines() == [], root.conf.read_text())
    off = root.conf.read_text()
    check(root.turn('disable') == 'The plugin was off already.\n', 'disable again')
    check(root.conf.read_text() == off, 'a second disable changed something')
    check(root.turn('enable') == 'The plugin is on, for programs that start from now on.\n', 'enable')
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
    check(root.turn('disable') == 'The plugin was off already.\n', 'disable')
    check(not root.conf.exists(), 'disable made a file')
    root.turn('enable')
    check(root.lines() == [line] and root.conf.stat().st_mode & 0o777 == 0o644, root.conf.read_text())
    root.conf.write_text('')
    root.turn('enable')
    check(root.lines() == [line], root.conf.read_text())


def test_switch_link(place):
    root = Root(place)
    real = place.path / 'managed.conf'
    root.conf.rename(real)
    root.conf.symlink_to(real)
    root.turn('disable')
    check(root.conf.is_symlink() and root.lines() == [], 'the link')


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
