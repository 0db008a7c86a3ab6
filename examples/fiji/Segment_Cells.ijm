// SPDX-License-Identifier: BSD-3-Clause
// Find the cells of the open image with the program cellseg: outlines go to the ROI Manager, measurements to a table, label maps to
// images. The channel, slice and frame on display are segmented. For Fiji and ImageJ 1.53 or later; docs/programs.md says how to
// install. From a macro: run("Segment Cells", "program=cellseg options=[--sensitivity 70] labels");

if (nImages == 0)
    exit("Open an image first.");
program = call("ij.Prefs.get", "cellseg.program", "cellseg");
options = call("ij.Prefs.get", "cellseg.options", "");
Dialog.create("Segment Cells");
Dialog.addString("program", program, 40);
Dialog.addString("options", options, 40);
Dialog.addCheckbox("labels", false);
Dialog.show();
program = Dialog.getString();
options = Dialog.getString();
labels = Dialog.getCheckbox();
call("ij.Prefs.set", "cellseg.program", program);
call("ij.Prefs.set", "cellseg.options", options);

image = getImageID();
title = getTitle();
folder = getDirectory("temp") + "cellseg-" + getTime() + "-" + floor(1e9 * random) + File.separator;
File.makeDirectory(folder);
write_image(folder + "image.tif");
said = run_program(program, options, folder);
if (File.exists(folder + "image.cells.tif"))
    show_results(image, title, folder, labels);
else
    showMessage("Segment Cells", said);
remove_folder(folder);

// The title and the mark of unsaved changes stay as they are.
function write_image(path) {
    changed = is("changes");
    save(path);
    setOption("Changes", changed);
}

function quoted(text) {
    return "\"" + text + "\"";
}

// Gives the lines that the program printed. A shell, because exec() alone does not give those on standard error.
function run_program(program, options, folder) {
    Stack.getPosition(channel, slice, frame);
    command = "" + quoted(program) + " segment --quiet --rois " + place("--z", slice) + place("--t", frame) + options;
    if (bitDepth() != 24) // the channels of a colour image are not those of the display
        command = command + place(" --channel", channel);
    command = command + " -o " + quoted(folder) + " " + quoted(folder + "image.tif") + " 2>&1";
    if (startsWith(getInfo("os.name"), "Windows"))
        return exec("cmd", "/c", command);
    return exec("sh", "-c", command);
}

function place(option, position) {
    return option + " " + (position - 1) + " ";
}

function show_results(image, title, folder, labels) {
    if (labels)
        for (i = 0; i < 2; i++)
            show_labels(folder, newArray("cells", "nuclei"), i, title);
    Table.open(folder + "image.csv");
    Table.rename("image.csv", title + " cells");
    selectImage(image);
    if (isOpen("ROI Manager"))
        roiManager("reset");
    roiManager("open", folder + "image.rois.zip");
    roiManager("show all");
}

function show_labels(folder, kinds, i, title) {
    open(folder + "image." + kinds[i] + ".tif");
    rename(title + " " + kinds[i]);
    resetMinAndMax();
}

function remove_folder(folder) {
    files = getFileList(folder);
    for (i = 0; i < files.length; i++)
        ok = File.delete(folder + files[i]);
    ok = File.delete(folder);
}
