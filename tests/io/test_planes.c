/* SPDX-License-Identifier: BSD-3-Clause */
/* The choice of planes by hostile and damaged texts: no crash, bounded time and memory, failing allocations, cancel. */
#include "testing.h"

#include "io/io.h"
#include "io/xml.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>

#define OME_HEAD                                                                                                                 \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<OME xmlns=\"http://www.openmicroscopy.org/Schemas/OME/2016-06\" UUID=\"u:a\">"

static const char ome[] = OME_HEAD
    "<Image ID=\"Image:0\" Name=\"first &amp; best\"><Pixels DimensionOrder=\"XYCZT\" SizeC=\"2\" SizeZ=\"2\" SizeT=\"1\" "
    "PhysicalSizeX=\"500\" PhysicalSizeXUnit=\"nm\" PhysicalSizeY=\"0.5\"><Channel Name=\"actin\" SamplesPerPixel=\"1\"/>"
    "<Channel Name=\"DNA\"/><TiffData IFD=\"2\" FirstC=\"1\" FirstZ=\"0\" PlaneCount=\"2\"/><TiffData IFD=\"0\"/>"
    "<TiffData IFD=\"1\" FirstC=\"1\" FirstZ=\"1\"><UUID FileName=\"a.ome.tif\">u:a</UUID></TiffData></Pixels></Image>"
    "<!-- > --><Image Name=\"second\"><Pixels DimensionOrder=\"XYZTC\" SizeC=\"1\" SizeZ=\"1\" SizeT=\"1\"><TiffData IFD=\"4\">"
    "<UUID FileName=\"b.ome.tif\">u:b</UUID></TiffData></Pixels></Image></OME>";
static const char imagej[] =
    "ImageJ=1.53t\nimages=4\nchannels=2\nslices=2\nhyperstack=true\nunit=\\u00B5m\nyunit=micron\norder=czt\n";
static const char metamorph[] =
    "<MetaData>\n<prop id=\"spatial-calibration-state\" type=\"bool\" value=\"on\"/>\n<prop id=\"spatial-calibration-x\" "
    "value=\"0.5\"/><prop id=\"spatial-calibration-y\" value=\"0.5\"/><prop id=\"spatial-calibration-units\" value=\"um\"/>"
    "</MetaData>";
static const char shaped[] = "{\"shape\": [2, 2, 6, 8], \"axes\": \"ZCYX\"}";
static const char *const texts[] = {ome, imagej, metamorph, shaped};
enum { TEXTS = sizeof texts / sizeof *texts, PAGES = 4 };

static const uint16_t samples[PAGES] = {1, 1, 1, 1};
static const cseg_io_request one_slice = {.series = -1, .z = 1, .t = -1},
                             all_slices = {.series = -1, .z = CELLSEG_Z_MAX, .t = -1},
                             no_slice = {.series = -1, .z = -1, .t = -1};

static cseg_io_contents contents_of(const char *text) {
    return (cseg_io_contents){
        .samples = samples, .pages = PAGES, .calibration = {.description = text, .x_density = 2, .y_density = 2, .unit_um = 1}};
}

static cellseg_status choose(cellseg_context *context, const char *text, const cseg_io_request *request) {
    const cseg_io_contents contents = contents_of(text);
    cseg_io_selection selection;
    const cellseg_status status = cseg_planes_choose(&selection, context, &contents, request);
    if (status == CELLSEG_OK) {
        assert_true(selection.channel_count >= 1 && selection.plane_count >= selection.channel_count);
        for (size_t i = 0; i < selection.channel_count; i++)
            assert_true(selection.channels[i].count >= 1 &&
                        selection.channels[i].first + selection.channels[i].count <= selection.plane_count);
        for (size_t i = 0; i < selection.plane_count; i++)
            assert_true(selection.planes[i].sample == 0);
        cseg_planes_free(&selection);
    }
    assert_null(selection.channels);
    assert_null(selection.planes);
    return status;
}

/* ---- the choice ---- */

static void selection_of(cseg_io_selection *s, const char *text, const cseg_io_request *request) {
    const cseg_io_contents contents = contents_of(text);
    assert_ok(cseg_planes_choose(s, NULL, &contents, request));
}

static void planes_in_the_order_of_the_text(void **state) {
    (void)state;
    static const size_t pages[2][2] = {{0, 2}, {3, 1}}; /* of slice and channel; IFD 2 and 3 are channel 1, then the next slice */
    for (int32_t z = 0; z < 2; z++) {
        cseg_io_selection s;
        selection_of(&s, ome, &(cseg_io_request){.series = -1, .z = z, .t = -1});
        assert_int_equal(s.channel_count, 2);
        assert_int_equal(s.planes[0].page, pages[z][0]);
        assert_int_equal(s.planes[1].page, pages[z][1]);
        assert_string_equal(s.channels[0].name, "actin");
        assert_string_equal(s.channels[1].name, "DNA");
        assert_true(s.pixel_size_um == 0.5);
        cseg_planes_free(&s);
    }
    assert_status(choose(NULL, ome, &(cseg_io_request){.series = 1, .z = 0, .t = -1}), CELLSEG_ERR_FORMAT);
    assert_non_null(strstr(cellseg_last_error(), "b.ome.tif"));
}

static void slices_and_their_maximum(void **state) {
    (void)state;
    cseg_io_selection s;
    selection_of(&s, imagej, &one_slice);
    assert_int_equal(s.channel_count, 2);
    assert_int_equal(s.plane_count, 2);
    assert_int_equal(s.planes[0].page, 2);
    assert_int_equal(s.planes[1].page, 3);
    assert_true(s.pixel_size_um == 0.5);
    cseg_planes_free(&s);
    selection_of(&s, shaped, &all_slices);
    assert_int_equal(s.channel_count, 2);
    assert_int_equal(s.plane_count, 4);
    assert_int_equal(s.channels[1].first, 2);
    assert_int_equal(s.channels[1].count, 2);
    assert_int_equal(s.planes[2].page, 1);
    assert_int_equal(s.planes[3].page, 3);
    cseg_planes_free(&s);
    selection_of(&s, metamorph, &(cseg_io_request){.pixel_size_um = 0.6, .series = -1, .z = -1, .t = -1});
    assert_int_equal(s.channel_count, PAGES);
    cseg_planes_free(&s);
}

static void planes_behind_the_first_page(void **state) {
    (void)state;
    cseg_io_selection s;
    cseg_io_contents contents = {.samples = samples, .pages = 1, .metamorph_planes = 3, .metamorph_times = true};
    assert_status(cseg_planes_choose(&s, NULL, &contents, &no_slice), CELLSEG_ERR_FORMAT);
    assert_ok(cseg_planes_choose(&s, NULL, &contents, &(cseg_io_request){.series = -1, .z = -1, .t = 2}));
    assert_int_equal(s.planes[0].page, 2);
    cseg_planes_free(&s);
    contents.metamorph_times = false;
    assert_ok(cseg_planes_choose(&s, NULL, &contents, &all_slices));
    assert_int_equal(s.plane_count, 3);
    cseg_planes_free(&s);
    contents.metamorph_planes = UINT32_MAX;
    assert_status(cseg_planes_choose(&s, NULL, &contents, &all_slices), CELLSEG_ERR_FORMAT);
    contents = (cseg_io_contents){.samples = samples, .pages = 1};
    contents.calibration.description = "ImageJ=1.53t\nimages=2147483647\nframes=16777216\n";
    assert_status(cseg_planes_choose(&s, NULL, &contents, &no_slice), CELLSEG_ERR_FORMAT);
}

/* Directories 0 and 2 of the chain are a thumbnail and a smaller level: pages 0, 1, 2 are directories 1, 3, 4. */
static void directories_that_are_no_pages(void **state) {
    (void)state;
    static const size_t directories[] = {1, 3, 4};
    static const char two[] =
        OME_HEAD "<Image><Pixels SizeC=\"2\" DimensionOrder=\"XYCZT\"><TiffData IFD=\"3\" FirstC=\"1\"/>"
                 "<TiffData IFD=\"1\"/></Pixels></Image><Image><Pixels><TiffData IFD=\"0\"/></Pixels></Image>"
                 "</OME>";
    static const char all[] = OME_HEAD "<Image><Pixels SizeC=\"3\" DimensionOrder=\"XYCZT\"><TiffData/></Pixels></Image></OME>";
    static const char gap[] =
        OME_HEAD "<Image><Pixels SizeC=\"2\" DimensionOrder=\"XYCZT\"><TiffData IFD=\"1\" PlaneCount=\"2\"/>"
                 "</Pixels></Image></OME>";
    cseg_io_contents contents = {.samples = samples, .pages = 3, .directories = directories, .directory_count = 5};
    cseg_io_selection s;
    contents.calibration.description = two;
    assert_ok(cseg_planes_choose(&s, NULL, &contents, &no_slice));
    assert_int_equal(s.channel_count, 2);
    assert_int_equal(s.planes[0].page, 0);
    assert_int_equal(s.planes[1].page, 1);
    cseg_planes_free(&s);
    assert_status(cseg_planes_choose(&s, NULL, &contents, &(cseg_io_request){.series = 1, .z = -1, .t = -1}), CELLSEG_ERR_FORMAT);
    assert_non_null(strstr(cellseg_last_error(), "thumbnail"));
    contents.calibration.description = all;
    assert_ok(cseg_planes_choose(&s, NULL, &contents, &no_slice));
    assert_int_equal(s.planes[2].page, 2);
    cseg_planes_free(&s);
    contents.calibration.description = gap;
    assert_status(cseg_planes_choose(&s, NULL, &contents, &no_slice), CELLSEG_ERR_FORMAT);
}

/* ---- damage ---- */

static uint64_t accepted;

static void try_all(const char *text) {
    static const cseg_io_request *const requests[] = {&one_slice, &all_slices, &no_slice};
    for (size_t r = 0; r < sizeof requests / sizeof *requests; r++) {
        const cellseg_status status = choose(NULL, text, requests[r]);
        assert_true(status == CELLSEG_OK || status == CELLSEG_ERR_FORMAT || status == CELLSEG_ERR_ARGUMENT);
        accepted += status == CELLSEG_OK;
    }
}

static void truncated_texts(void **state) {
    (void)state;
    char text[2048];
    for (size_t t = 0; t < TEXTS; t++)
        for (size_t length = 0; length <= strlen(texts[t]); length++) {
            memcpy(text, texts[t], length);
            text[length] = '\0';
            try_all(text);
        }
    assert_true(accepted > 0);
}

static void changed_texts(void **state) {
    (void)state;
    static const char *const words[] = {"99999999999", "-1", "&#0;",       "&l;",  "<",   ">",
                                        "\"",          "0",  "4294967296", "\xff", "]]>", "<!DOCTYPE a [<!ENTITY b \"c\">]>"};
    char text[4096];
    uint64_t seed = 15;
    for (int mutant = 0; mutant < 4000; mutant++) {
        const char *from = texts[mutant % TEXTS];
        size_t length = strlen(from);
        memcpy(text, from, length + 1);
        for (uint64_t changes = 1 + test_random(&seed) % 3; changes > 0; changes--) {
            const uint64_t r = test_random(&seed);
            const size_t at = (size_t)((r >> 8) % length);
            const char *word = words[(r >> 40) % (sizeof words / sizeof *words)];
            if ((r & 3) == 0)
                text[at] = (char)(1 + (r >> 56) % 255);
            else if ((r & 3) == 1 && length + strlen(word) < sizeof text) {
                memmove(text + at + strlen(word), text + at, length + 1 - at);
                memcpy(text + at, word, strlen(word));
            } else {
                const size_t most = 1 + (size_t)((r >> 20) % 40), gone = most < length - at ? most : 1;
                memmove(text + at, text + at + gone, length + 1 - at - gone);
            }
            length = strlen(text);
            if (length == 0)
                break;
        }
        try_all(text);
    }
}

/* ---- memory, cancel, callbacks ---- */

typedef struct job {
    const char *text;
    const cseg_io_request *request;
} job;

static cellseg_status choose_with(cellseg_context *context, void *data) {
    const job *j = data;
    return choose(context, j->text, j->request);
}

static void failing_allocations(void **state) {
    (void)state;
    static const char whole[] = OME_HEAD
        "<Image><Pixels DimensionOrder=\"XYCZT\" SizeC=\"2\" SizeZ=\"2\" PhysicalSizeX=\"0.5\"><Channel Name=\"a\"/><Channel "
        "Name=\"b\"/><TiffData/></Pixels></Image></OME>";
    job jobs[] = {{whole, &all_slices},
                  {imagej, &one_slice},
                  {metamorph, &(cseg_io_request){0.5, 0, -1, -1, -1, 0, false, false}},
                  {shaped, &one_slice}};
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++)
        assert_survives_failing_allocations(choose_with, &jobs[i]);
}

static void a_budget_is_kept(void **state) {
    (void)state;
    cellseg_context_options options;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.threads = 1;
    options.memory_budget_bytes = 2000;
    cellseg_context *context;
    assert_ok(cellseg_context_new(&context, &options));
    assert_status(choose(context, ome, &one_slice), CELLSEG_ERR_LIMIT);
    cellseg_context_free(context);
}

/* A callback that uses the library itself within the parse; and that stops the call at a given report. */
typedef struct watcher {
    int reports, stop_at;
} watcher;

static int32_t on_progress(void *user, double fraction, const char *step) {
    watcher *w = user;
    (void)fraction, (void)step;
    assert_ok(choose(NULL, imagej, &one_slice));
    return ++w->reports == w->stop_at;
}

static cellseg_status choose_watched(watcher *w, const char *text) {
    cellseg_context_options options;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.threads = 1;
    options.progress = on_progress;
    options.progress_user = w;
    cellseg_context *context;
    assert_ok(cellseg_context_new(&context, &options));
    cseg_call call;
    cseg_call_begin(&call, context);
    const cellseg_status status = cseg_call_end(&call, choose(context, text, &no_slice));
    cellseg_context_free(context);
    return status;
}

static void cancel_within_the_text(void **state) {
    (void)state;
    enum { ELEMENTS = 300000 };
    char *text = malloc(ELEMENTS * 4 + 1024);
    assert_non_null(text);
    char *end = text + sprintf(text, "%s<Image><Pixels SizeC=\"4\" DimensionOrder=\"XYCZT\"><TiffData/>", OME_HEAD);
    for (int i = 0; i < ELEMENTS; i++, end += 4)
        memcpy(end, "<a/>", 4);
    (void)sprintf(end, "</Pixels></Image></OME>");
    watcher w = {0, 0};
    assert_ok(choose_watched(&w, text));
    assert_true(w.reports >= 2); /* one from the parse, one at the end */
    w = (watcher){0, 1};
    assert_status(choose_watched(&w, text), CELLSEG_ERR_CANCELLED);
    free(text);
}

/* ---- numbers ---- */

static void numbers_in_any_locale(void **state) {
    (void)state;
    (void)setlocale(LC_ALL, "de_DE.UTF-8"); /* where it is installed */
    uint64_t seed = 4;
    for (int i = 0; i < 20000; i++) {
        char text[64];
        const double value = ldexp(test_uniform(&seed) + 0.5, (int)(test_random(&seed) % 200) - 100);
        (void)setlocale(LC_NUMERIC, "C");
        (void)snprintf(text, sizeof text, "%.*g", 1 + (int)(test_random(&seed) % 17), value);
        const double expected = strtod(text, NULL);
        (void)setlocale(LC_NUMERIC, "de_DE.UTF-8");
        const double parsed = cseg_quantity_parse(text, strlen(text));
        assert_true(fabs(parsed - expected) <= 1e-14 * expected);
    }
    (void)setlocale(LC_ALL, "C");
    static const char *const none[] = {"",    ".",  "e",     "e5",     "1e",  "1,5", "0x1p3", "nan",
                                       "inf", "-1", "1e999", "1e-999", "1 2", "--1", "1e+-3"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_true(cseg_quantity_parse(none[i], strlen(none[i])) == 0);
    uint32_t whole = 7;
    assert_false(cseg_quantity_parse_whole(&whole, "11", 2, 10));
    assert_false(cseg_quantity_parse_whole(&whole, "", 0, 10));
    assert_false(cseg_quantity_parse_whole(&whole, "99999999999999999999999", 23, UINT32_MAX));
    assert_int_equal(whole, 7);
    assert_true(cseg_quantity_parse_whole(&whole, " 10\r", 4, 10) && whole == 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planes_in_the_order_of_the_text),
        cmocka_unit_test(slices_and_their_maximum),
        cmocka_unit_test(planes_behind_the_first_page),
        cmocka_unit_test(directories_that_are_no_pages),
        cmocka_unit_test(truncated_texts),
        cmocka_unit_test(changed_texts),
        cmocka_unit_test(failing_allocations),
        cmocka_unit_test(a_budget_is_kept),
        cmocka_unit_test(cancel_within_the_text),
        cmocka_unit_test(numbers_in_any_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
