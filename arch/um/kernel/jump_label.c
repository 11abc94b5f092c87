// SPDX-License-Identifier: GPL-2.0
/*
 * jump_label.c - changes a static branch between nop and jmp
 *
 * Text is not writable where it runs; it is written through the direct map, where the same page is. While one vCPU
 * runs, it writes and goes on. With more, all of them wait in stop_machine() until it is done and then execute a
 * serializing instruction, since a processor may have fetched a part of the old five bytes. Changes of one key are
 * queued and cost one such stop.
 */

#include <linux/cpu.h>
#include <linux/jump_label.h>
#include <linux/memory.h>
#include <linux/mm.h>
#include <linux/stop_machine.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <asm/barrier.h>
#include <asm/sections.h>

#define OP_JMP32	0xe9

struct patch {
	unsigned long addr;
	u8 code[JUMP_LABEL_NOP_SIZE];
};

#define QUEUE_MAX	256

/* jump_label_mutex is held. */
static struct patch queue[QUEUE_MAX];
static unsigned int queued;

/* The byte's other address, at which it can be written. */
static u8 *writable_alias(unsigned long addr)
{
	if (addr >= (unsigned long)_text && addr < (unsigned long)_end)
		return __va(__pa_symbol(addr));
	return (u8 *)page_address(vmalloc_to_page((void *)addr)) + offset_in_page(addr);
}

static void patch_one(const struct patch *patch)
{
	unsigned int first = min_t(unsigned int, sizeof(patch->code), PAGE_SIZE - offset_in_page(patch->addr));

	memcpy(writable_alias(patch->addr), patch->code, first);
	if (first < sizeof(patch->code))
		memcpy(writable_alias(patch->addr + first), patch->code + first, sizeof(patch->code) - first);
}

static void patch_queue(void)
{
	unsigned int i;

	for (i = 0; i < queued; i++)
		patch_one(&queue[i]);
}

/* Every instruction before it is complete, every later one is fetched anew. */
static void serialize(void)
{
	unsigned int leaf = 0;

	asm volatile("cpuid" : "+a" (leaf) : : "ebx", "ecx", "edx", "memory");
}

struct stop {
	atomic_t arrived;
	int done;
};

static int patch_stopped(void *data)
{
	struct stop *stop = data;

	if (atomic_inc_return(&stop->arrived) == 1) {
		patch_queue();
		smp_store_release(&stop->done, 1);
	} else {
		smp_cond_load_acquire(&stop->done, VAL);
	}
	serialize();
	return 0;
}

void arch_jump_label_transform_apply(void)
{
	struct stop stop = { .arrived = ATOMIC_INIT(0) };

	if (!queued)
		return;
	if (num_online_cpus() == 1 || system_state < SYSTEM_SCHEDULING)
		patch_queue();
	else
		stop_machine_cpuslocked(patch_stopped, &stop, cpu_online_mask);
	queued = 0;
}

bool arch_jump_label_transform_queue(struct jump_entry *entry, enum jump_label_type type)
{
	static const u8 nop[JUMP_LABEL_NOP_SIZE] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };
	struct patch *patch;
	s32 distance;

	if (queued == QUEUE_MAX)
		return false;
	patch = &queue[queued++];
	patch->addr = jump_entry_code(entry);
	if (type == JUMP_LABEL_JMP) {
		distance = jump_entry_target(entry) - (patch->addr + JUMP_LABEL_NOP_SIZE);
		patch->code[0] = OP_JMP32;
		memcpy(&patch->code[1], &distance, sizeof(distance));
	} else {
		memcpy(patch->code, nop, sizeof(nop));
	}
	return true;
}

void arch_jump_label_transform(struct jump_entry *entry, enum jump_label_type type)
{
	arch_jump_label_transform_queue(entry, type);
	arch_jump_label_transform_apply();
}
