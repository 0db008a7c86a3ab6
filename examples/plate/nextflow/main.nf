#!/usr/bin/env nextflow
// SPDX-License-Identifier: BSD-3-Clause
// Segment a plate: one process per field, on any executor, then the tables of all fields. Usage:
//     nextflow run examples/plate/nextflow --images 'plate/**/*.tif' --outdir results -profile docker -resume

include { CELLSEG_SEGMENT } from './modules/nf-core/cellseg/segment/main'

process TABLES {
    container "cellseg:1.0.0"

    input:
    path(fields, stageAs: 'fields/*')

    output:
    path("cells.csv"), emit: cells
    path("images.csv"), emit: images
    path("wells.csv"), emit: wells
    path("report.html"), emit: report

    script: // merge does not follow links to folders
    """
    cp -RL fields plate
    cellseg merge plate
    mv plate/cells.csv plate/images.csv plate/wells.csv plate/report.html .
    """

    stub:
    """
    touch cells.csv images.csv wells.csv report.html
    """
}

workflow {
    images = channel.fromPath(params.images, checkIfExists: true)
        .map { image -> [[id: image.name.replaceFirst(/(?i)(\.ome)?\.(tiff?|png)$/, '')], image] }
    CELLSEG_SEGMENT(images)
    TABLES(CELLSEG_SEGMENT.out.results.map { _meta, folder -> folder }.collect())
}
