/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checkpoint files: a header, the two states as raw floats, and a checksum over all of it (FNV-1a). A file is read by the machine
 * that wrote it: byte order is the machine's, and a file of the other order fails its check. Cost: one pass over the states.
 */
#include "segment/checkpoint.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

uint64_t cseg_hash(uint64_t hash, const void *bytes, size_t size) {
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ byte[i]) * 0x100000001b3U;
    return hash;
}

static cellseg_status fail_file(const char *path, const char *verb) {
    return cseg_fail(CELLSEG_ERR_IO, "%s: cannot be %s: %s", path, verb, strerror(errno));
}

/* ---- write ---- */

static file_epoch to_file(const cseg_snapshot *snapshot) {
    return (file_epoch){snapshot->step, snapshot->epoch, snapshot->train_loss, snapshot->validation_loss};
}

static bool write_all(FILE *file, const cseg_checkpoint *checkpoint) {
    file_header header = {.fingerprint = checkpoint->fingerprint, .count = checkpoint->count};
    memcpy(header.magic, magic, sizeof magic);
    header.last = to_file(&checkpoint->last);
    header.best = to_file(&checkpoint->best);
    const size_t bytes = checkpoint->count * sizeof(float);
    uint64_t hash = cseg_hash(CSEG_HASH_START, &header, sizeof header);
    hash = cseg_hash(hash, checkpoint->last.state, bytes);
    hash = cseg_hash(hash, checkpoint->best.state, bytes);
    return fwrite(&header, sizeof header, 1, file) == 1 && fwrite(checkpoint->last.state, bytes, 1, file) == 1 &&
           fwrite(checkpoint->best.state, bytes, 1, file) == 1 && fwrite(&hash, sizeof hash, 1, file) == 1 && fflush(file) == 0 &&
           fsync(fileno(file)) == 0;
}

cellseg_status cseg_checkpoint_write(const cseg_checkpoint *checkpoint, cellseg_context *context, const char *path) {
    const size_t length = strlen(path) + sizeof ".tmp";
    char *temporary = cseg_alloc(context, length, 1);
    if (temporary == NULL)
        return cseg_last_status();
    (void)snprintf(temporary, length, "%s.tmp", path);
    cellseg_status status = CELLSEG_OK;
    FILE *file = fopen(temporary, "wb");
    if (file == NULL) {
        status = fail_file(temporary, "created");
        goto done;
    }
    const bool written = write_all(file, checkpoint);
    if (!written)
        status = fail_file(temporary, "written");
    if (fclose(file) != 0 && written)
        status = fail_file(temporary, "written");
    if (status == CELLSEG_OK && rename(temporary, path) != 0)
        status = fail_file(path, "replaced");
    if (status != CELLSEG_OK)
        (void)unlink(temporary);
done:
    cseg_free(temporary);
    return status;
}

/* ---- read ---- */

static cellseg_status damaged(const char *path) {
    return cseg_fail(CELLSEG_ERR_FORMAT, "%s: the checkpoint is damaged or of another version; remove it to start anew", path);
}

static cellseg_status check_header(const file_header *header, const cseg_checkpoint *checkpoint, const char *path) {
    if (memcmp(header->magic, magic, sizeof magic) != 0)
        return damaged(path);
    if (header->fingerprint != checkpoint->fingerprint || header->count != checkpoint->count)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s: the checkpoint is of a training with other images, options or start", path);
    if (header->last.epoch < 1 || header->last.epoch > INT32_MAX || header->best.epoch < 1 ||
        header->best.epoch > header->last.epoch)
        return damaged(path);
    return CELLSEG_OK;
}

static void from_file(cseg_snapshot *snapshot, const file_epoch *from) {
    snapshot->step = from->step;
    snapshot->epoch = (int32_t)from->epoch;
    snapshot->train_loss = from->train_loss;
    snapshot->validation_loss = from->validation_loss;
}

static cellseg_status read_all(FILE *file, cseg_checkpoint *checkpoint, const char *path) {
    file_header header;
    if (fread(&header, sizeof header, 1, file) != 1)
        return damaged(path);
    CSEG_TRY(check_header(&header, checkpoint, path));
    const size_t bytes = checkpoint->count * sizeof(float);
    uint64_t stored;
    char beyond;
    if (fread(checkpoint->last.state, bytes, 1, file) != 1 || fread(checkpoint->best.state, bytes, 1, file) != 1 ||
        fread(&stored, sizeof stored, 1, file) != 1 || fread(&beyond, 1, 1, file) != 0)
        return damaged(path);
    uint64_t hash = cseg_hash(CSEG_HASH_START, &header, sizeof header);
    hash = cseg_hash(hash, checkpoint->last.state, bytes);
    if (cseg_hash(hash, checkpoint->best.state, bytes) != stored)
        return damaged(path);
    from_file(&checkpoint->last, &header.last);
    from_file(&checkpoint->best, &header.best);
    return CELLSEG_OK;
}

cellseg_status cseg_checkpoint_read(cseg_checkpoint *checkpoint, const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return errno == ENOENT ? CELLSEG_OK : fail_file(path, "opened");
    const cellseg_status status = read_all(file, checkpoint, path);
    (void)fclose(file);
    return status;
}
