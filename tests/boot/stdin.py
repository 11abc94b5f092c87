#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# title: standard input that is no terminal
# timeout: 180
"""Standard input as a pipe, at its end, or closed: no crash, no busy loop, nothing left."""
import os
import signal
import subprocess
import time

import uml
from uml import check


def cpu_seconds(pid):
    """CPU time of a process and everything below it."""
    total = 0
    for p in [pid, *uml.procs.descendants(pid)]:
        try:
            with open(f'/proc/{p}/stat', encoding='utf-8', errors='replace') as f:
                fields = f.read().rsplit(') ', 1)[1].split()
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf('SC_CLK_TCK')


def test_commands_from_a_pipe():
    """commands can be piped in"""
    with open(os.path.join(uml.TMP, 'in'), 'w+', encoding='utf-8') as f:
        f.write('uname -s\necho sum $((40 + 2))\npoweroff\n')
        f.seek(0)
        pipe = subprocess.Popen(['cat'], stdin=f, stdout=subprocess.PIPE)
        status, out = uml.run_kernel('mem=256M', 'quiet', stdin=pipe.stdout, timeout=40)
        pipe.stdout.close()
        pipe.wait()
    check('sum 42' in out, f'the commands were not run: {out[-1500:]}')
    check(status == 0, f'exit status {status}')


def ends_or_idles(**how):
    """At the end of its input a guest ends by itself, or it goes on without eating CPU and SIGTERM ends it."""
    p = subprocess.Popen(uml.command_line(['mem=256M', 'quiet']), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                         cwd=uml.TMP, **how)
    try:
        p.wait(8)
    except subprocess.TimeoutExpired:
        before = cpu_seconds(p.pid)
        time.sleep(3)
        used = cpu_seconds(p.pid) - before
        p.send_signal(signal.SIGTERM)
        status = p.wait(30)
        check(used < 0.3, f'{used:.2f} s of CPU time in 3 s: it spins')
        check(status == 0, f'exit status {status} after SIGTERM')
        return
    check(p.returncode == 0, f'exit status {p.returncode}')


def test_eof():
    """standard input at its end: no busy loop, orderly end"""
    ends_or_idles(stdin=subprocess.DEVNULL)


def test_closed():
    """standard input closed: the same"""
    ends_or_idles(stdin=None, preexec_fn=lambda: os.close(0))


def test_all_closed():
    """no standard descriptor at all: a script still runs and its status arrives"""
    path = uml.guest_script('exit 7\n')
    p = subprocess.Popen(uml.command_line(['mem=256M', f'hostfs={uml.TMP}/share', f'umtest={path}']), cwd=uml.TMP,
                         preexec_fn=lambda: os.closerange(0, 3))
    check(p.wait(30) == 7, f'exit status {p.returncode}')


uml.main()
