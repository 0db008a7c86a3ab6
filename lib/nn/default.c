/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The default model, lib/nn/default.cellseg, as bytes of the library. The assembler includes the file, without compile time and
 * without text. gcc and clang find the file along the include path. Compilers without GNU assembler syntax use C23's #embed.
 */
#include "nn/nn.h"

#if defined(__has_include)
#if __has_include("default_model.h")
#include "default_model.h" /* made by the build; changes with the model, so that this file is compiled again */
#endif
#if __has_include("nn/default.cellseg") && defined(__has_embed)
#define EMBED 1
#elif __has_include("nn/default.cellseg") && defined(__GNUC__)
#define INCBIN 1
#endif
#endif

#if defined(EMBED)

static const unsigned char default_model[] = {
#embed "nn/default.cellseg"
};

bool cseg_default_is_inside(void) {
    return true;
}

cellseg_status cellseg_model_default(cellseg_model **out, cellseg_context *context) {
    return cseg_modelfile_load(out, context, default_model, sizeof default_model);
}

#elif defined(INCBIN)

extern const unsigned char cseg_default_model[] __attribute__((visibility("hidden")));
extern const unsigned char cseg_default_model_end[] __attribute__((visibility("hidden")));

#if defined(__APPLE__)
#define SYMBOL(name) "_" #name
#define SECTION ".const_data\n"
#else
#define SYMBOL(name) #name
#define SECTION ".section .rodata\n"
#endif

__asm__(SECTION ".balign 64\n"
                ".globl " SYMBOL(cseg_default_model) "\n" SYMBOL(
                    cseg_default_model) ":\n"
                                        ".incbin \"nn/default.cellseg\"\n"
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
