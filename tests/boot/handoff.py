#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# title: where guest programs and the guest kernel work, how calls come to it: handoff=, patch=, /proc/handoff
# timeout: 240
import os
import subprocess
import time

import uml
from uml import Guest, check

# system calls one after the other, by a program that the embedded root has
CALLS = 'dd if=/dev/zero of=/dev/null bs=1 count=%d 2>/dev/null'
# two programs that take turns
TURNS = ('mkfifo /tmp/a /tmp/b; (while read x; do echo; done </tmp/a >/tmp/b) & '
         '(echo; while read x; do echo; done) >/tmp/a </tmp/b')
COLUMNS = ('cpu', 'now', 'kernel_cpu', 'user_cpu', 'pair', 'quick', 'slept', 'turns', 'changes', 'trapped', 'patched')

uml.ARGS.clear()     # these tests give the switches themselves, or want the default


def handoff(guest):
    """The rows of /proc/handoff as dictionaries."""
    head, *rows = [line.split() for line in guest.must('cat /proc/handoff').splitlines()]
    check(tuple(head) == COLUMNS, f'/proc/handoff begins with {head}')
    return [{k: v if k == 'now' else int(v) for k, v in zip(head, row)} for row in rows]


def two_cpus():
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        raise uml.Skip('the host has one CPU')
    return cpus


def test_split():
    """handoff=split: programs on another host CPU than the kernel, also with more vCPUs than that leaves room for"""
    cpus = two_cpus()
    for args in (('ncpus=1',), ('ncpus=2',)):
        with Guest('mem=256M', 'quiet', 'handoff=split', *args) as g:
            g.shell(60)
            g.must(CALLS % 3000)
            for row in handoff(g):
                check(row['now'] == 'split' and row['kernel_cpu'] != row['user_cpu'], f'{args}: {row}')
                check({row['kernel_cpu'], row['user_cpu']} <= set(cpus), f'{args}: {row}; the host allows {cpus}')
            check(sum(row['quick'] for row in handoff(g)) > 1000, f'{args}: {handoff(g)}')
            g.line('poweroff')
            check(g.wait(30) == 0, f'status {g.status}')


def test_reboot():
    """a kernel that was started again by reboot has all host CPUs again"""
    cpus = two_cpus()
    with Guest('mem=256M', 'quiet', 'handoff=split') as g:
        g.shell(60)
        g.line('reboot -f')
        g.shell(60)
        row, = handoff(g)
        check({row['kernel_cpu'], row['user_cpu']} <= set(cpus) and row['kernel_cpu'] != row['user_cpu'], f'{row}; the host allows {cpus}')
        g.line('poweroff -f')
        check(g.wait(30) == 0, f'status {g.status}')


def test_pair():
    """handoff=pair: on one host CPU, whatever the program does"""
    with Guest('mem=256M', 'quiet', 'handoff=pair') as g:
        g.shell(60)
        g.must(CALLS % 30000)
        row, = handoff(g)
        check(row['now'] == 'pair' and row['kernel_cpu'] == row['user_cpu'], f'{row}')
        # the vCPU may move to another host CPU; its context follows after the next event
        check(row['pair'] > 30000 and row['quick'] + row['slept'] < 100 and not row['changes'], f'{row}')


def comes_apart(guest):
    """Wait for the vCPU to get a second host CPU; each look runs a program that turns the score, so one look says little."""
    end, row = time.monotonic() + 20, handoff(guest)[0]
    while row['now'] != 'split' and time.monotonic() < end:
        time.sleep(0.2)
        row = handoff(guest)[0]
    if row['now'] != 'split':
        check(os.getloadavg()[0] > 1.3, f'the host idles, and still: {row}')
        raise uml.Skip('the host has no idle CPU to give')
    return row


def test_auto():
    """by default a program that calls much gets a host CPU that idles, and gives it back to others who want it"""
    cpus = two_cpus()
    hogs = []
    with Guest('mem=256M', 'quiet') as g:
        try:
            g.shell(60)
            g.must(f'({CALLS % 1000000000}) & true')
            comes_apart(g)
            for cpu in cpus:
                hogs.append(subprocess.Popen(['sh', '-c', 'while :; do :; done']))
                os.sched_setaffinity(hogs[-1].pid, {cpu})
            end, rows = time.monotonic() + 20, []
            while [row['now'] for row in rows[-5:]] != ['pair'] * 5 and time.monotonic() < end:
                rows.append(handoff(g)[0])
                time.sleep(0.2)
            check([row['now'] for row in rows[-5:]] == ['pair'] * 5, f'20 s beside a loop on each CPU: {rows[-5:]}')
        finally:
            for hog in hogs:
                hog.kill()
                hog.wait()


def test_auto_turns():
    """by default two programs that take turns get it as well"""
    two_cpus()
    with Guest('mem=256M', 'quiet') as g:
        g.shell(60)
        g.must(f'({TURNS}) & true')
        before = comes_apart(g)
        time.sleep(1)
        turns = handoff(g)[0]['turns'] - before['turns']
        check(turns > 1000, f'{turns} turns in a second')


def test_one_host_cpu():
    """with one host CPU: handoff=split is refused in one line, auto is pair"""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        status, out = uml.run_kernel('handoff=split', 'quiet', timeout=20)
        check(status == 1 and len(out.splitlines()) == 1 and 'handoff=split' in out, f'status {status}: {out}')
        status, out = uml.run_script(f'{CALLS % 20000}; cat /proc/handoff\n')
        check(status == 0 and '0 pair ' in out, f'status {status}: {out}')
    finally:
        os.sched_setaffinity(0, before)


def test_patch():
    """places that call often call without a trap; patch=off and a second vCPU: all trap; a wrong patch= is refused in one line"""
    for args, patched in ((('patch=on',), True), (('patch=off',), False), (('ncpus=2',), False)):
        with Guest('mem=256M', 'quiet', *args) as g:
            g.shell(60)
            before = handoff(g)
            g.must(CALLS % 20000)
            trapped, by_site = (sum(row[key] for row in handoff(g)) - sum(row[key] for row in before) for key in ('trapped', 'patched'))
            # a read and a write each; libc's read() is no place for a patch
            check(trapped + by_site > 40000, f'{args}: {trapped} trapped, {by_site} by patched sites')
            check(by_site > 19000 if patched else not by_site, f'{args}: {trapped} trapped, {by_site} by patched sites')
            g.line('poweroff')
            check(g.wait(30) == 0, f'status {g.status}')
    status, out = uml.run_kernel('patch=yes')
    check(status == 1 and len(out.splitlines()) == 1 and 'patch=yes: give on or off' in out, f'status {status}: {out}')


uml.main()
