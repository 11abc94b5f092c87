#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# title: the tiny configuration boots
# kernel: tiny
"""The tiny kernel runs a script and a shell."""
import uml
from uml import Guest, check


def test_tiny():
    """boots to the shell, powers off with status 0"""
    with Guest('mem=64M', 'quiet') as g:
        g.shell(30)
        g.must('uname -a; ls /')
        g.line('poweroff -f')
        check(g.wait(20) == 0, f'exit status {g.status}')
        g.terminal_restored()


uml.main()
