/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The default model, lib/nn/default.cellseg, as bytes of the library. The assembler includes the file, without compile time and
 * without text. gcc and clang find the file along the include path. Compilers without GNU assembler syntax use C23's #embed.
 */
#include "nn/nn.h"

#if defined(__has_include)
#if __has_include("default_model.h")
#include "default_model.h" /* the build's: the file's whole path, and its checksum, so that this file is compiled again */
#elif __has_include("nn/default.cellseg")
#define CSEG_DEFAULT_MODEL "nn/default.cellseg"
#endif
#endif
#if defined(CSEG_DEFAULT_MODEL) && defined(__has_embed)
#define EMBED 1
#elif defined(CSEG_DEFAULT_MODEL) && defined(__GNUC__)
#define INCBIN 1
#endif

#if defined(EMBED)

static const unsigned char default_model[] = {
#embed CSEG_DEFAULT_MODEL
};

bool cseg_default_is_inside(void) {
    return true;
}

cellseg_status cellseg_model_default(cellseg_model **out, cellseg_context *context) {
    return cseg_modelfile_load(out, context, default_model, sizeof default_model);
}

#elif defined(INCBIN)

#if defined(_WIN32)
#define HIDDEN /* a DLL exports what is asked for */
#else
#define HIDDEN __attribute__((visibility("hidden")))
#endif

extern const unsigned char cseg_default_model[] HIDDEN;
extern const unsigned char cseg_default_model_end[] HIDDEN;

#if defined(__APPLE__)
#define SYMBOL(name) "_" #name
#define SECTION ".const_data\n"
#elif defined(_WIN32)
#define SYMBOL(name) #name
#define SECTION ".section .rdata,\"dr\"\n"
#else
#define SYMBOL(name) #name
#define SECTION ".section .rodata\n"
#endif

__asm__(SECTION ".balign 64\n"
                ".globl " SYMBOL(cseg_default_model) "\n" SYMBOL(
                    cseg_default_model) ":\n"
                                        ".incbin \"" CSEG_DEFAULT_MODEL "\"\n"
                                        ".globl " SYMBOL(cseg_default_model_end) "\n" SYMBOL(cseg_default_model_end) ":\n"
                                                                                                                     ".byte 0\n"
                                                                                                                     ".text\n");

bool cseg_default_is_inside(void) {
    return true;
}

cellseg_status cellseg_model_default(cellseg_model **out, cellseg_context *context) {
    return cseg_modelfile_load(out, context, cseg_default_model, (size_t)(cseg_default_model_end - cseg_default_model));
}

#else

bool cseg_default_is_inside(void) {
    return false;
}

cellseg_status cellseg_model_default(cellseg_model **out, cellseg_context *context) {
    (void)context;
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    return cseg_fail(CELLSEG_ERR_UNAVAILABLE, "this build of libcellseg has no default model");
}

#endif
