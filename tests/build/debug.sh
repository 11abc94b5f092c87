#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# title: the debug configuration builds, with modules
# by: builder
# timeout: 1800
set -euo pipefail
cd "$TOP"
make CONFIG=debug modules_install
[ -n "$(find build/modules-debug -name dummy.ko)" ] || { echo "no module was installed"; exit 1; }
