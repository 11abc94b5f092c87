#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# title: the debug configuration (KASAN, lockdep)
# only: full
# kernel: debug
# timeout: 900
"""Boots the embedded root and Debian with the debug kernel; a report of KASAN, lockdep or any other checker fails the test."""
import re

import uml
from uml import Guest, check

REPORT = r'BUG:|KASAN|WARNING:|possible (circular|recursive) locking|INFO: (possible|task|rcu)|inconsistent lock state|suspicious RCU|Call Trace'
INNOCENT = r'KernelAddressSanitizer initialized|KASAN_SHADOW'


def no_report(log):
    """Fail on a checker's report in a kernel log."""
    lines = [line for line in log.splitlines() if not re.search(INNOCENT, line)]
    for i, line in enumerate(lines):
        check(not re.search(REPORT, line), '\n'.join(lines[max(0, i - 2):i + 40]))


def test_embedded_root():
    """the embedded root boots, works and powers off without a report"""
    with Guest('mem=1G', 'ncpus=2', timeout=200) as g:
        g.shell()
        g.must('for i in 1 2 3 4 5 6 7 8; do ls -lR /proc/self /sys/kernel > /dev/null 2>&1 & done; wait')
        g.must('dd if=/dev/zero of=/tmp/f bs=64k count=400 2>/dev/null; md5sum /tmp/f')
        log = g.must('dmesg')
        g.line('poweroff')
        check(g.wait(60) == 0, f'exit status {g.status}')
        no_report(log)


def test_debian():
    """Debian boots, works a little and halts without a report"""
    image = uml.working_image()
    with Guest(f'ubd0={image}', 'root=/dev/ubda', 'rw', 'mem=2G', 'ncpus=2', timeout=500) as g:
        g.login(500)
        g.run('systemctl is-system-running --wait', 400)
        g.must('cd /tmp && printf "int main(void) { return 0; }" > a.c && gcc -o a a.c && ./a', 200)
        g.must('stress-ng --verify -t 15s --cpu 1 --fork 1 --vm 1 --vm-bytes 64m --pipe 1 --futex 1 2>&1', 300)
        log = g.must('dmesg')
        check('lockdep' not in log or 'turning off the locking correctness validator' not in log, 'lockdep gave up')
        g.line('halt')
        check(g.wait(300) == 0, f'exit status {g.status}')
        no_report(log)


uml.main()
