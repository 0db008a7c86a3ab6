/* SPDX-License-Identifier: BSD-3-Clause */
/* libFuzzer's entry to the image reader: any bytes at all, as a file in memory. Start from tests/data/io. Build with clang and
 * -DCELLSEG_FUZZ=ON; run: fuzz_image_read -max_len=8192 CORPUS tests/data/io */
#define _GNU_SOURCE
#include <cellseg/cellseg.h>

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void read_both_ways(const char *path) {
    cellseg_read_options options;
    if (cellseg_read_options_init(&options, sizeof options) != CELLSEG_OK)
        return;
    options.max_bytes = 1 << 22;
    cellseg_image *image;
    if (cellseg_image_read(&image, NULL, path, &options) == CELLSEG_ERR_INTERNAL)
        __builtin_trap();
    cellseg_image_free(image);
    cellseg_labels *labels;
    (void)cellseg_labels_read(&labels, NULL, path);
    cellseg_labels_free(labels);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    const int file = memfd_create("image", MFD_CLOEXEC);
    if (file < 0)
        return 0;
    if (write(file, bytes, size) == (ssize_t)size) {
        char path[64];
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
        read_both_ways(path);
    }
    (void)close(file);
    return 0;
}
