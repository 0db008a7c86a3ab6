/* SPDX-License-Identifier: BSD-3-Clause */
/* cellseg export: a network as an ONNX file, or as a package of the BioImage Model Zoo. */
#include "cli.h"
#include "command.h"
#include "files.h"
#include "progress.h"

static const char *onnx_path, *package_folder, *model_path;

static const option options[] = {
    {"onnx", 0, OPTION_TEXT, &onnx_path, "FILE", "the ONNX file to write", NULL},
    {"bioimageio", 0, OPTION_TEXT, &package_folder, "FOLDER",
     "folder of the package to write for the BioImage Model Zoo; created if missing", NULL},
    {"model", 0, OPTION_TEXT, &model_path, "FILE", "model file; default: the default model", NULL},
    OPTIONS_END,
};

static bool prepare(void) {
    return (onnx_path == NULL || prepare_output(onnx_path)) && (package_folder == NULL || make_folder(package_folder));
}

static bool report(cellseg_status status, const char *where) {
    if (status != CELLSEG_OK)
        print_library_error(where);
    return status == CELLSEG_OK;
}

static bool write_all(const cellseg_model *model, cellseg_context *context) {
    return (onnx_path == NULL || report(cellseg_model_export_onnx(model, context, onnx_path), onnx_path)) &&
           (package_folder == NULL || report(cellseg_model_export_bioimageio(model, context, package_folder), package_folder));
}

static int export(void) {
    if (!prepare())
        return CLI_FAILED;
    cellseg_context *context = begin_context();
    if (context == NULL)
        return CLI_FAILED;
    cellseg_model *model = NULL;
    const cellseg_status loaded =
        model_path != NULL ? cellseg_model_load(&model, context, model_path) : cellseg_model_default(&model, context);
    const bool fine = report(loaded, model_path != NULL ? model_path : "default model") && write_all(model, context);
    cellseg_model_free(model);
    end_context(context);
    return fine ? CLI_FINE : CLI_FAILED;
}

static int run(const words *line) {
    (void)line;
    return onnx_path != NULL || package_folder != NULL
               ? export()
               : print_usage_fault(&export_command, "--onnx FILE or --bioimageio FOLDER is missing");
}

const command export_command = {
    .name = "export",
    .headline = "write a network for other engines",
    .arguments = "--onnx FILE | --bioimageio FOLDER",
    .summary =
        "Write a network for other engines, as an ONNX file (opset 13): input \"image\", output \"probabilities\", of any\n"
        "batch and of every size that the layers admit. The file's metadata describe the preprocessing of images, as\n"
        "cellseg info does. Or write a package of the BioImage Model Zoo: rdf.yaml, the network, test tensors and a card.",
    .groups = (const option_group[]){{"Network", options}, {"Common", general_options}, {NULL, NULL}},
    .examples = (const note[]){{"export --onnx model.onnx", "the default model"},
                               {"export --bioimageio package --model my.cellseg", "a package of a model of your own"},
                               {NULL, NULL}},
    .run = run,
};
