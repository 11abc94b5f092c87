#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# title: make modules, make modules_install
# by: builder
# timeout: 1500
set -euo pipefail
cd "$TOP"
make modules_install
[ -n "$(find build/modules -name '*.ko' -print -quit)" ] || { echo "no module was installed"; exit 1; }
