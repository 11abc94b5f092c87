#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# bench-setup.sh ROOT: make the Debian below ROOT, which debian-setup.sh has been through, the one that bench/work runs.
# $INPUTS/src holds the sources that are compiled. Runs with (mapped) root's rights, outside of ROOT.
set -eu
ROOT=$1
TOP=$(dirname "$0")
mkdir -p "$ROOT/bench/run"
cp -a "$INPUTS/src" "$ROOT/bench/src"
chown -R 0:0 "$ROOT/bench"
install -m 755 "$TOP/bench-init" "$ROOT/bench/init"
cd "$ROOT"

# the rows start what they need themselves
find etc/systemd/system etc/rc?.d \( -name '*redis*' -o -name '*nginx*' -o -name '*postgresql*' -o -name '*apache*' \) \
	! -type d -exec rm -f {} +
