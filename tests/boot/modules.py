#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# title: kernel modules
# with: modules
# timeout: 300
"""Loads and unloads what tests/build/modules.sh has built."""
import os
import re
import shutil

import uml
from uml import check

MODULES = os.environ.get('UML_MODULES', '')

LOAD = r"""
mkdir -p /lib/modules && cp -r /host/modules/lib/modules/* /lib/modules/ && cd /lib/modules/$(uname -r) || exit 1
for m in $(find . -name '*.ko' | sed 's|.*/||; s|\.ko$||'); do
	if modprobe $m 2>/tmp/said; then echo "load: $m"; else echo "refused: $m: $(cat /tmp/said)"; fi
done
"""
# A module that another one uses goes in a later round. What has no exit function stays, and lsmod says so.
UNLOAD = r"""
last=
while now=$(lsmod | awk 'NR > 1 { print $1 }'); [ "$now" != "$last" ]; do
	last=$now
	for m in $(lsmod | awk 'NR > 1 && $3 == 0 && !/permanent/ { print $1 }'); do rmmod $m; done
done
lsmod | awk 'NR > 1 && !/permanent/ { print "stays: " $0 }'
"""


def run_with_modules(text, *args):
    share = os.path.join(uml.TMP, 'share', 'modules')
    if not os.path.isdir(share):
        if not os.path.isdir(MODULES):
            raise uml.Skip('there are no modules in build/modules (make modules_install)')
        shutil.copytree(MODULES, share, symlinks=True)
    status, out = uml.run_script(text + '\ndmesg\n', 'mem=1G', *args, timeout=200)
    check(status == 0, f'status {status}: {out[-3000:]}')
    wrong = re.findall(r'^(?:refused|stays|rmmod): .*$|.*(?:BUG:|WARNING:|Oops|Call Trace|um-m[a-z]*:).*', out, re.M)
    check(not wrong, '\n'.join(wrong) + '\n' + out[-3000:])
    return out


def test_every_module():
    """every module that was built loads, and unloads unless it is permanent; the log has no complaint"""
    out = run_with_modules(LOAD + UNLOAD, 'ncpus=2')
    loaded = re.findall(r'^load: (\S+)', out, re.M)
    built = sum(name.endswith('.ko') for _, _, names in os.walk(MODULES) for name in names)
    check(len(loaded) == built > 0, f'{built} modules were built, {len(loaded)} loaded')


def test_modules_work():
    """modules do their work: a pair of network interfaces, WireGuard, a compressed disk, an overlay"""
    run_with_modules(r"""set -ex
mkdir -p /lib/modules && cp -r /host/modules/lib/modules/* /lib/modules/
modprobe veth && ip link add a type veth peer name b && ip link set a up && ip link set b up
ip addr add 10.9.0.1/24 dev a && ip route get 10.9.0.2 | grep -q 'dev a'
modprobe wireguard && ip link add w type wireguard && ip link set w up && ip link show w
modprobe zram && echo 64M > /sys/block/zram0/disksize
dd if=/dev/urandom of=/tmp/f bs=64k count=64 2>/dev/null
cat /tmp/f > /dev/zram0 && dd if=/dev/zram0 bs=64k count=64 2>/dev/null | cmp - /tmp/f
for m in vfat overlay dm_crypt; do modprobe $m && grep -q "^$m " /proc/modules; done
grep -q vfat /proc/filesystems
mkdir /tmp/l /tmp/u /tmp/w /tmp/o && echo lower > /tmp/l/x
mount -t overlay -o lowerdir=/tmp/l,upperdir=/tmp/u,workdir=/tmp/w none /tmp/o
echo upper > /tmp/o/x && grep -q upper /tmp/u/x && grep -q lower /tmp/l/x
set +x
""")


uml.main()
