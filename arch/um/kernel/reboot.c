// SPDX-License-Identifier: GPL-2.0
/*
 * reboot.c - the end of the guest kernel is the end of a host process
 *
 * Halt and power-off end it with the status that /proc/exitcode holds (0 if nobody wrote there); a reboot executes
 * the program anew. After a panic it ends with status 1, or begins anew if panic=SECONDS says so: a process that
 * hangs serves nobody.
 *
 * SIGTERM, SIGINT and SIGHUP to the process arrive as UM_LINE_SIGNAL and are to the guest what ctrl-alt-del is: init
 * shuts everything down in its order. Most make that a reboot; whoever sends such a signal wants the process to end,
 * so that reboot then is an end.
 */
#define pr_fmt(fmt) "um-reboot: " fmt

#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/notifier.h>
#include <linux/panic.h>
#include <linux/panic_notifier.h>
#include <linux/proc_fs.h>
#include <linux/reboot.h>
#include <linux/seq_file.h>
#include <linux/smp.h>
#include <linux/uaccess.h>
#include <um/lines.h>
#include <um/log.h>

#include "reboot.h"

static int exit_code;		/* what /proc/exitcode shows; its low byte is the host's exit status */
static bool end_wanted;		/* a host signal asked for the end: a reboot is one */
static bool end_after_panic;

static void __noreturn end(void)
{
	smp_send_stop();
	host_exit(exit_code & 0xff);
}

/**
 * machine_restart() - reboot; also where panic() ends
 * @command: of the reboot system call, not used
 */
void machine_restart(char *command)
{
	if (end_after_panic)
		host_abort();
	if (end_wanted)
		end();
	smp_send_stop();
	host_restart();
}

/**
 * machine_power_off() - the end
 */
void machine_power_off(void)
{
	end();
}

/**
 * machine_halt() - the end, too: there is no machine that could stand still
 */
void machine_halt(void)
{
	end();
}

static int end_power(struct sys_off_data *data)
{
	end();
	return NOTIFY_DONE;
}

/*
 * With panic_timeout 0 panic() would loop for ever. Any other value makes it call machine_restart() after everything
 * was written to the consoles.
 */
static int panic_notify(struct notifier_block *block, unsigned long event, void *message)
{
	if (!panic_timeout) {
		end_after_panic = true;
		panic_timeout = -1;
	}
	return NOTIFY_DONE;
}

static struct notifier_block panic_block = {
	.notifier_call = panic_notify,
	.priority = INT_MIN,
};

static irqreturn_t shutdown_interrupt(int irq, void *unused)
{
	end_wanted = true;
	ctrl_alt_del();
	return IRQ_HANDLED;
}

/**
 * um_reboot_init() - from now on a panic ends the process
 *
 * Long before the initcalls, so that a machine that cannot even begin does not hang.
 */
void __init um_reboot_init(void)
{
	atomic_notifier_chain_register(&panic_notifier_list, &panic_block);
}

static int __init shutdown_init(void)
{
	int ret;

	/* poweroff in place of halt: generic code asks whether anybody can */
	register_sys_off_handler(SYS_OFF_MODE_POWER_OFF, SYS_OFF_PRIO_DEFAULT, end_power, NULL);
	ret = request_irq(UM_LINE_SIGNAL, shutdown_interrupt, 0, "shutdown", NULL);
	if (!ret)
		host_shutdown_accept();
	return ret;
}
device_initcall(shutdown_init);

#ifdef CONFIG_PROC_FS

static int exitcode_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%d\n", exit_code);
	return 0;
}

static int exitcode_open(struct inode *inode, struct file *file)
{
	return single_open(file, exitcode_show, NULL);
}

/* Decimal, 0x hexadecimal or 0 octal. */
static ssize_t exitcode_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	int code, ret;

	ret = kstrtoint_from_user(buf, count, 0, &code);
	if (ret)
		return ret;
	exit_code = code;
	return count;
}

static const struct proc_ops exitcode_ops = {
	.proc_open = exitcode_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_write = exitcode_write,
	.proc_release = single_release,
};

static int __init exitcode_init(void)
{
	return proc_create("exitcode", 0600, NULL, &exitcode_ops) ? 0 : -ENOMEM;
}
fs_initcall(exitcode_init);

#endif /* CONFIG_PROC_FS */
