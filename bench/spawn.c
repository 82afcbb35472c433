/* What starting /bin/true costs in C: spawn ROUNDS MEBIBYTES prints medians in microseconds, as lines
   of JSON for bench/spawn.jsonl. */
#define _GNU_SOURCE
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
static char *const arguments[] = {"/bin/true", NULL};

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

static pid_t by_vfork(void) {
  pid_t pid = vfork();
  if (pid == 0) {
    execve(arguments[0], arguments, environ);
    _exit(127);
  }
  return pid;
}

static pid_t by_posix_spawn(void) {
  pid_t pid;
  return posix_spawn(&pid, arguments[0], NULL, NULL, arguments, environ) == 0 ? pid : -1;
}

static int compare(const void *a, const void *b) {
  return *(const double *)a > *(const double *)b ? 1 : -1;
}

static void measure(const char *name, pid_t (*start)(void), int rounds, size_t held) {
  double *returned = calloc(rounds, sizeof(double)), *known = calloc(rounds, sizeof(double));
  for (int round = 0; round < rounds; round++) {
    double begin = now();
    pid_t pid = start();
    returned[round] = now() - begin;
    waitpid(pid, NULL, 0);
    known[round] = now() - begin;
  }
  qsort(returned, rounds, sizeof(double), compare);
  qsort(known, rounds, sizeof(double), compare);
  printf("{\"bench\":\"spawn, %zu MiB\",\"runtime\":\"C\",\"way\":\"%s\",", held, name);
  printf("\"µs returns\":%.0f,", returned[rounds / 2]);
  printf("\"µs exit known\":%.0f}\n", known[rounds / 2]);
}

int main(int count, char **values) {
  int rounds = count > 1 ? atoi(values[1]) : 300;
  size_t size = (count > 2 ? atol(values[2]) : 0) << 20;
  if (size > 0) memset(malloc(size), 1, size);
  measure("vfork", by_vfork, rounds, size >> 20);
  measure("posix_spawn", by_posix_spawn, rounds, size >> 20);
  return 0;
}
