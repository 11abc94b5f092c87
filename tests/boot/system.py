#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# title: what the guest says of itself, odd ways to start, what has no root
# timeout: 240
"""Each boots the embedded root, which takes a fraction of a second."""
import os
import re
import shutil
import signal
import subprocess
import time

import uml
from uml import Guest, check

GUEST = os.environ.get('UML_GUEST', 'build/guest')


def script(text, *args, timeout=60):
    """Run a script that must succeed; returns its output."""
    status, out = uml.run_script(text, *args, timeout=timeout)
    check(status == 0, f'status {status}: {out[-2000:]}')
    return out.replace('\r', '')


def started(command):
    """Run a whole command that must start a guest, which says what it has found; returns that."""
    path = uml.guest_script('echo "it runs: $(nproc) ${v40-}"\n')
    args = ['mem=64M', 'quiet', f'hostfs={uml.TMP}/share', f'umtest={path}']
    done = subprocess.run([*command, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30,
                          cwd=uml.TMP, check=False)
    out = done.stdout.decode('utf-8', 'replace')
    check(done.returncode == 0, f'{command}: status {done.returncode}: {out[-1000:]}')
    check('it runs:' in out, f'{command}: {out[-1000:]}')
    return out[out.index('it runs:'):]


def disk(name, size=8 << 20):
    """An empty disk image."""
    path = os.path.join(uml.TMP, name)
    with open(path, 'wb') as f:
        f.truncate(size)
    return path


def test_proc():
    """/proc: command line, processors, interrupts, kernel log, disks with their numbers, uptime from 0"""
    args = ['ncpus=2', f'ubd0={disk("a.img")}', f'ubd1={disk("b.img", 12 << 20)}', 'rdinit=/init', 'color=blue']
    out = script('cat /proc/cmdline /proc/cpuinfo /proc/interrupts /proc/partitions; cut -d. -f1 /proc/uptime | sed "s/^/uptime /"\n'
                 'timeout 1 cat /proc/kmsg | sed "s/^/kmsg /"; ls -l /dev/ubda /dev/ubdb /proc/exitcode; cat /sys/devices/system/cpu/online\n', *args)
    check(' '.join(args) in out, 'the command line is not whole')
    check(re.findall(r'^processor\s*: (\d+)$', out, re.M) == ['0', '1'], 'processors')
    check(re.search(r'^model name\s*: \S', out, re.M) and re.search(r'^flags\s*:.* sse2 ', out, re.M), 'cpuinfo lacks the model or its flags')
    check(all(1 < float(b) < 100000 for b in re.findall(r'^bogomips\s*: (\S+)$', out, re.M)), 'bogomips')
    for line in ('console', 'ubd', 'Timer interrupts', 'Rescheduling interrupts'):
        check(re.search(rf'^ *\w+: +\d+ +\d+ .*{line}$', out, re.M), f'/proc/interrupts lacks {line}')
    check(re.search(r'^ +98 +0 +8192 ubda$', out, re.M) and re.search(r'^ +98 +16 +12288 ubdb$', out, re.M), '/proc/partitions')
    check(re.search(r'98, +0 .*/dev/ubda', out) and re.search(r'98, +16 .*/dev/ubdb', out), 'nodes of the disks')
    check(int(re.search(r'^uptime (\d+)$', out, re.M).group(1)) < 5, 'uptime')
    check(len(re.findall(r'^kmsg <\d>.*Linux version 6\.12\.', out, re.M)) == 1, '/proc/kmsg does not have the first line once')
    check(re.search(r'^kmsg .*Kernel command line: ', out, re.M), 'no "Kernel command line:"')


def test_boot_log():
    """every line of the boot log is on the terminal once, the first ones too; the last line says what happened"""
    for command, last in (('poweroff -f', r'reboot: Power down\s*$'), ('halt -f', r'reboot: System halted\s*$')):
        with Guest('mem=64M') as g:
            g.expect(uml.SHELL_PROMPT, 30)
            shown = re.findall(r'^\[ *\d+\.\d+\] .*\S', g.before, re.M)
            g.quiet_shell()
            logged = re.findall(r'^<[0-6]>(\[ *\d+\.\d+\] .*\S)', g.must('dmesg -r'), re.M)    # but for debug messages
            g.line(command)
            check(g.wait() == 0, f'exit status {g.status}')
            check(re.search(last, g.tail()), f'{command} said: {g.tail()}')
        check(len(shown) > 30 and 'Linux version 6.12.' in shown[0], f'it begins with {shown[:2]}')
        logged = logged[:len(shown)]    # more may have come since the prompt
        check(shown == logged, f'only in dmesg: {sorted(set(logged) - set(shown))}; only on the terminal: {sorted(set(shown) - set(logged))}')


def test_clock():
    """the guest's clock can be set and does not move the host's; files of /proc are from today"""
    before = time.time()
    out = script('ls -ld --full-time /proc/1; date -s "2001-02-03 04:05:06" > /dev/null; date +%Y-%m-%d\n')
    check(time.strftime(' %Y-%m-%d ', time.gmtime(before)) in out, out)
    check('2001-02-03' in out, 'the clock was not set')
    check(0 <= time.time() - before < 60, 'the host has another time')


def test_limits():
    """any limit on the stack, few descriptors, a small address space"""
    for limit in ('-s 64', '-s 333', '-s 1000001', '-s unlimited', '-n 20', f'-v {8 << 20}'):
        started(['bash', '-c', f'ulimit {limit}; exec "$0" "$@"', *uml.command_line([])])


def test_names():
    """under another name, with an empty one, without symbols"""
    other = os.path.join(uml.TMP, 'my kernel')
    shutil.copy(uml.LINUX, other)
    started([*uml.command_line([])[:-1], other])
    if shutil.which('strip'):
        subprocess.run(['strip', other], check=True)
        started([*uml.command_line([])[:-1], other])
    os.unlink(other)
    started(['bash', '-c', 'exec -a "" "$0" "$@"', *uml.command_line([])])


def test_many_words():
    """forty unknown words, four processors on whatever the host has, 4 GiB"""
    out = started(uml.command_line(['ncpus=4', *[f'v{i}=x{i}' for i in range(41)]]))
    check(out.startswith('it runs: 4 x40'), out)
    out = script('grep MemTotal /proc/meminfo\n', 'mem=4G')
    total = int(re.search(r'MemTotal:\s+(\d+) kB', out).group(1))
    check(total > 3800 * 1024, f'mem=4G: MemTotal {total} kB')


def test_interrupted():
    """Ctrl-C or SIGINT at any moment of the start: it ends, the terminal as before, nothing left"""
    for i in range(12):
        with Guest('mem=64M', timeout=10) as g:
            time.sleep(i * 0.01)
            g.send('\x03') if i % 2 else os.kill(g.pid, signal.SIGINT)
            try:
                g.wait(2)
            except uml.Failed:    # Ctrl-C reached the shell, which takes it as any shell does
                g.line('\npoweroff -f')
                check(g.wait() == 0, f'after {i * 10} ms: {g.status}')
            check(g.status in (0, 130, -signal.SIGINT), f'after {i * 10} ms: status {g.status}')
            g.terminal_restored()
        uml.wait_nothing_left()


def test_no_root():
    """no disk, or one without a file system, where the root should be: the panic names it, status 1"""
    for args in (['root=/dev/ubda'], ['root=/dev/ubda', f'ubd0={disk("empty.img")}']):
        status, out = uml.run_kernel('mem=64M', 'quiet', *args)
        check(status == 1, f'{args}: status {status}')
        check(re.search('Kernel panic - not syncing: VFS: Unable to mount root fs', out) and 'ubda' in out + args[0], out)
        check(re.search(r' mount_root\w*\+0x', out), f'no names in the stack trace: {out}')


def test_nested():
    """started inside itself it says in one line that it cannot run there"""
    os.makedirs(os.path.join(uml.TMP, 'share'), exist_ok=True)
    shutil.copy(uml.LINUX, os.path.join(uml.TMP, 'share/linux'))
    out = script('/host/linux mem=64M < /dev/null > /tmp/said 2>&1; echo "status $? lines $(wc -l < /tmp/said)"; cat /tmp/said\n')
    check('status 1 lines 1\n' in out and 'address space' in out, out)


def test_instance():
    """umid=: a pid file while it runs, paths of disks stay relative, a second one of the name is refused"""
    disk('relative.img')
    args = ['mem=64M', 'quiet', 'uml_dir=instances', 'umid=one']
    with Guest(*args, 'ubd1=relative.img') as g:
        g.shell(30)
        directory = os.path.join(uml.TMP, 'instances/one')
        with open(os.path.join(directory, 'pid'), encoding='ascii') as f:
            check(f.read() == f'{g.pid}\n', 'the pid file has another number')
        check('ubdb' in g.must('cat /proc/partitions'), 'the disk is not there')
        names = set(uml.procs.descendants(g.pid).values())
        check(names == {'linux-space', 'linux-warden'}, f'names of the processes: {names}')
        status, out = uml.run_kernel(*args)
        check(status == 1 and 'umid=one' in out and len(out.splitlines()) == 1, f'status {status}: {out}')
        g.line('poweroff -f')
        check(g.wait() == 0, f'exit status {g.status}')
    check(not os.path.exists(directory), 'the directory was not removed')


def test_twice():
    """a disk, or a console, given twice: one line, status 1"""
    image = disk('twice.img')
    for args in ([f'ubd0={image}', f'ubd0={image}'], [f'ubd0={image}', f'ubda={image}'], ['con3=null', 'con3=pts']):
        status, out = uml.run_kernel(*args)
        check(status == 1 and len(out.splitlines()) == 1 and args[1] in out and 'before' in out, f'{args}: status {status}: {out}')


def test_swap():
    """swap on a disk: pages go out and come back, also over fork and swapoff; then memory runs out in an orderly way"""
    os.makedirs(os.path.join(uml.TMP, 'share'), exist_ok=True)
    shutil.copy(os.path.join(GUEST, 'swap'), os.path.join(uml.TMP, 'share'))
    out = script('/host/swap /dev/ubda 6 || exit 1\nmkswap /dev/ubda > /dev/null && swapon /dev/ubda && tail /dev/zero\necho "tail gave $?"\n'
                 'awk "/SwapFree|SwapTotal/" /proc/meminfo\n', 'mem=48M', f'ubd0={disk("swap.img", 12 << 20)}')
    check(re.search(r'^swap: ok, .* went out$', out, re.M), out)
    check(re.search(r'^tail gave (137|1)$', out, re.M), f'tail /dev/zero: {out}')


def test_memory_comes_back():
    """what the guest has freed goes back to the host within seconds"""
    with Guest('mem=512M', 'quiet') as g:
        g.shell(30)

        def resident():
            with open(f'/proc/{g.pid}/status', encoding='utf-8') as f:
                return int(re.search(r'RssShmem:\s+(\d+)', f.read()).group(1)) >> 10

        g.must('dd if=/dev/zero of=/tmp/f bs=1M count=200 2>/dev/null')
        full = resident()
        check(full > 200, f'{full} MiB while a file of 200 MiB is in memory')
        g.must('rm /tmp/f')
        deadline = time.monotonic() + 20
        while resident() > full - 150 and time.monotonic() < deadline:
            time.sleep(0.2)
        check(resident() <= full - 150, f'{full} MiB, and {resident()} MiB 20 s after the file was removed')
        g.must('dd if=/dev/zero of=/tmp/f bs=1M count=200 2>/dev/null && md5sum /tmp/f | grep -q ^3566de3a97906edb98d004d6b947ae9b')


uml.main()
