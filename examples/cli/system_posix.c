/* SPDX-License-Identifier: BSD-3-Clause */
/* The operating system: POSIX, with the locks of BSD. */
#define _XOPEN_SOURCE 700 /* for realpath */ // NOLINT(bugprone-reserved-identifier)
#define _DEFAULT_SOURCE 1 /* for flock */    // NOLINT(bugprone-reserved-identifier)
#define _DARWIN_C_SOURCE 1                   // NOLINT(bugprone-reserved-identifier)

#include "system.h"

#if !defined(_WIN32)

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- files and folders ---- */

static void describe(entry *found, const struct stat *status) {
    const mode_t mode = status->st_mode;
    found->kind = S_ISREG(mode) ? ENTRY_FILE : S_ISDIR(mode) ? ENTRY_FOLDER : S_ISLNK(mode) ? ENTRY_LINK : ENTRY_OTHER;
    found->device = (uint64_t)status->st_dev;
    found->number = (uint64_t)status->st_ino;
    found->size = status->st_size;
    found->changed = status->st_mtime;
}

bool find_entry(entry *found, const char *path) {
    struct stat status;
    if (stat(path, &status) != 0)
        return false;
    describe(found, &status);
    return true;
}

bool find_link(entry *found, const char *path) {
    struct stat status;
    if (lstat(path, &status) != 0)
        return false;
    describe(found, &status);
    return true;
}

bool is_separator(char character) {
    return character == '/';
}

bool can_create_in(const char *folder) {
    return access(folder, W_OK | X_OK) == 0;
}

char *absolute_path(const char *path) {
    return realpath(path, NULL);
}

bool create_folder(const char *path) {
    return mkdir(path, 0777) == 0;
}

/* Takes over the descriptor. */
static FILE *stream_of(int descriptor, const char *mode) {
    FILE *file = descriptor >= 0 ? fdopen(descriptor, mode) : NULL;
    if (file == NULL && descriptor >= 0)
        (void)close(descriptor);
    return file;
}

FILE *create_file(const char *path) {
    return stream_of(open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666), "wb");
}

FILE *open_to_read(const char *path) {
    return stream_of(open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), "rb");
}

bool remove_entry(const char *path) {
    return remove(path) == 0;
}

bool move_entry(const char *from, const char *to) {
    return rename(from, to) == 0;
}

void keep_mode(const char *fresh, const char *place) {
    struct stat there;
    if (lstat(place, &there) == 0 && S_ISREG(there.st_mode))
        (void)chmod(fresh, there.st_mode & 0777);
}

bool each_name(const char *folder, void (*take)(void *user, const char *name), void *user) {
    DIR *open_folder = opendir(folder);
    if (open_folder == NULL)
        return false;
    errno = 0;
    for (const struct dirent *at = readdir(open_folder); at != NULL; at = readdir(open_folder)) {
        if (strcmp(at->d_name, ".") != 0 && strcmp(at->d_name, "..") != 0)
            take(user, at->d_name);
        errno = 0;
    }
    const int error = errno;
    (void)closedir(open_folder);
    errno = error;
    return error == 0;
}

bool synchronise_file(FILE *file) {
    return fsync(fileno(file)) == 0;
}

bool synchronise_locked(int lock) {
    return fsync(lock) == 0 || (errno != EIO && errno != ENOSPC && errno != EDQUOT);
}

void synchronise_folder(const char *folder) {
    const int descriptor = open(folder, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return;
    (void)synchronise_locked(descriptor);
    (void)close(descriptor);
}

/* ---- locks ---- */

/* The path still names what the descriptor has open. */
static bool is_entry(const char *path, int descriptor) {
    struct stat named, opened;
    return lstat(path, &named) == 0 && fstat(descriptor, &opened) == 0 && named.st_dev == opened.st_dev &&
           named.st_ino == opened.st_ino;
}

static int make_one(const char *path, bool is_folder) {
    if (!is_folder)
        return open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return mkdir(path, 0777) == 0 ? open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
}

/* Another process may have taken a new entry for left over before it was locked; then it is gone. A file system without locks
 * leaves it unlocked. */
int create_locked(const char *path, bool is_folder) {
    const int descriptor = make_one(path, is_folder);
    if (descriptor < 0)
        return -1;
    while (flock(descriptor, LOCK_EX) != 0 && errno == EINTR) {
    }
    if (is_entry(path, descriptor))
        return descriptor;
    (void)close(descriptor);
    errno = ENOENT;
    return -1;
}

/* As errno has it, EWOULDBLOCK for an entry that is in use and ENOTSUP for a file system without locks. */
static int lock_error(int descriptor, const char *path, bool wait) {
    struct stat opened;
    if (flock(descriptor, wait ? LOCK_EX : LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK || errno == EINTR ? errno : ENOTSUP;
    if (!is_entry(path, descriptor))
        return ENOENT;
    return fstat(descriptor, &opened) == 0 && opened.st_uid == geteuid() ? 0 : EPERM;
}

int lock_left_over(const char *path, bool wait) {
    const int descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0)
        return -1;
    const int error = lock_error(descriptor, path, wait);
    if (error == 0)
        return descriptor;
    (void)close(descriptor);
    errno = error;
    return -1;
}

bool move_locked(int lock, const char *from, const char *to) {
    (void)lock;
    return rename(from, to) == 0;
}

bool remove_locked(int lock, const char *path) {
    (void)lock;
    return remove(path) == 0;
}

FILE *open_locked(int lock) {
    return fdopen(lock, "wb");
}

void unlock(int lock) {
    (void)close(lock);
}

/* ---- process and terminal ---- */

long process_number(void) {
    return (long)getpid();
}

double now_seconds(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

uint64_t memory_bytes(void) {
    const long pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
    return pages > 0 && bytes > 0 ? (uint64_t)pages * (uint64_t)bytes : 0;
}

/* ---- threads ---- */

static pthread_mutex_t lines;

typedef struct thread {
    pthread_t handle;
    void (*work)(void *user, int i);
    void *user;
    int i;
} thread;

static void *start(void *user) {
    const thread *t = user;
    t->work(t->user, t->i);
    return NULL;
}

void run_side_by_side(int count, void (*work)(void *user, int i), void *user) {
    thread *threads = calloc((size_t)count, sizeof *threads);
    int made = 0;
    for (; threads != NULL && made < count; made++) {
        threads[made] = (thread){.work = work, .user = user, .i = made};
        if (pthread_create(&threads[made].handle, NULL, start, &threads[made]) != 0)
            break;
    }
    for (int i = 0; i < made; i++)
        (void)pthread_join(threads[i].handle, NULL);
    if (made == 0)
        work(user, 0);
    free(threads);
}

void lock_lines(void) {
    (void)pthread_mutex_lock(&lines);
}

void unlock_lines(void) {
    (void)pthread_mutex_unlock(&lines);
}

static void make_lock(void) {
    pthread_mutexattr_t recursive;
    (void)pthread_mutexattr_init(&recursive);
    (void)pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    (void)pthread_mutex_init(&lines, &recursive);
    (void)pthread_mutexattr_destroy(&recursive);
}

/* ---- process and terminal ---- */

char **begin_process(int *count, char **arguments) {
    (void)count;
    make_lock();
    (void)signal(SIGPIPE, SIG_IGN);
    for (int descriptor = 0; descriptor <= STDERR_FILENO; descriptor++)
        if (fcntl(descriptor, F_GETFD) < 0)
            (void)open("/dev/null", O_RDONLY); /* so that no result file takes the number; writing there fails */
    return arguments;
}

bool is_terminal(FILE *stream) {
    return isatty(fileno(stream)) != 0;
}

size_t terminal_columns(void) {
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void catch_interrupt(void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = (int)SA_RESETHAND};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
}

#endif
