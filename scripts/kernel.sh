#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# kernel.sh linux|modules|modules_install|menuconfig|tree: run kbuild for one configuration.
#
# States of an object directory build/CONFIG:
#   .um-config   hash of the configuration that we generated; a .config that differs was edited by its owner and is kept
#   .um-built    touched after each successful build; "is anything newer?" decides whether kbuild is asked at all
#   .um-steps-*  how many steps a whole build took, the 100 % of the next one
#   .um-modules  touched when the modules were installed; names those, if MODS= did
# With KSRC= kbuild is always asked, since the user's tree may have changed.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

LOG=$BUILD/log/$CONFIG-build.log

kbuild() {
	make -C "$TREE" O="$OBJ" ARCH=um SUBARCH=x86_64 CC="$CCACHED" HOSTCC="$CCACHED" --no-print-directory "$@"
}

# 0 when build/linux is newer than everything it is made from
is_fresh() {
	[ -z "$KSRC" ] && [ -x "$OBJ/linux" ] && [ -e "$OBJ/.um-built" ] && [ "$LINUX" -ef "$OBJ/linux" ] || return 1
	local inputs=("$TOP/arch/um" "$TOP/rootfs" "$TOP/scripts" "$OBJ/.config" "$TREE/.um-tree")
	[ ! -d "$TOP/patches" ] || inputs+=("$TOP/patches")
	[ -z "$(find "${inputs[@]}" -newer "$OBJ/.um-built" -print -quit 2>&1)" ] || return 1
	[[ "$(cat "$TREE/.um-tree")" = *" $(dpkg-query -W -f '${Version}' linux-source-6.12 2>/dev/null) "* ]]
}

config_hash() { sha256sum < "$OBJ/.config" | cut -c1-16; }

# make .config, unless its owner has changed it
configure() {
	local made=$OBJ/.um-config wanted
	wanted=$( (cat "$TOP/arch/um/configs/$DEFCONFIG" "$TOP/rootfs/initramfs.config"; cat "$TREE/.um-tree") | sha256sum | cut -c1-16)
	if [ -f "$OBJ/.config" ]; then
		[ "$(cut -d' ' -f1 "$made" 2>/dev/null)" = "$wanted" ] && return
		if [ "$(cut -d' ' -f2 "$made" 2>/dev/null)" != "$(config_hash)" ]; then
			say "note: build/$CONFIG/.config has been edited; keeping it (remove it to have $DEFCONFIG again)"
			return
		fi
	fi
	[ -f "$TOP/arch/um/configs/$DEFCONFIG" ] || die "CONFIG=$CONFIG: there is no arch/um/configs/$DEFCONFIG"
	step "configuring ($DEFCONFIG)"
	quietly kbuild "$DEFCONFIG"
	cat "$TOP/rootfs/initramfs.config" >> "$OBJ/.config"
	quietly kbuild olddefconfig
	check_config "$TOP/rootfs/initramfs.config"
	check_config "$TOP/arch/um/configs/$DEFCONFIG" note
	printf '%s %s\n' "$wanted" "$(config_hash)" > "$made"
}

# every line of FILE must have arrived in .config
check_config() {
	local line lost=()
	while IFS= read -r line; do
		case $line in
		CONFIG_*=n) ! grep -q "^${line%=n}=" "$OBJ/.config" || lost+=("$line") ;;
		CONFIG_*=*) grep -qxF "$line" "$OBJ/.config" || lost+=("$line") ;;
		esac
	done < "$1"
	[ ${#lost[@]} -gt 0 ] || return 0
	[ "${2:-}" = note ] || die "these lines of $1 did not survive Kconfig: ${lost[*]}"
	say "note: Kconfig dropped from $DEFCONFIG: ${lost[*]}"
}

# run a command silently; when it fails, show all it said
quietly() {
	mkdir -p "$BUILD/log"
	"$@" > "$BUILD/log/step.log" 2>&1 </dev/null || { cat "$BUILD/log/step.log" >&2; die "failed: $*"; }
}

# Filter for kbuild's output: counts its steps, shows one moving line on a terminal or one line for each 5 %, and lets
# through everything that is not a step (warnings, errors). Arguments: steps in all (0: not known), steps done before.
show_progress() {
	local total=$1 line n=$2 percent last=-5 what
	local step_line='^  [A-Z][A-Za-z0-9_+-]*( \[[A-Z]\])? +[^ ].*$'
	while IFS= read -r line; do
		if [[ $line =~ $step_line ]]; then
			n=$((n + 1))
			if [ "$n" -le "$total" ]; then
				percent=$((n * 100 / total))
				what="[$(printf %3d $percent)%] $n/$total"
			else
				percent=$((n / 10)); what="[$n]"
			fi
			if [ -t 2 ]; then
				printf '\r\033[K%.*s' "${COLUMNS:-80}" "$what $line" >&2
			elif [ $((percent - last)) -ge 5 ]; then
				last=$percent
				say "$what$line"
			fi
		elif [[ ! $line =~ ^(make(\[[0-9]+\])?: (Entering|Leaving|Nothing)|make.*\ is\ up\ to\ date\.$|\ \ [A-Z]+$|\#|$) ]]; then
			[ ! -t 2 ] || printf '\r\033[K' >&2
			say "$line"
		fi
	done
	[ ! -t 2 ] || printf '\r\033[K' >&2
	echo "$n" > "$OBJ/.um-count"
}

# build linux, or modules with the names of those wanted (none: all): with progress; the whole output is in the log
build() {
	local what=$1 total=0 before=0 steps=$OBJ/.um-steps-$1
	shift
	mkdir -p "$BUILD/log"
	if [ $# -gt 0 ]; then
		steps=/dev/null
	elif [ ! -e "$steps" ]; then
		total=$(awk -v k="$CONFIG.$what" '$1 == k { print $2 }' "$TOP/scripts/steps")
		[ "$what" != linux ] || before=$(find "$OBJ" -name '*.o' -not -path "$OBJ/scripts/*" | wc -l)
	elif [ -z "$(find "$OBJ" -name '*.o' -not -path "$OBJ/scripts/*" -print -quit)" ]; then
		total=$(cat "$steps")
	fi
	[ $# -gt 0 ] || set -- "$what"
	step "building $what ($CONFIG; $JOBS at once; whole output in ${LOG#"$TOP"/})"
	# The pipe ends when the last compiler has closed it; status is make's.
	kbuild -j"$JOBS" "$@" 2>&1 </dev/null | tee "$LOG" | show_progress "${total:-0}" "$before" ||
		die "the build of $what failed: see above, whole output in $LOG"
	[ -e "$steps" ] || mv "$OBJ/.um-count" "$steps"
}

build_linux() {
	local started
	if is_fresh; then return; fi
	prepare
	started=$SECONDS
	touch "$OBJ/.um-started"
	build linux
	[ -x "$OBJ/linux" ] || die "kbuild succeeded but there is no $OBJ/linux"
	sed -i "s/ .*/ $(config_hash)/" "$OBJ/.um-config" 2>/dev/null || true
	ln -sfn "${OBJ#"$BUILD"/}/linux" "$LINUX"
	# what was saved while the compiler ran is newer than this
	touch -r "$OBJ/.um-started" "$OBJ/.um-built"
	[ "$OBJ/.config" -nt "$OBJ/.um-built" ] && touch -r "$OBJ/.config" "$OBJ/.um-built"
	say "    ${LINUX#"$TOP"/} is ready ($((SECONDS - started)) s)"
}

# into INSTALL_MOD_PATH, default build/modules or build/modules-CONFIG; there it is done once for each build. MODS= names those that
# are wanted, each by its path in the tree; without it it is all of them.
install_modules() {
	local to=${INSTALL_MOD_PATH:-$MODULES} done_at=$OBJ/.um-modules mods
	read -r -a mods <<< "$MODS"
	build_linux
	if [ -z "${INSTALL_MOD_PATH:-}$KSRC" ] && [ -d "$to" ] && [ "$done_at" -nt "$OBJ/.um-built" ] &&
		{ [ ! -s "$done_at" ] || [ "$(cat "$done_at")" = "$MODS" ]; }; then return; fi
	prepare
	build modules "${mods[@]}"
	# kbuild installs what modules.order lists, but makes no list for modules that were named
	[ -z "$MODS" ] || printf '%s\n' "${mods[@]/%.ko/.o}" > "$OBJ/modules.order"
	rm -rf "$to/lib/modules/$(cat "$OBJ/include/config/kernel.release")"
	quietly kbuild modules_install INSTALL_MOD_PATH="$to" INSTALL_MOD_STRIP=1
	say "    modules are in ${to#"$TOP"/}"
	[ -n "${INSTALL_MOD_PATH:-}" ] || printf '%s' "$MODS" > "$done_at"
}

prepare() {
	local groups=(build run)
	[ -n "$KSRC" ] || groups+=(source)
	bash "$TOP/scripts/deps.sh" "${groups[@]}"
	bash "$TOP/scripts/tree.sh" >/dev/null
	mkdir -p "$OBJ"
	lock "$(basename "$(dirname "$OBJ")")-$CONFIG"
	bash "$TOP/scripts/initramfs.sh" "$OBJ/initramfs"
	configure
}

case ${1:-linux} in
linux)
	build_linux ;;
tree)
	prepare
	echo "$TREE" ;;
menuconfig)
	bash "$TOP/scripts/deps.sh" menuconfig
	prepare
	kbuild menuconfig ;;
modules)
	build_linux
	prepare
	read -r -a mods <<< "$MODS"
	build modules "${mods[@]}" ;;
modules_install)
	install_modules ;;
*)
	die "no such target: $1" ;;
esac
