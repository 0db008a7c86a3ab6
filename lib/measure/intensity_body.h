/* SPDX-License-Identifier: BSD-3-Clause */
/* A channel's statistics over a cell, by keys of one width: KEY, and KEYED(name) for the width's functions. */

static void KEYED(gather)(KEY *keys, const cseg_plane *channel, const cseg_region *region) {
    for (size_t i = 0; i < region->run_count; i++) {
        const cseg_run run = cseg_regions_run(region, i);
        KEYED(gather_run)(keys, channel, run);
        keys += run.end - run.begin;
    }
}

/* ---- sums: in four lanes, which the processor adds side by side, and these in order ---- */

typedef struct KEYED(sums) {
    double value, y_value, x_value; /* positions from the image's first pixel */
    KEY smallest, largest;
    bool nan;
} KEYED(sums);

static void KEYED(add_run)(KEYED(sums) * s, const KEY *keys, cseg_run run, int32_t type) {
    const size_t count = run.end - run.begin;
    double values[BLOCK], sum[LANES] = {0}, moment[LANES] = {0};
    for (size_t begin = 0; begin < count; begin += BLOCK) {
        const size_t here = block_at(begin, count);
        KEYED(load)(values, keys + begin, here, type, 0);
        for (size_t i = 0; i < here; i += LANES) {
            for (size_t k = 0; k < LANES; k++) {
                sum[k] += values[i + k];
                moment[k] += (double)(int32_t)(begin + i + k) * values[i + k];
            }
        }
    }
    const double total = lanes_total(sum);
    s->value += total;
    s->y_value += (double)run.y * total;
    s->x_value += (double)run.begin * total + lanes_total(moment);
}

/* The sums of no run yet, with the ends of the keys. */
static KEYED(sums) KEYED(sums_of)(const KEY *keys, size_t count, int32_t type) {
    KEYED(sums) s = {.smallest = keys[0], .largest = keys[0]};
    for (size_t i = 0; i < count; i++) {
        s.smallest = keys[i] < s.smallest ? keys[i] : s.smallest;
        s.largest = keys[i] > s.largest ? keys[i] : s.largest;
    }
    s.nan =
        isnan(KEYED(value_of)(s.smallest, type)) || isnan(KEYED(value_of)(s.largest, type)); /* NaN sorts beyond the infinities */
    return s;
}

static KEYED(sums) KEYED(sum_up)(const KEY *keys, const cseg_region *region, size_t area, int32_t type) {
    KEYED(sums) s = KEYED(sums_of)(keys, area, type);
    for (size_t i = 0; i < region->run_count; i++) {
        const cseg_run run = cseg_regions_run(region, i);
        KEYED(add_run)(&s, keys, run, type);
        keys += run.end - run.begin;
    }
    return s;
}

static double KEYED(sum_squares)(const KEY *keys, size_t count, double mean, int32_t type) {
    double values[BLOCK], sum[LANES] = {0};
    for (size_t begin = 0; begin < count; begin += BLOCK) {
        const size_t here = block_at(begin, count);
        KEYED(load)(values, keys + begin, here, type, mean);
        for (size_t i = 0; i < here; i += LANES)
            for (size_t k = 0; k < LANES; k++)
                sum[k] += (values[i + k] - mean) * (values[i + k] - mean);
    }
    return lanes_total(sum);
}

/* ---- median and quartiles ---- */

/* The key of the given rank, from 0, among keys from `low` to `high`. Each round splits the range into at most 256 bins. */
static KEY KEYED(select_key)(const KEY *keys, size_t count, size_t rank, KEY low, KEY high) {
    while (low < high) {
        size_t bins[BINS] = {0};
        int shift = 0;
        while ((high - low) >> shift >= BINS)
            shift++;
        for (size_t i = 0; i < count; i++)
            if (keys[i] - low <= high - low) /* keys below `low` wrap round */
                bins[(keys[i] - low) >> shift]++;
        size_t bin = 0;
        while (rank >= bins[bin])
            rank -= bins[bin++];
        low += (KEY)bin << shift;
        const KEY last = ((KEY)1 << shift) - 1;
        high = high - low > last ? low + last : high;
    }
    return low;
}

/* Quarter 1, 2 or 3 of the sorted values, which lie between two keys: linear between the two values next to it. */
static double KEYED(quartile)(const KEY *keys, size_t count, size_t quarter, KEY smallest, KEY largest, int32_t type) {
    const size_t rank = (count - 1) / 4 * quarter + (count - 1) % 4 * quarter / 4, rest = (count - 1) % 4 * quarter % 4;
    const KEY low = KEYED(select_key)(keys, count, rank, smallest, largest);
    if (rest == 0)
        return KEYED(value_of)(low, type);
    size_t up_to_low = 0;
    KEY next = (KEY)-1; /* the smallest key above low */
    for (size_t i = 0; i < count; i++) {
        up_to_low += keys[i] <= low;
        next = keys[i] > low && keys[i] < next ? keys[i] : next;
    }
    const double below = KEYED(value_of)(low, type), above = up_to_low > rank + 1 ? below : KEYED(value_of)(next, type);
    return (below * (double)(4 - rest) + above * (double)rest) / 4;
}

/* The median of the distances from `median`. sizes: room for as many keys. */
static double KEYED(deviation)(uint64_t *sizes, const KEY *keys, size_t count, double median, int32_t type) {
    uint64_t smallest = UINT64_MAX, largest = 0;
    for (size_t i = 0; i < count; i++) {
        sizes[i] = key_of_size(fabs(KEYED(value_of)(keys[i], type) - median));
        smallest = sizes[i] < smallest ? sizes[i] : smallest;
        largest = sizes[i] > largest ? sizes[i] : largest;
    }
    return isfinite(median) ? quartile_u64(sizes, count, 2, smallest, largest, CELLSEG_FLOAT64) : (double)NAN;
}

/* ---- the columns ---- */

static cellseg_status KEYED(measure)(double measured[COLUMNS], const cseg_region *region, const cseg_measure_input *input) {
    const size_t area = cseg_regions_area(region);
    const int32_t type = input->channel.type;
    KEY *keys = cseg_memory_alloc(input->context, area, sizeof *keys);
    if (keys == NULL)
        return cseg_error_last();
    KEYED(gather)(keys, &input->channel, region);
    const KEYED(sums) s = KEYED(sum_up)(keys, region, area, type);
    const double mean = s.value / (double)area;
    const double all[COLUMNS] = {
        mean,
        sqrt(KEYED(sum_squares)(keys, area, mean, type) / (double)area),
        KEYED(value_of)(s.smallest, type),
        KEYED(value_of)(s.largest, type),
        KEYED(quartile)(keys, area, 2, s.smallest, s.largest, type),
        s.value,
        s.y_value / s.value,
        s.x_value / s.value,
    };
    for (size_t i = 0; i < COLUMNS; i++)
        measured[i] = s.nan ? (double)NAN : all[i];
    cseg_memory_free(keys);
    return CELLSEG_OK;
}

/* The statistics of the cell's edge; keys: room for those of the cell. */
static void KEYED(measure_edge)(double *measured, KEY *keys, const cseg_region *region, const cseg_measure_input *input) {
    const int32_t type = input->channel.type;
    size_t count = 0;
    for (size_t i = 0; i < region->run_count; i++) {
        const cseg_run run = cseg_regions_run(region, i);
        for (size_t x = run.begin; x < run.end; x++)
            if (on_edge(&input->cells, run, x, region->id))
                KEYED(gather_run)(keys + count++, &input->channel, (cseg_run){run.y, x, x + 1});
    }
    if (count == 0)
        return;
    KEYED(sums) s = KEYED(sums_of)(keys, count, type);
    KEYED(add_run)(&s, keys, (cseg_run){0, 0, count}, type);
    measured[0] = s.value / (double)count;
    measured[1] = sqrt(KEYED(sum_squares)(keys, count, measured[0], type) / (double)count);
    measured[2] = KEYED(value_of)(s.smallest, type);
    measured[3] = KEYED(value_of)(s.largest, type);
    measured[4] = s.value;
}

static cellseg_status KEYED(detail)(double measured[DETAILS], const cseg_region *region, const cseg_measure_input *input) {
    const size_t area = cseg_regions_area(region);
    const int32_t type = input->channel.type;
    KEY *keys = cseg_memory_alloc(input->context, area, sizeof *keys);
    uint64_t *sizes = keys != NULL ? cseg_memory_alloc(input->context, area, sizeof *sizes) : NULL;
    for (size_t i = 0; i < DETAILS; i++)
        measured[i] = (double)NAN;
    if (sizes != NULL) {
        KEYED(gather)(keys, &input->channel, region);
        const KEYED(sums) s = KEYED(sum_up)(keys, region, area, type);
        if (!s.nan) {
            const double median = KEYED(quartile)(keys, area, 2, s.smallest, s.largest, type);
            measured[0] = KEYED(quartile)(keys, area, 1, s.smallest, s.largest, type);
            measured[1] = KEYED(quartile)(keys, area, 3, s.smallest, s.largest, type);
            measured[2] = KEYED(deviation)(sizes, keys, area, median, type);
            measured[3] = distance_from_centroid(region, s.y_value / s.value, s.x_value / s.value);
            KEYED(measure_edge)(measured + EDGE, keys, region, input);
        }
    }
    cseg_memory_free(keys);
    cseg_memory_free(sizes);
    return sizes != NULL ? CELLSEG_OK : cseg_error_last();
}
