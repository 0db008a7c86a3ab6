/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The operating system: Windows 7 and later. Paths go as UTF-16 to functions that take long paths. A file that is being written
 * is open for renaming and not shared for that: no other process can open it so, and thus a left-over is told from a file in use.
 */
#include "core/system.h"

#if defined(_WIN32)

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>
#include <xmmintrin.h>

/* ---- paths ---- */

enum { MAX_UNITS = 4096 };

typedef struct wide_path {
    wchar_t units[MAX_UNITS];
} wide_path;

static int error_of_windows(DWORD code) {
    static const struct {
        DWORD code;
        int error;
    } known[] = {
        {ERROR_FILE_NOT_FOUND, ENOENT},
        {ERROR_PATH_NOT_FOUND, ENOENT},
        {ERROR_INVALID_NAME, ENOENT},
        {ERROR_BAD_PATHNAME, ENOENT},
        {ERROR_INVALID_DRIVE, ENOENT},
        {ERROR_BAD_NETPATH, ENOENT},
        {ERROR_BAD_NET_NAME, ENOENT},
        {ERROR_NO_UNICODE_TRANSLATION, EILSEQ},
        {ERROR_ACCESS_DENIED, EACCES},
        {ERROR_SHARING_VIOLATION, EACCES},
        {ERROR_LOCK_VIOLATION, EACCES},
        {ERROR_WRITE_PROTECT, EROFS},
        {ERROR_FILE_EXISTS, EEXIST},
        {ERROR_ALREADY_EXISTS, EEXIST},
        {ERROR_DISK_FULL, ENOSPC},
        {ERROR_HANDLE_DISK_FULL, ENOSPC},
        {ERROR_FILE_TOO_LARGE, EFBIG},
        {ERROR_TOO_MANY_OPEN_FILES, EMFILE},
        {ERROR_FILENAME_EXCED_RANGE, ENAMETOOLONG},
        {ERROR_INSUFFICIENT_BUFFER, ENAMETOOLONG},
        {ERROR_DIRECTORY, ENOTDIR},
        {ERROR_NOT_ENOUGH_MEMORY, ENOMEM},
        {ERROR_OUTOFMEMORY, ENOMEM},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].code == code)
            return known[i].error;
    return EIO;
}

static int last_error(void) {
    return error_of_windows(GetLastError());
}

/* The absolute path with the prefix that lifts the limit of 260 units; a device's path has none. */
static int widen(wide_path *to, const char *path) {
    static const wchar_t long_path[] = L"\\\\?\\", long_share[] = L"\\\\?\\UNC";
    wide_path given;
    if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, given.units, MAX_UNITS) == 0)
        return last_error();
    enum { PREFIX = 7, ROOM = MAX_UNITS - PREFIX };
    wchar_t *full = to->units + PREFIX;
    const DWORD length = GetFullPathNameW(given.units, ROOM, full, NULL);
    if (length == 0 || length >= ROOM)
        return length == 0 ? last_error() : ENAMETOOLONG;
    const bool is_share = wcsncmp(full, L"\\\\", 2) == 0;
    const bool is_device = is_share && (full[2] == L'.' || full[2] == L'?');
    const wchar_t *prefix = is_device ? L"" : is_share ? long_share : long_path;
    const wchar_t *rest = is_share && !is_device ? full + 1 : full;
    const size_t before = wcslen(prefix);
    wmemmove(to->units + before, rest, wcslen(rest) + 1);
    wmemcpy(to->units, prefix, before);
    return 0;
}

/* ---- files ---- */

bool cseg_system_separates(char character) {
    return character == '/' || character == '\\' || character == ':';
}

static int open_path(intptr_t *handle, const char *path, DWORD access, DWORD share, DWORD disposition) {
    wide_path wide;
    const int error = widen(&wide, path);
    *handle = CSEG_NO_HANDLE;
    if (error != 0)
        return error;
    *handle = (intptr_t)CreateFileW(wide.units, access, share, NULL, disposition, FILE_FLAG_BACKUP_SEMANTICS, NULL); /* folders */
    return *handle != CSEG_NO_HANDLE ? 0 : last_error();
}

int cseg_system_examine(cseg_system_entry *entry, intptr_t handle) {
    BY_HANDLE_FILE_INFORMATION found;
    *entry = (cseg_system_entry){0};
    if (GetFileType((HANDLE)handle) != FILE_TYPE_DISK)
        return 0;
    if (!GetFileInformationByHandle((HANDLE)handle, &found))
        return last_error();
    entry->is_folder = (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
    entry->is_regular = !entry->is_folder;
    entry->size = (uint64_t)found.nFileSizeHigh << 32 | found.nFileSizeLow;
    return 0;
}

int cseg_system_find(cseg_system_entry *entry, const char *path) {
    intptr_t handle;
    int error =
        open_path(&handle, path, FILE_READ_ATTRIBUTES, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, OPEN_EXISTING);
    if (error != 0)
        return error;
    error = cseg_system_examine(entry, handle);
    cseg_system_close(handle);
    return error;
}

int cseg_system_open(intptr_t *handle, const char *path) {
    return open_path(handle, path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, OPEN_EXISTING);
}

/* The new file has the permissions that its folder hands down. */
int cseg_system_create(intptr_t *handle, const char *path, const cseg_system_entry *like) {
    (void)like;
    return open_path(handle, path, GENERIC_READ | GENERIC_WRITE | DELETE, FILE_SHARE_READ | FILE_SHARE_WRITE, CREATE_NEW);
}

enum { MAX_PIECE = 1 << 30 }; /* bytes of one system call */

static OVERLAPPED position(uint64_t offset) {
    OVERLAPPED at = {0};
    at.Offset = (DWORD)offset;
    at.OffsetHigh = (DWORD)(offset >> 32);
    return at;
}

int cseg_system_read_at(intptr_t handle, void *to, size_t count, uint64_t offset, size_t *got) {
    for (*got = 0; *got < count;) {
        OVERLAPPED at = position(offset + *got);
        const size_t left = count - *got;
        DWORD n = 0;
        if (!ReadFile((HANDLE)handle, (char *)to + *got, left < MAX_PIECE ? (DWORD)left : MAX_PIECE, &n, &at) &&
            GetLastError() != ERROR_HANDLE_EOF)
            return last_error();
        if (n == 0)
            break;
        *got += n;
    }
    return 0;
}

int cseg_system_write_at(intptr_t handle, const void *from, size_t count, uint64_t offset) {
    for (size_t done = 0; done < count;) {
        OVERLAPPED at = position(offset + done);
        const size_t left = count - done;
        DWORD n = 0;
        if (!WriteFile((HANDLE)handle, (const char *)from + done, left < MAX_PIECE ? (DWORD)left : MAX_PIECE, &n, &at))
            return last_error();
        done += n;
    }
    return 0;
}

int cseg_system_synchronise(intptr_t handle) {
    return FlushFileBuffers((HANDLE)handle) ? 0 : last_error();
}

/* Also a file that a reader has open is replaced, where the system has such renames: since Windows 10 1607, on NTFS. */
int cseg_system_replace(intptr_t handle, const char *from, const char *to) {
    enum { REPLACE = 1, POSIX = 2 }; /* flags of FileRenameInfoEx; for FileRenameInfo, any of them replaces */
    const FILE_INFO_BY_HANDLE_CLASS rename_ex = (FILE_INFO_BY_HANDLE_CLASS)22; /* FileRenameInfoEx: not in every header */
    const DWORD flags = REPLACE | POSIX;
    _Alignas(FILE_RENAME_INFO) char request[offsetof(FILE_RENAME_INFO, FileName) + sizeof(wide_path)] = {0};
    FILE_RENAME_INFO *info = (FILE_RENAME_INFO *)request;
    wide_path *name = (wide_path *)info->FileName;
    const int error = widen(name, to);
    (void)from;
    if (error != 0)
        return error;
    memcpy(info, &flags, sizeof flags);
    info->FileNameLength = (DWORD)(wcslen(name->units) * sizeof(wchar_t));
    return SetFileInformationByHandle((HANDLE)handle, rename_ex, info, sizeof request) ||
                   SetFileInformationByHandle((HANDLE)handle, FileRenameInfo, info, sizeof request)
               ? 0
               : last_error();
}

void cseg_system_close(intptr_t handle) {
    (void)CloseHandle((HANDLE)handle);
}

int cseg_system_hide(intptr_t handle, const char *path) {
    FILE_DISPOSITION_INFO remove = {.DeleteFile = TRUE};
    (void)path;
    return SetFileInformationByHandle((HANDLE)handle, FileDispositionInfo, &remove, sizeof remove) ? 0 : last_error();
}

void cseg_system_discard(intptr_t handle, const char *path) {
    (void)cseg_system_hide(handle, path);
    cseg_system_close(handle);
}

void cseg_system_describe(char *text, size_t room, int error) {
    (void)snprintf(text, room, "%s", strerror(error)); /* the thread's own */
}

/* ---- processes, processors, memory, time ---- */

int64_t cseg_system_process(void) {
    return GetCurrentProcessId();
}

/* A process whose threads are in several groups of 64 processors has no mask. */
int32_t cseg_system_processors(void) {
    DWORD_PTR mine = 0, all = 0;
    int32_t count = 0;
    if (!GetProcessAffinityMask(GetCurrentProcess(), &mine, &all) || mine == 0)
        return (int32_t)GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);
    for (; mine != 0; mine &= mine - 1)
        count++;
    return count;
}

void cseg_system_advise_large_pages(void *block, size_t bytes) {
    (void)block; /* large pages need a privilege */
    (void)bytes;
}

/* fenv.h of mingw-w64 neither sets nor restores the control of the vector registers, which do all arithmetic here. */
void cseg_environment_begin(cseg_environment *host) {
    enum { DEFAULT = 0x1f80 }; /* to nearest, subnormals kept, no traps, no flags */
    host->vectors = _mm_getcsr();
    (void)fegetenv(&host->standard);
    (void)fesetenv(FE_DFL_ENV);
    _mm_setcsr(DEFAULT);
}

void cseg_environment_end(const cseg_environment *host) {
    (void)fesetenv(&host->standard);
    _mm_setcsr(host->vectors);
}

double cseg_clock_seconds(void) {
    LARGE_INTEGER ticks, per_second;
    (void)QueryPerformanceCounter(&ticks);
    (void)QueryPerformanceFrequency(&per_second);
    return (double)ticks.QuadPart / (double)per_second.QuadPart;
}

#endif
