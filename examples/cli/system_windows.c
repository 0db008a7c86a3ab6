/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The operating system: Windows 7 and later. Paths go as UTF-16 to functions that take long paths. An entry is locked while a
 * handle is open that may rename and remove it and is not shared for that: no second one can be opened.
 */
#include "system.h"

#if defined(_WIN32)

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <process.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>
#include <windows.h>

#include <shellapi.h>

/* ---- paths ---- */

enum { MAX_UNITS = 4096, SHARE_ALL = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE };

static int error_of_windows(DWORD code) {
    static const struct {
        DWORD code;
        int error;
    } known[] = {
        {ERROR_FILE_NOT_FOUND, ENOENT},    {ERROR_PATH_NOT_FOUND, ENOENT},
        {ERROR_INVALID_NAME, ENOENT},      {ERROR_BAD_PATHNAME, ENOENT},
        {ERROR_INVALID_DRIVE, ENOENT},     {ERROR_BAD_NETPATH, ENOENT},
        {ERROR_BAD_NET_NAME, ENOENT},      {ERROR_NO_UNICODE_TRANSLATION, EILSEQ},
        {ERROR_ACCESS_DENIED, EACCES},     {ERROR_SHARING_VIOLATION, EWOULDBLOCK},
        {ERROR_LOCK_VIOLATION, EACCES},    {ERROR_WRITE_PROTECT, EROFS},
        {ERROR_FILE_EXISTS, EEXIST},       {ERROR_ALREADY_EXISTS, EEXIST},
        {ERROR_DIR_NOT_EMPTY, ENOTEMPTY},  {ERROR_DISK_FULL, ENOSPC},
        {ERROR_HANDLE_DISK_FULL, ENOSPC},  {ERROR_TOO_MANY_OPEN_FILES, EMFILE},
        {ERROR_DIRECTORY, ENOTDIR},        {ERROR_FILENAME_EXCED_RANGE, ENAMETOOLONG},
        {ERROR_NOT_ENOUGH_MEMORY, ENOMEM}, {ERROR_INSUFFICIENT_BUFFER, ENAMETOOLONG},
        {ERROR_DELETE_PENDING, ENOENT},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].code == code)
            return known[i].error;
    return EIO;
}

/* Sets errno where a call of Windows failed; gives `fine`. */
static bool check(bool fine) {
    if (!fine)
        errno = error_of_windows(GetLastError());
    return fine;
}

/* The absolute path with the prefix that lifts the limit of 260 units; a device's path has none. */
static bool widen(wchar_t to[MAX_UNITS], const char *path) {
    enum { PREFIX = 7, ROOM = MAX_UNITS - PREFIX };
    wchar_t given[MAX_UNITS], *full = to + PREFIX;
    if (!check(MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, given, MAX_UNITS) != 0))
        return false;
    const DWORD length = GetFullPathNameW(given, ROOM, full, NULL);
    if (!check(length != 0))
        return false;
    if (length >= ROOM) {
        errno = ENAMETOOLONG;
        return false;
    }
    const bool is_share = wcsncmp(full, L"\\\\", 2) == 0, is_device = is_share && (full[2] == L'.' || full[2] == L'?');
    const wchar_t *prefix = is_device ? L"" : is_share ? L"\\\\?\\UNC" : L"\\\\?\\";
    const wchar_t *rest = is_share && !is_device ? full + 1 : full;
    const size_t before = wcslen(prefix);
    wmemmove(to + before, rest, wcslen(rest) + 1);
    wmemcpy(to, prefix, before);
    return true;
}

/* To be freed. */
static char *utf8_of(const wchar_t *units, size_t count) {
    const int size = WideCharToMultiByte(CP_UTF8, 0, units, (int)count, NULL, 0, NULL, NULL);
    char *text = calloc((size_t)size + 1, 1);
    if (text != NULL)
        (void)WideCharToMultiByte(CP_UTF8, 0, units, (int)count, text, size, NULL, NULL);
    return text;
}

static HANDLE open_entry(const char *path, DWORD access, DWORD share, DWORD disposition, DWORD flags) {
    wchar_t wide[MAX_UNITS];
    HANDLE handle = INVALID_HANDLE_VALUE;
    if (widen(wide, path))
        (void)check((handle = CreateFileW(wide, access, share, NULL, disposition, FILE_FLAG_BACKUP_SEMANTICS | flags, NULL)) !=
                    INVALID_HANDLE_VALUE);
    return handle;
}

/* A descriptor that closes the handle. */
static int descriptor_of(HANDLE handle, int flags) {
    const int descriptor = handle != INVALID_HANDLE_VALUE ? _open_osfhandle((intptr_t)handle, flags | _O_BINARY) : -1;
    if (descriptor < 0 && handle != INVALID_HANDLE_VALUE)
        (void)CloseHandle(handle);
    return descriptor;
}

static HANDLE handle_of(int lock) {
    return (HANDLE)_get_osfhandle(lock);
}

/* ---- files and folders ---- */

static bool describe(entry *found, HANDLE handle) {
    BY_HANDLE_FILE_INFORMATION is;
    *found = (entry){.kind = ENTRY_OTHER};
    if (GetFileType(handle) != FILE_TYPE_DISK)
        return true;
    if (!check(GetFileInformationByHandle(handle, &is)))
        return false;
    found->kind = (is.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0       ? ENTRY_FOLDER
                  : (is.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0 ? ENTRY_LINK
                                                                              : ENTRY_FILE;
    found->device = is.dwVolumeSerialNumber;
    found->number = (uint64_t)is.nFileIndexHigh << 32 | is.nFileIndexLow;
    found->size = (int64_t)((uint64_t)is.nFileSizeHigh << 32 | is.nFileSizeLow);
    const uint64_t ticks = (uint64_t)is.ftLastWriteTime.dwHighDateTime << 32 | is.ftLastWriteTime.dwLowDateTime;
    found->changed = (int64_t)(ticks / 10000000) - 11644473600; /* since 1601, each 100 ns */
    return true;
}

static bool find(entry *found, const char *path, DWORD flags) {
    HANDLE handle = open_entry(path, FILE_READ_ATTRIBUTES, SHARE_ALL, OPEN_EXISTING, flags);
    if (handle == INVALID_HANDLE_VALUE)
        return false;
    const bool fine = describe(found, handle);
    (void)CloseHandle(handle);
    return fine;
}

bool find_entry(entry *found, const char *path) {
    return find(found, path, 0);
}

bool find_link(entry *found, const char *path) {
    return find(found, path, FILE_FLAG_OPEN_REPARSE_POINT);
}

bool is_separator(char character) {
    return character == '/' || character == '\\';
}

bool can_create_in(const char *folder) {
    HANDLE handle = open_entry(folder, FILE_ADD_FILE, SHARE_ALL, OPEN_EXISTING, 0);
    return handle != INVALID_HANDLE_VALUE && CloseHandle(handle);
}

char *absolute_path(const char *path) {
    wchar_t wide[MAX_UNITS];
    HANDLE handle = open_entry(path, FILE_READ_ATTRIBUTES, SHARE_ALL, OPEN_EXISTING, 0);
    if (handle == INVALID_HANDLE_VALUE)
        return NULL;
    const DWORD length = GetFinalPathNameByHandleW(handle, wide, MAX_UNITS, FILE_NAME_NORMALIZED | VOLUME_NAME_DOS);
    (void)CloseHandle(handle);
    if (!check(length != 0) || length >= MAX_UNITS)
        return NULL;
    const bool is_share = wcsncmp(wide, L"\\\\?\\UNC\\", 8) == 0, is_long = wcsncmp(wide, L"\\\\?\\", 4) == 0;
    wchar_t *begin = is_share ? wide + 6 : is_long ? wide + 4 : wide;
    if (is_share)
        *begin = L'\\';
    return utf8_of(begin, wcslen(begin));
}

bool create_folder(const char *path) {
    wchar_t wide[MAX_UNITS];
    return widen(wide, path) && check(CreateDirectoryW(wide, NULL));
}

/* Takes over the descriptor. */
static FILE *stream_of(int descriptor, const char *mode) {
    FILE *file = descriptor >= 0 ? _fdopen(descriptor, mode) : NULL;
    if (file == NULL && descriptor >= 0)
        (void)_close(descriptor);
    return file;
}

FILE *create_file(const char *path) {
    return stream_of(descriptor_of(open_entry(path, GENERIC_WRITE, FILE_SHARE_READ, CREATE_NEW, 0), 0), "wb");
}

FILE *open_to_read(const char *path) {
    return stream_of(descriptor_of(open_entry(path, GENERIC_READ, SHARE_ALL, OPEN_EXISTING, 0), _O_RDONLY), "rb");
}

static bool remove_handle(HANDLE handle) {
    FILE_DISPOSITION_INFO gone = {.DeleteFile = TRUE};
    return check(SetFileInformationByHandle(handle, FileDispositionInfo, &gone, sizeof gone));
}

bool remove_entry(const char *path) {
    HANDLE handle = open_entry(path, DELETE, SHARE_ALL, OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT);
    if (handle == INVALID_HANDLE_VALUE)
        return false;
    const bool fine = remove_handle(handle);
    (void)CloseHandle(handle);
    return fine;
}

/* Also a file that a reader has open is replaced, where the system has such renames: since Windows 10 1607, on NTFS. */
static bool move_handle(HANDLE handle, const char *to) {
    enum { REPLACE = 1, POSIX = 2 }; /* flags of FileRenameInfoEx; for FileRenameInfo, any of them replaces */
    const FILE_INFO_BY_HANDLE_CLASS rename_ex = (FILE_INFO_BY_HANDLE_CLASS)22; /* FileRenameInfoEx: not in every header */
    _Alignas(FILE_RENAME_INFO) char request[offsetof(FILE_RENAME_INFO, FileName) + MAX_UNITS * sizeof(wchar_t)] = {0};
    FILE_RENAME_INFO *info = (FILE_RENAME_INFO *)request;
    entry is;
    if (!describe(&is, handle) || !widen(info->FileName, to))
        return false;
    const DWORD flags = is.kind == ENTRY_FOLDER ? 0 : REPLACE | POSIX;
    memcpy(info, &flags, sizeof flags);
    info->FileNameLength = (DWORD)(wcslen(info->FileName) * sizeof(wchar_t));
    return check(SetFileInformationByHandle(handle, rename_ex, info, sizeof request) ||
                 SetFileInformationByHandle(handle, FileRenameInfo, info, sizeof request));
}

bool move_entry(const char *from, const char *to) {
    HANDLE handle = open_entry(from, DELETE | FILE_READ_ATTRIBUTES, SHARE_ALL, OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT);
    if (handle == INVALID_HANDLE_VALUE)
        return false;
    const bool fine = move_handle(handle, to);
    (void)CloseHandle(handle);
    return fine;
}

void keep_mode(const char *fresh, const char *place) {
    (void)fresh; /* a file has the permissions that its folder hands down */
    (void)place;
}

static void take_name(void (*take)(void *user, const char *name), void *user, const FILE_ID_BOTH_DIR_INFO *at) {
    char *name = utf8_of(at->FileName, at->FileNameLength / sizeof(wchar_t));
    if (name != NULL && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
        take(user, name);
    free(name);
}

/* By a handle that shares everything, so that a locked folder can be read too. */
bool each_name(const char *folder, void (*take)(void *user, const char *name), void *user) {
    _Alignas(FILE_ID_BOTH_DIR_INFO) char entries[1 << 14];
    HANDLE handle = open_entry(folder, FILE_LIST_DIRECTORY, SHARE_ALL, OPEN_EXISTING, 0);
    if (handle == INVALID_HANDLE_VALUE)
        return false;
    while (GetFileInformationByHandleEx(handle, FileIdBothDirectoryInfo, entries, sizeof entries)) {
        const FILE_ID_BOTH_DIR_INFO *at = (const FILE_ID_BOTH_DIR_INFO *)entries;
        take_name(take, user, at);
        while (at->NextEntryOffset != 0) {
            at = (const FILE_ID_BOTH_DIR_INFO *)((const char *)at + at->NextEntryOffset);
            take_name(take, user, at);
        }
    }
    const bool fine = check(GetLastError() == ERROR_NO_MORE_FILES);
    (void)CloseHandle(handle);
    return fine;
}

bool synchronise_file(FILE *file) {
    return _commit(_fileno(file)) == 0;
}

bool synchronise_locked(int lock) {
    (void)lock; /* the file system keeps a journal of its folders */
    return true;
}

void synchronise_folder(const char *folder) {
    (void)folder;
}

/* ---- locks ---- */

enum { LOCKING = GENERIC_READ | DELETE, SHARE_LOCKED = FILE_SHARE_READ | FILE_SHARE_WRITE };

int create_locked(const char *path, bool is_folder) {
    if (!is_folder)
        return descriptor_of(open_entry(path, LOCKING | GENERIC_WRITE, SHARE_LOCKED, CREATE_NEW, 0), 0);
    return create_folder(path) ? descriptor_of(open_entry(path, LOCKING, SHARE_LOCKED, OPEN_EXISTING, 0), 0) : -1;
}

int lock_left_over(const char *path, bool wait) {
    HANDLE handle;
    while ((handle = open_entry(path, LOCKING, SHARE_LOCKED, OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT)) ==
               INVALID_HANDLE_VALUE &&
           errno == EWOULDBLOCK && wait)
        Sleep(20);
    return descriptor_of(handle, 0);
}

bool move_locked(int lock, const char *from, const char *to) {
    return lock >= 0 ? move_handle(handle_of(lock), to) : move_entry(from, to);
}

bool remove_locked(int lock, const char *path) {
    return lock >= 0 ? remove_handle(handle_of(lock)) : remove_entry(path);
}

FILE *open_locked(int lock) {
    return _fdopen(lock, "wb");
}

void unlock(int lock) {
    (void)_close(lock);
}

/* ---- process and terminal ---- */

long process_number(void) {
    return _getpid();
}

double now_seconds(void) {
    LARGE_INTEGER ticks, per_second;
    (void)QueryPerformanceCounter(&ticks);
    (void)QueryPerformanceFrequency(&per_second);
    return (double)ticks.QuadPart / (double)per_second.QuadPart;
}

uint64_t memory_bytes(void) {
    MEMORYSTATUSEX memory = {.dwLength = sizeof memory};
    return GlobalMemoryStatusEx(&memory) ? memory.ullTotalPhys : 0;
}

/* ---- threads ---- */

static CRITICAL_SECTION lines;

typedef struct thread {
    HANDLE handle;
    void (*work)(void *user, int i);
    void *user;
    int i;
} thread;

static unsigned __stdcall start(void *user) {
    const thread *t = user;
    t->work(t->user, t->i);
    return 0;
}

void run_side_by_side(int count, void (*work)(void *user, int i), void *user) {
    thread *threads = calloc((size_t)count, sizeof *threads);
    int made = 0;
    for (; threads != NULL && made < count; made++) {
        threads[made] = (thread){.work = work, .user = user, .i = made};
        threads[made].handle = (HANDLE)_beginthreadex(NULL, 0, start, &threads[made], 0, NULL);
        if (threads[made].handle == NULL)
            break;
    }
    for (int i = 0; i < made; i++) {
        (void)WaitForSingleObject(threads[i].handle, INFINITE);
        (void)CloseHandle(threads[i].handle);
    }
    if (made == 0)
        work(user, 0);
    free(threads);
}

void lock_lines(void) {
    EnterCriticalSection(&lines);
}

void unlock_lines(void) {
    LeaveCriticalSection(&lines);
}

/* ---- process and terminal ---- */

char **begin_process(int *count, char **arguments) {
    InitializeCriticalSection(&lines);
    int given = 0;
    wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), &given);
    char **texts = wide != NULL ? calloc((size_t)given + 1, sizeof *texts) : NULL;
    (void)_setmode(STDOUT_FILENO, _O_BINARY);
    (void)_setmode(STDERR_FILENO, _O_BINARY);
    (void)SetConsoleOutputCP(CP_UTF8);
    bool fine = texts != NULL;
    for (int i = 0; fine && i < given; i++)
        fine = (texts[i] = utf8_of(wide[i], wcslen(wide[i]))) != NULL;
    (void)LocalFree(wide);
    *count = fine ? given : *count;
    return fine ? texts : arguments; /* without memory those of the code page */
}

bool is_terminal(FILE *stream) {
    DWORD mode;
    HANDLE console = (HANDLE)_get_osfhandle(_fileno(stream));
    return GetConsoleMode(console, &mode) && SetConsoleMode(console, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
}

size_t terminal_columns(void) {
    CONSOLE_SCREEN_BUFFER_INFO screen;
    return GetConsoleScreenBufferInfo(GetStdHandle(STD_ERROR_HANDLE), &screen) ? (size_t)screen.dwSize.X : 0;
}

void catch_interrupt(void (*handler)(int)) {
    (void)signal(SIGINT, handler); /* for one interrupt */
}

#endif
