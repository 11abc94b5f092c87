#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# image.sh [debian|bench]: make build/debian.img, or build/bench.img, an ext4 image of Debian bookworm, without being root.
#
# bench is debian and what bench/work runs: more packages, the inputs of its rows in /bench/src. Its directory is kept as
# build/bench/root, where the host runs the very same programs.
#
#   1. mmdebstrap makes a tar file of the root (in a user namespace; as root, directly; else under fakechroot)
#   2. the tar file is unpacked and rootfs/NAME-setup.sh make it a guest, again in a user namespace or under fakeroot
#   3. mke2fs -d makes the image from that directory
#
# The image is kept until one of its inputs changes (packages, set-up, this script). The kernel's modules are no input: when
# they differ from those in the image, they are put in place with debugfs, so that what a user did in the image stays. The sources in
# /bench/src are no input either: figures are compared over months, and must be of the same sources.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

SUITE=bookworm
NAME=${1:-debian}
IMG=$BUILD/$NAME.img
KEEP='' INPUTS='' PARTS=(debian)
case $NAME in
debian)
	SIZE=${IMAGE_SIZE:-4G} WORK=$BUILD/image LOG=$BUILD/log/image.log ;;
bench)
	SIZE=8G WORK=$BUILD/bench LOG=$BUILD/log/bench-image.log
	KEEP=$WORK/root INPUTS=$WORK/inputs PARTS+=(bench) ;;
*)
	die "no such image: $NAME" ;;
esac
PATH=$PATH:/usr/sbin:/sbin

inputs_hash() {
	{
		echo "$SUITE $SIZE"
		local part
		for part in "${PARTS[@]}"; do cat "$TOP/rootfs/$part.packages" "$TOP/rootfs/$part-setup.sh"; done
		cat "$TOP"/scripts/image.sh
	} | sha256sum | cut -c1-16
}

packages() {
	local part
	for part in "${PARTS[@]}"; do sed -e 's/#.*//' "$TOP/rootfs/$part.packages"; done | xargs | tr ' ' ,
}

# How may we act as root? Each answer is a mode of mmdebstrap and a command that runs another "as root".
choose_mode() {
	if [ "$(id -u)" = 0 ]; then
		MODE=root AS_ROOT=(env)
	elif unshare --map-root-user --map-auto true 2>/dev/null; then
		MODE=unshare AS_ROOT=(unshare --map-root-user --map-auto)
	elif command -v fakechroot >/dev/null && command -v fakeroot >/dev/null; then
		MODE=fakechroot AS_ROOT=(fakeroot)
	else
		say "An image with root's files needs one of these, and none is there:"
		say "  - user namespaces and a range of ids for $(id -un) in /etc/subuid and /etc/subgid (usermod --add-subuids)"
		say "  - the packages fakechroot and fakeroot:  apt-get install fakechroot fakeroot"
		say "  - root:  sudo make image"
		exit 1
	fi
}

# the host's way to the mirrors (proxies, date checks), for the time of the installation
apt_options() {
	apt-config dump 2>/dev/null | grep -E '^Acquire::([a-z]+::Proxy|Check-Valid-Until|Check-Date|Retries|ForceIPv[46])[ :]' || true
	echo 'Acquire::Languages "none";'
}

run_logged() { "$@" >>"$LOG" 2>&1 || { tail -n 40 "$LOG" >&2; die "failed: $1 (whole output: $LOG)"; }; }

# mmdebstrap's own messages, one line each
bootstrap() {
	bash "$TOP/scripts/mirror.sh" "$SUITE" > "$WORK/sources.list"
	apt_options > "$WORK/apt.conf"
	mmdebstrap --mode="$MODE" --variant=minbase --format=tar --aptopt="$WORK/apt.conf" --include="$(packages)" \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
		--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
		"$SUITE" "$WORK/root.tar" "$WORK/sources.list" 2>&1 </dev/null | tee -a "$LOG" |
		sed -u -n 's/^I: /    /p' >&2 || { tail -n 40 "$LOG" >&2; die "mmdebstrap failed (whole output: $LOG)"; }
}

# what bench/work compiles: our Linux tree without what its tiny configuration never reads, and zlib's source
bench_inputs() {
	local tree
	rm -rf "$INPUTS"
	mkdir -p "$INPUTS/src/linux"
	tree=$(bash "$TOP/scripts/kernel.sh" tree)
	bash "$TOP/tests/lib/inputs.sh" "$WORK/debian-inputs" >>"$LOG" 2>&1 || die "cannot fetch zlib's source: see $LOG"
	mv "$WORK/debian-inputs/src/zlib" "$INPUTS/src/zlib"
	rm -rf "$WORK/debian-inputs"
	(cd "$tree" && find . -type f \( -path './arch/*/*' ! -path './arch/um/*' ! -path './arch/x86/*' -o \
		-path './Documentation/*' -o -path './samples/*' -o -path './tools/testing/*' -o -path './drivers/gpu/drm/*' -o \
		-path './drivers/net/*/*' -o -path './drivers/media/*' -o -path './drivers/staging/*' -o \
		-path './drivers/infiniband/*' -o -path './sound/*' \) \
		! -name 'Kconfig*' ! -name 'Makefile*' ! -name 'Kbuild*' -o \( -type f -o -type l \) -print0 |
		tar -c --null -T - -h) | tar -x -C "$INPUTS/src/linux"
}

# runs as (mapped) root: unpack, set up, make the file system; device nodes come from devtmpfs
# shellcheck disable=SC2016
COMPOSE='set -eu
tar=$1 root=$2 img=$3 size=$4 keep=$5
shift 5
mkdir "$root"
tar -x -f "$tar" -C "$root" --numeric-owner -p --xattrs --exclude="./dev/*"
for setup; do sh "$setup" "$root"; done
mke2fs -q -F -t ext4 -L debian -E root_owner=0:0 -d "$root" "$img" "$size"
[ -n "$keep" ] || rm -rf "$root"'

make_image() {
	local started=$SECONDS
	bash "$TOP/scripts/deps.sh" image
	choose_mode
	step "making the Debian $SUITE image ($NAME, $MODE; a few minutes; whole output in ${LOG#"$TOP"/})"
	mkdir -p "$WORK" "$BUILD/log"
	: > "$LOG"
	trap '"${AS_ROOT[@]}" rm -rf "$WORK/root"; rm -rf "$WORK/root.tar" "$WORK/new.img" "$INPUTS"' EXIT
	"${AS_ROOT[@]}" rm -rf "$WORK/root"
	rm -f "$WORK/new.img"
	[ -z "$INPUTS" ] || bench_inputs
	bootstrap
	say "    making the file system"
	local setups=("${PARTS[@]/#/$TOP/rootfs/}")
	INPUTS=$INPUTS run_logged "${AS_ROOT[@]}" sh -c "$COMPOSE" compose "$WORK/root.tar" "$WORK/root" "$WORK/new.img" "$SIZE" \
		"$KEEP" "${setups[@]/%/-setup.sh}"
	[ -z "$KEEP" ] || trap 'rm -rf "$WORK/root.tar" "$INPUTS"' EXIT
	mv "$WORK/new.img" "$IMG"
	rm -f "$WORK/modules.stamp"
	inputs_hash > "$WORK/image.stamp"
	say "    ${IMG#"$TOP"/} is ready ($(du -h "$IMG" | cut -f1) used of $SIZE, $((SECONDS - started)) s)"
}

in_use() { [ -n "$(find /proc/[0-9]*/fd -lname "$IMG" -print -quit 2>/dev/null)" ]; }

# what debugfs must do to replace /lib/modules/RELEASE by $1
module_commands() {
	local dest=/usr/lib/modules/${1##*/} f
	(cd "$1" && find . -type d -printf '%P\n' | sort) | while read -r f; do echo "mkdir $dest${f:+/$f}"; done
	(cd "$1" && find . -type f -printf '%P\n' | sort) | while read -r f; do
		printf 'rm %s\nwrite %s %s\n' "$dest/$f" "$1/$f" "$dest/$f"
	done
}

# put the modules that `make modules_install` left into the image, when they have changed
install_modules() {
	local dir hash
	[ -d "$MODULES/lib/modules" ] || return 0
	dir=$(find "$MODULES/lib/modules" -mindepth 1 -maxdepth 1 -type d | sort | tail -n 1)
	[ -n "$dir" ] || return 0
	hash=$(find "$dir" -type f | hash_files)
	[ "$(cat "$WORK/modules.stamp" 2>/dev/null)" != "$hash" ] || return 0
	if in_use; then
		say "note: a guest uses ${IMG#"$TOP"/}; its modules are brought up to date the next time"
		return 0
	fi
	step "installing the modules of ${dir##*/} into ${IMG#"$TOP"/}"
	e2fsck -p "$IMG" >>"$LOG" 2>&1 || [ $? -lt 4 ] || die "$IMG is damaged: see $LOG; remove the image to have it made again"
	module_commands "$dir" > "$WORK/modules.cmd"
	debugfs -w -f "$WORK/modules.cmd" "$IMG" >>"$LOG" 2>&1
	echo "$hash" > "$WORK/modules.stamp"
}

lock "$NAME-image"
mkdir -p "$WORK" "$BUILD/log"
if [ "$(cat "$WORK/image.stamp" 2>/dev/null)" = "$(inputs_hash)" ] && [ -f "$IMG" ]; then
	:
elif [ -f "$IMG" ] && [ -z "${IMAGE_RENEW:-}" ] && [ -f "$WORK/image.stamp" ] && in_use; then
	say "note: the inputs of ${IMG#"$TOP"/} have changed, but a guest uses it: kept"
else
	make_image
fi
[ "$NAME" != debian ] || install_modules
