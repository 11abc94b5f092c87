#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# title: Debian boots and halts
# timeout: 300
# timeout-full: 3600
"""Boot after boot: login, systemd content, no line that a user would ask about, halt 0, the file system whole."""
import os
import re
import subprocess

import uml
from uml import Guest, check

BOOTS = 10 if uml.FULL else 2


def undamaged(image):
    """Fail unless the file system was unmounted and is whole."""
    done = subprocess.run(['/sbin/e2fsck', '-fn', image], capture_output=True, text=True, check=False)
    check(done.returncode == 0 and 'journal' not in done.stdout + done.stderr, f'e2fsck: {done.stdout}{done.stderr}')


def healthy(g, ncpus):
    """From login to halt, and nothing to ask about."""
    g.login()
    status, state = g.run('systemctl is-system-running --wait', 200)
    failed = g.must('systemctl --failed --no-legend --plain')
    check(not failed.strip(), f'failed units: {failed}')
    check((status, state.strip()) == (0, 'running'), f'systemctl is-system-running: {state}')
    check(g.must('systemd-detect-virt').strip() == 'uml', 'systemd takes us for something else')
    check(g.must('nproc').strip() == str(ncpus), 'nproc')
    complaints = g.must('dmesg --level=emerg,alert,crit,err,warn')
    check(not complaints.strip(), f'the boot log has: {complaints}')
    journal = g.must('journalctl -b -q -p warning --no-pager -o cat')
    check(not journal.strip(), f'the journal has: {journal}')
    g.line('halt')
    check(g.wait(120) == 0, f'halt gave status {g.status}')
    g.terminal_restored()


def boots(ncpus):
    """Boots in a row from one image, which a failed boot spoils for the others."""
    image = uml.working_image()
    try:
        for _ in range(BOOTS):
            with Guest(f'ubd0={image}', 'root=/dev/ubda', 'rw', 'mem=1G', f'ncpus={ncpus}', timeout=240) as g:
                healthy(g, ncpus)
            undamaged(image)
    except Exception:
        os.unlink(image)
        raise


def test_one_processor():
    """ncpus=1: login, systemd running, nothing failed, clean boot log, halt returns 0"""
    boots(1)


def test_two_processors():
    """ncpus=2: the same"""
    boots(2)


def test_poweroff_and_signals():
    """poweroff returns 0; SIGTERM on the host stops Debian in order"""
    image = uml.working_image()
    with Guest(f'ubd0={image}', 'root=/dev/ubda', 'rw', 'mem=1G', 'quiet', timeout=240) as g:
        g.login()
        g.line('poweroff')
        check(g.wait(120) == 0, f'poweroff gave status {g.status}')
    with Guest(f'ubd0={image}', 'root=/dev/ubda', 'rw', 'mem=1G', 'quiet', timeout=240) as g:
        g.login()
        check(not re.search('EXT4-fs .*recover', g.must('dmesg')), 'the file system was not unmounted')
        g.process.terminate()
        check(g.wait(120) == 0, f'SIGTERM gave status {g.status}')
    undamaged(image)


uml.main()
