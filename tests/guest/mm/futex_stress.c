// SPDX-License-Identifier: GPL-2.0
/*
 * futex_stress.c - locks, condition variables and the futex operations below them, between threads and between
 * processes
 *
 * usage: futex_stress [SECONDS]: mutual exclusion must exclude, no wake-up may be lost (a lost one shows as a hang,
 * which the alarm ends), time-outs must be neither early nor absurdly late, dead owners must be told.
 */
#define _GNU_SOURCE
#include "check.h"
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/syscall.h>

#define NR_THREADS	6

static double seconds = 4;
static volatile int over;

static long futex(volatile uint32_t *word, int op, uint32_t value, const struct timespec *timeout, volatile uint32_t *word2,
		  uint32_t value3)
{
	return syscall(SYS_futex, word, op, value, timeout, word2, value3);
}

/* ---- a mutex of each kind protects two counters ---- */

static struct guarded {
	pthread_mutex_t mutex;
	volatile long a, b;
	volatile long torn;
} *guarded;

static void *mutex_main(void *arg)
{
	(void)arg;
	while (!over) {
		pthread_mutex_lock(&guarded->mutex);
		if (guarded->a != guarded->b)
			guarded->torn++;
		guarded->a++;
		if (guarded->a % 64 == 0)
			sched_yield();
		guarded->b++;
		pthread_mutex_unlock(&guarded->mutex);
	}
	return NULL;
}

static void mutexes(const char *what, int is_shared, int protocol, double length)
{
	double end = check_seconds() + length;
	pthread_t threads[NR_THREADS];
	pthread_mutexattr_t attr;
	pid_t pid = 0;

	guarded = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, (is_shared ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_init(&attr);
	if (is_shared)
		pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	if (protocol)
		pthread_mutexattr_setprotocol(&attr, protocol);
	if (!CHECK(!pthread_mutex_init(&guarded->mutex, &attr), "%s: init", what))
		return;
	over = 0;
	if (is_shared)
		pid = fork();
	for (int i = 0; i < NR_THREADS / 2; i++)
		pthread_create(&threads[i], NULL, mutex_main, NULL);
	while (check_seconds() < end)
		usleep(5000);
	over = 1;
	for (int i = 0; i < NR_THREADS / 2; i++)
		pthread_join(threads[i], NULL);
	if (is_shared && pid == 0)
		_exit(0);
	if (is_shared)
		CHECK(check_wait(pid) == 0, "%s: the other process", what);
	CHECK(guarded->a > 100 && guarded->a == guarded->b && !guarded->torn, "%s: %ld, %ld, torn %ld", what, guarded->a,
	      guarded->b, guarded->torn);
	munmap(guarded, PAGE);
}

/* ---- a queue with condition variables: every item arrives once ---- */

static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t queue_filled = PTHREAD_COND_INITIALIZER, queue_drained = PTHREAD_COND_INITIALIZER;
static long queue[8], queue_nr, put_sum, got_sum, put_nr;

static void *consumer_main(void *arg)
{
	(void)arg;
	for (;;) {
		long item;

		pthread_mutex_lock(&queue_lock);
		while (!queue_nr)
			pthread_cond_wait(&queue_filled, &queue_lock);
		item = queue[--queue_nr];
		got_sum += item;
		pthread_cond_signal(&queue_drained);
		pthread_mutex_unlock(&queue_lock);
		if (!item)
			return NULL;
	}
}

static void put(long item)
{
	pthread_mutex_lock(&queue_lock);
	while (queue_nr == 8)
		pthread_cond_wait(&queue_drained, &queue_lock);
	queue[queue_nr++] = item;
	put_sum += item;
	put_nr++;
	pthread_cond_signal(&queue_filled);
	pthread_mutex_unlock(&queue_lock);
}

static void *producer_main(void *arg)
{
	for (long i = 1; !over; i++)
		put(i * 10 + (long)arg);
	return NULL;
}

static void conditions(double length)
{
	pthread_t producers[2], consumers[3];

	over = 0;
	for (long i = 0; i < 3; i++)
		pthread_create(&consumers[i], NULL, consumer_main, NULL);
	for (long i = 0; i < 2; i++)
		pthread_create(&producers[i], NULL, producer_main, (void *)i);
	usleep(length * 1e6);
	over = 1;
	for (int i = 0; i < 2; i++)
		pthread_join(producers[i], NULL);
	/* the newest item is taken first: an end mark must not overtake what is still there */
	pthread_mutex_lock(&queue_lock);
	while (queue_nr)
		pthread_cond_wait(&queue_drained, &queue_lock);
	pthread_mutex_unlock(&queue_lock);
	for (int i = 0; i < 3; i++)
		put(0);
	for (int i = 0; i < 3; i++)
		pthread_join(consumers[i], NULL);
	CHECK(put_nr > 100 && put_sum == got_sum, "queue: %ld put, sums %ld and %ld", put_nr, put_sum, got_sum);
}

/* ---- the bare operations ---- */

static volatile uint32_t word_a, word_b;
static volatile long nr_asleep, nr_awake;

static void *sleeper_main(void *arg)
{
	(void)arg;
	__atomic_fetch_add(&nr_asleep, 1, __ATOMIC_SEQ_CST);
	while (futex(&word_a, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0) && errno == EINTR)
		;
	__atomic_fetch_add(&nr_awake, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void requeue(void)
{
	pthread_t threads[NR_THREADS];
	long moved = 0, woken;

	for (int i = 0; i < NR_THREADS; i++)
		pthread_create(&threads[i], NULL, sleeper_main, NULL);
	while (nr_asleep < NR_THREADS)
		usleep(1000);
	for (int i = 0; i < 200 && moved < NR_THREADS; i++) {
		moved += futex(&word_a, FUTEX_REQUEUE_PRIVATE, 0, (void *)(long)NR_THREADS, &word_b, 0);
		usleep(1000);
	}
	CHECK(moved == NR_THREADS && nr_awake == 0, "requeue moved %ld, woke %ld", moved, nr_awake);
	CHECK(futex(&word_a, FUTEX_WAKE_PRIVATE, 100, NULL, NULL, 0) == 0, "somebody still sleeps at the old word");
	woken = futex(&word_b, FUTEX_WAKE_PRIVATE, 2, NULL, NULL, 0);
	CHECK(woken == 2, "a wake of two woke %ld", woken);
	woken = futex(&word_b, FUTEX_WAKE_PRIVATE, 100, NULL, NULL, 0);
	CHECK(woken == NR_THREADS - 2, "a wake of all woke %ld", woken);
	for (int i = 0; i < NR_THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void timeouts(void)
{
	static const long waits_ms[] = { 1, 5, 20, 100 };
	volatile uint32_t word = 0;

	for (int i = 0; i < 4; i++) {
		struct timespec ts = { 0, waits_ms[i] * 1000000 };
		double start = check_seconds(), took;
		long got = futex(&word, FUTEX_WAIT_PRIVATE, 0, &ts, NULL, 0);

		took = (check_seconds() - start) * 1000;
		CHECK(got == -1 && errno == ETIMEDOUT, "wait: %ld, %s", got, strerror(errno));
		CHECK(took >= waits_ms[i] && took < waits_ms[i] + 500, "a wait of %ld ms took %.2f ms", waits_ms[i], took);
	}
	CHECK(futex(&word, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0) == -1 && errno == EAGAIN, "wait for another value");
	CHECK(futex((uint32_t *)((char *)&word + 1), FUTEX_WAIT, 0, NULL, NULL, 0) == -1 && errno == EINVAL, "a crooked address");
	CHECK(futex((uint32_t *)16, FUTEX_WAIT, 0, NULL, NULL, 0) == -1 && errno == EFAULT, "a bad address");
}

/* A process dies with a robust mutex held; the next one is told. */
static void robust(void)
{
	pthread_mutex_t *mutex = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_t attr;
	pid_t pid;
	int got;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(mutex, &attr);
	for (int i = 0; i < 20; i++) {
		pid = fork();
		if (pid == 0) {
			if (pthread_mutex_lock(mutex))
				_exit(1);
			kill(getpid(), SIGKILL);
		}
		check_wait(pid);
		got = pthread_mutex_lock(mutex);
		CHECK(got == EOWNERDEAD, "the lock of a dead owner: %s", strerror(got));
		pthread_mutex_consistent(mutex);
		pthread_mutex_unlock(mutex);
	}
	munmap(mutex, PAGE);
}

static sem_t *sems;

/* A ring of processes passes a token by semaphores. */
static void ring(void)
{
	enum { NR = 5, ROUNDS = 300 };
	pid_t pids[NR];

	sems = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < NR; i++)
		sem_init(&sems[i], 1, 0);
	for (int i = 0; i < NR; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			for (int n = 0; n < ROUNDS; n++) {
				while (sem_wait(&sems[i]))
					;
				sem_post(&sems[(i + 1) % NR]);
			}
			_exit(0);
		}
	}
	sem_post(&sems[0]);
	for (int i = 0; i < NR; i++)
		CHECK(check_wait(pids[i]) == 0, "a process of the ring");
	munmap(sems, PAGE);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		seconds = atof(argv[1]);
	alarm(seconds * 10 + 60);
	mutexes("mutex", 0, 0, seconds / 5);
	mutexes("mutex of two processes", 1, 0, seconds / 5);
	mutexes("mutex with priority inheritance", 0, PTHREAD_PRIO_INHERIT, seconds / 5);
	mutexes("shared mutex with priority inheritance", 1, PTHREAD_PRIO_INHERIT, seconds / 5);
	conditions(seconds / 5);
	requeue();
	timeouts();
	robust();
	ring();
	return check_done("futex_stress");
}
