#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# debian-setup.sh ROOT: make the unpacked Debian below ROOT a guest. Runs with (mapped) root's rights, outside of ROOT.
set -eu
ROOT=$1
cd "$ROOT"

echo uml > etc/hostname
printf '127.0.0.1\tlocalhost\n127.0.1.1\tuml\n::1\tlocalhost ip6-localhost ip6-loopback\n' > etc/hosts
cat > etc/fstab <<'F'
/dev/ubda  /     ext4  defaults,noatime,errors=remount-ro  0  1
F
# root has no password; login asks for the name only
sed -i 's/^root:[^:]*:/root::/' etc/shadow

# One login, on the console, whatever that is named. The generator would start a second one on the same terminal.
unit=etc/systemd/system
mkdir -p etc/systemd/system-generators "$unit/getty.target.wants"
ln -sf /dev/null etc/systemd/system-generators/systemd-getty-generator
rm -f "$unit"/getty.target.wants/*
ln -sf /lib/systemd/system/console-getty.service "$unit/getty.target.wants/console-getty.service"

# There are no virtual terminals: /dev/tty0 is the first console's name, not the current one of many. What logind would control
# (graphics, input devices) is not there either; it shows its messages on the terminals that it is given here.
mkdir -p "$unit/systemd-logind.service.d" etc/systemd/logind.conf.d
printf '[Service]\nPrivateDevices=yes\nBindPaths=/dev/console\n' > "$unit/systemd-logind.service.d/uml.conf"
printf '[Login]\nNAutoVTs=0\nReserveVT=0\n' > etc/systemd/logind.conf.d/uml.conf

# PAM reads it at each login
echo LANG=C.UTF-8 > etc/default/locale

# Timers that go to the network by themselves: they would fail, and be reported as failed units, on a guest without one.
for t in apt-daily.timer apt-daily-upgrade.timer; do ln -sf /dev/null "$unit/$t"; done
# Nothing waits for a network that may not be there.
ln -sf /dev/null "$unit/systemd-networkd-wait-online.service"

# The clock is the host's.
ln -sf /dev/null "$unit/systemd-timesyncd.service"

mkdir -p etc/systemd/system.conf.d etc/systemd/journald.conf.d
printf '[Manager]\nDefaultTimeoutStopSec=20s\n' > etc/systemd/system.conf.d/uml.conf
printf '[Journal]\nSystemMaxUse=32M\n' > etc/systemd/journald.conf.d/uml.conf

# build-time leftovers; an identity of its own
rm -f etc/apt/apt.conf.d/99mmdebstrap etc/resolv.conf
rm -rf var/lib/apt/lists/* var/cache/apt/*.bin var/cache/apt/archives/*.deb
: > etc/resolv.conf
tr -d - < /proc/sys/kernel/random/uuid > etc/machine-id
mkdir -p host var/lib/dbus lib/modules
ln -sf /etc/machine-id var/lib/dbus/machine-id
