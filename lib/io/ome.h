/* SPDX-License-Identifier: BSD-3-Clause */
/* OME-XML: what the description of an OME-TIFF file states about its images and their planes. Reference: OME model 2016-06. */
#ifndef CSEG_OME_H
#define CSEG_OME_H

#include "io/axes.h"
#include "io/xml.h"

/* A <TiffData>: planes from (c, z, t) on lie in the IFDs from `ifd` on. */
typedef struct cseg_ome_block {
    uint32_t ifd, at[CSEG_AXIS_COUNT], count; /* count 0: not stated */
    bool has_ifd, elsewhere;                  /* elsewhere: in another file */
    size_t file;                              /* text: the name of the other file */
} cseg_ome_block;

typedef struct cseg_ome_channel {
    size_t name;      /* text */
    uint32_t samples; /* 0: not stated */
} cseg_ome_channel;

/* An <Image> with its <Pixels>. Its channels and blocks follow one another in the lists of all. */
typedef struct cseg_ome_image {
    size_t name;                    /* text */
    uint32_t size[CSEG_AXIS_COUNT]; /* size[CSEG_AXIS_C]: SizeC, which counts samples */
    char order[4];                  /* "CZT" for XYCZT; "": not stated */
    cseg_io_scale scale;
    size_t channel, channels, block, blocks;
    bool metadata_only;
} cseg_ome_image;

typedef struct cseg_ome {
    bool present;         /* the text is OME-XML, or claims to be */
    cseg_xml_fault fault; /* why the text cannot be relied on; "": it can */
    cseg_ome_image *images;
    cseg_ome_channel *channels;
    cseg_ome_block *blocks;
    size_t image_count, channel_count, block_count;
    size_t metadata_file; /* text: where the metadata of a file without its own lie; 0: here */
    cseg_text texts;      /* each ends with a zero; the one at 0 is empty */
} cseg_ome;

/* Whether a description, NULL or any text, is OME-XML or claims to be, without parsing it. */
bool cseg_ome_is(const char *description);

/* description: NULL, or any text. Broken text is no failure: see `fault`. Release with cseg_ome_free(), also after a failure. */
cellseg_status cseg_ome_parse(cseg_ome *ome, cellseg_context *context, const char *description);
void cseg_ome_free(cseg_ome *ome);

/* A text of the document; NULL where there is none. Valid until cseg_ome_free(). */
const char *cseg_ome_text(const cseg_ome *ome, size_t text);

/* ---- series.c ---- */

/*
 * The planes of the image that the request names, and which image that is. CELLSEG_ERR_FORMAT where images and pages contradict
 * each other, and where several images are here and the request names none.
 */
cellseg_status cseg_series_lay_out(cseg_axes *axes, const cseg_ome_image **image, cellseg_context *context, const cseg_ome *ome,
                                   const cseg_io_contents *contents, const cseg_io_request *request);

#endif
