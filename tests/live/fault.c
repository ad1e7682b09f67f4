/* Loaded into the daemon by LD_PRELOAD: faults that the tests switch on and off while it runs.

   FAULT_CONTROL names a file. Each of its lines is one fault:
       fail WHAT ERRNO PREFIX   WHAT is read or write (or sync), of files whose path begins so
       clock SECONDS            the wall clock is so far off
   Without the file nothing is wrong. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static int control(char *text, size_t size)
{
    const char *path = getenv("FAULT_CONTROL");
    long fd, got;
    if (!path || (fd = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC)) < 0)
        return 0;
    got = syscall(SYS_read, fd, text, size - 1);
    syscall(SYS_close, fd);
    text[got > 0 ? got : 0] = 0;
    return got > 0;
}

static int fault_of(const char *what, const char *path)
{
    char text[4096], kind[16], prefix[1024];
    int number, kept = errno, found = 0;
    char *line, *rest = text;
    if (control(text, sizeof text))
        while (!found && (line = strsep(&rest, "\n")))
            if (sscanf(line, "fail %15s %d %1023s", kind, &number, prefix) == 3
                && !strcmp(kind, what) && !strncmp(path, prefix, strlen(prefix)))
                found = number;
    errno = kept;
    return found;
}

static int fault_at(const char *what, int fd)
{
    char name[64], path[4096];
    ssize_t length;
    int kept = errno;
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    length = readlink(name, path, sizeof path - 1);
    errno = kept;
    if (length <= 0)
        return 0;
    path[length] = 0;
    return fault_of(what, path);
}

#define AT(what, fd) do { int e = fault_at(what, fd); if (e) { errno = e; return -1; } } while (0)
#define REAL(name, type, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, #name)

ssize_t read(int fd, void *to, size_t n)
{ REAL(read, ssize_t, int, void *, size_t); AT("read", fd); return real(fd, to, n); }
ssize_t pread(int fd, void *to, size_t n, off_t at)
{ REAL(pread, ssize_t, int, void *, size_t, off_t); AT("read", fd); return real(fd, to, n, at); }
ssize_t pread64(int fd, void *to, size_t n, off64_t at)
{ REAL(pread64, ssize_t, int, void *, size_t, off64_t); AT("read", fd); return real(fd, to, n, at); }
ssize_t write(int fd, const void *from, size_t n)
{ REAL(write, ssize_t, int, const void *, size_t); AT("write", fd); return real(fd, from, n); }
ssize_t pwrite(int fd, const void *from, size_t n, off_t at)
{ REAL(pwrite, ssize_t, int, const void *, size_t, off_t); AT("write", fd); return real(fd, from, n, at); }
ssize_t pwrite64(int fd, const void *from, size_t n, off64_t at)
{ REAL(pwrite64, ssize_t, int, const void *, size_t, off64_t); AT("write", fd); return real(fd, from, n, at); }
int fsync(int fd)
{ REAL(fsync, int, int); AT("sync", fd); return real(fd); }
int fdatasync(int fd)
{ REAL(fdatasync, int, int); AT("sync", fd); return real(fd); }

int clock_gettime(clockid_t which, struct timespec *to)
{
    REAL(clock_gettime, int, clockid_t, struct timespec *);
    char text[4096];
    long off;
    char *found;
    int got = real(which, to);
    if (!got && which == CLOCK_REALTIME && control(text, sizeof text)
        && (found = strstr(text, "clock ")) && sscanf(found, "clock %ld", &off) == 1)
        to->tv_sec += off;
    return got;
}
