#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""bounded.py SECONDS COMMAND...: run COMMAND in a session of its own, for SECONDS at the most, and leave nothing behind.

Exit status: COMMAND's; 124 when the time was up; 126 when COMMAND ended well but processes of it lived on (they are named, and
killed by their ids).
"""
import os
import signal
import subprocess
import sys

import procs

GRACE = 2.0


def main():
    limit = float(sys.argv[1])
    procs.become_reaper()
    command = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, start_new_session=True)

    def stop(_signo, _frame):
        procs.kill_all()
        os._exit(143)

    for signo in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signo, stop)
    try:
        status = command.wait(timeout=limit)
    except subprocess.TimeoutExpired:
        print(f'# not finished after {limit:.0f} seconds; killed', flush=True)
        procs.kill_all()
        return 124
    left = procs.leftovers(GRACE)
    if left:
        print('# left behind: ' + ' '.join(f'{name}({pid})' for pid, name in left.items()), flush=True)
        procs.kill_all()
        return status or 126
    return status if status >= 0 else 128 - status


if __name__ == '__main__':
    sys.exit(main())
