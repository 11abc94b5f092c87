#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# title: programs that examine the kernel from inside (tests/guest)
# timeout: 900
# timeout-full: 7200
"""Each program of tests/guest in a boot of its own, at ncpus=2; the walls have a test of their own (walls.py)."""
import os
import shutil

import uml
from uml import Skip, check

GUEST = os.environ.get('UML_GUEST', '')
# arguments in the reduced and in the full run, where a program takes any
ARGUMENTS = {'fp_torture': ('20 6', '300 8')}
# what is started by another program only
HELPERS = ('exec_child', 'wall_')


def run(name):
    """One program; it says why when it fails."""
    share = os.path.join(uml.TMP, 'share')
    shutil.copytree(GUEST, os.path.join(share, 'guest'), dirs_exist_ok=True)
    arguments = ARGUMENTS.get(name, ('', ''))[1 if uml.FULL else 0]
    status, out = uml.run_script(f'cp -r /host/guest /tmp/guest\ncd /tmp/guest\n./{name} {arguments}\n', 'mem=512M', 'ncpus=2',
                                 timeout=2400 if uml.FULL else 240)
    check(status == 0, f'status {status}: {out[-2500:]}')
    check(not any(word in out for word in ('BUG:', 'Oops', 'WARNING:', 'Call Trace')), out[-2500:])


def add_tests():
    """One test function for each program."""
    names = sorted(os.listdir(GUEST)) if os.path.isdir(GUEST) else []
    for name in names:
        path = os.path.join(GUEST, name)
        if name.startswith(HELPERS) or name.endswith(('.sh', '.py')) or not os.access(path, os.X_OK):
            continue

        def test(name=name):
            run(name)
        test.__doc__ = f'{name} finds nothing wrong'
        globals()[f'test_{name}'] = test


def test_programs_are_there():
    """the programs have been compiled"""
    if not os.path.isdir(GUEST):
        raise Skip('they have not: build/test-logs/guest-programs.log')


add_tests()
uml.main()
