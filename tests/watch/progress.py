# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Whether something still happens: how long tests wait, in one place.

A limit is for what hangs, not for what is slow: on a busy machine a suite takes ten times as long, and gets there.
So what counts is what processes do, not the time that it takes them.  They hang if, since they last gave a sign,

* for `quiet' seconds they have had next to nothing to do, waiting for what does not come,
* they have used `busy' seconds of CPU, going round in circles.  (A busy machine does not make these more.)
* or, whatever they do, LONG times `quiet' seconds have passed: they may look now and then for what does not come.

Who has something to do runs, or waits for others to let it run: on a busy machine it waits most of the time.

Whoever asks says what a sign is: a line of output, a condition that holds.
"""

import contextlib
import os
import subprocess
import tempfile
import threading
import time

# Of the time: what servers use that nobody asks anything.
IDLE = 0.03
# No machine on which tests are worth running is that busy.
LONG = 10
TICKS = os.sysconf('SC_CLK_TCK')


def processes():
    """{pid: (parent, ticks of CPU used by it and by its children that have ended)} of all that run."""
    found = {}
    for pid in filter(str.isdigit, os.listdir('/proc')):
        with contextlib.suppress(OSError):
            with open('/proc/%s/stat' % pid, 'rb') as file:
                fields = file.read().rpartition(b')')[2].split()
            found[int(pid)] = int(fields[1]), sum(map(int, fields[11:15]))
    return found


def waited(pid):
    """Seconds that its threads have waited for a CPU; 0 where the kernel does not count them."""
    total = 0
    with contextlib.suppress(OSError):
        for thread in os.listdir('/proc/%d/task' % pid):
            with contextlib.suppress(OSError), open('/proc/%d/task/%s/schedstat' % (pid, thread), 'rb') as file:
                total += int(file.read().split()[1])
    return total / 1e9


def below(root, all_of_them):
    """The pids of those that root has started, and these, and so on."""
    children = {}
    for pid, (parent, _) in all_of_them.items():
        children.setdefault(parent, []).append(pid)
    found, left = [], [root]
    while left:
        for pid in children.get(left.pop(), ()):
            found.append(pid)
            left.append(pid)
    return found


class Progress:
    """What the processes below this one do."""

    def __init__(self, quiet, busy, long=None):
        self.quiet, self.busy, self.long = quiet, busy, long or LONG * quiet
        self.total, self.waits, self.used, self.active = None, {}, 0, 0
        self.look()
        self.sign()

    def look(self):
        """Adds what was used since the last time.  What ends unseen takes its share along: never less than before."""
        all_of_them = processes()
        ours = below(os.getpid(), all_of_them)
        ended = os.times()
        total = sum(all_of_them[pid][1] for pid in ours) / TICKS + ended.children_user + ended.children_system
        waits = {pid: waited(pid) for pid in ours}
        if self.total is not None:
            used = max(0, total - self.total)
            self.used += used
            self.active += used + sum(max(0, now - self.waits.get(pid, now)) for pid, now in waits.items())
        self.total, self.waits = total, waits

    def sign(self):
        """They have shown that they get on."""
        self.signed = time.monotonic(), self.used
        self.stirred = time.monotonic(), self.active

    def hang(self):
        """Why they are taken to hang, or None."""
        self.look()
        now, (since, active) = time.monotonic(), self.stirred
        if self.active - active >= IDLE * self.quiet:
            self.stirred = now, self.active
        elif now - since > self.quiet:
            return 'nothing has happened for %d s' % self.quiet
        if now - self.signed[0] > self.long:
            return 'nothing has come of it for %d s' % self.long
        if self.used - self.signed[1] > self.busy:
            return '%d s of CPU have led to nothing' % self.busy
        return None


class Hang(subprocess.TimeoutExpired):
    """Some of what we have started hangs."""

    def __init__(self, command, why):
        super().__init__(command, 0)
        self.why = why

    def __str__(self):
        return '%s: %s' % (self.cmd, self.why)


# What one test waits for; a suite, which has many, has more.
QUIET, BUSY = 60, 300


def wait_for(condition, quiet=QUIET, busy=BUSY):
    """Waits until the condition holds, and returns what it then is; something false if what we have started hangs."""
    state = None
    look = time.monotonic() + 1
    while not (holds := condition()):
        if time.monotonic() > look:
            state = state or Progress(quiet, busy)
            if state.hang():
                return condition()
            look = time.monotonic() + 1
        time.sleep(0.02)
    return holds


def communicate(process, text=None, quiet=QUIET, busy=BUSY):
    """process.communicate(text)."""
    # In a thread: with a time limit, Python's own forgets what it has not yet written.
    answers = []

    def talk():
        try:
            answers.append(process.communicate(text))
        except (OSError, ValueError) as error:
            answers.append(error)

    threading.Thread(target=talk, daemon=True).start()
    if not wait_for(lambda: answers, quiet, busy):
        raise Hang(process.args, 'it does not end')
    if isinstance(answers[0], Exception):
        raise answers[0]
    return answers[0]


def wait(process, quiet=QUIET, busy=BUSY):
    """process.wait()."""
    if not wait_for(lambda: process.poll() is not None, quiet, busy):
        raise Hang(process.args, 'it does not end')
    return process.returncode


def run(command, quiet=QUIET, busy=BUSY, **options):
    """subprocess.run(); the command is killed if it hangs."""
    text = options.pop('input', None)
    if text is not None:
        options['stdin'] = subprocess.PIPE
    if options.pop('capture_output', False):
        options['stdout'] = options['stderr'] = subprocess.PIPE
    check = options.pop('check', False)
    with subprocess.Popen(command, **options) as process:
        try:
            out, err = communicate(process, text, quiet, busy)
        except BaseException:
            process.kill()
            raise
    done = subprocess.CompletedProcess(process.args, process.returncode, out, err)
    if check:
        done.check_returncode()
    return done


def directory(prefix):
    """A new directory below TMPDIR; in /tmp if that is long: names of sockets and FILE: caches have limits."""
    parent = tempfile.gettempdir()
    return tempfile.mkdtemp(prefix=prefix, dir=parent if len(parent) <= 32 else '/tmp')
