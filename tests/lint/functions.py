#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""Check sources for what this project does not do: calls unfit for a plugin, claims by word only, tests by the clock.

    functions.py forbidden FILE...    calls that code loaded into every GSSAPI process must not make
    functions.py includes FILE...     a source that includes a folder that its Makefile.inc does not name
    functions.py says FILE...         a program of ours that prints or logs without helper/common/say.h, which cleans
    functions.py claims FILE...       a line of docs/THREATS.md that no test shows and that does not say so
    functions.py clock FILE...        a test that gives up after a fixed time, which on a busy machine is too short
    functions.py reasons FILE...      a message about a failed system call that does not say why it failed

Prints one line per finding and fails if there is any.
"""

import re
import sys
from pathlib import Path

# Where a test can only go by the clock (a socket's time limit, alarm()), this many seconds mean that it hangs.
HANGS = 600
CLOCK = re.compile(r'(?:settimeout|\balarm|\.wait|\.join)\(([\d.]+)\)|\btimeout=([\d.]+)[,)]|time\.(?:monotonic|time)\(\) *\+')

# What a module in other people's processes must not call, and why.
FORBIDDEN = [
    (r'_?exit|_Exit|quick_exit|abort|assert', 'ends the program'),
    (r'v?printf|puts|putchar|perror|warnx?|errx?|verrx?|vwarnx?|psignal', 'prints on the program\'s descriptors'),
    (r'f(?:printf|puts|putc|write)\s*\(\s*[^;]*\b(?:stderr|stdout)\b', 'prints on the program\'s descriptors'),
    (r'signal|sigaction|sigprocmask|pthread_sigmask|sigset|alarm|setitimer|raise|kill', 'touches signals'),
    (r'setlocale|uselocale|newlocale', 'touches the locale'),
    (r'pthread_create|thrd_create|fork|vfork|clone|system|popen|posix_spawnp?|exec[vl]p?e?', 'starts something'),
    (r'atexit|on_exit', 'outlives dlclose'),
    (r'getenv', 'use secure_getenv: the program may be setuid'),
    (r'setenv|putenv|unsetenv|clearenv', 'changes the environment of the program'),
    (r'strcpy|stpcpy|strcat|v?sprintf|gets|strncpy|strncat', 'has no proper bound'),
    (r'strtok|localtime|gmtime|ctime|asctime|strerror|getpw(?:nam|uid)|gethostbyname|inet_ntoa|readdir_r',
     'is not thread-safe'),
    (r'chdir|umask|set(?:res|re|e)?[ug]id|setrlimit|sleep|usleep|nanosleep', 'acts on the whole program'),
    (r'alloca|atoi|atol|atof|tmpnam|mktemp', 'cannot report an error'),
]


# What ends on a terminal or in a log: say.c alone calls these, and helper/pam/tell.c the module's.
SINKS = [
    r'v?f?printf|v?dprintf|f?puts|f?putc|putchar|fwrite|putw|f?putw?[cs]_unlocked|fputw[cs]|perror|psignal|psiginfo',
    r'v?warnx?|v?errx?|error|error_at_line|v?syslog|sd_journal_\w+|write|writev|pwrite|pam_(?:v?syslog|v?error|v?info|v?prompt)',
    r'json_dump(?:s|b|f|fd|_file|_callback)',
]
SAYS_ALL = {'helper/common/say.c', 'helper/pam/tell.c'}
# Where bytes go to something else than people, never to stdout or stderr.
ELSEWHERE = {
    'helper/broker/main.c': (r'write', 'a pipe to its parent'),
    'helper/broker/serve.c': (r'write', 'an eventfd'),
    'helper/configure/confcheck.c': (r'write', 'a copy of krb5.conf'),
    'helper/cli/explain.c': (r'write', 'a file for krb5'),
    'helper/configure/newfile.c': (r'write', 'files'),
    'helper/console/say.c': (r'json_dumpf', 'of what it has just cleaned'),
    'helper/configure/switch.c': (r'fprintf|fputc|fputs', 'text in memory, for a file'),
    'helper/cli/tty.c': (r'write', 'a prompt, which cli_password() cleans'),
    'helper/common/kdcwait.c': (r'write', 'a file for krb5'),
    'helper/doctor/facts.c': (r'fputc|fputs', 'text in memory, for output.c'),
    'helper/doctor/mechprobe.c': (r'json_dumpfd', 'the other process'),
    'helper/gateway/stats.c': (r'json_dumps', 'gss-winrm, which cleans'),
    'helper/gateway/listeners.c': (r'dprintf', 'the ready descriptor'),
    'helper/gateway/tickets.c': (r'write', 'an eventfd'),
    'helper/pam/request.c': (r'write', 'a pipe to its parent'),
}


# What tells people something, and what in it is the reason why a call failed.
MESSAGES = (r'(?<![\w.>])(?:cs_fail|cs_set_error|cli_error|say_line|say_log|often_log|log_line|tell|doc_say|doc_set|'
            r'gw_trace)\(')
REASON = r'%m|strerror|newfile_text|witness_why'
# Calls whose failure has a reason in errno (or in what they return).
SYSTEM_CALL = (
    r'(?<![\w.>])('
    r'open(?:at2?|dir)?|creat|fopen|fdopen|opendir|scandir|read|pread|write|pwrite|recv(?:from|msg)?|send(?:to|msg)?|'
    r'socket(?:pair)?|bind|listen|connect|accept4?|[gs]etsockopt|get(?:sock|peer)name|pipe2?|dup[23]?|fcntl|ioctl|flock|'
    r'f?l?stat(?:at)?|mkdir(?:at)?|unlink(?:at)?|rename(?:at)?|f?chmod|f?chown|fsync|mkstemp|mkdtemp|memfd_create|mmap|'
    r'poll|epoll_\w+|eventfd|timerfd_\w+|signalfd|sigprocmask|pthread_(?:create|sigmask)|fork|execvp?e?|posix_spawnp?|'
    r'waitpid|prctl|[gs]etrlimit|set(?:res|re|e)?[ug]id|setgroups|access|setenv|tc[gs]etattr|mnl_socket_\w+'
    r')\(')


def blanked(text):
    """The text with comments, strings and character constants blanked out, lines kept."""
    def blank(found):
        return re.sub(r'[^\n]', ' ', found.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def claims(path, text):
    """The last column of each table with four: `tests' names, or "argument"."""
    tests = Path(__file__).resolve().parents[1]
    parts = (tests / 'lab/clients').read_text()
    for number, line in enumerate(text.splitlines(), 1):
        cells = [cell.strip() for cell in line.strip('|').split('|')]
        if not line.startswith('|') or len(cells) != 4 or cells[3] in ('shown by', '---'):
            continue
        names = re.findall(r'`([^`]+)`', cells[3])
        for name in names:
            kind, _, rest = name.rpartition(':')
            there = ('"%s":' % rest in parts if kind == 'lab' else
                     (tests / 'attacks' / (rest + '.py') if kind == 'a' else tests / name).exists())
            if not there:
                yield '%s:%d: there is no %s' % (path, number, name)
        if not names and cells[3] != 'argument':
            yield '%s:%d: nothing shows it' % (path, number)


def line_of(text, position):
    return text.count('\n', 0, position) + 1


def functions(text):
    """(name, first line, lines) of each function; its braces are in column 0, as in krb5's sources."""
    code = blanked(text)
    for found in re.finditer(r'^([A-Za-z_]\w*)\s*\([^;{}]*\)\s*\n\{.*?^\}', code, re.M | re.S):
        yield found.group(1), line_of(text, found.start()), found.group(0).count('\n') + 1


def forbidden(path, text):
    code = blanked(text)
    for pattern, why in FORBIDDEN:
        call = pattern if r'\(' in pattern else r'(?:%s)\s*\(' % pattern
        for found in re.finditer(r'(?<![\w.>])' + call, code):
            name = found.group(0).split('(')[0].strip()
            # A declaration or definition of our own by that name is caught too, and should be.
            yield '%s:%d: %s() %s' % (path, line_of(code, found.start()), name, why)


def arguments_at(code, start):
    """What stands between the parenthesis before start and its partner."""
    depth = 1
    for end in range(start, len(code)):
        depth += {'(': 1, ')': -1}.get(code[end], 0)
        if depth == 0:
            return code[start:end]
    return code[start:]


def says(path, text):
    """What others have chosen reaches people by say.h only."""
    name = next((n for n in SAYS_ALL | set(ELSEWHERE) if ('/' + path).endswith('/' + n)), None)
    if name in SAYS_ALL:
        return
    allowed = ELSEWHERE.get(name, (r'(?!)', ''))[0]
    code = blanked(text)
    for found in re.finditer(r'(?<![\w.>])(%s)\s*\(' % '|'.join(SINKS), code):
        people = re.search(r'\b(?:stdout|stderr|STD(?:OUT|ERR)_FILENO)\b', arguments_at(code, found.end()))
        cleaned = name == 'helper/console/say.c'
        if not re.fullmatch(allowed, found.group(1)) or (people and not cleaned):
            yield '%s:%d: %s() goes round say.h' % (path, line_of(code, found.start()), found.group(1))


def folders(top):
    """{folder: those that it may include}, as each one's Makefile.inc says."""
    found = {}
    for path in sorted(Path(top).glob('*/**/Makefile.inc')):
        may = re.search(r'^# Includes: (.*)$', path.read_text(encoding='utf-8'), re.M)
        if may:
            found[str(path.parent.relative_to(top))] = [] if may.group(1) == 'nothing else' else may.group(1).split()
    return found


def includes(path, text):
    """A header is named from the top, and is of its own folder or of one that its Makefile.inc names."""
    top = next((p for p in Path(path).resolve().parents if (p / 'plugin').is_dir() and p.name != 'plugin'), Path('.'))
    folder = str(Path(path).resolve().parent.relative_to(top))
    known = folders(top)
    if folder not in known:
        yield '%s: the Makefile.inc of %s has no line "# Includes:"' % (path, folder)
        return
    for found in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', text, re.M):
        name, line = found.group(1), line_of(text, found.start())
        if name == 'config.h':
            continue
        if not (top / name).exists():
            yield '%s:%d: there is no %s, seen from the top' % (path, line, name)
        elif str(Path(name).parent) not in [folder, *known[folder]]:
            yield '%s:%d: includes %s, which "# Includes:" of %s does not name' % (path, line, name, folder)
    # What is in every GSSAPI process has no OpenSSL.
    if folder in ('plugin', 'plugin/base', 'plugin/conf', 'plugin/bytes'):
        for found in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*<openssl/', text, re.M):
            yield '%s:%d: includes OpenSSL' % (path, line_of(text, found.start()))
    # Who may include me may not be included by me.
    for other in known[folder]:
        if folder in known.get(other, ()):
            yield '%s: %s and %s include each other' % (path, folder, other)


def clock(path, text):
    """tests/watch/progress.py waits as long as something happens.  "By the clock: WHY", on the line or before, excuses."""
    lines = text.split('\n')
    for number, line in enumerate(lines):
        found = CLOCK.search(line)
        if not found or 'y the clock:' in line + ''.join(lines[max(0, number - 2):number]):
            continue
        seconds = float(found.group(1) or found.group(2) or -1)
        if seconds < 0 or 0 < seconds < HANGS:
            yield '%s:%d: a limit by the clock; see tests/watch/progress.py' % (path, number + 1)


def is_open(block):
    """Does the block that begins here go on to the end of the text?"""
    depth = 0
    for found in re.finditer('[{}]', block):
        depth += 1 if found.group(0) == '{' else -1
        if depth == 0:
            return False
    return True


def condition_of(code, position):
    """Of the innermost `if' in the function whose statement or block has position: (condition, its start); else None."""
    function = code.rfind('\n{', 0, position)
    for found in reversed(list(re.finditer(r'\bif \(', code[function:position]))):
        start = function + found.end()
        condition = arguments_at(code, start)
        body = code[start + len(condition) + 1:position].lstrip()
        if is_open(body) if body.startswith('{') else ';' not in body:
            return condition, function + found.start()
    return None


def failing_call(expression):
    """A system call whose failure this expression tests: not `stat() == 0 &&', not one whose errno is told apart."""
    for found in re.finditer(SYSTEM_CALL, expression):
        behind = expression[found.end() + len(arguments_at(expression, found.end())) + 1:]
        if not re.match(r'\s*(?:== 0|> 0|>= 0|!= -1|!= NULL)', behind) and 'errno ==' not in expression:
            return found.group(1)
    return None


def reasons(path, text):
    """errno's text where a call failed: cs_fail_errno(), %m or a strerror().  "No errno: WHY", before it, excuses."""
    code = blanked(text)
    for found in re.finditer(MESSAGES, code):
        start, end = found.end(), found.end() + len(arguments_at(code, found.end()))
        if re.search(REASON, text[start:end]) or 'o errno:' in text[max(0, start - 200):start]:
            continue
        condition, where = condition_of(code, found.start()) or ('', None)
        tested = re.match(r'\s*([*\w.>\[\]-]+)', condition)
        if tested and tested.group(1) != 'ret' and not failing_call(condition):
            # What the tested variable was last set by, in the three statements before.
            last = re.findall(r'(?<![\w.>*])%s = [^;]*' % re.escape(tested.group(1)),
                              ';'.join(code[:where].split(';')[-3:]))
            condition += ' ' + last[-1] if last else ''
        begin = max(code.rfind(c, 0, found.start()) for c in ';{}')
        statement = code[begin + 1:found.start()]
        call = failing_call(condition)
        if not call and ' ? ' in statement:         # ret = stat() == 0 ? 0 : cs_fail()
            call = next((c.group(1) for c in re.finditer(SYSTEM_CALL, statement)), None)
        if call:
            yield '%s:%d: %s() failed: say why (cs_fail_errno, %%m)' % (
                path, line_of(code, found.start()), call)


def main(arguments):
    checks = {'forbidden': forbidden, 'includes': includes, 'says': says, 'claims': claims,
              'clock': clock, 'reasons': reasons}
    if len(arguments) < 2 or arguments[0] not in checks:
        sys.exit(__doc__)
    findings, seen = 0, 0
    for path in arguments[1:]:
        text = Path(path).read_text(encoding='utf-8')
        seen += {'claims': text.count('| shown by |'), 'clock': text.count('\n')}.get(
            arguments[0], sum(1 for _ in functions(text)))
        for finding in checks[arguments[0]](path, text):
            print(finding)
            findings += 1
    if seen == 0:
        sys.exit('functions.py: found nothing to look at in %d files: it must learn their style' % len(arguments[1:]))
    return 1 if findings else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
