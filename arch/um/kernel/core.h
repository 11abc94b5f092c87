/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kernel/core.h - what the files of kernel/ and mm/ say to each other and to nobody else
 */
#ifndef _UM_KERNEL_CORE_H
#define _UM_KERNEL_CORE_H

#include <linux/percpu-defs.h>
#include <linux/types.h>

struct mm_struct;
struct pt_regs;
struct task_struct;
struct um_event;

/* time.c */
void um_timer_interrupt(void);
void um_timer_setup_cpu(void);

/* user.c */
void um_run_user(struct pt_regs *regs) __noreturn;

/* traps.c */
void die(const char *str, struct pt_regs *regs, long err) __noreturn;
void um_user_trap(struct pt_regs *regs, const struct um_event *ev);
void um_do_exception(struct pt_regs *regs, unsigned long trap, unsigned long addr);

/* process.c */
void um_ret_from_fork(void);
void um_task_begin(struct task_struct *prev, struct pt_regs *regs, int (*fn)(void *arg), void *arg) __noreturn;
struct task_struct *__switch_to(struct task_struct *prev, struct task_struct *next);

/* mm/fault.c */
void um_user_fault(struct pt_regs *regs, const struct um_event *ev);
int um_fault_in(struct mm_struct *mm, unsigned long addr, bool write);

/* mm/ahead.c */
void um_ahead_return(struct pt_regs *regs);

/* mm/sites.c: how system calls came */
struct um_call_stats {
	u64 trapped;
	u64 patched;
};
DECLARE_PER_CPU(struct um_call_stats, um_call_stats);
void um_sites_check(struct mm_struct *mm);
void um_sites_trapped(unsigned long ip, unsigned int nr);
void um_sites_event(struct pt_regs *regs, struct um_event *ev);

/* mm/tlb.c */
pmd_t *um_find_pmd(struct mm_struct *mm, unsigned long addr);
int um_space_resume(struct mm_struct *mm, struct pt_regs *regs);
unsigned int um_tlb_runs(struct mm_struct *mm, unsigned long addr, unsigned int pages);
void um_tlb_take(struct mm_struct *mm, unsigned long addr);
void um_space_stopped(struct mm_struct *mm);

/* traps.c */
void __noreturn die(const char *str, struct pt_regs *regs, long err);

/* x86 */
bool um_vsyscall_emulate(struct pt_regs *regs);
long um_syscall(struct pt_regs *regs, unsigned int nr);

#endif /* _UM_KERNEL_CORE_H */
