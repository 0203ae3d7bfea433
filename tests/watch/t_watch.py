# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""What ends a suite, what does not, and that nothing of it stays."""

import contextlib
import glob
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
import uuid
from pathlib import Path

import progress

HERE = Path(__file__).resolve().parent
ROOT = os.geteuid() == 0
QUIET = 4

# Leaves what a suite can: daemons in sessions of their own that do not end when asked to, files and directories that
# are hard to remove; for root a mount and a network namespace.  $1 is part of all names.
LEAVE = """
set -e
[ "$(id -u)" -ne 0 ] || {
    ip netns add "$1"
    mkdir -p "/etc/netns/$1"
    mkdir "/var/tmp/$1" "/tmp/$1"
    mount -t tmpfs none "/tmp/$1"
}
mkdir -p "${TMPDIR:-/tmp}/$1.here/locked/deep" "$ANSIBLE_HOME/$1"
chmod 0 "${TMPDIR:-/tmp}/$1.here/locked"
(trap '' TERM; setsid sh -c 'trap "" TERM; echo "$$" >"$0"; echo up; while :; do sleep 600; done' "$2" &)
until [ -s "$2" ]; do sleep 0.1; done
"""
MEANWHILE = {
    'sleeps': 'sleep 600',
    'takes no notice of SIGTERM': "trap '' TERM; while :; do sleep 600; done",
    'is killed': 'echo "$$" >"$2.killed"; kill -KILL "$$"',
    'has ended': 'exit 0',
}


class Case:
    """A suite below watch."""

    def __init__(self, work, *command, quiet=QUIET, busy=100, long=6000):
        self.log = work / 'log'
        self.log.write_text('')
        self.process = subprocess.Popen([HERE / 'watch', '--log', self.log, '--keep', work, '--quiet', str(quiet),
                                         '--busy', str(busy), '--long', str(long), *command], stderr=subprocess.PIPE, text=True)

    def end(self):
        _, self.said = progress.communicate(self.process)
        return self.process.returncode

    def last(self):
        return (self.log.read_text().splitlines() or [''])[-1]


def test_works(work):
    """what works without a word is left alone, however long"""
    program = 'import time\nwhile time.process_time() < 6: pass\nraise SystemExit(7)'
    case = Case(work, sys.executable, '-c', program)
    return case.end() == 7, case.last()


def test_says(work):
    """what says something now and then is left alone, though it does nothing else"""
    case = Case(work, 'sh', '-c', 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo $i; sleep 0.7; done')
    return case.end() == 0 and case.last() == '12', case.last()


def test_waits(work):
    """what waits for what does not come is ended, and is told so"""
    case = Case(work, 'sh', '-c', 'echo on; while :; do sleep 0.5; done')
    return case.end() == 124 and case.last() == 'watch: ended: nothing has happened for %d s' % QUIET, case.last()


def test_circles(work):
    """what goes round in circles is ended, by the CPU that it used"""
    case = Case(work, 'sh', '-c', 'while :; do :; done', busy=3)
    return case.end() == 124 and case.last() == 'watch: ended: 3 s of CPU have led to nothing', case.last()


def test_looks(work):
    """what looks again and again for what does not come is ended, after ten times as long"""
    # More than a server does that waits, and no circle.
    program = 'import time\nwhile True:\n end = time.process_time() + 0.02\n while time.process_time() < end: pass\n time.sleep(0.1)'
    case = Case(work, sys.executable, '-c', program, quiet=1, long=10)
    return case.end() == 124 and case.last() == 'watch: ended: nothing has come of it for 10 s', case.last()


def found(mark):
    """What there is of the mark on this machine."""
    names = [name for place in ('/tmp', '/var/tmp', tempfile.gettempdir(), '/run/netns', '/etc/netns')
             for name in (*glob.glob('%s/%s*' % (place, mark)), *glob.glob('%s/gss-winrm-run.*/*%s*' % (place, mark)),
                          *glob.glob('%s/gss-winrm-run.*/*/%s*' % (place, mark)))]
    return sorted(set(names)) + [line for line in Path('/proc/self/mountinfo').read_text().splitlines() if mark in line]


def runs(pid):
    with contextlib.suppress(OSError):
        return Path('/proc/%d/stat' % pid).read_text().rpartition(')')[2].split()[0] not in 'ZX'
    return False


def leaves(work, how, quiet=300):
    """Starts a suite that leaves things and goes on as told; returns the case, the mark and the daemon's pid."""
    mark, file = 'left-' + uuid.uuid4().hex[:12], work / ('daemon.' + uuid.uuid4().hex)
    case = Case(work, 'sh', '-c', LEAVE + MEANWHILE[how], 'sh', mark, str(file), quiet=quiet)
    pid = progress.wait_for(lambda: file.exists() and file.read_text().strip())
    return case, mark, int(pid or 0)


def gone(case, mark, pid):
    left = found(mark)
    return not left and pid and not runs(pid) and not case.said, '%s %s %s' % (left, case.said, case.log.read_text())


def stopped(work, how):
    case, mark, pid = leaves(work, how)
    before = found(mark) and runs(pid)
    case.process.terminate()
    status = case.end()
    clean, what = gone(case, mark, pid)
    return before and status == 143 and clean, 'status %d, before: %s, after: %s' % (status, before, what)


def test_stopped(work):
    """stopped in the middle: no process, file, mount or network namespace of it stays"""
    return stopped(work, 'sleeps')


def test_stubborn(work):
    """nor of one that takes no notice of SIGTERM"""
    return stopped(work, 'takes no notice of SIGTERM')


def test_killed(work):
    """nor of one that was killed"""
    case, mark, pid = leaves(work, 'is killed')
    status = case.end()
    clean, what = gone(case, mark, pid)
    return status == 128 + signal.SIGKILL and clean, what


def test_ended(work):
    """nor of one that has ended by itself"""
    case, mark, pid = leaves(work, 'has ended')
    status = case.end()
    clean, what = gone(case, mark, pid)
    return status == 0 and clean, what


def test_real(work):
    """nor of a real one, with two KDCs: killed in the middle"""
    start = ('import sys, os, time; sys.path[:0] = %r; import realm\n'
             'with realm.Realms() as realms:\n'
             '    open(sys.argv[1], "w").write("%%s %%d %%d" %% (realms.directory.name, realms.main.process.pid, os.getpid()))\n'
             '    time.sleep(600)' % ([str(HERE.parent / 'k5'), str(HERE)],))
    file = work / 'realm'
    # The sources may be where the suite has directories of its own.
    case = Case(work, '--keep', str(HERE.parents[1]), sys.executable, '-B', '-c', start, str(file), quiet=300)
    said = progress.wait_for(lambda: file.exists() and file.read_text())
    if not said:
        case.process.terminate()
        case.end()
        return False, case.log.read_text()
    name, kdc, suite = said.split()
    before = found(name) and runs(int(kdc))
    os.kill(int(suite), signal.SIGKILL)
    status = case.end()
    clean, what = gone(case, name, int(kdc))
    return before and status == 128 + signal.SIGKILL and clean, what


def test_kept(work):
    """what is to be kept stays, also where the suite's own files go"""
    if not ROOT:
        return None, 'needs root: others have no directories in the place of /tmp and /var/tmp'
    places = [Path(tempfile.mkdtemp(prefix='gss-winrm-keep.', dir=place)) for place in ('/tmp', '/var/tmp')]
    try:
        keep = [word for place in places for word in ('--keep', str(place))]
        case = Case(work, *keep, 'sh', '-c', 'for dir; do echo kept >"$dir/file"; done; ls /tmp /var/tmp', 'sh',
                    *map(str, places))
        status, seen = case.end(), case.log.read_text().split()
        wanted = {'/tmp:', '/var/tmp:', work.name, places[0].name, places[1].name}
        return (status == 0 and set(seen) == wanted and all((place / 'file').read_text() == 'kept\n' for place in places),
                '%d %s' % (status, seen))
    finally:
        for place in places:
            shutil.rmtree(place)


def test_input(_):
    """a program gets its input once, however long it takes"""
    done = progress.run(['sh', '-c', 'sleep 2.5; cat'], text=True, input='x' * 100000, capture_output=True)
    return done.stdout == 'x' * 100000, '%d octets came back' % len(done.stdout)


CASES = [test_works, test_says, test_waits, test_circles, test_looks, test_stopped, test_stubborn, test_killed, test_ended,
         test_real, test_kept,
         test_input]


def main():
    failed = 0
    print('1..%d' % len(CASES), flush=True)
    for number, case in enumerate(CASES, 1):
        with tempfile.TemporaryDirectory(prefix='gss-winrm-watch.') as work:
            try:
                good, why = case(Path(work))
            except Exception:       # pylint: disable=broad-except
                good, why = False, traceback.format_exc()
        name = '%d - %s' % (number, case.__doc__)
        if good is None:
            print('ok %s # SKIP %s' % (name, why))
        else:
            print('%sok %s' % ('' if good else 'not ', name))
            if not good:
                failed += 1
                print('# ' + why.replace('\n', '\n# '))
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
