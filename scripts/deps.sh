#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# deps.sh GROUP...: see that the Debian packages of these groups of scripts/packages are there; install what is missing, asking
# nothing, when we may (root, or sudo without a password). Otherwise say the line to type, and fail.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# the packages of the groups "$@" ("all": of every group), one a line
declared() {
	local want=" $* " group names
	while IFS=: read -r group names; do
		case $group in \#* | '') continue ;; esac
		[[ $want = *" $group "* || $want = *" all "* ]] && xargs -n1 <<< "$names"
	done < "$TOP/scripts/packages"
	return 0
}

command -v dpkg-query >/dev/null || {
	say "note: this is not a Debian system; the packages needed are listed in scripts/packages"
	exit 0
}

mapfile -t all < <(declared "$@" | sort -u)
installed=" $(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${all[@]#\?}" 2>/dev/null |
	sed -n 's/^installed //p' | tr '\n' ' ' || true)"
missing=() wished=()
for p in "${all[@]}"; do
	[[ $installed = *" ${p#\?} "* ]] && continue
	case $p in
	\?*) wished+=("${p#\?}") ;;
	*) missing+=("$p") ;;
	esac
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" = 0 ]; then
	as_root=()
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
	as_root=(sudo -n)
else
	say "These Debian packages are missing. Please have root run:"
	say ""
	say "    apt-get install --no-install-recommends -y ${missing[*]} ${wished[*]}"
	say ""
	exit 1
fi

step "installing ${missing[*]} ${wished[*]}"
mkdir -p "$BUILD"
log=$BUILD/apt.log
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300)
"${apt[@]}" update >"$log" 2>&1 || say "note: apt-get update failed; trying with the lists that are there (see $log)"
install() { "${apt[@]}" install --no-install-recommends "$@" >>"$log" 2>&1; }
install "${missing[@]}" "${wished[@]}" || install "${missing[@]}" || {
	tail -n 30 "$log" >&2
	die "apt-get could not install: ${missing[*]} (whole output: $log)"
}
