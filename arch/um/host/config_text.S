/* SPDX-License-Identifier: GPL-2.0 */
/*
 * host/config_text.S - the kernel's configuration file, for --showconfig
 *
 * World: host. UM_CONFIG_FILE comes from host/Makefile.
 */
	.section .rodata, "a", @progbits
	.globl	host_config_start, host_config_end
host_config_start:
	.incbin	UM_CONFIG_FILE
host_config_end:
	.byte	0

	.section .note.GNU-stack, "", @progbits
