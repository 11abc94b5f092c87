#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# title: shellcheck on the scripts
# by: builder
set -euo pipefail
cd "$TOP"
command -v shellcheck >/dev/null || { echo "shellcheck is not installed"; exit 77; }
shellcheck -x scripts/*.sh tests/run tests/lint/*.sh tests/build/*.sh rootfs/init rootfs/bench-init rootfs/*-setup.sh
