"""The completions."""

import shutil
import re

from place import COMMANDS, HERE, PROGRAM, check, ended, progress

COMMANDS_HELP = ['login', 'logout', 'status', 'run', 'forward', 'explain', 'doctor', 'spn', 'configure', 'enable',
                 'disable', 'help', '--help', '--version']
COMPLETIONS = HERE.parents[1] / 'helper/cli/completions'
COMPLETE = '''set -euo pipefail
source "$1"
shift
[[ $(complete -p gss-winrm) == *_gss_winrm* ]]
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_gss_winrm
printf '%s\\n' ${COMPREPLY[@]+"${COMPREPLY[@]}"}
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
