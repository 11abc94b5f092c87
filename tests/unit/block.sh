#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# title: the host half of the disks: options, locks, transfers, errors; by threads, by io_uring, and where the host refuses that
# by: builder
set -euo pipefail
out=$TOP/build/unit-drivers
mkdir -p "$out"
make -s -C "$TOP/tests/unit/drivers" OUT="$out" "$out/block_test" "$out/aio_test" >&2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
for engine in threads uring refused; do
	mkdir "$dir/$engine"
	"$out/block_test" "$dir/$engine" "$engine"
done
for engine in threads uring; do
	"$out/aio_test" "$dir/$engine" "$engine"
done
