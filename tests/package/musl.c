/* Loads the library in a program of musl, opens this very process and has a watcher thread tell of a child's end. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int count, char **arguments) {
  void *library = dlopen(arguments[count - 1], RTLD_NOW);
  if (!library) return fprintf(stderr, "%s\n", dlerror()), 1;
  int (*abi)(void) = (int (*)(void))dlsym(library, "pfd_abi");
  int (*open)(int, int, int) = (int (*)(int, int, int))dlsym(library, "pfd_open");
  int (*pid_of)(int) = (int (*)(int))dlsym(library, "pfd_pid_of");
  int (*start)(int *) = (int (*)(int *))dlsym(library, "pfd_watcher_start");
  int (*add)(int, int, int) = (int (*)(int, int, int))dlsym(library, "pfd_watcher_add");
  if (!abi || !open || !pid_of || !start || !add) return 2;

  int self = open(getpid(), 0, 0);
  if (self < 0 || pid_of(self) != getpid()) return 3;

  int watcher[16] = {0}; /* WatcherRecord; its fields are at the offsets of ffi/symbols.ts. */
  int started = start(watcher);
  if (started < 0) return fprintf(stderr, "watcher_start: %d\n", started), 4;
  int pipe_ends[2];
  if (pipe(pipe_ends)) return 5;
  pid_t child = fork();
  if (child == 0) {
    char byte;
    close(pipe_ends[1]);
    _exit(read(pipe_ends[0], &byte, 1) == 0 ? 7 : 8);
  }
  int pidfd = open(child, 0, 0);
  if (pidfd < 0 || add(watcher[EPOLL], pidfd, 42) < 0) return 6;
  close(pipe_ends[1]);
  char record[256];
  if (read(watcher[SOCKET], record, sizeof record) <= 0) return 7;
  int status;
  if (waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 7) return 8;
  puts("loaded, opened, told");
  return 0;
}
