#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# title: while the host keeps hostfs waiting, the guest goes on
# timeout: 240
"""The host's disk cannot be stopped, but the host threads that wait for it can: a tracer holds them, so that what they were given does not end
before the test lets it. Meanwhile other programs of the guest, which has one virtual CPU, must run."""
import ctypes
import os
import shutil
import time

import uml
from uml import Guest, check

PTRACE_SEIZE, PTRACE_DETACH, PTRACE_INTERRUPT = 0x4206, 17, 0x4207
WALL = 0x40000000
LOOP = 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done'

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def ptrace(request, tid):
    if libc.ptrace(request, tid, None, None):
        err = ctypes.get_errno()
        raise OSError(err, os.strerror(err))


def threads(pid, name):
    """Thread ids of a process by their name."""
    found = []
    for tid in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{tid}/comm', encoding='utf-8') as f:
            if f.read().strip() == name:
                found.append(int(tid))
    return found


class Held:
    """The threads do not run within the block."""

    def __init__(self, tids):
        self.tids = tids

    def __enter__(self):
        try:
            for tid in self.tids:
                ptrace(PTRACE_SEIZE, tid)
        except PermissionError as e:
            raise uml.Skip('this host does not let us trace our own children (kernel.yama.ptrace_scope)') from e
        for tid in self.tids:
            ptrace(PTRACE_INTERRUPT, tid)
            os.waitpid(tid, WALL)

    def __exit__(self, *exc):
        for tid in self.tids:
            ptrace(PTRACE_DETACH, tid)


def kernel_pid(guest):
    """The kernel process: what was started, or the child of the program that it was started under."""
    pid = guest.pid
    while not threads(pid, 'hostfs'):
        with open(f'/proc/{pid}/task/{pid}/children', encoding='utf-8') as f:
            children = f.read().split()
        check(children, 'no process has threads for hostfs')
        pid = int(children[0])
    return pid


def waits(guest):
    """Does a task of the guest wait for a disk?"""
    return guest.run("grep -q '^State:.D' /proc/[0-9]*/status 2>/dev/null")[0] == 0


def others_run(engine):
    share = os.path.join(uml.TMP, f'waiting-{engine}')
    shutil.rmtree(share, ignore_errors=True)
    os.makedirs(share)
    with open(os.path.join(share, 'f'), 'w', encoding='utf-8') as f:
        f.write('cached by the host\n')
    with Guest('mem=256M', 'quiet', f'hostfs={share}', f'aio={engine}') as g:
        g.shell(60)
        g.must('mkdir -p /host && mount -t hostfs none /host && echo before > /host/g && sync')
        with Held(threads(kernel_pid(g), 'hostfs')):
            g.must('(dd if=/dev/zero of=/host/g bs=1k count=4 conv=fsync 2>/dev/null && echo ended > /tmp/ended) &')
            end = time.monotonic() + 20
            while not waits(g) and time.monotonic() < end:
                time.sleep(0.1)
            check(waits(g), f'{engine}: the writer does not wait')
            g.must(LOOP)
            check(g.must('cat /host/f') == 'cached by the host', f'{engine}: what the host has cached cannot be read')
            g.must('echo small > /host/h; mv /host/h /host/i; [ "$(cat /host/i)" = small ]')
            check(g.run('test -e /tmp/ended')[0] != 0, f'{engine}: fsync ended although nobody carried it out')
        g.must('wait; [ "$(cat /tmp/ended)" = ended ]')
        check(os.path.getsize(os.path.join(share, 'g')) == 4096, f'{engine}: g has the wrong size')


def test_threads():
    """aio=threads: while an fsync waits, loops, cached reads, small writes and renames go on"""
    others_run('threads')


def test_uring():
    """aio=uring: the same; where the host refuses io_uring, it says so in one line and ends"""
    status, out = uml.run_kernel('aio=uring', '--version')
    if status == 0:
        others_run('uring')
    else:
        check(status == 1 and 'aio=uring: the host refuses' in out and len(out.splitlines()) == 1, f'status {status}: {out}')


def test_killed():
    """a kernel that is killed while disks and hostfs are busy leaves nothing behind"""
    image = os.path.join(uml.TMP, 'killed.img')
    for engine in ('threads', 'auto'):
        with open(image, 'wb') as f:
            f.truncate(64 << 20)
        with Guest('mem=256M', 'quiet', f'hostfs={uml.TMP}', f'aio={engine}', f'ubd0u={image}') as g:
            g.shell(60)
            g.must('mkdir -p /host && mount -t hostfs none /host')
            g.must('(while :; do dd if=/dev/zero of=/host/killed.out bs=64k count=100 conv=fsync; done) >/dev/null 2>&1 &')
            g.must('(while :; do dd if=/dev/zero of=/dev/ubda bs=64k count=100 conv=fsync; done) >/dev/null 2>&1 &')
            time.sleep(1)
            g.process.kill()
            g.wait(20)
        uml.wait_nothing_left()
    os.unlink(image)
    os.unlink(os.path.join(uml.TMP, 'killed.out'))


uml.main()
