process CELLSEG_SEGMENT {
    tag "${meta.id}"
    label 'process_low'

    container "cellseg:1.0.0"

    input:
    tuple val(meta), path(image, stageAs: 'image/*')

    output:
    tuple val(meta), path("${prefix}"), emit: results
    tuple val(meta), path("${prefix}/${prefix}.cells.tif"), emit: cells
    tuple val(meta), path("${prefix}/${prefix}.nuclei.tif"), emit: nuclei
    tuple val(meta), path("${prefix}/${prefix}.csv"), emit: table
    tuple val(meta), path("${prefix}/${prefix}.json"), emit: record
    tuple val("${task.process}"), val('cellseg'), eval("cellseg --version | sed '1!d; s/[^0-9]*//; s/[^0-9.].*//'"), topic: versions, emit: versions_cellseg

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    def memory = task.memory ? "--max-memory ${(task.memory.toMega() * 9).intdiv(10)}" : ''
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    ln -s ${image} ${prefix}.${image.extension}
    cellseg segment \\
        ${args} \\
        --threads ${task.cpus} \\
        ${memory} \\
        -o ${prefix} \\
        ${prefix}.${image.extension}
    """

    stub:
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    mkdir ${prefix}
    touch ${prefix}/${prefix}.cells.tif ${prefix}/${prefix}.nuclei.tif ${prefix}/${prefix}.csv ${prefix}/${prefix}.json
    """
}
