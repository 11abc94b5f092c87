#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# title: the debug configuration (KASAN, lockdep)
# kernel: debug
# with: modules
# timeout: 900
"""Boots the embedded root and Debian with the debug kernel; a report of KASAN, lockdep or any other checker fails the test. That
the checkers see what they should is a test of its own."""
import os
import re
import shutil

import uml
from uml import Guest, check

REPORT = r'BUG:|KASAN|WARNING:|possible (circular|recursive) locking|INFO: (possible|task|rcu)|inconsistent lock state|suspicious RCU|Call Trace'
INNOCENT = r'KernelAddressSanitizer initialized|KASAN_SHADOW'


def no_report(guest, log):
    """Fail on a checker's report in a kernel log or on the guest's console."""
    with open(guest.log_name, encoding='utf-8', errors='replace') as f:
        log += f.read()
    lines = [line for line in log.splitlines() if not re.search(INNOCENT, line)]
    for i, line in enumerate(lines):
        check(not re.search(REPORT, line), '\n'.join(lines[max(0, i - 2):i + 40]))


def test_embedded_root():
    """the embedded root boots, works and powers off without a report"""
    with Guest('mem=1G', 'ncpus=2', timeout=200) as g:
        g.shell()
        g.must('for i in 1 2 3 4 5 6 7 8; do ls -lR /proc/self /sys/kernel > /dev/null 2>&1 & done; wait')
        g.must('dd if=/dev/zero of=/tmp/f bs=64k count=400 2>/dev/null; md5sum /tmp/f')
        g.must('grep -Eq "debug_locks: +1$" /proc/lockdep_stats')
        log = g.must('dmesg')
        g.line('poweroff')
        check(g.wait(60) == 0, f'exit status {g.status}')
        no_report(g, log)


def test_debian():
    """Debian boots, works a little and halts without a report"""
    image = uml.working_image()
    with Guest(f'ubd0={image}', 'root=/dev/ubda', 'rw', 'mem=2G', 'ncpus=2', timeout=500) as g:
        g.login(500)
        g.run('systemctl is-system-running --wait', 400)
        g.must('cd /tmp && printf "int main(void) { return 0; }" > a.c && gcc -o a a.c && ./a', 200)
        g.must('stress-ng --verify -t 15s --cpu 1 --fork 1 --vm 1 --vm-bytes 64m --pipe 1 --futex 1 2>&1', 300)
        log = g.must('dmesg')
        g.must('grep -Eq "debug_locks: +1$" /proc/lockdep_stats')
        g.line('halt')
        check(g.wait(300) == 0, f'exit status {g.status}')
        no_report(g, log)


def test_checkers():
    """lockdep's self-test and KASAN's own suite find all that they should; a module is checked, too, and runs"""
    modules = os.environ.get('UML_MODULES', '')
    if not os.path.isdir(modules):
        raise uml.Skip('there are no modules in build/modules-debug (make CONFIG=debug modules_install)')
    shutil.copytree(modules, os.path.join(uml.TMP, 'share', 'modules'), symlinks=True)
    status, out = uml.run_script("""
mkdir -p /lib/modules && cp -r /host/modules/lib/modules/* /lib/modules/
dmesg -n 1; dmesg | grep -E 'testcases passed|# kasan: pass:|not ok|] (ok|not ok) [0-9]+ kasan$'
echo now the module > /dev/kmsg
modprobe dummy && ip addr add 10.9.8.7/24 dev dummy0 && ip link set dummy0 up && ping -c 1 -w 5 10.9.8.7 > /dev/null || exit 1
dmesg | sed -n '/now the module/,$p'
""", 'mem=1G', 'ncpus=2', 'log_buf_len=4M', 'kunit.enable=1', 'kunit.filter_glob=kasan', timeout=300)
    check(status == 0, f'status {status}: {out[-3000:]}')
    check('Good, all' in out, f'lockdep: {out[-1000:]}')
    check(re.search(r'] ok \d+ kasan\b', out) and 'not ok' not in out, f'KASAN: {out[-3000:]}')
    check(not re.search(REPORT, out[out.index('now the module'):]), f'the module: {out[-3000:]}')


uml.main()
