/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file synth.h  Simulated fields of cells with ground truth, for training and tests.
 *
 * The simulation draws a field in micrometres and then models the microscope. It places outlines and nuclei, assigns each pixel
 * to the uppermost cell, and applies stain, haze, optics, illumination and camera. One seed and one set of options give the same
 * bytes on every machine, for any number of threads. The same seed at another pixel size shows the same cells.
 */
#ifndef CELLSEG_SYNTH_H
#define CELLSEG_SYNTH_H

#include <cellseg/context.h>
#include <cellseg/image.h>
#include <cellseg/labels.h>
#include <cellseg/options.h>
#include <cellseg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The stained structure, which determines the texture, the decrease of light away from the nucleus, and the usual values. */
enum {
    CELLSEG_STAIN_MIXED = 0,        /**< any stain below, drawn with the seed */
    CELLSEG_STAIN_DIFFUSE = 1,      /**< smooth: cytoplasmic reporters, whole-cell dyes */
    CELLSEG_STAIN_ER = 2,           /**< endoplasmic reticulum: fine net, brightest around the nucleus */
    CELLSEG_STAIN_MITOCHONDRIA = 3, /**< short threads around the nucleus over a dim body */
    CELLSEG_STAIN_ENDOSOMES = 4,    /**< spots over a dim body */
    CELLSEG_STAIN_ACTIN = 5,        /**< fibres along the cell, bright edges; spiky cells */
    CELLSEG_STAIN_TUBULIN = 6,      /**< fine fibres that radiate from the nucleus */
    CELLSEG_STAIN_MEMBRANE = 7      /**< outlines brighter than the body */
};

/** Cells: their number, places and shapes. Initialise with cellseg_synth_cells_init(). */
typedef struct cellseg_synth_cells {
    size_t struct_size;           /**< sizeof of this struct where the caller was compiled */
    double confluence;            /**< fraction of the field covered by cells, 0 to 1; 1: the cells form a sheet. Default 0.6 */
    double clustering;            /**< fraction of the cells that lie next to another cell, 0 to 1. Default 0.5 */
    double overlap;               /**< 0: touching cells share a straight border; 1: one cell lies on the other. Default 0.15 */
    double cell_area_um2;         /**< mean area where neighbours leave enough space, 20 to 20000. Default 600 */
    double cell_area_spread;      /**< standard deviation of the logarithm of the area, 0 to 1. Default 0.35 */
    double nucleus_radius_um;     /**< mean radius of the disc with the nucleus's area, 1 to 30. Default 6.2 */
    double nucleus_radius_spread; /**< standard deviation of the logarithm of the radius, 0 to 0.5. Default 0.12 */
    double elongation;            /**< mean of length / width - 1, 0 (round) to 8 (spindles). Default 0.5 */
    double spikes;                /**< 0: rounded outlines; 1: tips with concave arcs between them. Default 0.2 */
    double branching;             /**< mean number of thin processes per cell, 0 to 4. Default 0.1 */
    double dead;                  /**< fraction of the cells that are dead: small, bright and round, 0 to 1. Default 0.02 */
    double dividing;              /**< fraction of the cells in metaphase or just divided, 0 to 1. Default 0.03 */
    double debris_per_mm2;        /**< number of unlabelled specks, 0 to 10000. Default 30 */
} cellseg_synth_cells;

/** Light of the cells. Initialise with cellseg_synth_staining_init(). */
typedef struct cellseg_synth_staining {
    size_t struct_size;             /**< sizeof of this struct where the caller was compiled */
    double brightness_spread;       /**< standard deviation of the logarithm of a cell's brightness, 0 to 2. Default 0.5 */
    double nucleus_darkness;        /**< mean fraction of the stain that the nucleus lacks, 0 to 1. Default 0.45 */
    double nucleus_darkness_spread; /**< standard deviation of nucleus_darkness, 0 to 1. Default 0.15 */
    double texture;                 /**< strength of the stain's texture, 0 (none) to 2. Default 1.2 */
} cellseg_synth_staining;

/** The microscope. Initialise with cellseg_synth_optics_init(). */
typedef struct cellseg_synth_optics {
    size_t struct_size; /**< sizeof of this struct where the caller was compiled */
    double background;  /**< light without cells, in units of a cell of mean brightness, 0 to 10. Default 0.1 */
    double haze;        /**< fraction of the light that is out of focus, 0 to 0.9. Default 0.25 */
    double haze_um;     /**< standard deviation of the out-of-focus blur, 0 to 100. Default 8 */
    double psf_um;      /**< standard deviation of the in-focus blur, 0 to 10. Default 0.48 */
    double vignetting;  /**< fraction of the light lost in the corners, 0 to 0.95. Default 0.1 */
    double uneven;      /**< relative decrease of the illumination from one side to the other, 0 to 0.95. Default 0.1 */
} cellseg_synth_optics;

/** The camera. Initialise with cellseg_synth_camera_init(). */
typedef struct cellseg_synth_camera {
    size_t struct_size; /**< sizeof of this struct where the caller was compiled */
    double photons;     /**< electrons per pixel of a cell of mean brightness, 0 (no shot noise) to 1e7. Default 1200 */
    double read_noise;  /**< standard deviation in electrons, 0 to 1e4; ignored if photons is 0. Default 6 */
    double offset;      /**< grey level of darkness as a fraction of the largest level, 0 to 0.5. Default 0.03 */
    double exposure; /**< grey levels of a cell of mean brightness as a fraction of the largest level, 0.001 to 10. Default 0.2 */
} cellseg_synth_camera;

/**
 * Set a group to the usual values of a stain.
 * @param stain  CELLSEG_STAIN_DIFFUSE, whose values are the defaults above, to CELLSEG_STAIN_MEMBRANE
 * @return CELLSEG_ERR_ARGUMENT  the struct is NULL, struct_size too small or the stain unknown. Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_synth_cells_init(cellseg_synth_cells *cells, size_t struct_size, int32_t stain);
/** As cellseg_synth_cells_init(). Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_synth_staining_init(cellseg_synth_staining *staining, size_t struct_size, int32_t stain);
/** As cellseg_synth_cells_init(). Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_synth_optics_init(cellseg_synth_optics *optics, size_t struct_size, int32_t stain);
/** As cellseg_synth_cells_init(). Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_synth_camera_init(cellseg_synth_camera *camera, size_t struct_size, int32_t stain);

/** The descriptors of a group; defaults are those of CELLSEG_STAIN_DIFFUSE. Threads: any. Since: 1.0 */
CELLSEG_API const cellseg_option_table *cellseg_synth_cells_table(void);
/** As cellseg_synth_cells_table(). Threads: any. Since: 1.0 */
CELLSEG_API const cellseg_option_table *cellseg_synth_staining_table(void);
/** As cellseg_synth_cells_table(). Threads: any. Since: 1.0 */
CELLSEG_API const cellseg_option_table *cellseg_synth_optics_table(void);
/** As cellseg_synth_cells_table(). Threads: any. Since: 1.0 */
CELLSEG_API const cellseg_option_table *cellseg_synth_camera_table(void);

/**
 * Options of a field. Initialise with cellseg_synth_options_init(). A group that is NULL has the values that are usual for the
 * stain or, with `vary`, values drawn around them with the seed: from sparse to confluent, from round cells to spindles, from
 * clean to noisy. A training set has CELLSEG_STAIN_MIXED, vary 1 and the seeds 1, 2, ...
 */
typedef struct cellseg_synth_options {
    size_t struct_size;     /**< sizeof of this struct where the caller was compiled */
    uint64_t seed;          /**< seed of all random numbers. Default 1 */
    int32_t stain;          /**< CELLSEG_STAIN_... Default CELLSEG_STAIN_DIFFUSE */
    int32_t vary;           /**< 1: groups that are NULL are drawn; 0: they have the usual values. Default 0 */
    int32_t nuclei_channel; /**< 1: a second channel has the nuclear stain; 0: the marker alone. Default 0 */
    int32_t bits;           /**< bits of the camera, 8 to 16; 8 gives a uint8 image, more bits a uint16 image. Default 12 */
    double pixel_size_um;   /**< edge of a pixel, 0.05 to 5. Default 0.65 */
    const cellseg_synth_cells *cells;       /**< NULL, the default: usual or drawn; else read during the call */
    const cellseg_synth_staining *staining; /**< NULL, the default: usual or drawn; else read during the call */
    const cellseg_synth_optics *optics;     /**< NULL, the default: usual or drawn; else read during the call */
    const cellseg_synth_camera *camera;     /**< NULL, the default: usual or drawn; else read during the call */
} cellseg_synth_options;

/** Set the defaults. @return CELLSEG_ERR_ARGUMENT  options is NULL or struct_size too small. Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_synth_options_init(cellseg_synth_options *options, size_t struct_size);

/** The descriptors of cellseg_synth_options. Threads: any. Since: 1.0 */
CELLSEG_API const cellseg_option_table *cellseg_synth_options_table(void);

/**
 * Write out the values of a field, to read or change some of them: CELLSEG_STAIN_MIXED becomes the stain that the seed draws, and
 * each group that is not NULL here gets its values, given, usual or drawn. The options then point to these groups, and stand for
 * the same field as before.
 *
 * @param options  in and out
 * @param[out] cells, staining, optics, camera  initialised structs of the caller, which must outlive the use of `options`; NULL:
 *                 the group stays as the options have it
 * @return CELLSEG_ERR_ARGUMENT  options is NULL, a struct is not initialised, or a value is out of range; nothing is changed
 * Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_synth_options_draw(cellseg_synth_options *options, cellseg_synth_cells *cells,
                                                      cellseg_synth_staining *staining, cellseg_synth_optics *optics,
                                                      cellseg_synth_camera *camera);

/**
 * Simulate a field.
 *
 * The ids of cells are 1..n in raster order of first pixels. A cell is one connected component. A nucleus has the id of its cell,
 * is one component and lies inside its cell. Every cell has a nucleus; cells whose nucleus would lie outside the field are
 * absent. Where cells overlap, the pixels belong to the upper cell. The two daughters of a division are two cells.
 *
 * @param[out] image    new image, height x width, uint8 or uint16, one or two channels, with its pixel size. Release with
 *                      cellseg_image_free(). All three results are NULL after an error.
 * @param[out] cells    new label map; release with cellseg_labels_free()
 * @param[out] nuclei   new label map; release with cellseg_labels_free()
 * @param      context  NULL for defaults
 * @param      height   1 to 16384
 * @param      width    1 to 16384
 * @param      options  NULL for defaults
 * @return CELLSEG_ERR_ARGUMENT   a pointer is NULL, or a size or an option is out of range; the message gives its name
 * @return CELLSEG_ERR_LIMIT      the field would have more than a million cells, or the memory budget is too small
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_CANCELLED
 * Threads: any; the same bytes for any number. Cost: about 0.3 us per pixel and thread. Memory: 32 bytes per pixel, and 1 KB
 * per cell. Source: Lehmussola et al., IEEE Trans. Med. Imaging 26 (SIMCEP), 2007, for optics and camera. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_synth_field(cellseg_image **image, cellseg_labels **cells, cellseg_labels **nuclei,
                                               cellseg_context *context, size_t height, size_t width,
                                               const cellseg_synth_options *options);

#ifdef __cplusplus
}
#endif
#endif
