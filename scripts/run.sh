#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# run.sh shell|debian: boot build/linux on this terminal. Its exit status is the guest's.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

read -r -a args <<< "$ARGS"
case ${1:-shell} in
shell)
	exec "$LINUX" mem=512M "${args[@]}" ;;
debian)
	exec "$LINUX" ubd0="$BUILD/debian.img" root=/dev/ubda rw mem=2G "${args[@]}" ;;
*)
	die "no such guest: $1" ;;
esac
