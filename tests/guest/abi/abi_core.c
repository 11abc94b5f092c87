// SPDX-License-Identifier: GPL-2.0
/*
 * abi_core.c - a core file holds what the thread had: general registers, FP and vector registers, the fault, memory
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/procfs.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/user.h>

#include "check.h"
#include "abi.h"

static const uint64_t pattern[4] = { 0x1111111111111111, 0x2222222222222222, 0x3333333333333333, 0x4444444444444444 };
static char *marked_page;

static void *bystander(void *arg)
{
	__asm__ volatile("movdqu %0, %%xmm12" : : "m"(pattern) : "xmm12");
	__asm__ volatile("mov $0xbada55, %%r13d\n1:\tpause\n\tjmp 1b" : : : "r13");
	return arg;
}

/* Dies of a write to address 0x10 with known registers. */
static void die(void)
{
	pthread_t other;

	pthread_create(&other, NULL, bystander, NULL);
	usleep(50000);
	if (have_avx())
		__asm__ volatile("vmovdqu %0, %%ymm11" : : "m"(pattern) : "xmm11");
	else
		__asm__ volatile("movdqu %0, %%xmm11" : : "m"(pattern) : "xmm11");
	__asm__ volatile("mov $0x1515, %%r15; mov $0x1212, %%r12; mov $0x10, %%ebx\n\t"
			 "movl $1, (%%rbx)"
			 : : : "r15", "r12", "rbx", "memory");
	_exit(0);
}

/* Makes the kernel write "core" or "core.PID" into the working directory, if we may. */
static int want_core_files(char *saved, size_t size)
{
	static const char plain[] = "core";
	int fd = open("/proc/sys/kernel/core_pattern", O_RDWR);
	ssize_t n;

	if (fd < 0) {
		fd = open("/proc/sys/kernel/core_pattern", O_RDONLY);
		n = fd < 0 ? -1 : read(fd, saved, size - 1);
		close(fd);
		if (n > 0)
			saved[n] = 0;
		return n > 0 && !strncmp(saved, "core\n", 5) ? 1 : 0;
	}
	n = read(fd, saved, size - 1);
	saved[n > 0 ? n : 0] = 0;
	lseek(fd, 0, SEEK_SET);
	n = write(fd, plain, sizeof(plain) - 1);
	close(fd);
	return n > 0 ? 2 : 0;
}

static void restore_pattern(const char *saved)
{
	int fd = open("/proc/sys/kernel/core_pattern", O_WRONLY);

	if (fd < 0 || write(fd, saved, strlen(saved)) < 0)
		printf("  core_pattern was not put back\n");
	close(fd);
}

struct core {
	const char *at;
	size_t size;
	int threads;
	const struct elf_prstatus *status[8];
	const char *fp[8], *xstate[8];
	size_t xstate_size;
	const siginfo_t *info;
	const unsigned long *auxv;
};

static void read_note(struct core *core, const Elf64_Nhdr *n, const char *desc)
{
	int i = core->threads - 1;

	if (n->n_type == NT_PRSTATUS && core->threads < 8)
		core->status[core->threads++] = (const void *)desc;
	else if (n->n_type == NT_PRFPREG && i >= 0)
		core->fp[i] = desc;
	else if (n->n_type == NT_X86_XSTATE && i >= 0) {
		core->xstate[i] = desc;
		core->xstate_size = n->n_descsz;
	} else if (n->n_type == NT_SIGINFO)
		core->info = (const void *)desc;
	else if (n->n_type == NT_AUXV)
		core->auxv = (const void *)desc;
}

static void read_notes(struct core *core)
{
	const Elf64_Ehdr *eh = (const void *)core->at;
	const Elf64_Phdr *ph = (const void *)(core->at + eh->e_phoff);

	for (int i = 0; i < eh->e_phnum; i++) {
		const char *p = core->at + ph[i].p_offset, *end = p + ph[i].p_filesz;

		while (ph[i].p_type == PT_NOTE && p + sizeof(Elf64_Nhdr) <= end) {
			const Elf64_Nhdr *n = (const void *)p;
			const char *desc = p + sizeof(*n) + ((n->n_namesz + 3) & ~3u);

			if (memcmp(p + sizeof(*n), "GNU", 4))
				read_note(core, n, desc);
			p = desc + ((n->n_descsz + 3) & ~3u);
		}
	}
}

static const char *memory_at(const struct core *core, unsigned long addr)
{
	const Elf64_Ehdr *eh = (const void *)core->at;
	const Elf64_Phdr *ph = (const void *)(core->at + eh->e_phoff);

	for (int i = 0; i < eh->e_phnum; i++)
		if (ph[i].p_type == PT_LOAD && addr >= ph[i].p_vaddr && addr < ph[i].p_vaddr + ph[i].p_filesz)
			return core->at + ph[i].p_offset + addr - ph[i].p_vaddr;
	return NULL;
}

#define XMM(n)	(160 + (n) * 16)

static void check_dead_thread(const struct core *core, pid_t pid)
{
	const struct user_regs_struct *regs = (const void *)&core->status[0]->pr_reg;

	CHECK(core->status[0]->pr_pid == pid && core->status[0]->pr_cursig == SIGSEGV, "pid %d signal %d",
	      core->status[0]->pr_pid, core->status[0]->pr_cursig);
	CHECK(regs->r15 == 0x1515 && regs->r12 == 0x1212 && regs->rbx == 0x10, "r15 %llx r12 %llx rbx %llx",
	      regs->r15, regs->r12, regs->rbx);
	CHECK(regs->cs == 0x33 && regs->ss == 0x2b && regs->fs_base, "cs %llx ss %llx fs_base %llx", regs->cs,
	      regs->ss, regs->fs_base);
	CHECK(memory_at(core, regs->rsp), "the stack is not in the file");
	if (!CHECK(core->fp[0] && core->xstate[0], "no FP notes"))
		return;
	CHECK(load64(core->fp[0] + XMM(11)) == pattern[0], "xmm11 %lx", load64(core->fp[0] + XMM(11)));
	CHECK(load64(core->xstate[0] + XMM(11) + 8) == pattern[1], "xmm11 in the image %lx",
	      load64(core->xstate[0] + XMM(11) + 8));
	CHECK((load64(core->xstate[0] + XSTATE_SW) & 3) == 3, "features %lx", load64(core->xstate[0] + XSTATE_SW));
	if (have_avx())
		CHECK(load64(core->xstate[0] + ymmh_offset() + 11 * 16) == pattern[2], "ymm11 %lx",
		      load64(core->xstate[0] + ymmh_offset() + 11 * 16));
}

static void check_core(const struct core *core, pid_t pid)
{
	const char *page = memory_at(core, (unsigned long)marked_page);
	const unsigned long *a;
	int other = -1;

	if (!CHECK(core->threads == 2, "%d threads", core->threads))
		return;
	check_dead_thread(core, pid);
	for (int i = 1; i < core->threads; i++)
		if (((const struct user_regs_struct *)&core->status[i]->pr_reg)->r13 == 0xbada55)
			other = i;
	CHECK(other > 0, "the other thread's r13 is not there");
	if (other > 0 && core->fp[other])
		CHECK(load64(core->fp[other] + XMM(12)) == pattern[0], "its xmm12 %lx",
		      load64(core->fp[other] + XMM(12)));
	if (CHECK(core->info, "no siginfo"))
		CHECK(core->info->si_signo == SIGSEGV && core->info->si_code == SEGV_MAPERR && core->info->si_addr == (void *)0x10,
		      "siginfo: %d %d %p", core->info->si_signo, core->info->si_code, core->info->si_addr);
	if (CHECK(core->auxv, "no auxiliary vector")) {
		for (a = core->auxv; a[0] != AT_NULL && a[0] != AT_SYSINFO_EHDR; a += 2)
			;
		CHECK(a[1] == getauxval(AT_SYSINFO_EHDR), "AT_SYSINFO_EHDR %lx", a[1]);
		CHECK(memory_at(core, a[1]), "the vDSO is not in the file");
	}
	CHECK(page && !strcmp(page, "marked page"), "memory is not in the file");
}

static int open_core(pid_t pid, struct core *core)
{
	struct stat st;
	char name[32];
	int fd = open("core", O_RDONLY);

	if (fd < 0) {
		snprintf(name, sizeof(name), "core.%d", pid);
		fd = open(name, O_RDONLY);
		unlink(name);
	}
	unlink("core");
	if (fd < 0 || fstat(fd, &st))
		return -1;
	core->size = st.st_size;
	core->at = mmap(NULL, core->size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	return core->at == MAP_FAILED ? -1 : 0;
}

static void run(void)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	struct core core = { 0 };
	pid_t pid = fork();
	int status;

	if (!pid) {
		setrlimit(RLIMIT_CORE, &all);
		die();
	}
	waitpid(pid, &status, 0);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "status %x", status);
	if (!CHECK(WCOREDUMP(status), "no core dumped") || !CHECK(!open_core(pid, &core), "no core file: %s",
	      strerror(errno)))
		return;
	if (!CHECK(!memcmp(core.at, ELFMAG, SELFMAG) && ((const Elf64_Ehdr *)core.at)->e_type == ET_CORE,
	      "not a core file"))
		return;
	read_notes(&core);
	check_core(&core, pid);
}

int main(void)
{
	char saved[256] = "", dir[] = "/tmp/abi_core.XXXXXX";
	int may;

	if (!mkdtemp(dir) || chdir(dir)) {
		printf("abi_core: no directory in /tmp\n");
		return 1;
	}
	marked_page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	strcpy(marked_page, "marked page");
	may = want_core_files(saved, sizeof(saved));
	if (may)
		run();
	else
		check_remark("skipped: core_pattern is %s", saved), check_passed++;
	if (may == 2)
		restore_pattern(saved);
	rmdir(dir);
	return check_done("abi_core");
}
