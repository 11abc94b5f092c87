#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# title: a second make builds nothing and takes less than a second; the port compiled without a warning
# by: builder
set -euo pipefail
cd "$TOP"
make -s kernel
a=$EPOCHREALTIME
said=$(make kernel 2>&1)
seconds=$(awk -v a="$a" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')
[ -z "$said" ] || { echo "the second make said: $said"; exit 1; }
awk -v s="$seconds" 'BEGIN { exit !(s < 1) }' || { echo "the second make took $seconds s"; exit 1; }
if [ -f build/log/default-build.log ] && grep -E '(arch/um|fs/hostfs)/.*warning:' build/log/default-build.log; then exit 1; fi
for p in '' 32 x32; do
	if [ -e "build/tree/arch/x86/um$p" ]; then echo "the old port is in the tree"; exit 1; fi
done
