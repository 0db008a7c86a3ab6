// SPDX-License-Identifier: BSD-3-Clause
// Find cells with the program cellseg, in the selected annotations or, where none is selected, in the whole image. For QuPath 0.4 or
// later; docs/programs.md says how to run it. Cells come with their nuclei and measurements; older cells of an annotation are replaced.

import java.awt.geom.AffineTransform
import java.nio.file.Files
import java.nio.file.Path
import qupath.lib.io.PathIO
import qupath.lib.objects.PathObject
import qupath.lib.objects.PathObjectTools
import qupath.lib.regions.RegionRequest
import qupath.lib.scripting.QP

def program = 'cellseg' // with its path if it lies in no folder of PATH
def channel = 0         // the marker's, from 0
def options = []        // of cellseg segment, for instance ['--sensitivity', '70']

def server = QP.getCurrentServer()
def annotations = QP.getSelectedObjects().findAll { it.isAnnotation() }
if (annotations.isEmpty()) {
    QP.createFullImageAnnotation(true)
    annotations = QP.getSelectedObjects()
}

// The cells in the annotation's bounding box, at their places in the image.
List<PathObject> segment(server, roi, List<String> command, Path folder) {
    def region = RegionRequest.createInstance(server.getPath(), 1.0, roi)
    QP.writeImageRegion(server, region, folder.resolve('region.ome.tif').toString())
    def process = new ProcessBuilder(command + ['-o', folder.toString(), folder.resolve('region.ome.tif').toString()])
        .redirectErrorStream(true).start()
    def said = process.inputStream.text.trim()
    if (process.waitFor() != 0)
        throw new RuntimeException(said)
    def move = AffineTransform.getTranslateInstance(region.getX(), region.getY())
    return PathIO.readObjects(folder.resolve('region.geojson')).collect {
        def moved = PathObjectTools.transformObject(it, move, true)
        def cell = PathObjectTools.updatePlane(moved, roi.getImagePlane(), true, false)
        cell.setName(it.getName())
        cell
    }
}

def command = [program, 'segment', '--quiet', '--geojson', '--channel', channel.toString()] + options
for (annotation in annotations) {
    def roi = annotation.getROI()
    def folder = Files.createTempDirectory('cellseg-')
    try {
        def cells = segment(server, roi, command, folder)
            .findAll { roi.contains(it.getROI().getCentroidX(), it.getROI().getCentroidY()) }
        annotation.clearChildObjects()
        annotation.addChildObjects(cells)
        println "${cells.size()} cells in ${annotation}"
    } finally {
        folder.toFile().deleteDir()
    }
}
QP.fireHierarchyUpdate()
