# SPDX-License-Identifier: GPL-2.0
"""Processes that a test started, found by descent: nothing hides by forking twice, because we are the reaper of orphans."""
import ctypes
import os
import signal
import time

PR_SET_CHILD_SUBREAPER = 36


def become_reaper():
    """Orphans of what we start become our children."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants(root=None):
    """{pid: name} of the live processes below root (default: this process)."""
    children, name = {}, {}
    for entry in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{entry}/stat', encoding='utf-8', errors='replace') as f:
                text = f.read()
        except OSError:
            continue
        rest = text[text.rindex(')') + 2:].split()
        if rest[0] not in 'ZX':
            name[int(entry)] = text[text.index('(') + 1:text.rindex(')')]
        children.setdefault(int(rest[1]), []).append(int(entry))
    found, queue = {}, [root or os.getpid()]
    while queue:
        for pid in children.get(queue.pop(), []):
            if pid in name:
                found[pid] = name[pid]
            queue.append(pid)
    return found


def reap():
    """Collect children that have died."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def leftovers(seconds):
    """What is still alive when nothing should be, after a grace time of so many seconds: {pid: name}."""
    end = time.monotonic() + seconds
    while True:
        reap()
        left = descendants()
        if not left or time.monotonic() > end:
            return left
        time.sleep(0.02)


def kill_all():
    """Kill whatever we started, by process id, until nothing is left."""
    for _ in range(100):
        alive = descendants()
        if not alive:
            return
        for pid in alive:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.02)
        reap()
