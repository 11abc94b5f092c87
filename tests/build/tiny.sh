#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# title: the tiny configuration builds
# by: builder
# timeout: 900
set -euo pipefail
cd "$TOP"
make CONFIG=tiny kernel
