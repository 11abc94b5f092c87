#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# title: the walls: what a guest program can reach
# timeout: 900
# timeout-full: 5400
"""Runs the programs of tests/guest/walls in a guest and looks from outside whether one got through."""
import os
import shutil
import subprocess
import time

import uml
from uml import Skip, check

GUEST = os.environ.get('UML_GUEST', '')
SECONDS = 120 if uml.FULL else 8


def test_walls():
    """no program reaches the host: a host process lives, a token does not appear, the guest goes on"""
    if not os.path.isdir(GUEST) or not any(n.startswith('wall_') for n in os.listdir(GUEST)):
        raise Skip('the programs have not been compiled: build/test-logs/guest-programs.log')
    share = os.path.join(uml.TMP, 'share')
    shutil.copytree(GUEST, os.path.join(share, 'guest'), dirs_exist_ok=True)
    token = os.path.join(uml.TMP, 'um-wall-token')
    # a process of the same user: nothing but the walls keeps the guest from killing it
    victim = subprocess.Popen(['sleep', '100000'])
    before = time.time()
    try:
        status, out = uml.run_script(
            'mkdir -p /tmp/guest && cp /host/guest/wall* /tmp/guest/ && cd /tmp/guest\n'
            f'mkdir -p {uml.TMP}\nexport WALLS_HOST_PID={victim.pid} WALLS_TOKEN={token}\n'
            f'./walls.sh {SECONDS}\n', 'mem=512M', 'ncpus=2', timeout=SECONDS * 60 + 400)
        check(victim.poll() is None, f'the host process was ended with {victim.returncode}')
        check(not os.path.exists(token), f'the guest made {token} on the host')
        made = [n for n in os.listdir('/tmp') if 'um-wall' in n and os.stat(os.path.join('/tmp', n)).st_mtime > before]
        check(not made, f'in the host\'s /tmp: {made}')
        check(status == 0, f'status {status}: {out[-3000:]}')
    finally:
        victim.kill()
        victim.wait()


uml.main()
