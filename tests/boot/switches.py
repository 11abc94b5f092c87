#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# title: the command line
# timeout: 240
"""Every wrong switch gives one line that names it, and status 1; the informative ones give status 0."""
import os

import uml
from uml import check

# what is typed, what the line must name
WRONG = [
    ('--no-such-switch', 'no-such-switch'),
    ('mem=lots', 'mem'),
    ('mem=1', 'mem'),
    ('mem=0', 'mem'),
    ('mem=', 'mem'),
    ('mem=999999T', 'mem'),
    ('ncpus=0', 'ncpus'),
    ('ncpus=1000', 'ncpus'),
    ('ncpus=many', 'ncpus'),
    ('ubd0=/no/such/file', '/no/such/file'),
    ('ubd0=/etc', '/etc'),
    ('ubd0=', 'ubd0'),
    ('ubd999=/dev/null', 'ubd'),
    ('ubd0z=/dev/null', 'ubd'),
    ('initrd=/no/such/file', '/no/such/file'),
    ('hostfs=/no/such/directory', '/no/such/directory'),
    ('hostfs=/etc/passwd', '/etc/passwd'),
    ('umid=a/b', 'umid'),
    ('umid=', 'umid'),
    ('handoff=both', 'handoff'),
    ('handoff=', 'handoff'),
    ('aio=posix', 'aio'),
    ('aio=', 'aio'),
]


def wrong(argument, named):
    """One wrong switch."""
    status, out = uml.run_kernel(argument, 'quiet', timeout=20)
    lines = [line for line in out.splitlines() if line.strip()]
    check(status == 1, f'{argument}: exit status {status}; said: {out[-800:]}')
    check(len(lines) == 1, f'{argument}: {len(lines)} lines: {out[-800:]}')
    check(named in lines[0], f'{argument}: the line does not name {named}: {lines[0]}')
    check(len(lines[0]) > len(argument) + 5, f'{argument}: no remedy in: {lines[0]}')


def test_wrong_switches():
    """every wrong switch: one line with the remedy, status 1"""
    problems = []
    for argument, named in WRONG:
        try:
            wrong(argument, named)
        except uml.Failed as e:
            problems.append(str(e))
    check(not problems, '\n'.join(problems))


def test_unreadable_image():
    """an image without read permission, and one without write permission"""
    path = os.path.join(uml.TMP, 'secret.img')
    with open(path, 'wb') as f:
        f.truncate(1 << 20)
    os.chmod(path, 0)
    wrong(f'ubd0={path}', 'secret.img')
    os.chmod(path, 0o400)
    wrong(f'ubd0={path}', 'secret.img')


def test_help():
    """--help describes the switches, status 0"""
    status, out = uml.run_kernel('--help')
    check(status == 0, f'status {status}')
    for word in ('mem=', 'ncpus=', 'ubd', 'hostfs', 'aio=', 'initrd=', 'umid=', '--version', '--showconfig'):
        check(word in out, f'--help does not mention {word}')


def test_version():
    """--version says 6.12, status 0"""
    status, out = uml.run_kernel('--version')
    check(status == 0 and '6.12' in out and len(out.splitlines()) == 1, f'status {status}: {out}')


def test_showconfig():
    """--showconfig prints the configuration, status 0"""
    status, out = uml.run_kernel('--showconfig')
    check(status == 0, f'status {status}')
    check('CONFIG_SMP=y' in out.splitlines(), 'CONFIG_SMP=y is not in it')


def test_passed_on():
    """generic arguments and unknown words reach the guest"""
    status, out = uml.run_script('cat /proc/cmdline; echo "color=$color"; cat /proc/sys/kernel/panic\n', 'panic=7', 'color=blue')
    check(status == 0, f'status {status}: {out[-1000:]}')
    check('color=blue' in out and '\n7' in out.replace('\r', ''), out[-1000:])


uml.main()
