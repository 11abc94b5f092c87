#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# title: programs in a guest that try to reach the host do not
# timeout: 700
"""Runs tests/guest/walls (see walls.h there) inside a guest, and looks from outside whether anything came through:

  a process that the host planted, whose number the attackers know, must still live
  a file that they try to make by every means must not exist on the host
  the guest must end by itself, with status 0, and leave no process behind
"""
import os
import re
import shutil
import subprocess
import uuid

import uml

GUEST = os.environ.get('UML_GUEST', 'build/guest')
SECONDS = 10 if uml.FULL else 2


def share_programs(**conf):
    """The programs and their configuration below the directory that hostfs= grants."""
    share = os.path.join(uml.TMP, 'share')
    os.makedirs(share, exist_ok=True)
    names = [n for n in os.listdir(GUEST) if n.startswith('wall_')] if os.path.isdir(GUEST) else []
    uml.check(names, f'there are no programs in {GUEST}')
    for name in names + ['walls.sh']:
        shutil.copy(os.path.join(GUEST, name), share)
    with open(os.path.join(share, 'walls.conf'), 'w', encoding='ascii') as f:
        f.writelines(f'{name}={value}\n' for name, value in conf.items())
    return names


def attack(*args):
    token = f'/tmp/um-wall-{uuid.uuid4().hex}'
    sentinel = subprocess.Popen(['sleep', '3600'])
    try:
        mortal = subprocess.run([os.path.join(GUEST, 'wall_hang'), '--mortal'], stdout=subprocess.PIPE, check=True, text=True)
        names = share_programs(WALLS_HOST_PID=sentinel.pid, WALLS_TOKEN=token, WALLS_SECONDS=SECONDS, WALLS_MORTAL=mortal.stdout.strip())
        status, out = uml.run_kernel('mem=512M', 'quiet', f'hostfs={uml.TMP}/share', 'umtest=/walls.sh', *args,
                                     timeout=180 + 25 * SECONDS)
        uml.check(not os.path.exists(token), f'the token {token} was made on the host')
        uml.check(sentinel.poll() is None, f'the host\'s process was killed: {sentinel.poll()}')
        for name in names:
            uml.check(re.search(rf'^{name}: ok', out, re.M), f'{name} did not pass; console:\n{out[-3000:]}')
        uml.check('bare host' not in out, f'the programs did not recognise the guest:\n{out[-3000:]}')
        uml.check(status == 0 and re.search(r'^walls: ok', out, re.M), f'status {status}; console:\n{out[-3000:]}')
    finally:
        sentinel.kill()
        sentinel.wait()
        if os.path.exists(token):
            os.unlink(token)


def test_one_cpu():
    """one virtual CPU: no attack comes through, the guest and the host's things live on"""
    attack('ncpus=1')


def test_two_cpus():
    """two virtual CPUs: no attack comes through, the guest and the host's things live on"""
    attack('ncpus=2')


def test_split():
    """programs and kernel on two host CPUs: no attack comes through, the guest and the host's things live on"""
    if len(os.sched_getaffinity(0)) < 2:
        raise uml.Skip('the host has one CPU')
    attack('ncpus=1', 'handoff=split')


if __name__ == '__main__':
    uml.main()
