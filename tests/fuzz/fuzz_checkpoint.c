/* SPDX-License-Identifier: BSD-3-Clause */
/* Checkpoint files of a training: any bytes end in a state or an error. By a flag the checksum, which every change would break,
 * is made right. */
#define _GNU_SOURCE /* memfd_create() */
#include "fuzz.h"

#include "train/checkpoint.h"

#include <sys/mman.h>
#include <unistd.h>

enum { COUNT = 3, CHECKSUM = sizeof(uint64_t) };

static void fuzz_run(input *in, cellseg_context *context) {
    (void)context;
    const bool repaired = take(in, 1) < 0x80 && in->size >= CHECKSUM;
    uint8_t *bytes = malloc(in->size + 1);
    MUST(bytes != NULL);
    memcpy(bytes, in->bytes, in->size);
    if (repaired) {
        const uint64_t hash = cseg_hash_bytes(CSEG_HASH_START, bytes, in->size - CHECKSUM);
        memcpy(bytes + in->size - CHECKSUM, &hash, CHECKSUM);
    }
    char path[64];
    const int file = memfd_create("input", MFD_CLOEXEC);
    MUST(file >= 0 && write(file, bytes, in->size) == (ssize_t)in->size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    float last[COUNT] = {0}, best[COUNT] = {0};
    cseg_checkpoint checkpoint = {.fingerprint = 1, .count = COUNT, .last = {.state = last}, .best = {.state = best}};
    if (check_status(in, cseg_checkpoint_read(&checkpoint, path)) == CELLSEG_OK)
        MUST(checkpoint.best.epoch >= 1 && checkpoint.best.epoch <= checkpoint.last.epoch);
    else
        MUST(checkpoint.best.epoch == 0 && checkpoint.last.epoch == 0);
    add_bytes(in, last, sizeof last);
    add_bytes(in, best, sizeof best);
    (void)close(file);
    free(bytes);
}
