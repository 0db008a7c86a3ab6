/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of a simulated field: for each member its range, its usual value for each stain, and how far drawn values vary. */
#include "synth/field.h"

#include <math.h>
#include <string.h>

enum { STAINS = CELLSEG_STAIN_MEMBRANE };

/* How a drawn value varies: by a factor from 1 / amount to amount, or by a summand from -amount to amount. */
enum { TIMES, PLUS };

/* Members without a variation have their default for every stain and are never drawn. */
typedef struct variation {
    size_t offset; /* of the member, a double */
    int32_t how;
    double amount;
    double usual[STAINS - 1]; /* ER, mitochondria, endosomes, actin, tubulin, membrane; the default is the diffuse stain's */
} variation;

/* Columns of the options: member, default, paper's value, minimum, maximum, unit, sentence. */
#define ROW(...) CSEG_OPTION(cellseg_synth_cells, __VA_ARGS__)
#define VARY_IN(group, member, how, amount, ...)                                                                                 \
    {                                                                                                                            \
        offsetof(cellseg_synth_##group, member), how, amount, {                                                                  \
            __VA_ARGS__                                                                                                          \
        }                                                                                                                        \
    }
#define VARY(...) VARY_IN(cells, __VA_ARGS__)

static const cellseg_option cells_rows[] = {
    ROW(confluence, 0.6, 0.6, 0, 1, "", "fraction of the field that cells cover"),
    ROW(clustering, 0.5, 0.5, 0, 1, "", "fraction of the cells that lie next to another cell"),
    ROW(overlap, 0.15, 0.15, 0, 1, "", "0: touching cells share a border; 1: one cell lies on the other"),
    ROW(cell_area_um2, 600, 600, 20, 20000, "um2", "mean area of a cell"),
    ROW(cell_area_spread, 0.35, 0.35, 0, 1, "", "standard deviation of the logarithm of the area"),
    ROW(nucleus_radius_um, 6.2, 6.2, 1, 30, "um", "mean radius of a nucleus"),
    ROW(nucleus_radius_spread, 0.12, 0.12, 0, 0.5, "", "standard deviation of the logarithm of the radius"),
    ROW(elongation, 0.5, 0.5, 0, 8, "", "mean of length / width - 1"),
    ROW(spikes, 0.2, 0.2, 0, 1, "", "0: rounded outlines; 1: tips with concave arcs between them"),
    ROW(branching, 0.1, 0.1, 0, 4, "", "mean number of thin processes per cell"),
    ROW(dead, 0.02, 0.02, 0, 1, "", "fraction of the cells that are small, bright and round"),
    ROW(dividing, 0.03, 0.03, 0, 1, "", "fraction of the cells in metaphase or just divided"),
    ROW(debris_per_mm2, 30, 30, 0, 10000, "1/mm2", "number of unlabelled specks"),
};
static const variation cells_variations[] = {
    VARY(confluence, PLUS, 0.45, 0.55, 0.55, 0.55, 0.5, 0.65, 0.55),
    VARY(clustering, PLUS, 0.4, 0.4, 0.3, 0.4, 0.3, 0.4, 0.8),
    VARY(overlap, PLUS, 0.3, 0.2, 0.3, 0.3, 0.4, 0.3, 0.05),
    VARY(cell_area_um2, TIMES, 2, 800, 850, 700, 650, 700, 700),
    VARY(cell_area_spread, PLUS, 0.2, 0.4, 0.4, 0.4, 0.5, 0.35, 0.4),
    VARY(nucleus_radius_um, TIMES, 1.35, 7, 7, 6.8, 6.2, 6.8, 6.5),
    VARY(nucleus_radius_spread, PLUS, 0.08, 0.12, 0.12, 0.12, 0.14, 0.1, 0.12),
    VARY(elongation, TIMES, 2.2, 0.7, 0.8, 0.5, 0.9, 0.6, 0.4),
    VARY(spikes, PLUS, 0.4, 0.4, 0.4, 0.3, 0.75, 0.4, 0.3),
    VARY(branching, PLUS, 0.4, 0.2, 0.3, 0.1, 0.5, 0.2, 0),
    VARY(dead, TIMES, 3, 0.02, 0.02, 0.02, 0.03, 0.02, 0.01),
    VARY(dividing, TIMES, 2, 0.03, 0.03, 0.03, 0.03, 0.03, 0.02),
    VARY(debris_per_mm2, TIMES, 5, 30, 30, 30, 40, 30, 30),
};
static const cellseg_option_table cells_table = CSEG_OPTION_TABLE(cellseg_synth_cells, cells_rows, debris_per_mm2);

#undef ROW
#define ROW(...) CSEG_OPTION(cellseg_synth_staining, __VA_ARGS__)
#undef VARY
#define VARY(...) VARY_IN(staining, __VA_ARGS__)

static const cellseg_option staining_rows[] = {
    ROW(brightness_spread, 0.5, 0.5, 0, 2, "", "standard deviation of the logarithm of a cell's brightness"),
    ROW(nucleus_darkness, 0.45, 0.45, 0, 1, "", "mean fraction of the stain that the nucleus lacks"),
    ROW(nucleus_darkness_spread, 0.15, 0.15, 0, 1, "", "standard deviation of the darkness of nuclei"),
    ROW(texture, 1.2, 1.2, 0, 2, "", "strength of the stain's texture; 0: none"),
};
static const variation staining_variations[] = {
    VARY(brightness_spread, TIMES, 1.8, 0.4, 0.45, 0.4, 0.45, 0.3, 0.25),
    VARY(nucleus_darkness, PLUS, 0.25, 0.6, 0.6, 0.6, 0.45, 0.45, 0.35),
    VARY(nucleus_darkness_spread, PLUS, 0.08, 0.12, 0.15, 0.12, 0.15, 0.15, 0.12),
    VARY(texture, PLUS, 0.5, 1.1, 1, 1, 1.1, 1.2, 1.1),
};
static const cellseg_option_table staining_table = CSEG_OPTION_TABLE(cellseg_synth_staining, staining_rows, texture);

#undef ROW
#define ROW(...) CSEG_OPTION(cellseg_synth_optics, __VA_ARGS__)
#undef VARY
#define VARY(...) VARY_IN(optics, __VA_ARGS__)

static const cellseg_option optics_rows[] = {
    ROW(background, 0.1, 0.1, 0, 10, "", "light without cells; a cell of mean brightness has 1"),
    ROW(haze, 0.25, 0.25, 0, 0.9, "", "fraction of the light that is out of focus"),
    ROW(haze_um, 8, 8, 0, 100, "um", "standard deviation of the out-of-focus blur"),
    ROW(psf_um, 0.48, 0.48, 0, 10, "um", "standard deviation of the in-focus blur"),
    ROW(vignetting, 0.1, 0.1, 0, 0.95, "", "fraction of the light lost in the corners"),
    ROW(uneven, 0.1, 0.1, 0, 0.95, "", "relative decrease of the illumination from side to side"),
};
static const variation optics_variations[] = {
    VARY(background, TIMES, 3, 0.08, 0.1, 0.06, 0.05, 0.06, 0.1),
    VARY(haze, PLUS, 0.15, 0.22, 0.2, 0.2, 0.2, 0.2, 0.15),
    VARY(haze_um, TIMES, 1.8, 8, 8, 8, 8, 8, 8),
    VARY(psf_um, TIMES, 1.8, 0.42, 0.42, 0.42, 0.42, 0.4, 0.42),
    VARY(vignetting, PLUS, 0.15, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1),
    VARY(uneven, PLUS, 0.15, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1),
};
static const cellseg_option_table optics_table = CSEG_OPTION_TABLE(cellseg_synth_optics, optics_rows, uneven);

#undef ROW
#define ROW(...) CSEG_OPTION(cellseg_synth_camera, __VA_ARGS__)
#undef VARY
#define VARY(...) VARY_IN(camera, __VA_ARGS__)

static const cellseg_option camera_rows[] = {
    ROW(photons, 1200, 1200, 0, 1e7, "", "electrons per pixel of a cell of mean brightness; 0: no noise"),
    ROW(read_noise, 6, 6, 0, 1e4, "", "read noise of the camera in electrons"),
    ROW(offset, 0.03, 0.03, 0, 0.5, "", "grey level of darkness as a fraction of the largest level"),
    ROW(exposure, 0.2, 0.2, 0.001, 10, "", "grey level of a mean cell as a fraction of the largest level"),
};
static const variation camera_variations[] = {
    VARY(photons, TIMES, 4, 1200, 1000, 1000, 2000, 1600, 1500),
    VARY(read_noise, TIMES, 2, 6, 6, 6, 6, 6, 6),
    VARY(offset, TIMES, 1.5, 0.02, 0.03, 0.02, 0.03, 0.02, 0.03),
    VARY(exposure, TIMES, 1.8, 0.15, 0.15, 0.15, 0.15, 0.2, 0.2),
};
static const cellseg_option_table camera_table = CSEG_OPTION_TABLE(cellseg_synth_camera, camera_rows, exposure);

static const char *const no_yes[] = {"no", "yes", NULL};
static const char *const stains[] = {"mixed", "diffuse", "er", "mitochondria", "endosomes", "actin", "tubulin", "membrane", NULL};

#undef ROW
#define ROW(...) CSEG_OPTION(cellseg_synth_options, __VA_ARGS__)

static const cellseg_option option_rows[] = {
    ROW(seed, 1, 1, 0, 0x1p64, "", "seed of all random numbers"),
    ROW(stain, CELLSEG_STAIN_DIFFUSE, CELLSEG_STAIN_DIFFUSE, 0, STAINS, "", "structure that the marker stains",
        .choices = stains),
    ROW(vary, 0, 0, 0, 1, "", "draw the values that are not given; no: the usual values of the stain", .choices = no_yes),
    ROW(nuclei_channel, 0, 0, 0, 1, "", "add a second channel with the nuclear stain", .choices = no_yes),
    ROW(bits, 12, 12, 8, 16, "", "bits of the camera, 8 to 16"),
    ROW(pixel_size_um, 0.65, 0.65, 0.05, 5, "um", "edge of a pixel"),
    ROW(cells, 0, 0, 0, 0, "", "number, places and shapes of cells", .group = &cells_table),
    ROW(staining, 0, 0, 0, 0, "", "light of the cells", .group = &staining_table),
    ROW(optics, 0, 0, 0, 0, "", "microscope", .group = &optics_table),
    ROW(camera, 0, 0, 0, 0, "", "camera", .group = &camera_table),
};

static const cellseg_option_table option_table = CSEG_OPTION_TABLE(cellseg_synth_options, option_rows, camera);

/* ---- groups ---- */

typedef struct group {
    const cellseg_option_table *table;
    const variation *variations;
    size_t count;           /* of the variations */
    size_t values, pointer; /* offsets in cseg_synth_groups and in cellseg_synth_options */
} group;

#define GROUP(name)                                                                                                              \
    {                                                                                                                            \
        &name##_table, name##_variations, sizeof name##_variations / sizeof *name##_variations,                                  \
            offsetof(cseg_synth_groups, name), offsetof(cellseg_synth_options, name)                                             \
    }

enum { CELLS_GROUP, STAINING_GROUP, OPTICS_GROUP, CAMERA_GROUP, GROUPS };

static const group groups[GROUPS] = {GROUP(cells), GROUP(staining), GROUP(optics), GROUP(camera)};

static void *values_of(const group *g, cseg_synth_groups *all) {
    return (char *)all + g->values;
}

static double *member_of(void *own, const variation *v) {
    return (double *)(void *)((char *)own + v->offset);
}

static void set_usual(const group *g, void *own, int32_t stain) {
    cseg_option_fill(own, g->table, CELLSEG_PRESET_DEFAULT);
    for (size_t i = 0; i < g->count && stain > CELLSEG_STAIN_DIFFUSE; i++)
        *member_of(own, &g->variations[i]) = g->variations[i].usual[stain - 2];
}

static double draw(const variation *v, double usual, cseg_rng *rng) {
    const double u = cseg_rng_between(rng, -1, 1);
    return v->how == TIMES ? usual * cseg_math_exp(u * cseg_math_log(v->amount)) : usual + u * v->amount;
}

static void clamp(const cellseg_option_table *table, void *own) {
    for (size_t i = 0; i < table->count; i++) {
        const cellseg_option *o = &table->rows[i];
        cseg_option_set(own, o, fmin(fmax(cseg_option_value(own, o), o->lowest), o->highest));
    }
}

static void draw_group(const group *g, void *own, cseg_rng *rng) {
    for (size_t i = 0; i < g->count; i++) {
        double *member = member_of(own, &g->variations[i]);
        *member = draw(&g->variations[i], *member, rng);
    }
    clamp(g->table, own);
}

static void draw_groups(cseg_synth_groups *all, cseg_rng *rng) {
    for (size_t i = 0; i < GROUPS; i++)
        draw_group(&groups[i], values_of(&groups[i], all), rng);
    /* A nucleus takes at most about a third of its cell: small cells have small nuclei. */
    const double max_radius = 0.62 * sqrt(all->cells.cell_area_um2 / 3.14159265358979);
    all->cells.nucleus_radius_um = fmin(all->cells.nucleus_radius_um, max_radius);
}

static cellseg_status write_group(const group *g, void *theirs, size_t struct_size, const void *own) {
    const cellseg_option_table *t = g->table;
    return cseg_options_init(theirs, struct_size, own, t->struct_size, t->first_release_size, t->name);
}

static cellseg_status init_group(const group *g, void *theirs, size_t struct_size, int32_t stain) {
    cseg_option_storage own;
    CSEG_TRY(cseg_range_check("stain", stain, CELLSEG_STAIN_DIFFUSE, STAINS));
    set_usual(g, &own, stain);
    return write_group(g, theirs, struct_size, &own);
}

/* ---- for callers ---- */

cellseg_status cellseg_synth_cells_init(cellseg_synth_cells *cells, size_t struct_size, int32_t stain) {
    return init_group(&groups[CELLS_GROUP], cells, struct_size, stain);
}

cellseg_status cellseg_synth_staining_init(cellseg_synth_staining *staining, size_t struct_size, int32_t stain) {
    return init_group(&groups[STAINING_GROUP], staining, struct_size, stain);
}

cellseg_status cellseg_synth_optics_init(cellseg_synth_optics *optics, size_t struct_size, int32_t stain) {
    return init_group(&groups[OPTICS_GROUP], optics, struct_size, stain);
}

cellseg_status cellseg_synth_camera_init(cellseg_synth_camera *camera, size_t struct_size, int32_t stain) {
    return init_group(&groups[CAMERA_GROUP], camera, struct_size, stain);
}

const cellseg_option_table *cellseg_synth_cells_table(void) {
    return &cells_table;
}

const cellseg_option_table *cellseg_synth_staining_table(void) {
    return &staining_table;
}

const cellseg_option_table *cellseg_synth_optics_table(void) {
    return &optics_table;
}

const cellseg_option_table *cellseg_synth_camera_table(void) {
    return &camera_table;
}

cellseg_status cellseg_synth_options_init(cellseg_synth_options *options, size_t struct_size) {
    return cseg_option_init(options, struct_size, &option_table, CELLSEG_PRESET_DEFAULT);
}

const cellseg_option_table *cellseg_synth_options_table(void) {
    return &option_table;
}

cellseg_status cseg_synth_options_read(cellseg_synth_options *own, cseg_synth_groups *all, const cellseg_synth_options *options) {
    CSEG_TRY(cseg_option_read(own, &option_table, options, CELLSEG_PRESET_DEFAULT));
    cseg_rng rng = {cseg_random_bits(own->seed, 0), 0};
    const int32_t any = 1 + (int32_t)(cseg_rng_bits(&rng) % STAINS); /* always drawn, so that a known stain has the same values */
    own->stain = own->stain == CELLSEG_STAIN_MIXED ? any : own->stain;
    for (size_t i = 0; i < GROUPS; i++)
        set_usual(&groups[i], values_of(&groups[i], all), own->stain);
    if (own->vary != 0)
        draw_groups(all, &rng);
    for (size_t i = 0; i < GROUPS; i++) {
        const void *given;
        memcpy(&given, (const char *)own + groups[i].pointer, sizeof given);
        CSEG_TRY(cseg_option_overlay(values_of(&groups[i], all), groups[i].table, given));
    }
    return CELLSEG_OK;
}

/* The caller's struct must be initialised, since its size decides how much is written. */
static cellseg_status check_group(const group *g, const void *theirs) {
    cseg_option_storage scratch;
    return cseg_options_copy(&scratch, g->table->struct_size, g->table->first_release_size, theirs, g->table->name);
}

static cellseg_status write_drawn(cellseg_synth_options *options, void *const theirs[GROUPS]) {
    cellseg_synth_options own;
    cseg_synth_groups all;
    CSEG_TRY(cseg_synth_options_read(&own, &all, options));
    for (size_t i = 0; i < GROUPS; i++)
        CSEG_TRY(check_group(&groups[i], theirs[i]));
    for (size_t i = 0; i < GROUPS; i++) {
        if (theirs[i] == NULL)
            continue;
        CSEG_TRY(write_group(&groups[i], theirs[i], *(const size_t *)theirs[i], values_of(&groups[i], &all)));
        memcpy((char *)&own + groups[i].pointer, &theirs[i], sizeof theirs[i]);
    }
    return cseg_options_init(options, options->struct_size, &own, sizeof own, option_table.first_release_size, option_table.name);
}

cellseg_status cellseg_synth_options_draw(cellseg_synth_options *options, cellseg_synth_cells *cells,
                                          cellseg_synth_staining *staining, cellseg_synth_optics *optics,
                                          cellseg_synth_camera *camera) {
    void *const theirs[GROUPS] = {cells, staining, optics, camera};
    if (options == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "options is NULL");
    cseg_call call;
    cseg_call_begin(&call, NULL);
    return cseg_call_end(&call, write_drawn(options, theirs));
}
