#!/usr/bin/env nextflow
// SPDX-License-Identifier: BSD-3-Clause
// Segment a plate: one process per field, on any executor, then the tables of all fields. Usage:
//     nextflow run examples/plate/nextflow --images 'plate/**/*.tif' --outdir results -profile docker -resume

include { CELLSEG_SEGMENT } from './modules/nf-core/cellseg/segment/main'

process TABLES {
    container "cellseg:1.0.0"

    input:
    path(fields, stageAs: 'fields/*')
    path(merge)

    output:
    path("cells.csv"), emit: cells
    path("images.csv"), emit: images

    script:
    """
    python3 ${merge} .
    """

    stub:
    """
    touch cells.csv images.csv
    """
}

workflow {
    images = channel.fromPath(params.images, checkIfExists: true)
        .map { image -> [[id: image.name.replaceFirst(/(?i)(\.ome)?\.(tiff?|png)$/, '')], image] }
    CELLSEG_SEGMENT(images)
    TABLES(CELLSEG_SEGMENT.out.results.map { _meta, folder -> folder }.collect(), file("${projectDir}/../merge_tables.py"))
}
