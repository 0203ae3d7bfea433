#!/usr/bin/python3
"""Check C sources for what this project does not do: long functions and files, and calls unfit for a plugin.

    functions.py length FILE...       functions over 60 lines, files over 500
    functions.py forbidden FILE...    calls that code loaded into every GSSAPI process must not make
    functions.py includes FILE...     a plugin source that includes something of the helper's or the tests'

Prints one line per finding and fails if there is any.
"""

import re
import sys
from pathlib import Path

FUNCTION_LINES = 60
FILE_LINES = 500

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


def blanked(text):
    """The text with comments, strings and character constants blanked out, lines kept."""
    def blank(found):
        return re.sub(r'[^\n]', ' ', found.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def line_of(text, position):
    return text.count('\n', 0, position) + 1


def functions(text):
    """(name, first line, lines) of each function; its braces are in column 0, as in krb5's sources."""
    code = blanked(text)
    for found in re.finditer(r'^([A-Za-z_]\w*)\s*\([^;{}]*\)\s*\n\{.*?^\}', code, re.M | re.S):
        yield found.group(1), line_of(text, found.start()), found.group(0).count('\n') + 1


def long_ones(path, text):
    lines = text.count('\n')
    if lines > FILE_LINES:
        yield '%s: %d lines, the limit is %d' % (path, lines, FILE_LINES)
    for name, line, length in functions(text):
        if length > FUNCTION_LINES:
            yield '%s:%d: %s() has %d lines, the limit is %d' % (path, line, name, length, FUNCTION_LINES)


def forbidden(path, text):
    code = blanked(text)
    for pattern, why in FORBIDDEN:
        call = pattern if r'\(' in pattern else r'(?:%s)\s*\(' % pattern
        for found in re.finditer(r'(?<![\w.>])' + call, code):
            name = found.group(0).split('(')[0].strip()
            # A declaration or definition of our own by that name is caught too, and should be.
            yield '%s:%d: %s() %s' % (path, line_of(code, found.start()), name, why)


def includes(path, text):
    """The interposer knows nothing of CredSSP and links no OpenSSL; CredSSP may use the interposer's policy."""
    folder = Path(path).parent
    credssp = folder.name == 'credssp'
    others = 'helper|tests' if credssp else 'helper|tests|credssp|openssl'
    for found in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*["<]([^">]+)[">]', text, re.M):
        name = found.group(1)
        if re.search(r'(^|/)(%s)/|^\.\.' % others, name):
            yield '%s:%d: includes %s' % (path, line_of(text, found.start()), name)
        elif '/' not in name and not name.startswith('config.h') and '"' in found.group(0):
            if not (folder / name).exists() and not (credssp and (folder.parent / name).exists()):
                yield '%s:%d: includes %s, which is not in its folder' % (path, line_of(text, found.start()), name)


def main(arguments):
    checks = {'length': long_ones, 'forbidden': forbidden, 'includes': includes}
    if len(arguments) < 2 or arguments[0] not in checks:
        sys.exit(__doc__)
    findings, seen = 0, 0
    for path in arguments[1:]:
        text = Path(path).read_text(encoding='utf-8')
        seen += sum(1 for _ in functions(text))
        for finding in checks[arguments[0]](path, text):
            print(finding)
            findings += 1
    if seen == 0:
        sys.exit('functions.py: found no function at all in %d files: it must learn their style' % len(arguments[1:]))
    return 1 if findings else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
