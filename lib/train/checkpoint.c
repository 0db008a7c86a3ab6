/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checkpoint files: a header, the two states as raw floats, and a checksum of all bytes (FNV-1a). A file is read by the machine
 * that wrote it: byte order is the machine's, and a file of the other order fails the check. Cost: one pass over the states.
 */
#include "train/checkpoint.h"

#include <errno.h>
#include <string.h>

typedef struct file_epoch {
    uint64_t step;
    int64_t epoch;
    double train_loss, validation_loss;
} file_epoch;

typedef struct file_header {
    char magic[8];
    uint64_t fingerprint, count;
    file_epoch last, best;
} file_header;
static_assert(sizeof(file_header) == 88, "no padding, so that every byte of a checkpoint is defined");

static const char magic[8] = {'C', 'S', 'E', 'G', 'C', 'K', 'P', '1'};

uint64_t cseg_hash_bytes(uint64_t hash, const void *bytes, size_t size) {
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ byte[i]) * 0x100000001b3U;
    return hash;
}

/* Describes both states, which follow in the file. */
static uint64_t hash_all(const file_header *header, const cseg_checkpoint *checkpoint) {
    const size_t bytes = checkpoint->count * sizeof(float);
    uint64_t hash = cseg_hash_bytes(CSEG_HASH_START, header, sizeof *header);
    hash = cseg_hash_bytes(hash, checkpoint->last.state, bytes);
    return cseg_hash_bytes(hash, checkpoint->best.state, bytes);
}

/* ---- write ---- */

static file_epoch to_file(const cseg_snapshot *snapshot) {
    return (file_epoch){snapshot->step, snapshot->epoch, snapshot->train_loss, snapshot->validation_loss};
}

cellseg_status cseg_checkpoint_write(const cseg_checkpoint *checkpoint, cellseg_context *context, const char *path) {
    file_header header = {.fingerprint = checkpoint->fingerprint, .count = checkpoint->count};
    memcpy(header.magic, magic, sizeof magic);
    header.last = to_file(&checkpoint->last);
    header.best = to_file(&checkpoint->best);
    const uint64_t hash = hash_all(&header, checkpoint);
    const size_t bytes = checkpoint->count * sizeof(float);
    cseg_target target;
    CSEG_TRY(cseg_target_set_path(&target, path));
    CSEG_TRY(cseg_target_open(&target, context));
    cseg_file *file = &target.file; /* keeps the first error for cseg_target_close() */
    (void)cseg_file_write_at(file, &header, sizeof header, 0);
    (void)cseg_file_write_at(file, checkpoint->last.state, bytes, sizeof header);
    (void)cseg_file_write_at(file, checkpoint->best.state, bytes, sizeof header + bytes);
    (void)cseg_file_write_at(file, &hash, sizeof hash, sizeof header + 2 * bytes);
    return cseg_target_close(&target, CELLSEG_OK);
}

/* ---- read ---- */

static cellseg_status damaged(void) {
    return cseg_fail(CELLSEG_ERR_FORMAT, "the checkpoint is damaged or of another version; remove it to start anew");
}

static cellseg_status check_header(const file_header *header, const cseg_checkpoint *checkpoint) {
    if (memcmp(header->magic, magic, sizeof magic) != 0)
        return damaged();
    if (header->fingerprint != checkpoint->fingerprint || header->count != checkpoint->count)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "the checkpoint is of a training with other images, options or start");
    if (header->last.epoch < 1 || header->last.epoch > INT32_MAX || header->best.epoch < 1 ||
        header->best.epoch > header->last.epoch)
        return damaged();
    return CELLSEG_OK;
}

static void from_file(cseg_snapshot *snapshot, const file_epoch *from) {
    snapshot->step = from->step;
    snapshot->epoch = (int32_t)from->epoch;
    snapshot->train_loss = from->train_loss;
    snapshot->validation_loss = from->validation_loss;
}

/* Read exactly the next `size` bytes. */
static cellseg_status read_exactly(cseg_file *file, void *to, size_t size, uint64_t *offset) {
    if (cseg_file_read_at(file, to, size, *offset) == size) {
        *offset += size;
        return CELLSEG_OK;
    }
    return file->error != 0 ? cseg_file_fail("cannot be read", file->error) : damaged();
}

static cellseg_status read_all(cseg_file *file, cseg_checkpoint *checkpoint) {
    const size_t bytes = checkpoint->count * sizeof(float);
    file_header header;
    uint64_t stored, offset = 0;
    CSEG_TRY(read_exactly(file, &header, sizeof header, &offset));
    CSEG_TRY(check_header(&header, checkpoint));
    CSEG_TRY(read_exactly(file, checkpoint->last.state, bytes, &offset));
    CSEG_TRY(read_exactly(file, checkpoint->best.state, bytes, &offset));
    CSEG_TRY(read_exactly(file, &stored, sizeof stored, &offset));
    if (offset != file->size || hash_all(&header, checkpoint) != stored)
        return damaged();
    from_file(&checkpoint->last, &header.last);
    from_file(&checkpoint->best, &header.best);
    return CELLSEG_OK;
}

cellseg_status cseg_checkpoint_read(cseg_checkpoint *checkpoint, const char *path) {
    cseg_file file;
    CSEG_TRY(cseg_file_set_path(&file, path));
    cellseg_status status = cseg_file_open(&file);
    if (status != CELLSEG_OK && file.error == ENOENT)
        return CELLSEG_OK;
    if (status == CELLSEG_OK) {
        status = read_all(&file, checkpoint);
        cseg_file_close(&file);
    }
    return status == CELLSEG_OK ? status : cseg_error_fail_in(status, path);
}
