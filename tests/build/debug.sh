#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# title: the debug configuration builds
# only: full
# by: builder
# timeout: 1800
set -euo pipefail
cd "$TOP"
make CONFIG=debug kernel
