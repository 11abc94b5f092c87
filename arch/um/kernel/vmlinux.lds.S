/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The program "linux": four segments for the host's loader, none both writable and executable.
 *
 *   text      R-X   guest and host code                    _stext .. _etext
 *   data      RW-   read-only data (later protected), data  __start_rodata .. _edata
 *   inittext  R-X   freed after boot                       _sinittext .. _einittext
 *   initdata  RW-   init data, the per-CPU template, bss    .. _end
 *
 * The host side copies all of it into guest memory and maps that over it (host/mem.c), so an address in the image minus
 * UM_KERNEL_BASE is a physical address. The entry is the host world's _start.
 */
#define RO_EXCEPTION_TABLE_ALIGN 4
#define EMITS_PT_NOTE

#include <asm/thread_info.h>
#include <asm/cache.h>
#include <asm/page.h>
#include <asm-generic/vmlinux.lds.h>
#include <um/layout.h>

/* The notes lie among the read-only data. */
#undef NOTES_HEADERS
#undef NOTES_HEADERS_RESTORE
#define NOTES_HEADERS		:data :note
#define NOTES_HEADERS_RESTORE	__restore_ph : { *(.__restore_ph) } :data

OUTPUT_FORMAT(elf64-x86-64)
OUTPUT_ARCH(i386:x86-64)
ENTRY(_start)

PHDRS {
	text PT_LOAD FLAGS(5);
	data PT_LOAD FLAGS(6);
	inittext PT_LOAD FLAGS(5);
	initdata PT_LOAD FLAGS(6);
	note PT_NOTE FLAGS(4);
	stack PT_GNU_STACK FLAGS(6);
}

jiffies = jiffies_64;

SECTIONS
{
	. = UM_KERNEL_BASE;
	_text = .;

	.text : {
		_stext = .;
		HEAD_TEXT
		TEXT_TEXT
		SCHED_TEXT
		LOCK_TEXT
		KPROBES_TEXT
		ENTRY_TEXT
		IRQENTRY_TEXT
		SOFTIRQENTRY_TEXT
		*(.gnu.warning)
	} :text = 0xcccccccc
	. = ALIGN(PAGE_SIZE);
	_etext = .;

	/* RO_DATA() names no segment: it takes that of the section before it. */
	.data.begin : {
		_sdata = .;
	} :data

	RO_DATA(PAGE_SIZE)

	/* The rows of the command line's options (um/option.h). */
	.um.options : ALIGN(8) {
		__um_options_start = .;
		KEEP(*(.um.options))
		__um_options_end = .;
	} :data

	RW_DATA(L1_CACHE_BYTES, PAGE_SIZE, THREAD_SIZE)
	.got : { *(.got) *(.igot*) }
	.got.plt : { *(.got.plt) }
	_edata = .;

	. = ALIGN(PAGE_SIZE);
	__init_begin = .;
	.init.text : {
		_sinittext = .;
		INIT_TEXT
		. = ALIGN(PAGE_SIZE);
		_einittext = .;
	} :inittext
	.exit.text : {
		EXIT_TEXT
	} :inittext

	. = ALIGN(PAGE_SIZE);
	.init.data : {
		INIT_DATA
		INIT_SETUP(16)
		INIT_CALLS
		CON_INITCALL
		INIT_RAM_FS
	} :initdata
	.exit.data : {
		EXIT_DATA
	}
	PERCPU_SECTION(L1_CACHE_BYTES)
	. = ALIGN(PAGE_SIZE);
	__init_end = .;

	BSS_SECTION(PAGE_SIZE, PAGE_SIZE, PAGE_SIZE)
	_end = .;

	/*
	 * The init task runs on its own stack from its first instruction; the room at the top is where a task's user
	 * registers are.
	 */
	um_init_stack_top = init_stack + THREAD_SIZE - 176;

#ifdef CONFIG_BLK_DEV_INITRD
	/*
	 * The host world wants to know before init data is freed; by another name it is no reference to it in
	 * modpost's eyes.
	 */
	um_initramfs_size = __initramfs_size;
#endif

	STABS_DEBUG
	DWARF_DEBUG
	ELF_DETAILS

	DISCARDS
	/DISCARD/ : {
		*(.eh_frame)
		*(.discard .discard.*)
	}
}
