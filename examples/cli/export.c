/* SPDX-License-Identifier: BSD-3-Clause */
/* cellseg export: a network as an ONNX file. */
#include "cli.h"
#include "files.h"
#include "options.h"

#include <stdlib.h>

static const char *onnx_path, *model_path;

static const option options[] = {
    {"onnx", 0, OPTION_TEXT, &onnx_path, "FILE", "the ONNX file to write", NULL},
    {"model", 0, OPTION_TEXT, &model_path, "FILE", "model file; default: the default model", NULL},
    {NULL, 0, OPTION_FLAG, NULL, NULL, NULL, NULL},
};
static const command export_command = {"export", "--onnx FILE",
                                       "Write a network as an ONNX file (opset 13) for other engines: input \"image\", "
                                       "output \"probabilities\", for any batch of patches.\n"
                                       "The file's metadata describe the preprocessing of images, as cellseg info does.",
                                       (const option *const[]){options, NULL}};

static int export(void) {
    if (!prepare_output(onnx_path))
        return CLI_FAILED;
    cellseg_context *context = new_context(0);
    if (context == NULL)
        return CLI_FAILED;
    cellseg_model *model = NULL;
    const cellseg_status loaded =
        model_path != NULL ? cellseg_model_load(&model, context, model_path) : cellseg_model_default(&model, context);
    int code = CLI_FAILED;
    if (loaded != CELLSEG_OK)
        print_library_error(model_path != NULL ? model_path : "default model");
    else if (cellseg_model_export_onnx(model, context, onnx_path) != CELLSEG_OK)
        print_library_error(onnx_path);
    else
        code = CLI_FINE;
    cellseg_model_free(model);
    cellseg_context_free(context);
    return code;
}

int cmd_export(int argc, char **argv) {
    const char **operands = check_memory(malloc((size_t)argc * sizeof *operands));
    int count = 0, code = CLI_USAGE;
    const parsed result = parse_options(&export_command, argc, argv, operands, &count);
    if (result == PARSED_HELP)
        code = CLI_FINE;
    else if (result == PARSED_OK && (onnx_path == NULL || count > 0))
        print_error("export: %s; see cellseg export --help",
                    onnx_path == NULL ? "--onnx FILE is missing" : "only options are expected");
    else if (result == PARSED_OK)
        code = export();
    free(operands);
    return code;
}
