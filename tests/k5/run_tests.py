#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Run one k5 test program inside two realms of its own (realm.py) and print TAP.

    run_tests.py PROGRAM      a program of tests/k5: t_names (in C), t_python.py

From the environment, as make check sets them: top_builddir, top_srcdir, GW_SANITIZER (what the build has) and
GW_VALGRIND (a command in front of programs in C, or empty).

The first result is a control: without the interposer the program must refuse to run. The last says that the program
ended as a program should; sanitizers and valgrind make it end otherwise.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
import sysconfig
import threading
import time
from pathlib import Path

import realm
from realm import progress

MECHANISM = 'gss_winrm 2.25.1467839256 %s <interposer>\n'
# Some of the programs' cases take minutes under valgrind.
PATIENCE = 180, 1800
REFUSAL = 'Bail out! the interposer is not loaded'


def from_compiler(option):
    done = subprocess.run([os.environ.get('CC', 'gcc'), option], stdout=subprocess.PIPE, text=True, check=False)
    return done.stdout.strip()


def nss_wrapper():
    for folder in ('/usr/lib/%s' % sysconfig.get_config_var('MULTIARCH'), '/usr/lib64', '/usr/lib'):
        path = os.path.join(folder, 'libnss_wrapper.so')
        if os.path.exists(path):
            return path
    raise realm.Failure('there is no libnss_wrapper.so: apt-get install libnss-wrapper')


def sanitizer_runtimes(sanitizer):
    """The runtimes to preload: a program without instrumentation that loads an instrumented module needs them first."""
    names = [name for word, name in (('address', 'libasan.so'), ('thread', 'libtsan.so'), ('undefined', 'libubsan.so'))
             if word in sanitizer.split(',')]
    return [from_compiler('-print-file-name=' + name) for name in names]


def sanitizer_options(source, is_python):
    folder = source / 'tests'
    # Python's own allocations at exit are no concern of ours; the C programs cover the same code with leaks checked.
    leaks = 'detect_leaks=0' if is_python else 'detect_leaks=1'
    return {
        'ASAN_OPTIONS': 'exitcode=98:abort_on_error=0:allocator_may_return_null=1:' + leaks,
        'LSAN_OPTIONS': 'exitcode=98:print_suppressions=0:suppressions=%s/lsan.supp' % folder,
        'UBSAN_OPTIONS': 'halt_on_error=1:exitcode=98:print_stacktrace=1',
        'TSAN_OPTIONS': 'exitcode=97:second_deadlock_stack=1:suppressions=%s/tsan.supp' % folder,
    }


def program_command(name, build, source, valgrind):
    if name.endswith('.py'):
        return [sys.executable, str(source / 'tests/k5' / name)]
    path = build / 'tests/k5' / name
    if not path.exists():
        raise realm.Failure('there is no %s: run make check' % path)
    return shlex.split(valgrind) + [str(path)]


def environment(realms, build, source, name, sanitizer, valgrind):
    module = (build / 'plugin/.libs/gss_winrm.so').resolve()
    if not module.exists():
        raise realm.Failure('there is no %s: run make first' % module)
    mech = realms.directory / 'mech.conf'
    mech.write_text(MECHANISM % module)
    env = {key: value for key, value in os.environ.items()
           if not key.startswith(('KRB5', 'GSS_', 'LD_', 'NSS_WRAPPER', 'K5_'))}
    env.update(realms.environment())
    env.update(sanitizer_options(source, name.endswith('.py')))
    env.update(LD_PRELOAD=':'.join(sanitizer_runtimes(sanitizer) + [nss_wrapper()]),
               NSS_WRAPPER_HOSTS=str(realms.directory / 'hosts'), NSS_WRAPPER_DISABLE_DEEPBIND='1',
               GSS_MECH_CONFIG=str(mech), K5_MODULE=str(module), K5_PEER=str(build / 'tests/k5/peer'),
               K5_BUILD=str(build / 'tests/k5'), GW_SANITIZER=sanitizer, GW_VALGRIND=valgrind, LC_ALL='C.UTF-8',
               PYTHONDONTWRITEBYTECODE='1', HOME=str(realms.directory))
    return env


def control(command, env):
    """The program without the interposer; returns why that is not as it should be, or None."""
    done = subprocess.run(command, env=dict(env, GSS_MECH_CONFIG='/dev/null'), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace', check=False)
    if done.returncode == 3 and REFUSAL in done.stdout:
        return None
    return 'status %d and: %s' % (done.returncode, done.stdout.strip()[-2000:])


def passed_on(process):
    """Print the program's TAP, numbered from 2; returns (results, failures, planned, whether it was killed)."""
    late, state = threading.Event(), progress.Progress(*PATIENCE)

    def look():
        while process.poll() is None:
            if state.hang():
                late.set()
                os.killpg(process.pid, signal.SIGKILL)
                return
            time.sleep(1)

    threading.Thread(target=look, daemon=True).start()
    results = failures = 0
    planned = None
    for line in process.stdout:
        state.sign()
        line = line.rstrip('\n')
        result = re.match(r'(not )?ok \d+(.*)', line)
        if re.fullmatch(r'1\.\.\d+', line):
            planned = int(line[3:])
        elif result:
            results += 1
            failures += bool(result.group(1))
            print('%sok %d%s' % (result.group(1) or '', results + 1, result.group(2)), flush=True)
        elif line.startswith('Bail out!'):
            print('# ' + line, flush=True)
        else:
            print(line if line.startswith('#') else '# ' + line, flush=True)
    return results, failures, planned, late.is_set()


def run(name):
    build = Path(os.environ.get('top_builddir') or '.').resolve()
    source = Path(os.environ.get('top_srcdir') or Path(__file__).resolve().parents[2]).resolve()
    sanitizer = os.environ.get('GW_SANITIZER', 'no')
    valgrind = os.environ.get('GW_VALGRIND', '')
    if os.environ.get('K5_SYSTEM') and (valgrind or sanitizer != 'no'):
        print('1..0 # SKIP the same calls with another krb5.conf: once is enough under what watches memory')
        return 0
    with realm.Realms() as realms:
        env = environment(realms, build, source, name, sanitizer, valgrind)
        command = program_command(name, build, source, valgrind)
        plain = program_command(name, build, source, '')
        complaint = control(plain, env)
        print('%sok 1 - control: without the interposer %s refuses to run' % ('not ' if complaint else '', name))
        if complaint:
            print('# why: ' + complaint.replace('\n', '\n# '))
        sys.stdout.flush()
        # pylint: disable=consider-using-with
        process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, errors='replace', start_new_session=True)
        try:
            results, failures, planned, late = passed_on(process)
            status = process.wait()
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    well = not late and planned == results and status == (1 if failures else 0)
    print('%sok %d - %s ends well' % ('' if well else 'not ', results + 2, name))
    if not well:
        print('# why: status %d, %d of %s results, %s' % (status, results, planned,
                                                           'killed, since it hung' if late else 'not killed'))
    print('1..%d' % (results + 2))
    return 1 if failures or complaint or not well else 0


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, realm.interrupted)
    try:
        sys.exit(run(sys.argv[1]))
    except realm.Failure as failure:
        print('Bail out! ' + str(failure).splitlines()[0])
        sys.exit('run_tests: %s' % failure)
