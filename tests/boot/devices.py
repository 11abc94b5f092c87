#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# title: memory, processors, time, block device, host directory
# timeout: 300
"""The machine's parts as a guest sees them, each in a boot of its own that takes about a second."""
import os
import re
import subprocess
import time

import uml
from uml import Guest, check


def script(text, *args, timeout=60):
    """Run a script that must succeed; returns its output."""
    status, out = uml.run_script(text, *args, timeout=timeout)
    check(status == 0, f'status {status}: {out[-2000:]}')
    return out.replace('\r', '')


def test_memory_size():
    """mem= gives the guest that much"""
    out = script('grep MemTotal /proc/meminfo\n', 'mem=700M')
    total = int(re.search(r'MemTotal:\s+(\d+) kB', out).group(1))
    check(600 * 1024 < total <= 700 * 1024, f'MemTotal {total} kB')


def test_memory_is_sparse():
    """a big mem= costs the host only what is used"""
    with Guest('mem=8G', 'quiet') as g:
        g.shell(30)
        with open(f'/proc/{g.pid}/status', encoding='utf-8') as f:
            resident = int(re.search(r'VmRSS:\s+(\d+)', f.read()).group(1))
        check(resident < 500 * 1024, f'{resident} kB resident for an idle guest with mem=8G')


def test_two_processors():
    """ncpus=2: two processors, and two loops run at the same time"""
    out = script('nproc; loop() { i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done; }\n'
                 'for n in 1 2 3; do read a _ < /proc/uptime; loop; read b _ < /proc/uptime; loop & loop; wait; read c _ < /proc/uptime\n'
                 'echo times $a $b $c; done\n', 'ncpus=2')
    check(out.splitlines()[0] == '2' or '\n2\n' in out, f'nproc: {out[:200]}')
    times = [tuple(map(float, t)) for t in re.findall(r'times (\S+) (\S+) (\S+)', out)]
    check(len(times) == 3, out[-500:])
    if len(os.sched_getaffinity(0)) >= 2:
        # a busy host spoils one or the other, hardly all
        check(min((c - b) / (b - a + 0.2) for a, b, c in times) < 1.6, f'begin, one loop, two in parallel: {times}')


def idle_ticks():
    """{host CPU: ticks it was idle}"""
    with open('/proc/stat', encoding='utf-8') as f:
        lines = [line.split() for line in f if re.match(r'cpu\d', line)]
    return {int(fields[0][3:]): int(fields[4]) for fields in lines}


def test_crowded_cpu():
    """a busy guest leaves a host CPU where others compute for one that idles"""
    if len(os.sched_getaffinity(0)) < 2:
        raise uml.Skip('the host has one CPU')
    hogs = []
    with Guest('mem=256M', 'quiet') as g:
        try:
            g.shell(30)
            g.must('(while :; do :; done) & true')
            crowded, = os.sched_getaffinity(g.pid)
            for _ in range(2):
                hogs.append(subprocess.Popen(['sh', '-c', 'while :; do :; done']))
                os.sched_setaffinity(hogs[-1].pid, {crowded})
            before, end = idle_ticks(), time.monotonic() + 20
            while os.sched_getaffinity(g.pid) == {crowded} and time.monotonic() < end:
                time.sleep(0.1)
            spare = max(n - before[cpu] for cpu, n in idle_ticks().items()) / os.sysconf('SC_CLK_TCK')
            if os.sched_getaffinity(g.pid) == {crowded} and spare < 16:
                raise uml.Skip('the host has no idle CPU to go to')
            check(os.sched_getaffinity(g.pid) != {crowded}, f'20 s beside two loops on CPU {crowded}, while another was idle for {spare:.0f} s')
        finally:
            for hog in hogs:
                hog.kill()
                hog.wait()


def test_idle():
    """an idle guest uses (almost) no host CPU"""
    tick = os.sysconf('SC_CLK_TCK')

    def used(pid):
        total = 0
        for p in [pid, *uml.procs.descendants(pid)]:
            with open(f'/proc/{p}/stat', encoding='utf-8', errors='replace') as f:
                fields = f.read().rsplit(') ', 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / tick

    with Guest('mem=256M', 'quiet', 'ncpus=2') as g:
        g.shell(30)
        time.sleep(2)
        before = used(g.pid)
        time.sleep(5)
        spent = used(g.pid) - before
        check(spent <= 0.15, f'{spent:.2f} s of CPU time in 5 idle seconds')


def test_time():
    """sleep and the clock agree with the host's, also while the guest computes"""
    with Guest('mem=256M', 'quiet') as g:
        g.shell(30)
        offset = abs(float(g.must('date +%s')) - time.time())
        check(offset < 3, f'the guest is {offset:.1f} s off')
        started = time.monotonic()
        g.must('sleep 2')
        check(1.9 < time.monotonic() - started < 2.6, f'sleep 2 took {time.monotonic() - started:.2f} s')
        g.must('(while :; do :; done) & true')
        first, at = float(g.must('cut -d" " -f1 /proc/uptime')), time.monotonic()
        time.sleep(4)
        second, then = float(g.must('cut -d" " -f1 /proc/uptime')), time.monotonic()
        lost = (then - at) - (second - first)
        check(abs(lost) < 0.3, f'under load the guest lost {lost:.2f} s of {then - at:.2f}')
        g.must('kill %1; true')


def test_block_device():
    """ubd0=: a file system made, written and read again after a reboot; the host file holds it"""
    image = os.path.join(uml.TMP, 'disk.img')
    with open(image, 'wb') as f:
        f.truncate(64 << 20)
    script('set -e\nmke2fs -F /dev/ubda >/dev/null 2>&1\nmount -t ext2 /dev/ubda /mnt || mount -t ext4 /dev/ubda /mnt\n'
           'dd if=/dev/urandom of=/mnt/f bs=64k count=200 2>/dev/null\nmd5sum < /mnt/f > /mnt/sum\numount /mnt\n', f'ubd0={image}')
    script('set -e\nmount -t ext4 /dev/ubda /mnt || mount -t ext2 /dev/ubda /mnt\n[ "$(md5sum < /mnt/f)" = "$(cat /mnt/sum)" ]\n',
           f'ubd0={image}')
    check(subprocess.run(['/sbin/e2fsck', '-fn', image], capture_output=True, check=False).returncode == 0, 'e2fsck found errors')


def test_block_device_readonly():
    """ubd0r=: reading works, writing does not, the file stays as it was"""
    image = os.path.join(uml.TMP, 'ro.img')
    with open(image, 'wb') as f:
        f.write(b'untouched' * 1000 + b'\0' * (1 << 20))
    before = os.stat(image)
    out = script('head -c 9 /dev/ubda; echo; dd if=/dev/zero of=/dev/ubda bs=4k count=1 conv=fsync 2>/dev/null && echo WROTE\n'
                 'cat /sys/block/ubda/ro\n', f'ubd0r={image}')
    check('untouched' in out and 'WROTE' not in out, out)
    after = os.stat(image)
    check((before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size), 'the file was changed')


def test_hostfs_confined():
    """hostfs: files go both ways, and no path leads out of the directory"""
    share = os.path.join(uml.TMP, 'share')
    os.makedirs(share, exist_ok=True)
    with open(os.path.join(uml.TMP, 'secret'), 'w', encoding='utf-8') as f:
        f.write('SECRET\n')
    with open(os.path.join(share, 'given'), 'w', encoding='utf-8') as f:
        f.write('given\n')
    for name, target in (('up', '../secret'), ('absolute', os.path.join(uml.TMP, 'secret')), ('root', '/')):
        if not os.path.islink(os.path.join(share, name)):
            os.symlink(target, os.path.join(share, name))
    out = script('cd /host\ncat given\necho made > made\ncat ../secret up absolute 2>/dev/null\nls root/ >/dev/null 2>&1\n'
                 'mkdir /tmp/m; mount -t hostfs none /tmp/m -o .. 2>/dev/null && cat /tmp/m/secret\n'
                 'mkdir /tmp/n; mount -t hostfs none /tmp/n -o / 2>/dev/null && cat /tmp/n/etc/hostname && echo SECRET\nexit 0\n')
    check('given' in out, 'cannot read a file of the directory')
    check('SECRET' not in out, f'a path led out of the directory: {out}')
    with open(os.path.join(share, 'made'), encoding='utf-8') as f:
        check(f.read() == 'made\n', 'what the guest wrote did not arrive')


def test_console_nodes():
    """con<n>=: a line with a channel has a node, one without has none and answers ENODEV"""
    out = script('ls /dev/tty[0-9]*\necho discarded > /dev/tty3 && echo written\nmknod /tmp/t c 4 2; cat /tmp/t 2>&1\ntrue\n', 'con3=null')
    check(re.findall(r'/dev/tty(\d+)', out) == ['0', '3'], f'the nodes are: {out}')
    check('written' in out, 'con3=null cannot be written')
    check('No such device' in out and 'No such device or address' not in out, f'a line without a channel: {out}')


def test_initrd():
    """initrd=: the given archive's files are there"""
    source = os.path.join(uml.TMP, 'initrd')
    os.makedirs(source, exist_ok=True)
    with open(os.path.join(source, 'from-initrd'), 'w', encoding='utf-8') as f:
        f.write('hello\n')
    archive = os.path.join(uml.TMP, 'extra.cpio')
    subprocess.run(f'echo from-initrd | cpio -o -H newc > {archive} 2>/dev/null', shell=True, cwd=source, check=True)
    check('hello' in script('cat /from-initrd\n', f'initrd={archive}'), 'the file is not there')


uml.main()
