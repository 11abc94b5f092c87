#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# initramfs.sh DIR: prepare the embedded root in DIR: the files, and the list of them that the kernel's gen_init_cpio reads.
# The list is how device nodes and root-owned files come to be without being root. Files are rewritten only when they differ, so
# that kbuild has nothing to do the second time.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

DIR=$1
NAME=${DIR##*/}
mkdir -p "$DIR"

busybox=$(command -v busybox) || die "busybox is missing: apt-get install busybox-static"
file_is_static() { ! LC_ALL=C readelf -l "$1" | grep -q INTERP; }
file_is_static "$busybox" || die "$busybox needs shared libraries: apt-get install busybox-static"

# put SOURCE NAME: a copy, when it differs
put() { cmp -s "$1" "$DIR/$2" || install -m 755 "$1" "$DIR/$2"; }

list() {
	local d applet
	for d in bin dev etc host mnt proc root run sbin sys usr usr/bin usr/sbin var; do echo "dir /$d 0755 0 0"; done
	echo "dir /tmp 1777 0 0"
	echo "nod /dev/console 0600 0 0 c 5 1"
	echo "nod /dev/tty 0666 0 0 c 5 0"
	echo "nod /dev/tty0 0600 0 0 c 4 0"
	echo "nod /dev/null 0666 0 0 c 1 3"
	echo "nod /dev/zero 0666 0 0 c 1 5"
	echo "nod /dev/kmsg 0644 0 0 c 1 11"
	echo "file /init $NAME/init 0755 0 0"
	echo "file /bin/busybox $NAME/busybox 0755 0 0"
	for d in passwd group profile inittab; do echo "file /etc/$d $NAME/$d 0644 0 0"; done
	echo "file /etc/session $NAME/session 0755 0 0"
	"$busybox" --list | while read -r applet; do
		case $applet in busybox | linuxrc) continue ;; esac
		echo "slink /bin/$applet busybox 0777 0 0"
	done
	echo "slink /sbin/modprobe /bin/busybox 0777 0 0"	# where the kernel looks for it
}

put "$busybox" busybox
for f in init session inittab passwd group profile; do put "$TOP/rootfs/$f" "$f"; done
list > "$DIR/list.new"
if cmp -s "$DIR/list.new" "$DIR/list"; then rm "$DIR/list.new"; else mv "$DIR/list.new" "$DIR/list"; fi
