/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file synth.h  Simulated fields of cells with their ground truth: to train on, to test with.
 *
 * A field is drawn in micrometres and then seen through a microscope: outlines and nuclei are placed, each pixel is given to the
 * cell that lies uppermost there, stain, haze, optics, illumination and camera follow. One seed and one set of options give the
 * same bytes on every machine, for any number of threads; the same seed at another pixel size shows the same cells.
 */
#ifndef CELLSEG_SYNTH_H
#define CELLSEG_SYNTH_H

#include <cellseg/context.h>
#include <cellseg/image.h>
#include <cellseg/labels.h>
#include <cellseg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What the marker stains, and so the texture, how it falls off from the nucleus, and which cells are usual. */
enum {
    CELLSEG_STAIN_MIXED = 0,        /**< cellseg_synth_options_draw() only: any of those below */
    CELLSEG_STAIN_DIFFUSE = 1,      /**< smooth: cytoplasmic reporters, whole-cell dyes */
    CELLSEG_STAIN_ER = 2,           /**< endoplasmic reticulum: fine net, brightest about the nucleus */
    CELLSEG_STAIN_MITOCHONDRIA = 3, /**< short threads about the nucleus over a dim body */
    CELLSEG_STAIN_ENDOSOMES = 4,    /**< spots over a dim body */
    CELLSEG_STAIN_ACTIN = 5,        /**< fibres along the cell, bright edges; spiky cells */
    CELLSEG_STAIN_TUBULIN = 6,      /**< fine fibres that radiate from the nucleus */
    CELLSEG_STAIN_MEMBRANE = 7      /**< outlines brighter than the body */
};

/** Everything a field can be told. Fill with cellseg_synth_options_init(), _preset() or _draw(), then change what matters. */
typedef struct cellseg_synth_options {
    size_t struct_size;
    uint64_t seed;          /**< Default 1 */
    int32_t stain;          /**< CELLSEG_STAIN_DIFFUSE, the default, ... CELLSEG_STAIN_MEMBRANE */
    int32_t nuclei_channel; /**< 1: a second channel shows the nuclear stain; 0, the default: the marker alone */
    int32_t bits;           /**< of the camera, 8 to 16; 8 gives a uint8 image, more uint16. Default 12 */
    int32_t padding;
    double pixel_size_um; /**< 0.05 to 5. Default 0.65 */

    double confluence;              /**< part of the field that cells cover, 0 to 1; at 1 they form a sheet. Default 0.6 */
    double clustering;              /**< part of the cells that settle beside another one, 0 to 1. Default 0.5 */
    double overlap;                 /**< 0: cells that meet share a straight border; 1: one lies upon the other. Default 0.15 */
    double cell_area_um2;           /**< mean, as far as neighbours leave room; 20 to 20000. Default 600 */
    double cell_area_spread;        /**< standard deviation of its logarithm, 0 to 1. Default 0.35 */
    double nucleus_radius_um;       /**< mean radius of the disc of a nucleus's area, 1 to 30. Default 6.2 */
    double nucleus_radius_spread;   /**< standard deviation of its logarithm, 0 to 0.5. Default 0.12 */
    double elongation;              /**< mean of length / width - 1, 0 (round) to 8 (spindles). Default 0.5 */
    double spikes;                  /**< 0: rounded outlines; 1: tips with hollow arcs between them. Default 0.2 */
    double branching;               /**< mean number of thin processes of a cell, 0 to 4. Default 0.1 */
    double dead;                    /**< part of the cells that are small, bright and round, 0 to 1. Default 0.02 */
    double dividing;                /**< part in metaphase or just divided, 0 to 1. Default 0.03 */
    double debris_per_mm2;          /**< unlabelled specks, 0 to 10000. Default 30 */
    double brightness_spread;       /**< standard deviation of the logarithm of a cell's brightness, 0 to 2. Default 0.5 */
    double nucleus_darkness;        /**< mean part of the stain that the nucleus lacks, 0 to 1. Default 0.45 */
    double nucleus_darkness_spread; /**< its standard deviation, 0 to 1. Default 0.15 */
    double texture;                 /**< strength of the stain's texture, 0 (none) to 2. Default 1.2 */

    double background; /**< light without cells, in units of a cell of mean brightness, 0 to 10. Default 0.1 */
    double haze;       /**< part of the light that comes out of focus, 0 to 0.9. Default 0.25 */
    double haze_um;    /**< standard deviation of its blur, 0 to 100. Default 8 */
    double psf_um;     /**< standard deviation of the blur in focus, 0 to 10. Default 0.48 */
    double vignetting; /**< part of the light lost in the corners, 0 to 0.95. Default 0.1 */
    double uneven;     /**< part by which illumination falls from one side to the other, 0 to 0.95. Default 0.1 */
    double photons;    /**< electrons a cell of mean brightness gives in a pixel; 0: no shot noise; to 1e7. Default 1200 */
    double read_noise; /**< standard deviation in electrons, 0 to 1e4; counts only when photons does. Default 6 */
    double offset;     /**< grey level of darkness as a part of the largest, 0 to 0.5. Default 0.03 */
    double exposure;   /**< grey levels of a cell of mean brightness as a part of the largest, 0.001 to 10. Default 0.2 */
} cellseg_synth_options;

/** Write the defaults: CELLSEG_STAIN_DIFFUSE. @return CELLSEG_ERR_ARGUMENT. Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_synth_options_init(cellseg_synth_options *options, size_t struct_size);

/**
 * Set what is usual for a stain; struct_size, seed, nuclei_channel, bits and pixel_size_um stay as they are.
 * @param stain  CELLSEG_STAIN_DIFFUSE ... CELLSEG_STAIN_MEMBRANE
 * @return CELLSEG_ERR_ARGUMENT. Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_synth_options_preset(cellseg_synth_options *options, int32_t stain);

/**
 * Set what one of many fields may look like: the stain's preset with every other member drawn about it, from sparse to confluent,
 * from round cells to spindles, from clean to noisy; a training set takes seeds 1, 2, ... The same members stay as in
 * cellseg_synth_options_preset(), but for the seed, which becomes `seed`.
 * @param stain  CELLSEG_STAIN_MIXED draws the stain too
 * @return CELLSEG_ERR_ARGUMENT. Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_synth_options_draw(cellseg_synth_options *options, int32_t stain, uint64_t seed);

/**
 * Make a field.
 *
 * Cells are 1..n in raster order of their first pixel, each one connected part; a nucleus has its cell's id, is one part and lies
 * inside its cell; every cell has a nucleus (those whose nucleus would lie outside the field are not there at all). Where cells
 * overlap the upper one has the pixels. Of a mother that has just divided the two daughters are two cells.
 *
 * @param[out] image    New, height x width, uint8 or uint16, one channel or two; its pixel size is set. Release with
 *                      cellseg_image_free(). All three are NULL after an error.
 * @param[out] cells    New. Release with cellseg_labels_free()
 * @param[out] nuclei   New. Release with cellseg_labels_free()
 * @param      context  NULL for defaults
 * @param      height   1 to 16384
 * @param      width    1 to 16384
 * @param      options  NULL for defaults
 * @return CELLSEG_ERR_ARGUMENT   a NULL pointer, a size or an option out of range; the message names it
 * @return CELLSEG_ERR_LIMIT      the field would hold more than a million cells, or the memory budget is too small
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_CANCELLED
 * Threads: any; the same bytes for any number. Cost: about 0.3 us per pixel and thread. Memory: 32 bytes per pixel, and 1 KB
 * per cell. Since: 1.0. Source: the optics and the camera follow Lehmussola et al., IEEE Trans. Med. Imaging 26 (SIMCEP), 2007.
 */
CELLSEG_API cellseg_status cellseg_synth_field(cellseg_image **image, cellseg_labels **cells, cellseg_labels **nuclei,
                                               cellseg_context *context, size_t height, size_t width,
                                               const cellseg_synth_options *options);

#ifdef __cplusplus
}
#endif
#endif
