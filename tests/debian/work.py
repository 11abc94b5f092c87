#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# title: work inside Debian
# timeout: 900
# timeout-full: 7200
"""One boot at ncpus=2, and in it what people do: packages, compilers, test suites, debuggers, load."""
import os
import re
import shutil

import uml
from uml import Guest, Skip, check

HERE = os.path.dirname(os.path.abspath(__file__))
INPUTS = os.environ.get('UML_INPUTS', '')
SHARE = os.path.join(uml.TMP, 'share')
STRESSORS = 'cpu vm fork switch pipe sock signal timer futex mmap sem pthread'.split()
STATE = {}


def guest():
    """The one guest; a boot that failed is not tried again."""
    if 'problem' in STATE:
        raise Skip(f"no guest: {STATE['problem']}")
    if 'guest' not in STATE:
        try:
            image = uml.working_image()
            os.makedirs(SHARE, exist_ok=True)
            for part in ('repo', 'src'):
                if os.path.isdir(os.path.join(INPUTS, part)):
                    shutil.copytree(os.path.join(INPUTS, part), os.path.join(SHARE, part), symlinks=True, dirs_exist_ok=True)
            g = Guest(f'ubd0={image}', 'root=/dev/ubda', 'rw', 'mem=2G', 'ncpus=2', 'quiet', f'hostfs={SHARE}', timeout=300)
            STATE['guest'] = g
            g.login()
            g.must('mkdir -p /host && mount -t hostfs none /host')
            g.must('dmesg -C')
        except Exception as e:
            STATE['problem'] = str(e).splitlines()[0]
            raise
    g = STATE['guest']
    if g.ended():
        raise uml.Failed(f'the guest has ended with status {g.status}')
    return g


def write(name, text):
    """A file for the guest, in /host."""
    with open(os.path.join(SHARE, name), 'w', encoding='utf-8') as f:
        f.write(text)


def test_apt_install():
    """apt-get install from a repository directory on hostfs, with a dependency; removal"""
    g = guest()
    if not os.path.exists(os.path.join(SHARE, 'repo/Packages')):
        raise Skip('no repository (build/test-logs/inputs.log)')
    g.must('mkdir -p /tmp/apt.off && mv /etc/apt/sources.list* /tmp/apt.off/; '
           'echo "deb [trusted=yes] file:/host/repo ./" > /etc/apt/sources.list')
    g.must('apt-get -q update', 120)
    g.must('DEBIAN_FRONTEND=noninteractive apt-get -q -y install uml-hello', 180)
    check(g.must('uml-hello').strip() == 'words of uml-words', 'uml-hello says something else')
    g.must('test -e /var/lib/uml-words.configured && dpkg --audit && dpkg -l uml-hello uml-words | grep -c ^ii')
    g.must('DEBIAN_FRONTEND=noninteractive apt-get -q -y purge uml-words', 120)


def test_gcc():
    """gcc compiles a threaded program, which computes the right thing"""
    g = guest()
    write('primes.c', '''
#include <pthread.h>
#include <stdio.h>
#include <math.h>
static long count[4];
static void *work(void *arg)
{
	long n = (long)arg, found = 0;
	for (long i = n * 50000 + 2; i < (n + 1) * 50000 + 2; i++) {
		long d = 2, end = (long)sqrt((double)i);
		while (d <= end && i % d) d++;
		found += d > end;
	}
	count[n] = found;
	return 0;
}
int main(void)
{
	pthread_t t[4];
	long sum = 0;
	for (long i = 0; i < 4; i++) pthread_create(&t[i], 0, work, (void *)i);
	for (long i = 0; i < 4; i++) { pthread_join(t[i], 0); sum += count[i]; }
	printf("%ld\\n", sum);
	return sum != 17984;
}
''')
    check(g.must('cd /tmp && gcc -O2 -Wall -o primes /host/primes.c -lm -pthread && ./primes', 60).strip() == '17984', 'wrong sum')


def suite(name, commands, expected, timeout):
    """Build a Debian source package and run its own tests."""
    g = guest()
    if not os.path.isdir(os.path.join(SHARE, 'src', name)):
        raise Skip(f'the source of {name} is not there (build/test-logs/inputs.log)')
    out = g.must(f'cp -r --preserve=timestamps /host/src/{name} /tmp/ && cd /tmp/{name} && ({commands}) > /tmp/{name}.log 2>&1 || {{ tail -30 /tmp/{name}.log; false; }};'
                 f' tail -n 40 /tmp/{name}.log; cd /', timeout)
    check(re.search(expected, out), out)


def test_zlib():
    """zlib's own test suite passes"""
    suite('zlib', './configure && make -j2 && make test', r'zlib test OK', 400)


if uml.FULL:
    def test_xz():
        """xz-utils' own test suite passes"""
        suite('xz-utils', './configure --disable-nls && make -j2 && make check', r'# FAIL:\s*0', 2400)


def test_python():
    """python3's own tests, those named in python-tests.txt"""
    g = guest()
    names = []
    with open(os.path.join(HERE, 'python-tests.txt'), encoding='utf-8') as f:
        for line in f:
            words = line.split()
            if words and words[0].startswith('test_') and (uml.FULL or words[1] == 'r'):
                names.append(words[0])
    status, out = g.run(f'cd /tmp && python3 -m test -j3 -W --timeout 300 {" ".join(names)} > /host/python.log 2>&1; s=$?;'
                        " grep -aE '^(ERROR|FAIL):|^[A-Za-z.]*(Error|Exception):|^test .* (failed|crashed)' /host/python.log; tail -n 20 /host/python.log; (exit $s)",
                        5400 if uml.FULL else 600)
    shutil.copy(os.path.join(SHARE, 'python.log'), f'{uml.LOG}.python')
    check(status == 0, out[-2500:])


def test_gdb():
    """gdb breaks, steps and prints in a program"""
    g = guest()
    write('t.c', 'int add(int a, int b)\n{\n\tint c = a;\n\tc += b;\n\treturn c;\n}\nint main(void)\n{\n\treturn add(40, 2) != 42;\n}\n')
    out = g.must("cd /tmp && gcc -g -O0 -o t /host/t.c && gdb -q -batch -ex 'break add' -ex run -ex 'print a' -ex next -ex next"
                 " -ex 'print c' -ex stepi -ex backtrace -ex 'print $xmm0' -ex continue ./t 2>&1", 120)
    for sign in (r'Breakpoint 1, add \(a=40, b=2\)', r'\$1 = 40', r'\$2 = 42', r'#1 .* main \(\)', r'exited normally'):
        check(re.search(sign, out), f'no {sign} in: {out}')


def test_gdb_watch_and_core():
    """gdb stops at a changed variable, attaches to a process, reads a core dump"""
    g = guest()
    write('w.c', '#include <stdlib.h>\nvolatile int x;\nint main(int argc, char **argv)\n{\n\tfor (int i = 0; i < 5; i++) x += i;\n'
                 '\tif (argc > 1) *(volatile int *)0x10 = 1;\n\treturn 0;\n}\n')
    g.must('cd /tmp && gcc -g -O0 -o w /host/w.c')
    out = g.must("cd /tmp && gdb -q -batch -ex 'set can-use-hw-watchpoints 0' -ex 'break main' -ex run -ex 'watch x' -ex continue -ex 'print x'"
                 ' ./w 2>&1', 120)
    check(re.search(r'New value = 1', out), out)
    out = g.must("cd /tmp && sleep 1000 & p=$!; sleep 0.3; gdb -q -batch -ex 'info registers rip' -p $p 2>&1; kill $p", 120)
    check(re.search(r'rip\s+0x', out), out)
    out = g.must("cd /tmp && ulimit -c unlimited && echo core > /proc/sys/kernel/core_pattern; ./w 1; gdb -q -batch -ex bt -ex 'print x' ./w core* 2>&1",
                 120)
    check('Segmentation fault' in out and '= 10' in out, out)


def test_strace():
    """strace -f follows a shell and its children"""
    out = guest().must("cd /tmp && strace -f -o tr sh -c 'echo one | cat; /bin/true & wait' && grep -cE 'execve\\(' tr && grep -cE 'exited with 0' tr", 120)
    counts = [int(n) for n in re.findall(r'^\d+$', out, re.M)]
    check(len(counts) == 2 and counts[0] >= 3 and counts[1] >= 3, out)


def test_modules():
    """modules are loaded, start kernel threads, have users, and are removed"""
    g = guest()
    if g.run('modinfo zram')[0]:
        raise Skip('the image has no modules (build/test-logs/modules.log)')
    g.must('modprobe wireguard && ip link add wg0 type wireguard && pgrep wg-crypt && ip link del wg0 && rmmod wireguard && ! pgrep wg-crypt', 60)
    g.must('modprobe zram && echo 32M > /sys/block/zram0/disksize && mkfs.ext4 -q /dev/zram0 && mount /dev/zram0 /mnt && '
           'cp /bin/bash /mnt/ && cmp /bin/bash /mnt/bash && ! rmmod zram 2>/dev/null && umount /mnt && rmmod zram', 60)
    check(not g.must('grep -E "^(wireguard|zram) " /proc/modules; true').strip(), 'they are still there')


def held(g):
    """What the machine holds on to: the host's processes, the kernel process' own memory and descriptors, memory in the guest."""
    g.must('sync; echo 3 > /proc/sys/vm/drop_caches; echo 1 > /proc/sys/vm/compact_memory; sleep 3')
    with open(f'/proc/{g.pid}/status', encoding='utf-8') as f:
        own = int(re.search(r'RssAnon:\s+(\d+)', f.read()).group(1))
    guest_free = int(re.search(r'MemFree:\s+(\d+)', g.must('cat /proc/meminfo')).group(1))
    return {
        'processes on the host': len(uml.procs.descendants(g.pid)),
        'descriptors': len(os.listdir(f'/proc/{g.pid}/fd')),
        'kB of memory of the kernel process': own,
        'kB of memory in the guest': -guest_free,
        'tasks in the guest': int(g.must('ps -eLf | wc -l')),
    }


MAY_GROW = {'processes on the host': 16, 'descriptors': 4, 'kB of memory of the kernel process': 16 << 10,
            'kB of memory in the guest': 32 << 10, 'tasks in the guest': 8}


def stress(g, seconds):
    """All stressors together for so long; every one has done something, and none complains."""
    arguments = ' '.join(f'--{s} 1' for s in STRESSORS)
    # an operation of vm goes over all of its memory many times: twelve at once on a slow host must get through one in half a minute
    size = '128m' if uml.FULL else '8m'
    status, out = g.run(f'stress-ng --verify --metrics-brief -t {seconds}s --vm-bytes {size} --mmap-bytes {size} --temp-path /tmp {arguments} 2>&1',
                        seconds + 240)
    check(status == 0, out[-2500:])
    check(not re.search(r'fail|error:|skipp', out), out[-2500:])
    return {name: int(ops) for name, ops in re.findall(r'metrc: \[\d+\] (\w+) +(\d+) +\d+\.\d+ +\d+\.\d+', out)}


def test_stress():
    """stress-ng --verify over cpu, memory, processes, pipes, signals, timers and locks at ncpus=2; nothing leaks"""
    g = guest()
    stress(g, 5)    # what is kept for reuse is there from now on
    before = held(g)
    ops = stress(g, 600 if uml.FULL else 30)
    idle = [s for s in STRESSORS if not ops.get(s)]
    check(not idle, f'did nothing: {idle}')
    after = held(g)
    grown = {what: (before[what], after[what]) for what, limit in MAY_GROW.items() if after[what] - before[what] > limit}
    check(not grown, f'grown: {grown}')
    print(f'# before {before}\n# after {after}', flush=True)


def test_no_complaint():
    """through all of this the kernel said nothing bad"""
    g = guest()
    out = g.must('dmesg')
    bad = re.search(r'BUG|Oops|WARNING|Call Trace|panic|stall|scheduling while atomic|general protection|'
                    r'blocked for more than|Out of memory|EXT4-fs error|um-\w+: .*cannot', out)
    check(not bad, out[-3000:])
    failed = g.must('systemctl --failed --no-legend --plain')
    check(not failed.strip(), f'failed units: {failed}')


def test_halt():
    """halt returns 0, nothing is left, the file system is clean"""
    g = guest()
    g.line('cd /; umount /host; halt')
    check(g.wait(180) == 0, f'exit status {g.status}')
    g.close()
    uml.wait_nothing_left()


uml.main(shared=True)
