/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ROC analysis of a map of probabilities (Fawcett 2006). The bits of a float in [0, 1] ascend with its value and take 30 of 32;
 * one more holds the pixel's class. The sorted words yield the counts of every threshold in one pass from the highest. Pixels of
 * equal value are counted together, which is the trapezoid of the curve: 0.5 for a tie. The area is a whole number until the
 * last division. Cost: a radix sort, three passes, two 32-bit words per pixel.
 */
#include "metrics/metrics.h"

#include "core/core.h"

#include <math.h>
#include <string.h>

#define FIRST_RELEASE_SIZE (offsetof(cellseg_roc, false_negatives) + sizeof(uint64_t))

enum { MAX_POINTS = 1 << 20, POLL = 1 << 20 /* words between two polls */ };

/* ---- pixels as words: value, then class ---- */

typedef struct words_job {
    const cseg_plane *map, *truth;
    uint32_t *words;
} words_job;

static cellseg_status encode_row(void *data, size_t y) {
    const words_job *job = data;
    const float *map = cseg_row_f32(job->map, y);
    const uint32_t *truth = cseg_row_u32(job->truth, y);
    uint32_t *to = job->words + y * job->map->width;
    for (size_t x = 0; x < job->map->width; x++) {
        if (!(map[x] >= 0 && map[x] <= 1))
            return cseg_fail(CELLSEG_ERR_ARGUMENT, "the map is %g at row %zu, column %zu; it must lie in [0, 1]", (double)map[x],
                             y, x);
        const float value = map[x] + 0.0F; /* -0 becomes 0 */
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        to[x] = bits << 1 | (truth[x] != 0);
    }
    return CELLSEG_OK;
}

static double value_of(uint32_t word) {
    const uint32_t bits = word >> 1;
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, DIGIT_PASSES = 3 };

/* One pass of the sort: words to scratch in the order of the digit at `shift`. */
static cellseg_status sort_digit(cellseg_context *context, uint32_t *scratch, const uint32_t *words, size_t count, int shift) {
    size_t place[DIGITS] = {0}, total = 0;
    for (size_t i = 0; i < count; i++)
        place[words[i] >> shift & (DIGITS - 1)]++;
    for (size_t d = 0; d < DIGITS; d++) {
        const size_t here = place[d];
        place[d] = total;
        total += here;
    }
    for (size_t i = 0; i < count;) {
        for (const size_t end = count - i < POLL ? count : i + POLL; i < end; i++)
            scratch[place[words[i] >> shift & (DIGITS - 1)]++] = words[i];
        const double done = (double)shift / DIGIT_BITS + (double)i / (double)count;
        CSEG_TRY(cseg_progress_poll(context, done / DIGIT_PASSES));
    }
    return CELLSEG_OK;
}

/* Sort the job's words of 31 bits with a second array; the two change places as often as needed. */
static cellseg_status sort_words(cellseg_context *context, uint32_t **words, uint32_t **scratch, size_t count) {
    for (int pass = 0; pass < DIGIT_PASSES; pass++) {
        CSEG_TRY(sort_digit(context, *scratch, *words, count, pass * DIGIT_BITS));
        uint32_t *swap = *words;
        *words = *scratch;
        *scratch = swap;
    }
    return CELLSEG_OK;
}

/* ---- counts from the highest value down ---- */

typedef struct sweep {
    cellseg_context *context;
    const uint32_t *words;         /* ascending */
    size_t left;                   /* words not yet counted */
    uint64_t positives, negatives; /* counts so far */
} sweep;

/* Count all words of the highest remaining value. */
static void count_value(sweep *s) {
    const uint32_t bits = s->words[s->left - 1] >> 1;
    for (; s->left > 0 && s->words[s->left - 1] >> 1 == bits; s->left--) {
        const uint32_t positive = s->words[s->left - 1] & 1;
        s->positives += positive;
        s->negatives += 1 - positive;
    }
}

/* Count all words of the highest remaining value, and poll now and then. */
static cellseg_status step_down(sweep *s) {
    const size_t before = s->left / POLL;
    count_value(s);
    return s->left / POLL != before ? cseg_progress_poll(s->context, 1) : CELLSEG_OK;
}

static cellseg_status count_down_to(sweep *s, double threshold) {
    while (s->left > 0 && value_of(s->words[s->left - 1]) >= threshold)
        CSEG_TRY(step_down(s));
    return CELLSEG_OK;
}

static cellseg_status area_under_curve(double *area, sweep s) {
    uint64_t twice = 0;
    while (s.left > 0) {
        const uint64_t positives = s.positives, negatives = s.negatives;
        CSEG_TRY(step_down(&s));
        twice += (s.negatives - negatives) * (s.positives + positives);
    }
    *area = s.positives > 0 && s.negatives > 0 ? (double)twice / 2 / ((double)s.positives * (double)s.negatives) : (double)NAN;
    return CELLSEG_OK;
}

static cellseg_status fill_curve(uint64_t *true_positives, uint64_t *false_positives, size_t points, sweep s) {
    for (size_t i = points; i-- > 0;) {
        CSEG_TRY(count_down_to(&s, (double)i / (double)(points - 1)));
        if (true_positives != NULL)
            true_positives[i] = s.positives;
        if (false_positives != NULL)
            false_positives[i] = s.negatives;
    }
    return CELLSEG_OK;
}

static cellseg_status count_at(cellseg_roc *own, double threshold, sweep s) {
    const size_t count = s.left;
    CSEG_TRY(count_down_to(&s, threshold));
    own->threshold = threshold;
    own->true_positives = s.positives;
    own->false_positives = s.negatives;
    CSEG_TRY(count_down_to(&s, 0));
    own->false_negatives = s.positives - own->true_positives;
    own->true_negatives = s.negatives - own->false_positives;
    own->accuracy = (double)(own->true_positives + own->true_negatives) / (double)count;
    own->sensitivity = s.positives > 0 ? (double)own->true_positives / (double)s.positives : (double)NAN;
    own->specificity = s.negatives > 0 ? (double)own->true_negatives / (double)s.negatives : (double)NAN;
    return CELLSEG_OK;
}

/* ---- the public function ---- */

static cellseg_status check(const cellseg_image *map, int32_t channel, const cellseg_labels *truth, double threshold) {
    if (map == NULL || truth == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s is NULL", map == NULL ? "map" : "truth");
    if (cellseg_image_pixels(map, channel) == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "the map has no channel %d", (int)channel);
    if (cellseg_image_pixel_type(map) != CELLSEG_FLOAT32)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "the map is not of float32");
    const size_t height = cellseg_image_height(map), width = cellseg_image_width(map);
    if (cellseg_labels_height(truth) != height || cellseg_labels_width(truth) != width)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "the map has %zu x %zu pixels, the truth %zu x %zu", height, width,
                         cellseg_labels_height(truth), cellseg_labels_width(truth));
    if (height > UINT32_MAX / width)
        return cseg_fail(CELLSEG_ERR_LIMIT, "a map of %zu x %zu pixels is too large for a ROC curve", height, width);
    return cseg_range_check("threshold", threshold, 0, 1);
}

static cellseg_status analyse(cellseg_roc *own, uint64_t *true_positives, uint64_t *false_positives, size_t points,
                              cellseg_context *context, const cseg_plane *map, const cseg_plane *truth, double threshold) {
    const size_t count = map->height * map->width;
    words_job job = {map, truth, cseg_memory_alloc(context, count, sizeof *job.words)};
    uint32_t *scratch = cseg_memory_alloc(context, count, sizeof *scratch);
    cellseg_status status;
    if (job.words == NULL || scratch == NULL) {
        status = cseg_error_last();
        goto done;
    }
    CSEG_TRY_GOTO(done, cseg_parallel_for(context, map->height, encode_row, &job));
    cseg_progress_step(context, "ROC curve", 0.2, 1);
    CSEG_TRY_GOTO(done, sort_words(context, &job.words, &scratch, count));
    const sweep start = {context, job.words, count, 0, 0};
    CSEG_TRY_GOTO(done, area_under_curve(&own->auc, start));
    CSEG_TRY_GOTO(done, count_at(own, threshold, start));
    if (true_positives != NULL || false_positives != NULL)
        status = fill_curve(true_positives, false_positives, points, start);
done:
    cseg_memory_free(scratch);
    cseg_memory_free(job.words);
    return status;
}

cellseg_status cellseg_roc_compute(cellseg_roc *out, uint64_t *true_positives, uint64_t *false_positives, size_t points,
                                   cellseg_context *context, const cellseg_image *map, int32_t channel,
                                   const cellseg_labels *truth, double threshold) {
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    cellseg_roc own = {.struct_size = sizeof own};
    const size_t their_size = out->struct_size;
    CSEG_TRY(cseg_options_init(out, their_size, &own, sizeof own, FIRST_RELEASE_SIZE, "cellseg_roc"));
    CSEG_TRY(check(map, channel, truth, threshold));
    if ((true_positives != NULL || false_positives != NULL) && (points < 2 || points > MAX_POINTS))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "points is %zu; it must lie in [2, %d]", points, MAX_POINTS);
    cseg_call call;
    cseg_call_begin(&call, context);
    cseg_progress_step(context, "ROC curve", 0, 0.2);
    const cseg_plane truth_plane = cseg_labels_plane(truth);
    cseg_input input;
    cellseg_status status = cseg_input_open(&input, context, map, channel);
    if (status == CELLSEG_OK) {
        status = analyse(&own, true_positives, false_positives, points, context, &input.plane, &truth_plane, threshold);
        cseg_input_close(&input);
    }
    CSEG_TRY(cseg_call_end(&call, status));
    return cseg_options_init(out, their_size, &own, sizeof own, FIRST_RELEASE_SIZE, "cellseg_roc");
}
