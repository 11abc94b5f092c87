// SPDX-License-Identifier: GPL-2.0
/*
 * abi_vdso.c - the vDSO is there, has the functions that libraries look for, and tells the kernel's time
 *
 * Each function is compared with the system call of the same name, called before and after it; two threads on
 * whatever processors there are read the clock in turn, and no one may see it go back.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <pthread.h>
#include <sched.h>
#include <sys/time.h>

#include "check.h"
#include "abi.h"

typedef int clock_fn(clockid_t clock, struct timespec *ts);
typedef int tod_fn(struct timeval *tv, struct timezone *tz);
typedef time_t time_fn(time_t *t);
typedef long getcpu_fn(unsigned int *cpu, unsigned int *node, void *unused);

static struct {
	clock_fn *gettime, *getres;
	tod_fn *tod;
	time_fn *time;
	getcpu_fn *getcpu;
} vdso;

/* ---- finding the functions ---- */

struct image {
	const char *base;
	const Elf64_Sym *sym;
	const char *str;
	const uint32_t *hash;
	const uint16_t *versym;
	const Elf64_Verdef *verdef;
};

static int open_image(const char *at, struct image *im)
{
	const Elf64_Ehdr *eh = (const void *)at;
	const Elf64_Phdr *ph = (const void *)(at + eh->e_phoff);
	const Elf64_Dyn *dyn = NULL;
	int i;

	if (memcmp(eh->e_ident, ELFMAG, SELFMAG) || eh->e_type != ET_DYN || eh->e_machine != EM_X86_64)
		return -1;
	for (i = 0; i < eh->e_phnum; i++) {
		if (ph[i].p_type == PT_LOAD)
			im->base = at + ph[i].p_offset - ph[i].p_vaddr;
		if (ph[i].p_type == PT_DYNAMIC)
			dyn = (const void *)(at + ph[i].p_offset);
	}
	for (; dyn && dyn->d_tag != DT_NULL; dyn++) {
		const void *p = im->base + dyn->d_un.d_ptr;

		if (dyn->d_tag == DT_SYMTAB)
			im->sym = p;
		else if (dyn->d_tag == DT_STRTAB)
			im->str = p;
		else if (dyn->d_tag == DT_HASH)
			im->hash = p;
		else if (dyn->d_tag == DT_VERSYM)
			im->versym = p;
		else if (dyn->d_tag == DT_VERDEF)
			im->verdef = p;
	}
	return im->sym && im->str && im->versym && im->verdef ? 0 : -1;
}

static const char *version_of(const struct image *im, unsigned int i)
{
	const Elf64_Verdef *d = im->verdef;

	for (;;) {
		if (d->vd_ndx == (im->versym[i] & 0x7fff))
			return im->str + ((const Elf64_Verdaux *)((const char *)d + d->vd_aux))->vda_name;
		if (!d->vd_next)
			return "";
		d = (const Elf64_Verdef *)((const char *)d + d->vd_next);
	}
}

static void *find(const struct image *im, const char *name)
{
	/* the string table follows the symbol table in every vDSO */
	unsigned int nr = im->hash ? im->hash[1] : (unsigned int)(((const Elf64_Sym *)im->str) - im->sym);

	for (unsigned int i = 0; i < nr; i++)
		if (im->sym[i].st_shndx != SHN_UNDEF && !strcmp(im->str + im->sym[i].st_name, name) &&
		    !strcmp(version_of(im, i), "LINUX_2.6"))
			return (void *)(im->base + im->sym[i].st_value);
	return NULL;
}

static int check_image(void)
{
	static const char *const names[] = { "clock_gettime", "gettimeofday", "time", "getcpu", "clock_getres" };
	const char *at = (const char *)getauxval(AT_SYSINFO_EHDR);
	struct image im = { 0 };
	char full[64];

	if (!CHECK(at, "no AT_SYSINFO_EHDR") || !CHECK(!open_image(at, &im), "no shared object at %p", at))
		return -1;
	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(full, sizeof(full), "__vdso_%s", names[i]);
		CHECK(find(&im, full), "no %s", full);
		CHECK(find(&im, names[i]) == find(&im, full), "%s is not an alias", names[i]);
	}
	vdso.gettime = find(&im, "__vdso_clock_gettime");
	vdso.getres = find(&im, "__vdso_clock_getres");
	vdso.tod = find(&im, "__vdso_gettimeofday");
	vdso.time = find(&im, "__vdso_time");
	vdso.getcpu = find(&im, "__vdso_getcpu");
	return vdso.gettime && vdso.getres && vdso.tod && vdso.time && vdso.getcpu ? 0 : -1;
}

static void check_maps(void)
{
	unsigned long from, to, ehdr = getauxval(AT_SYSINFO_EHDR);
	int have_vdso = 0, have_vvar = 0;
	char line[512], prot[8];
	FILE *maps = fopen("/proc/self/maps", "r");

	if (!maps) {
		check_remark("no /proc");
		return;
	}
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %7s", &from, &to, prot) != 3)
			continue;
		if (strstr(line, "[vdso]"))
			have_vdso = from == ehdr && !strcmp(prot, "r-xp");
		if (strstr(line, "[vvar]"))
			have_vvar = prot[0] == 'r' && prot[1] == '-' && prot[2] == '-';
	}
	fclose(maps);
	CHECK(have_vdso, "no [vdso] at AT_SYSINFO_EHDR");
	CHECK(have_vvar, "no read-only [vvar]");
}

/* ---- the same as the system call ---- */

static int64_t ns_of(const struct timespec *ts)
{
	return ts->tv_sec * 1000000000ll + ts->tv_nsec;
}

static int64_t by_call(clockid_t clock)
{
	struct timespec ts;

	raw2(SYS_clock_gettime, clock, (long)&ts);
	return ns_of(&ts);
}

static void check_clock(clockid_t clock, const char *name)
{
	struct timespec ts, res;
	int64_t before, t, after;
	int i, early = 0, late = 0, unnormal = 0;

	for (i = 0; i < 2000; i++) {
		before = by_call(clock);
		if (!CHECK(!vdso.gettime(clock, &ts), "%s failed", name))
			return;
		after = by_call(clock);
		t = ns_of(&ts);
		early += t < before;
		late += t > after;
		unnormal += ts.tv_nsec < 0 || ts.tv_nsec >= 1000000000;
	}
	CHECK(!early && !late && !unnormal, "%s: %d early, %d late, %d not normal, of 2000", name, early, late,
	      unnormal);
	raw2(SYS_clock_getres, clock, (long)&ts);
	CHECK(!vdso.getres(clock, &res) && ns_of(&res) == ns_of(&ts), "%s: resolution %ld, not %ld", name,
	      ns_of(&res), ns_of(&ts));
}

static void check_clocks(void)
{
	struct timespec ts;

	check_clock(CLOCK_REALTIME, "CLOCK_REALTIME");
	check_clock(CLOCK_MONOTONIC, "CLOCK_MONOTONIC");
	check_clock(CLOCK_MONOTONIC_RAW, "CLOCK_MONOTONIC_RAW");
	check_clock(CLOCK_BOOTTIME, "CLOCK_BOOTTIME");
	check_clock(CLOCK_TAI, "CLOCK_TAI");
	check_clock(CLOCK_REALTIME_COARSE, "CLOCK_REALTIME_COARSE");
	check_clock(CLOCK_MONOTONIC_COARSE, "CLOCK_MONOTONIC_COARSE");
	check_clock(CLOCK_PROCESS_CPUTIME_ID, "CLOCK_PROCESS_CPUTIME_ID");
	CHECK(vdso.gettime(77, &ts) == -EINVAL, "clock 77 exists");
}

static void check_others(void)
{
	struct timeval tv, before, after;
	struct timezone tz = { -1, -1 };
	time_t t, stored, first, second;
	unsigned int cpu = ~0u, node = ~0u;
	cpu_set_t set, old;

	raw2(SYS_gettimeofday, (long)&before, 0);
	CHECK(!vdso.tod(&tv, &tz), "gettimeofday failed");
	raw2(SYS_gettimeofday, (long)&after, 0);
	CHECK(!timercmp(&tv, &before, <) && !timercmp(&tv, &after, >), "gettimeofday outside its bounds");
	CHECK(tz.tz_minuteswest != -1 && tz.tz_dsttime != -1, "gettimeofday: no time zone");
	CHECK(!vdso.tod(NULL, NULL), "gettimeofday(NULL) failed");

	first = raw2(SYS_time, 0, 0);
	t = vdso.time(&stored);
	second = raw2(SYS_time, 0, 0);
	CHECK(t == stored && t >= first && t <= second, "time %ld, not %ld..%ld", t, first, second);

	sched_getaffinity(0, sizeof(old), &old);
	for (unsigned int i = 0; i < CPU_SETSIZE; i++) {
		if (!CPU_ISSET(i, &old))
			continue;
		CPU_ZERO(&set);
		CPU_SET(i, &set);
		sched_setaffinity(0, sizeof(set), &set);
		CHECK(!vdso.getcpu(&cpu, &node, NULL) && cpu == i, "getcpu says %u on processor %u", cpu, i);
		CHECK((unsigned int)sched_getcpu() == i, "sched_getcpu says %d on processor %u", sched_getcpu(), i);
	}
	sched_setaffinity(0, sizeof(old), &old);
}

/* ---- never back, whoever looks ---- */

static int64_t newest;
static volatile int go_on = 1;
static long backwards, reads;

/* Publishes what it saw; another thread that starts a read after that must see no less. */
static void *reader(void *arg)
{
	clockid_t clock = *(clockid_t *)arg;
	int64_t seen, now;
	struct timespec ts;
	long bad = 0, n = 0;

	while (go_on) {
		seen = __atomic_load_n(&newest, __ATOMIC_SEQ_CST);
		vdso.gettime(clock, &ts);
		now = ns_of(&ts);
		bad += now < seen;
		while (now > seen && !__atomic_compare_exchange_n(&newest, &seen, now, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			;
		n++;
	}
	__atomic_add_fetch(&backwards, bad, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&reads, n, __ATOMIC_SEQ_CST);
	return NULL;
}

static void check_monotonic(clockid_t clock, const char *name)
{
	pthread_t other[2];
	double start = check_seconds();

	newest = 0;
	backwards = 0;
	reads = 0;
	go_on = 1;
	for (int i = 0; i < 2; i++)
		pthread_create(&other[i], NULL, reader, &clock);
	while (check_seconds() - start < 1.2)
		usleep(10000);
	go_on = 0;
	for (int i = 0; i < 2; i++)
		pthread_join(other[i], NULL);
	CHECK(!backwards, "%s went back %ld times in %ld reads", name, backwards, reads);
}

static double cost_ns(clockid_t clock)
{
	struct timespec ts;
	double t = check_seconds();
	int i;

	for (i = 0; i < 200000; i++)
		vdso.gettime(clock, &ts);
	return (check_seconds() - t) * 1e9 / i;
}

int main(void)
{
	if (!check_image()) {
		check_maps();
		check_clocks();
		check_others();
		check_monotonic(CLOCK_MONOTONIC, "CLOCK_MONOTONIC");
		check_monotonic(CLOCK_MONOTONIC_RAW, "CLOCK_MONOTONIC_RAW");
		check_remark("%.0f ns a read", cost_ns(CLOCK_MONOTONIC));
	}
	return check_done("abi_vdso");
}
