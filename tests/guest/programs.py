#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# title: what programs may expect of a kernel, by the programs in tests/guest
# timeout: 700
"""Runs tests/guest/guest.sh in the embedded root; every program must say "ok" (each does so on the bare host)."""
import os
import re
import shutil

import uml

GUEST = os.environ.get('UML_GUEST', 'build/guest')
SECONDS = 10 if uml.FULL else 2


def run_programs(*args, only=''):
    share = os.path.join(uml.TMP, 'share')
    uml.check(os.path.isdir(GUEST), f'there are no programs in {GUEST}')
    if not os.path.isdir(share):
        shutil.copytree(GUEST, share)
    path = uml.guest_script(f'cp -r /host /tmp/programs; exec /tmp/programs/guest.sh --seconds {SECONDS} /tmp/programs {only}\n')
    status, out = uml.run_kernel('mem=1G', 'quiet', f'hostfs={share}', f'umtest={path}', *args, timeout=150 + 20 * SECONDS)
    failed = re.findall(r'^\w+: FAILED.*$', out, re.M)
    uml.check(status == 0 and not failed, '\n'.join(failed) + f'\nstatus {status}; console:\n{out[-4000:]}')
    uml.check(re.search(r'^guest: ok', out, re.M), f'no summary; console:\n{out[-3000:]}')


def test_one_cpu():
    """one virtual CPU: memory, processes, threads, signals, timers and FP state as on the host"""
    run_programs('ncpus=1')


def test_two_cpus():
    """two virtual CPUs: memory, processes, threads, signals, timers and FP state as on the host"""
    run_programs('ncpus=2')


def test_no_fsgsbase():
    """nofsgsbase: segment bases by host calls, as on hosts that have no instructions for it"""
    run_programs('ncpus=2', 'nofsgsbase', only='exec_matrix spawn_storm fp_torture abi_prctl abi_ptrace')


def test_split():
    """handoff=split with two virtual CPUs, which get into each other's way where the host has no more than two"""
    if len(os.sched_getaffinity(0)) < 2:
        raise uml.Skip('the host has one CPU')
    run_programs('ncpus=2', 'handoff=split', only='prot_matrix fork_cow par_fault spawn_storm futex_stress sig_storm fp_torture abi_signal abi_ptrace')


def test_patch_off():
    """patch=off: every system call traps"""
    run_programs('patch=off', only='seccomp_in sig_storm fp_torture abi_core abi_ptrace abi_signal abi_sites')


if __name__ == '__main__':
    uml.main()
