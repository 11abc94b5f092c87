#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# title: the host half of the disks: options, locks, transfers, errors
# by: builder
set -euo pipefail
out=$TOP/build/unit-drivers
mkdir -p "$out"
make -s -C "$TOP/tests/unit/drivers" OUT="$out" "$out/block_test" >&2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$out/block_test" "$dir"
