/* SPDX-License-Identifier: GPL-2.0 */
/*
 * host/stub_blob.S - the stub program as data, and the addresses in it that the seccomp filter names (from stub/Makefile)
 */
#include "../stub/stub_symbols.h"

	.section .rodata
	.globl	host_stub_start, host_stub_end
	.balign	16
host_stub_start:
	.incbin	"arch/um/stub/stub.elf"
host_stub_end:

	.globl	host_stub_wait_ip, host_stub_wake_ip, host_stub_base_ip
	.balign	8
host_stub_wait_ip:
	.quad	STUB_WAIT_IP
host_stub_wake_ip:
	.quad	STUB_WAKE_IP
host_stub_base_ip:
	.quad	STUB_BASE_IP

	.section .note.GNU-stack, "", @progbits
