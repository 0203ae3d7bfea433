# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""The completions."""

import shutil
import re

from place import BUILD, COMMANDS, PROGRAM, check, ended, progress

COMMANDS_HELP = ['login', 'logout', 'status', 'run', 'forward', 'explain', 'doctor', 'spn', 'configure', 'enable',
                 'disable', 'help', '--help', '--version']
COMPLETIONS = BUILD / 'helper/cli/completions'
COMPLETE = '''set -euo pipefail
source "$1"
shift
[[ $(complete -p gss-winrm) == *_gss_winrm* ]]
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_gss_winrm
printf '%s\\n' ${COMPREPLY[@]+"${COMPREPLY[@]}"}
'''
# What it would add, outside of a completion.
ZSH_KEYS = '''compadd() { print -r -- $* }
_arguments() { return 0 }
source $1
shift
words=("$@")
_gss_winrm_keys
'''


def completed(place, *words):
    """What bash offers for the last of the words."""
    env = dict(place.env, PATH='%s:%s' % (PROGRAM.parent, place.env['PATH']))
    done = progress.run(['bash', '-c', COMPLETE, 'bash', str(COMPLETIONS / 'gss-winrm.bash'), 'gss-winrm', *words],
                          text=True, capture_output=True, env=env)
    check(done.returncode == 0 and done.stderr == '', words, done.returncode, done.stderr)
    return done.stdout.split('\n')[:-1] if done.stdout != '\n' else []


def test_complete_bash(place):
    check(completed(place, '') == COMMANDS_HELP, completed(place, ''))
    check(completed(place, 'lo') == ['login', 'logout'], completed(place, 'lo'))
    for command in COMMANDS:
        offered = completed(place, command, '--')
        help_text = place.run(command, '--help').stdout
        options = [word for word in help_text.split() if word.startswith('--') and word not in ('--', '--]')]
        check(set(offered) - {'--'} >= {re.split(r'[\[\]]', option)[0] for option in options}, command, offered, options)
        check('--help' in offered, offered)
    hosts = ['web01.corp.example.com', 'web.corp.example.com', '10.20.30.40', 'portal.example.org',
             'nopass.example.org']
    check(completed(place, 'explain', '') == hosts, completed(place, 'explain', ''))
    check(completed(place, 'forward', '--listen', '5', 'web0') == hosts[:1], completed(place, 'forward', 'web0'))
    check(completed(place, 'explain', 'web01', 'w') == [], 'a second host')
    check(completed(place, 'login', '--lifetime', '8') == ['8h'], 'lifetimes')
    check('bash' in completed(place, 'run', 'bas') and 'bash' in completed(place, 'run', '--', 'bas'), 'commands')
    check(completed(place, 'logout', '') == [] and place.logged() == [], 'names')
    ended(place.run('login', '--stdin', 'CORP\\bob', stdin='x\n'), 0)
    check(completed(place, 'logout', 'CORP') == ['CORP\\\\bob'], completed(place, 'logout', 'CORP'))
    check(completed(place, 'nosuch', '') == [], 'nosuch')


def test_complete_keys(place):
    """Those that configure takes, and no others."""
    keys = [line.split('\t') for line in (BUILD / 'plugin/conf/keys.list').read_text().splitlines()]
    files = {name: (COMPLETIONS / name).read_text() for name in ('gss-winrm.bash', '_gss-winrm')}
    for arguments in (['web09'], ['--realm', 'CORP.EXAMPLE.COM'], ['-n', '-r', 'CORP.EXAMPLE.COM']):
        offered = completed(place, 'configure', *arguments, '')
        taken = []
        for key in [key[1] for key in keys if key[0] == '']:
            said = place.run('configure', '--dry-run', '--file', str(place.path / 'd.conf'), *arguments,
                             key + '=').stderr
            taken += [] if 'is not a key for' in said else [key + '=']
            check('no key' not in said, key, said)
        check(offered == taken and len(taken) > 5, arguments, offered, taken)
        for name, text in files.items():
            check(' '.join(taken) in text and re.search('@[A-Za-z_]+@', text) is None, name, text)
        if shutil.which('zsh'):
            done = progress.run(['zsh', '-f', '-c', ZSH_KEYS, 'zsh', str(COMPLETIONS / '_gss-winrm'), 'configure',
                                 *arguments, ''], text=True, capture_output=True, env=place.env)
            check(done.stdout.split() == ['-S', *taken] and done.stderr == '', arguments, done.stdout, done.stderr)


def test_complete_zsh(place):
    if shutil.which('zsh') is None:
        return 'SKIP there is no zsh'
    path = COMPLETIONS / '_gss-winrm'
    check(path.read_text().startswith('#compdef gss-winrm\n'), 'the first line')
    for arguments in (['-n', str(path)],
                      ['-f', '-c', 'fpath=(%s $fpath); autoload -U compinit; compinit -D -u; '
                       '[[ $_comps[gss-winrm] == _gss-winrm ]] && autoload +X _gss-winrm' % path.parent]):
        done = progress.run(['zsh', *arguments], text=True, capture_output=True, env=place.env)
        check(done.returncode == 0 and done.stderr == '', arguments, done.returncode, done.stderr)
    return None
