#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# title: the embedded root, at a terminal
# timeout: 180
"""What a new user does first: boot, look around, leave; and every way of leaving."""
import os
import signal
import time

import uml
from uml import Guest, check


def test_a_new_user():
    """boots to a root shell; uname, free, ls work; poweroff returns 0 and the terminal as it was"""
    with Guest('mem=512M') as g:
        g.shell(30)
        check(' 6.12.' in g.must('uname -a'), 'uname -a does not say 6.12')
        check('Mem:' in g.must('free'), 'free shows no memory')
        names = g.must('ls /').split()
        check({'bin', 'dev', 'proc', 'sys', 'tmp'} <= set(names), f'/ has only {names}')
        g.line('poweroff')
        check(g.wait(20) == 0, f'exit status {g.status}')
        g.terminal_restored()


def test_prompt_in_two_seconds():
    """is at the prompt within 2 seconds"""
    with Guest('mem=512M', 'quiet') as g:
        g.expect(uml.SHELL_PROMPT, 30)
        seconds = time.monotonic() - g.started
        check(seconds < 2, f'the prompt came after {seconds:.2f} s')


def test_exit_leaves():
    """leaving the shell powers off with status 0"""
    with Guest('mem=256M', 'quiet') as g:
        g.shell(30).line('exit')
        check(g.wait(20) == 0, f'exit status {g.status}')
        g.terminal_restored()


def test_halt():
    """halt -f returns 0"""
    with Guest('mem=256M', 'quiet') as g:
        g.shell(30).line('halt -f')
        check(g.wait(20) == 0, f'exit status {g.status}')
        g.terminal_restored()


def test_job_control():
    """Ctrl-C ends a program, Ctrl-Z stops one"""
    with Guest('mem=256M', 'quiet') as g:
        g.shell(30)
        g.line('sleep 100')
        time.sleep(0.5)
        g.send('\x03')
        check(g.run('echo back', 10)[1].endswith('back'), 'no answer after Ctrl-C')
        g.line('sleep 101')
        time.sleep(0.5)
        g.send('\x1a')
        check('Stopped' in g.run('jobs', 10)[1], 'Ctrl-Z stopped nothing')
        g.must('kill -9 %1; true')


def test_exitcode():
    """/proc/exitcode sets the exit status"""
    with Guest('mem=256M', 'quiet') as g:
        g.shell(30)
        g.must('echo 42 > /proc/exitcode')
        check(g.must('cat /proc/exitcode').strip() == '42', '/proc/exitcode does not read back')
        g.line('poweroff -f')
        check(g.wait(20) == 42, f'exit status {g.status}')


def test_reboot():
    """reboot starts the kernel again in the same process"""
    with Guest('mem=256M', 'quiet') as g:
        g.shell(30)
        g.must('touch /tmp/before')
        g.line('reboot -f')
        g.shell(30)
        check(g.run('test -e /tmp/before')[0] == 1, 'a file of before the reboot is still there')
        g.line('poweroff -f')
        check(g.wait(20) == 0, f'exit status {g.status}')
        g.terminal_restored()


def test_panic():
    """a panic is shown, ends the process with a status other than 0 and restores the terminal"""
    with Guest('mem=256M', 'rdinit=/bin/false') as g:
        g.expect('Kernel panic', 20)
        check(g.wait(30) != 0, 'exit status 0 after a panic')
        g.terminal_restored()


def signalled(signo):
    with Guest('mem=256M', 'quiet') as g:
        g.shell(30)
        os.kill(g.pid, signo)
        check(g.wait(30) == 0, f'exit status {g.status}')
        g.terminal_restored()


def test_sigterm():
    """SIGTERM shuts the guest down in order"""
    signalled(signal.SIGTERM)


def test_sigint():
    """SIGINT shuts the guest down in order"""
    signalled(signal.SIGINT)


def test_sigkill():
    """SIGKILL of the kernel leaves no process and a sane terminal"""
    with Guest('mem=256M', 'quiet', 'ncpus=2') as g:
        g.shell(30)
        g.must('sleep 1000 & sleep 1001 & true')
        os.kill(g.pid, signal.SIGKILL)
        check(g.wait(5) == -signal.SIGKILL, f'exit status {g.status}')
        uml.wait_nothing_left(3)
        g.terminal_restored()


def test_terminal_closed():
    """closing the terminal ends the guest and leaves nothing"""
    with Guest('mem=256M', 'quiet') as g:
        g.shell(30)
        g.hang_up()
        deadline = time.monotonic() + 20
        while not g.ended() and time.monotonic() < deadline:
            time.sleep(0.1)
        check(g.ended(), 'the kernel still runs 20 s after its terminal went away')


uml.main()
