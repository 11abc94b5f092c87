// SPDX-License-Identifier: GPL-2.0
/*
 * wall_stale.c - memory that was taken away must be gone, at once and for every thread
 *
 * A reader and a writer thread use one address without pause while a third takes the memory there away in each way
 * there is (munmap, mprotect, madvise(DONTNEED), mremap, mmap over it, truncating the file) and gives it back.
 * Other processes meanwhile allocate what is free, fill it with a secret, check that nobody writes to it, and free
 * it.
 *
 * After each step the one who takes publishes a generation number and the state. A user who finds the same
 * generation before and after an access knows that the access lay wholly inside that state, and so what it must
 * have seen:
 *
 *     gone        no access may succeed                        dropped      only zero or values of this generation
 *     read-only   no write may succeed                         anything     never the secret of another process
 *
 * A kernel that frees a page before every CPU has let go of it is caught here. Runs on the bare host as well.
 */
#include "walls.h"
#include <pthread.h>

#define SECRET		0x5ec2e70fdead0b57UL
#define OWN		0x0a0b0c0d00000000UL	/* the upper half of what the writer writes; below it the generation */
#define NR_FILLERS	2
#define FILL_BYTES	(1UL << 20)

enum state { STATE_UNKNOWN, STATE_THERE, STATE_GONE, STATE_READ_ONLY };

static struct shared {
	volatile int stop;
	volatile long filler_bad, fills;
} *shared;

static volatile uint64_t *volatile place;	/* the address used by all */
static volatile uint64_t generation;		/* << 8 | state */
static volatile int over;
static volatile long nr_secret, nr_stale_read, nr_stale_write, nr_old, nr_access, nr_faults;
static const char *volatile step_name = "";

static int is_faulting_read(volatile uint64_t *at, uint64_t *out)
{
	uint64_t value = 0;
	int sig = PROBE(value = *at);

	*out = value;
	return sig;
}

static int is_faulting_write(volatile uint64_t *at, uint64_t value)
{
	return PROBE(*at = value);
}

static void report(volatile long *counter, uint64_t value)
{
	if (__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED) == 0)
		printf("  stale: after %s an access saw %#lx\n", step_name, value);
}

static void *reader_main(void *arg)
{
	(void)arg;
	while (!over) {
		uint64_t before = __atomic_load_n(&generation, __ATOMIC_SEQ_CST), value;
		int sig = is_faulting_read(place + 5, &value);
		uint64_t after = __atomic_load_n(&generation, __ATOMIC_SEQ_CST);

		nr_access++;
		if (sig) {
			nr_faults++;
			continue;
		}
		if (value == SECRET)
			report(&nr_secret, value);
		else if (value && (value & 0xffffffff00000000) != OWN)
			report(&nr_secret, value);
		if (before != after)
			continue;
		if ((before & 0xff) == STATE_GONE)
			report(&nr_stale_read, value);
		else if (value && (value & 0xffffffff) != ((before >> 8) & 0xffffffff) && (before & 0xff) == STATE_THERE)
			report(&nr_old, value);
	}
	return NULL;
}

/* Writes only values of the generation that it saw; a write that comes late carries the old one and is told from it. */
static void *writer_main(void *arg)
{
	(void)arg;
	while (!over) {
		uint64_t before = __atomic_load_n(&generation, __ATOMIC_SEQ_CST), after;
		int sig = is_faulting_write(place + 6, OWN | ((before >> 8) & 0xffffffff));

		after = __atomic_load_n(&generation, __ATOMIC_SEQ_CST);
		nr_access++;
		nr_faults += sig != 0;
		if (!sig && before == after && (before & 0xff) >= STATE_GONE)
			report(&nr_stale_write, before);
	}
	return NULL;
}

/* Takes free pages, fills them with the secret, and looks whether anyone else writes there. */
static void filler_main(void)
{
	while (!shared->stop) {
		uint64_t *map = mmap(NULL, FILL_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		size_t words = FILL_BYTES / 8;

		if (map == MAP_FAILED)
			continue;
		for (size_t i = 0; i < words; i += 512) {
			for (size_t n = 0; n < 16; n++) {
				if (map[i + n])
					shared->filler_bad++;
				map[i + n] = SECRET;
			}
		}
		for (int round = 0; round < 3; round++) {
			for (size_t i = 0; i < words; i += 512) {
				for (size_t n = 0; n < 16; n++)
					shared->filler_bad += map[i + n] != SECRET;
			}
		}
		munmap(map, FILL_BYTES);
		shared->fills++;
	}
	_exit(0);
}

static void publish(enum state state)
{
	__atomic_store_n(&generation, ((generation >> 8) + 1) << 8 | state, __ATOMIC_SEQ_CST);
}

static void dwell(int spins)
{
	for (volatile int i = 0; i < spins; i++)
		;
}

static void give(int fd)
{
	void *got = mmap((void *)place, PAGE, PROT_READ | PROT_WRITE, MAP_FIXED | (fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED),
			 fd, 0);

	if (got != (void *)place)
		CHECK(0, "mmap: %s", strerror(errno));
}

/* While the place is there: the value of this generation is written, so that later ones can be told from it. */
static void use_it(void)
{
	publish(STATE_THERE);
	place[5] = OWN | ((generation >> 8) & 0xffffffff);
	dwell(3000);
}

#define NR_STEPS	7

static void take_away(int step, int fd, void *elsewhere)
{
	void *at = (void *)place;

	switch (step) {
	case 0:
		step_name = "munmap";
		munmap(at, PAGE);
		publish(STATE_GONE);
		break;
	case 1:
		step_name = "mprotect(NONE)";
		mprotect(at, PAGE, PROT_NONE);
		publish(STATE_GONE);
		break;
	case 2:
		step_name = "mprotect(READ)";
		mprotect(at, PAGE, PROT_READ);
		publish(STATE_READ_ONLY);
		break;
	case 3:
		/* the writer may write again at once, but word 5 is ours: it must be zero until use_it() */
		step_name = "madvise(DONTNEED)";
		madvise(at, PAGE, MADV_DONTNEED);
		publish(STATE_THERE);
		break;
	case 4:
		step_name = "mremap";
		if (mremap(at, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, elsewhere) == MAP_FAILED)
			munmap(at, PAGE);
		publish(STATE_GONE);
		break;
	case 5:
		step_name = "mmap over it";
		give(-1);
		publish(STATE_THERE);
		break;
	default:
		step_name = "ftruncate";
		give(fd);
		use_it();
		if (ftruncate(fd, 0))
			CHECK(0, "ftruncate: %s", strerror(errno));
		publish(STATE_GONE);
		dwell(20000);
		publish(STATE_UNKNOWN);
		if (ftruncate(fd, PAGE))
			CHECK(0, "ftruncate: %s", strerror(errno));
		return;
	}
	dwell(20000);
}

static long take_away_until(double deadline)
{
	int fd = memfd_create("stale", 0);
	void *elsewhere = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long rounds = 0;

	if (fd < 0 || ftruncate(fd, PAGE)) {
		CHECK(0, "memfd: %s", strerror(errno));
		return 0;
	}
	for (; check_seconds() < deadline; rounds++) {
		for (int step = 0; step < NR_STEPS; step++) {
			publish(STATE_UNKNOWN);
			munmap((void *)place, PAGE);
			give(-1);
			use_it();
			take_away(step, fd, elsewhere);
		}
	}
	return rounds;
}

int main(void)
{
	pthread_t reader, writer;
	pid_t fillers[NR_FILLERS];
	double deadline = walls_deadline();
	long rounds;

	shared = walls_shared(sizeof(*shared));
	probe_init();
	place = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < NR_FILLERS; i++) {
		fillers[i] = fork();
		if (fillers[i] == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			walls_default_signals();
			filler_main();
		}
	}
	if (pthread_create(&reader, NULL, reader_main, NULL) || pthread_create(&writer, NULL, writer_main, NULL)) {
		perror("pthread_create");
		return 1;
	}
	rounds = take_away_until(deadline);
	over = 1;
	pthread_join(reader, NULL);
	pthread_join(writer, NULL);
	shared->stop = 1;
	for (int i = 0; i < NR_FILLERS; i++)
		CHECK(check_wait(fillers[i]) == 0, "a filler died");
	CHECK(rounds > 10 && nr_access > 1000 && nr_faults > 10 && shared->fills > 10,
	      "too little was tried: %ld rounds, %ld accesses, %ld faults, %ld fills", rounds, nr_access, nr_faults, shared->fills);
	CHECK(!nr_secret, "%ld accesses saw another process's memory", nr_secret);
	CHECK(!nr_stale_read, "%ld reads of memory that was gone", nr_stale_read);
	CHECK(!nr_stale_write, "%ld writes to memory that was gone or read-only", nr_stale_write);
	CHECK(!nr_old, "%ld reads of contents that were dropped", nr_old);
	CHECK(!shared->filler_bad, "%ld times a stranger wrote to a filler's memory, or it was not zero", shared->filler_bad);
	printf("  stale: %ld rounds, %ld accesses, %ld faults, %ld fills\n", rounds, nr_access, nr_faults, shared->fills);
	return check_done("wall_stale");
}
