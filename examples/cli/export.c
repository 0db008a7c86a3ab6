/* SPDX-License-Identifier: BSD-3-Clause */
/* cellseg export: a network as an ONNX file. */
#include "cli.h"
#include "command.h"
#include "files.h"
#include "progress.h"

static const char *onnx_path, *model_path;

static const option options[] = {
    {"onnx", 0, OPTION_TEXT, &onnx_path, "FILE", "the ONNX file to write", NULL},
    {"model", 0, OPTION_TEXT, &model_path, "FILE", "model file; default: the default model", NULL},
    OPTIONS_END,
};
static int export(void) {
    if (!prepare_output(onnx_path))
        return CLI_FAILED;
    cellseg_context *context = begin_context();
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
    end_context(context);
    return code;
}

static int run(const words *line) {
    (void)line;
    return onnx_path != NULL ? export() : print_usage_fault(&export_command, "--onnx FILE is missing");
}

const command export_command = {
    .name = "export",
    .headline = "write a network for other engines",
    .arguments = "--onnx FILE",
    .summary = "Write a network as an ONNX file (opset 13) for other engines: input \"image\", output \"probabilities\", for any "
               "batch of\n"
               "patches. The file's metadata describe the preprocessing of images, as cellseg info does.",
    .groups = (const option_group[]){{"Network", options}, {"Common", general_options}, {NULL, NULL}},
    .examples = (const note[]){{"export --onnx model.onnx", "the default model"}, {NULL, NULL}},
    .run = run,
};
