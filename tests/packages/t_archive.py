# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""The release archive."""

import os

from work import check, run


def test_archive_twice(work):
    """An archive makes itself: elsewhere, with another mask, time zone and language.

    Unpacked from the archive there is no git, which is where the first one's times may have come from.
    """
    top = work.unpack(work.path / 'again')
    build = work.path / 'again-build'
    build.mkdir()
    env = dict(os.environ, TZ='Pacific/Auckland', LC_ALL='C')
    for name in ('SOURCE_DATE_EPOCH', 'XZ_OPT', 'TAR', 'TAR_OPTIONS'):
        env.pop(name, None)
    run('sh', '-c', 'umask 077; cd "$1" && "$2/configure" -q && make -s dist', 'sh', build, top, env=env)
    again = build / work.archive.name
    if again.read_bytes() != work.archive.read_bytes():
        listed = [run('tar', '-tvf', path).splitlines() for path in (work.archive, again)]
        differ = sorted(set(listed[0]) ^ set(listed[1]))
        check(False, 'the archives differ:', '\n'.join(differ[:20]) or 'in what is in the files')


def test_archive_date(work):
    """SOURCE_DATE_EPOCH is the time of everything in it."""
    build = work.path / 'again-build'
    run('make', '-s', '-C', build, 'dist', env=dict(os.environ, SOURCE_DATE_EPOCH='1234567890'))
    times = {line.split()[3] for line in
             run('tar', '-tv', '--utc', '-f', build / work.archive.name).splitlines()}
    check(times == {'2009-02-13'}, times)


def test_archive_files(work):
    """It has what git has, and nothing of a build."""
    names = run('tar', '-tf', work.archive).splitlines()
    check(any(name.endswith('/CHANGELOG.md') for name in names), 'no CHANGELOG.md')
    built = [name for name in names if name.endswith(('.o', '.lo', '.so', '.pyc', '.log', '.tap.c'))
             or '/.git/' in name or '/__pycache__/' in name]
    check(not built, built)
