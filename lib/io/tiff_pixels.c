/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The pixels of the selected planes, in two passes over their pages, in the file's order. The first checks each page and its
 * table of strips or tiles. The second finds the same again, or the file has changed; it decodes each block once and copies the
 * samples that channels need. The image is allocated when the first rows are decoded.
 */
#include "io/tiff.h"

#include <string.h>

/* A plane of the selection, in the order of pages and samples. */
typedef struct plane {
    size_t page;
    uint16_t sample;
    int32_t channel;
    bool merges; /* the channel has pixels already */
} plane;

/* A page whose planes[first .. last) are read. */
typedef struct group {
    cseg_page page;
    uint64_t digest; /* of the table */
    size_t first, last;
} group;

typedef struct buffer {
    void *bytes;
    size_t size;
} buffer;

typedef struct reader {
    cellseg_context *context;
    cseg_ifd *ifd;
    const cseg_survey *survey;
    const cseg_io_selection *selection;
    const cseg_io_request *request;
    plane *planes;
    group *groups;
    size_t group_count;
    cseg_io_claim claim;
    cellseg_image *image;      /* NULL until the first rows are decoded */
    buffer band, scratch, row; /* decoded rows; a row of a band; a row of the image */
} reader;

static cellseg_status reserve(buffer *b, cellseg_context *context, size_t size) {
    if (b->size >= size)
        return CELLSEG_OK;
    cseg_memory_free(b->bytes);
    *b = (buffer){cseg_memory_alloc(context, size, 1), size};
    if (b->bytes != NULL)
        return CELLSEG_OK;
    b->size = 0;
    return cseg_error_last();
}

/* ---- the selection in the file's order ---- */

static void list_channels(const reader *r, int32_t *channels) {
    for (size_t c = 0; c < r->selection->channel_count; c++)
        for (size_t i = 0; i < r->selection->channels[c].count; i++)
            channels[r->selection->channels[c].first + i] = (int32_t)c;
}

static void fill_planes(reader *r, const cseg_keyed *order, const int32_t *channels, bool *begun) {
    for (size_t i = 0; i < r->selection->plane_count; i++) {
        const cseg_io_plane *from = &r->selection->planes[order[i].value];
        const int32_t channel = channels[order[i].value];
        r->planes[i] = (plane){from->page, from->sample, channel, begun[channel]};
        begun[channel] = true;
        if (i == 0 || from->page != r->planes[i - 1].page)
            r->groups[r->group_count++] = (group){.first = i};
        r->groups[r->group_count - 1].last = i + 1;
    }
}

static cellseg_status sort_planes(reader *r) {
    const size_t count = r->selection->plane_count;
    cseg_keyed *order = cseg_memory_alloc(r->context, count, sizeof *order);
    int32_t *channels = cseg_memory_calloc(r->context, count, sizeof *channels);
    bool *begun = cseg_memory_calloc(r->context, r->selection->channel_count, sizeof *begun);
    r->planes = cseg_memory_calloc(r->context, count, sizeof *r->planes);
    r->groups = cseg_memory_calloc(r->context, count, sizeof *r->groups);
    const bool enough = order != NULL && channels != NULL && begun != NULL && r->planes != NULL && r->groups != NULL;
    cellseg_status status = enough ? CELLSEG_OK : cseg_error_last();
    if (status == CELLSEG_OK) {
        list_channels(r, channels);
        for (size_t i = 0; i < count; i++)
            order[i] = (cseg_keyed){(uint64_t)r->selection->planes[i].page << 16 | r->selection->planes[i].sample, i};
        status = cseg_sort_keyed(r->context, order, count);
    }
    if (status == CELLSEG_OK)
        fill_planes(r, order, channels, begun);
    cseg_memory_free(order);
    cseg_memory_free(channels);
    cseg_memory_free(begun);
    return status;
}

/* ---- first pass ---- */

/* A plane behind the first page's strips: `index` pages after it. */
static cellseg_status find_behind(cseg_page *page, const reader *r, size_t index) {
    const cseg_page *first = &r->survey->pages[r->survey->full[0]];
    const uint64_t bytes = cseg_page_row_bytes(first) * first->height;
    if (cseg_codec_expansion(first->compression) != 1 || first->tiled || first->separate || first->bits % 8 != 0)
        return cseg_fail(CELLSEG_ERR_FORMAT, "page %u: planes without a directory cannot follow compressed or planar pixels",
                         first->number);
    if (bytes == 0 || index > r->ifd->file->size / bytes)
        return cseg_fail(CELLSEG_ERR_FORMAT, "page %u: plane %zu behind it lies beyond the file's %llu bytes", first->number,
                         index, (unsigned long long)r->ifd->file->size);
    *page = *first;
    page->behind = bytes * index;
    return CELLSEG_OK;
}

static cellseg_status find_page(cseg_page *page, const reader *r, size_t index) {
    if (index >= r->survey->full_count)
        return find_behind(page, r, index);
    *page = r->survey->pages[r->survey->full[index]];
    if (r->request->level_um == 0)
        return CELLSEG_OK;
    if (r->selection->pixel_size_um == 0)
        return cseg_fail(CELLSEG_ERR_FORMAT, "a level of %g um is asked for, and the pixel size is unknown",
                         r->request->level_um);
    return cseg_survey_level(page, r->survey, r->ifd, index, r->selection->pixel_size_um, r->request->level_um);
}

static cellseg_status check_alike(const cseg_page *page, const cseg_page *first) {
    if (cseg_page_alike(page, first))
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_FORMAT, "page %u is %u x %u %s, page %u is %u x %u %s; pages of one image must be alike",
                     page->number, page->height, page->width, cseg_page_kind(page), first->number, first->height, first->width,
                     cseg_page_kind(first));
}

/* The claim holds for the largest expansion of all pages. */
static void widen_claim(cseg_io_claim *claim, const cseg_page *page, const cseg_blocks *blocks) {
    const unsigned expansion = blocks->sparse ? 1 << 16 : cseg_codec_expansion(page->compression);
    claim->expansion = expansion > claim->expansion ? expansion : claim->expansion;
}

static cellseg_status check_group(reader *r, group *g) {
    cseg_blocks blocks;
    CSEG_TRY(find_page(&g->page, r, r->planes[g->first].page));
    CSEG_TRY(cseg_support_check(&g->page, r->request->labels));
    CSEG_TRY(check_alike(&g->page, &r->groups[0].page));
    if (r->planes[g->last - 1].sample >= g->page.samples)
        return cseg_fail(CELLSEG_ERR_FORMAT, "page %u has %u samples, and sample %u is to be read", g->page.number,
                         g->page.samples, r->planes[g->last - 1].sample + 1U);
    CSEG_TRY(cseg_page_load(r->ifd, &g->page));
    CSEG_TRY(cseg_blocks_load(&blocks, r->context, r->ifd, &g->page));
    g->digest = blocks.digest;
    widen_claim(&r->claim, &g->page, &blocks);
    cseg_blocks_free(&blocks);
    return cseg_progress_poll(r->context, 0);
}

static cellseg_status check_groups(reader *r) {
    for (size_t i = 0; i < r->group_count; i++)
        CSEG_TRY(check_group(r, &r->groups[i]));
    const cseg_page *first = &r->groups[0].page;
    r->claim.height = first->height;
    r->claim.width = first->width;
    r->claim.channels = r->selection->channel_count;
    r->claim.type = cseg_samples_type(first->format, first->bits);
    r->claim.bits_per_sample = first->bits;
    return cseg_claim_check(r->context, r->request, r->ifd->file, &r->claim);
}

/* ---- second pass ---- */

typedef struct position {
    uint32_t y, x;
    uint16_t sample; /* the first of the block */
} position;

static cellseg_status copy_row(reader *r, const cseg_page *page, const plane *p, const position *at, const char *from) {
    const cseg_plane to = cseg_image_plane(r->image, p->channel);
    const size_t columns = page->block_width < page->width - at->x ? page->block_width : page->width - at->x;
    void *target = (char *)cseg_row_at(&to, at->y) + at->x * cseg_plane_type_size(to.type);
    void *copy = p->merges ? r->row.bytes : target;
    CSEG_TRY(cseg_samples_copy(copy, from, columns, page, page->separate ? 0 : p->sample));
    if (page->photometric == 0 && !r->request->labels)
        cseg_samples_invert(copy, columns, page);
    if (p->merges)
        cseg_samples_merge(target, copy, columns, to.type);
    return CELLSEG_OK;
}

/* Copy `rows` decoded rows, the first of which is `at`, to each plane that needs them. Tiles may extend beyond the image. */
static cellseg_status copy_band(reader *r, const group *g, position at, uint32_t rows) {
    const cseg_page *page = &g->page;
    if (r->image == NULL)
        CSEG_TRY(cseg_claim_allocate(&r->image, r->context, r->request, r->ifd->file, &r->claim));
    if (cseg_codec_of_bytes(page->compression))
        cseg_samples_restore(r->band.bytes, rows, page, r->ifd->swapped, r->scratch.bytes);
    for (const char *from = r->band.bytes; rows > 0 && at.y < page->height; rows--, at.y++, from += cseg_page_row_bytes(page))
        for (size_t i = g->first; i < g->last; i++)
            if (!page->separate || r->planes[i].sample == at.sample)
                CSEG_TRY(copy_row(r, page, &r->planes[i], &at, from));
    return CELLSEG_OK;
}

static cellseg_status copy_rows(reader *r, const group *g, cseg_codec *codec, position at, double done, double share) {
    const uint32_t rows = cseg_page_block_rows(&g->page, at.y), band = cseg_codec_band(&g->page, rows);
    const size_t row_bytes = (size_t)cseg_page_row_bytes(&g->page);
    CSEG_TRY(reserve(&r->band, r->context, row_bytes * band));
    CSEG_TRY(reserve(&r->scratch, r->context, row_bytes));
    for (uint32_t y = 0; y < rows; y += band) {
        const uint32_t some = band < rows - y ? band : rows - y;
        CSEG_TRY(codec != NULL ? cseg_codec_read(codec, r->band.bytes, some) : CELLSEG_OK);
        if (codec == NULL)
            memset(r->band.bytes, 0, row_bytes * some); /* an absent block */
        CSEG_TRY(copy_band(r, g, (position){at.y + y, at.x, at.sample}, some));
        CSEG_TRY(cseg_progress_poll(r->context, done + share * (y + some) / rows));
    }
    return CELLSEG_OK;
}

static cellseg_status copy_block(reader *r, const group *g, cseg_codec *codec, const cseg_blocks *blocks, size_t index,
                                 double done, double share) {
    const size_t across = index % blocks->across, down = index / blocks->across % blocks->down;
    const position at = {(uint32_t)down * g->page.block_height, (uint32_t)across * g->page.block_width,
                         (uint16_t)(index / blocks->across / blocks->down)};
    const cseg_block *block = &blocks->blocks[index];
    cellseg_status status = CELLSEG_OK;
    if (block->size != 0)
        status = cseg_codec_begin(codec, block, cseg_page_block_rows(&g->page, at.y));
    if (status == CELLSEG_OK)
        status = copy_rows(r, g, block->size != 0 ? codec : NULL, at, done, share);
    return status == CELLSEG_ERR_FORMAT || status == CELLSEG_ERR_MEMORY || status == CELLSEG_ERR_IO
               ? cseg_page_fail_in(status, &g->page, index)
               : status;
}

static bool is_needed(const reader *r, const group *g, uint16_t sample) {
    for (size_t i = g->first; i < g->last; i++)
        if (!g->page.separate || r->planes[i].sample == sample)
            return true;
    return false;
}

static cellseg_status copy_blocks(reader *r, const group *g, cseg_codec *codec, const cseg_blocks *blocks) {
    const double share = 1.0 / (double)r->group_count / (double)blocks->count;
    const double before = (double)(g - r->groups) / (double)r->group_count;
    for (size_t i = 0; i < blocks->count; i++)
        if (is_needed(r, g, (uint16_t)(i / blocks->across / blocks->down)))
            CSEG_TRY(copy_block(r, g, codec, blocks, i, before + share * (double)i, share));
    return CELLSEG_OK;
}

/* The page's directory and table, which must be what the first pass saw. */
static cellseg_status load_again(cseg_blocks *blocks, const reader *r, const group *g) {
    CSEG_TRY(cseg_page_load(r->ifd, &g->page));
    const cellseg_status status = cseg_blocks_load(blocks, r->context, r->ifd, &g->page);
    if (status == CELLSEG_OK && blocks->digest == g->digest)
        return CELLSEG_OK;
    cseg_blocks_free(blocks);
    return status == CELLSEG_OK || status == CELLSEG_ERR_FORMAT
               ? cseg_fail(CELLSEG_ERR_IO, "page %u changed while it was read", g->page.number)
               : status;
}

static cellseg_status copy_group(reader *r, const group *g) {
    cseg_blocks blocks;
    cseg_codec *codec = NULL;
    CSEG_TRY(load_again(&blocks, r, g));
    cellseg_status status = reserve(&r->row, r->context, (size_t)g->page.width * cseg_plane_type_size(r->claim.type));
    if (status == CELLSEG_OK)
        status = cseg_codec_open(&codec, r->context, r->ifd, &g->page);
    if (status == CELLSEG_OK)
        status = copy_blocks(r, g, codec, &blocks);
    cseg_codec_close(codec);
    cseg_blocks_free(&blocks);
    return status;
}

/* Pixels of a level are larger than the full page's. */
static cellseg_status set_pixel_size(const reader *r) {
    const size_t index = r->planes[0].page;
    double pixel_size_um = r->selection->pixel_size_um;
    if (index < r->survey->full_count)
        pixel_size_um *= cseg_survey_scale(&r->groups[0].page, &r->survey->pages[r->survey->full[index]]);
    return cellseg_image_set_pixel_size_um(r->image, pixel_size_um);
}

static cellseg_status set_names(const reader *r) {
    for (size_t i = 0; i < r->selection->channel_count; i++)
        CSEG_TRY(cellseg_image_set_channel_name(r->image, (int32_t)i, r->selection->channels[i].name));
    return CELLSEG_OK;
}

static cellseg_status read_groups(reader *r) {
    CSEG_TRY(sort_planes(r));
    CSEG_TRY(check_groups(r));
    for (size_t i = 0; i < r->group_count; i++)
        CSEG_TRY(copy_group(r, &r->groups[i]));
    if (r->ifd->file->error != 0)
        return cseg_file_fail("cannot be read", r->ifd->file->error);
    CSEG_TRY(set_names(r));
    return set_pixel_size(r);
}

cellseg_status cseg_pixels_read(cellseg_image **out, cellseg_context *context, cseg_ifd *ifd, const cseg_survey *survey,
                                const cseg_io_selection *selection, const cseg_io_request *request) {
    reader r = {.context = context, .ifd = ifd, .survey = survey, .selection = selection, .request = request};
    *out = NULL;
    if (selection->plane_count == 0)
        return cseg_fail(CELLSEG_ERR_FORMAT, "no plane is selected");
    const cellseg_status status = read_groups(&r);
    if (status == CELLSEG_OK)
        *out = r.image;
    else
        cellseg_image_free(r.image);
    cseg_memory_free(r.planes);
    cseg_memory_free(r.groups);
    cseg_memory_free(r.band.bytes);
    cseg_memory_free(r.scratch.bytes);
    cseg_memory_free(r.row.bytes);
    return status;
}
