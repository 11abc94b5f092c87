#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# title: the host half of the consoles: options, pipes, files, sockets, terminals
# by: builder
set -euo pipefail
out=$TOP/build/unit-drivers
mkdir -p "$out"
make -s -C "$TOP/tests/unit/drivers" OUT="$out" "$out/chan_test" >&2
exec "$out/chan_test"
