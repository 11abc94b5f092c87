// SPDX-License-Identifier: GPL-2.0
/*
 * threads.c - CPU-bound threads of one process: "threads NR ROUNDS" prints the seconds that NR threads take for ROUNDS each
 *
 * The work is arithmetic only. Every thread's result is compared with that of the main thread, which does the same work first,
 * untimed, so that a thread that did nothing is seen.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MAX_THREADS	8
#define SEED		0x9e3779b97f4a7c15UL

static unsigned long rounds;

static uint64_t xorshift(unsigned long n)
{
	uint64_t x = SEED;

	while (n--) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
	}
	return x;
}

static void *work(void *result)
{
	*(uint64_t *)result = xorshift(rounds);
	return NULL;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	pthread_t thread[MAX_THREADS];
	uint64_t result[MAX_THREADS] = { 0 }, wanted;
	int i, nr = argc == 3 ? atoi(argv[1]) : 0;
	double start, end;

	if (nr < 1 || nr > MAX_THREADS)
		return 2;
	rounds = strtoul(argv[2], NULL, 10);
	wanted = xorshift(rounds);
	start = now();
	for (i = 0; i < nr; i++)
		if (pthread_create(&thread[i], NULL, work, &result[i]))
			return 1;
	for (i = 0; i < nr; i++)
		pthread_join(thread[i], NULL);
	end = now();
	for (i = 0; i < nr; i++)
		if (result[i] != wanted) {
			fprintf(stderr, "thread %d computed %lx, not %lx\n", i, result[i], wanted);
			return 1;
		}
	printf("%.6f\n", end - start);
	return 0;
}
