/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vdso.lds.S - the layout of the vDSO: one read-only, executable segment that starts with the ELF header
 *
 * The pages of [vvar] (asm/vdso.h) lie directly below. The symbols are exported under the names and the version that
 * libraries look for on x86-64.
 */
#include <asm/vdso.h>
#include <asm/page.h>

OUTPUT_FORMAT("elf64-x86-64")
OUTPUT_ARCH(i386:x86-64)

SECTIONS
{
	vvar_start = . - UM_VVAR_PAGES * PAGE_SIZE;
	_vdso_data = vvar_start + UM_VVAR_DATA_PAGE * PAGE_SIZE;
	_timens_data = vvar_start + UM_VVAR_TIMENS_PAGE * PAGE_SIZE;
	_um_clock_params = vvar_start + UM_VVAR_CLOCK_PAGE * PAGE_SIZE;

	. = SIZEOF_HEADERS;

	.hash		: { *(.hash) }			:text
	.gnu.hash	: { *(.gnu.hash) }
	.dynsym		: { *(.dynsym) }
	.dynstr		: { *(.dynstr) }
	.gnu.version	: { *(.gnu.version) }
	.gnu.version_d	: { *(.gnu.version_d) }
	.gnu.version_r	: { *(.gnu.version_r) }
	.dynamic	: { *(.dynamic) }		:text :dynamic
	.note		: { *(.note.*) }		:text :note
	.eh_frame_hdr	: { *(.eh_frame_hdr) }		:text :eh_frame_hdr
	.eh_frame	: { KEEP(*(.eh_frame)) }	:text
	.rodata		: { *(.rodata*) *(.got.plt) *(.got) }	:text

	/* Far enough from the tables that no cache line is shared. */
	. = ALIGN(64);
	.text		: { *(.text*) }			:text =0xcccccccc

	/DISCARD/ : {
		*(.note.GNU-stack)
		*(.note.gnu.property)
		*(.data*) *(.bss*)
		*(.discard*)
		*(__bug_table)
		*(.modinfo)
		*(.export_symbol)
		*(___ksymtab*)
		*(__ksymtab*)
	}

	.comment 0 : { *(.comment) }
	.debug_abbrev 0 : { *(.debug_abbrev) }
	.debug_addr 0 : { *(.debug_addr) }
	.debug_aranges 0 : { *(.debug_aranges) }
	.debug_info 0 : { *(.debug_info) }
	.debug_line 0 : { *(.debug_line) }
	.debug_line_str 0 : { *(.debug_line_str) }
	.debug_loclists 0 : { *(.debug_loclists) }
	.debug_rnglists 0 : { *(.debug_rnglists) }
	.debug_loc 0 : { *(.debug_loc) }
	.debug_ranges 0 : { *(.debug_ranges) }
	.debug_str 0 : { *(.debug_str) }
	.debug_str_offsets 0 : { *(.debug_str_offsets) }
}

PHDRS
{
	text		PT_LOAD FLAGS(5) FILEHDR PHDRS;
	dynamic		PT_DYNAMIC FLAGS(4);
	note		PT_NOTE FLAGS(4);
	eh_frame_hdr	PT_GNU_EH_FRAME FLAGS(4);
}

VERSION
{
	LINUX_2.6 {
	global:
		clock_gettime;
		__vdso_clock_gettime;
		gettimeofday;
		__vdso_gettimeofday;
		time;
		__vdso_time;
		clock_getres;
		__vdso_clock_getres;
		getcpu;
		__vdso_getcpu;
	local:
		*;
	};
}
