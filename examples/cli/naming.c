/* SPDX-License-Identifier: BSD-3-Clause */
#include "naming.h"

#include "cli.h"
#include "suggest.h"
#include "text.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *const part_names[] = {"plate", "well", "row", "column", "field", "channel", "z", "t", NULL};

/* ---- instruments ---- */

#define PLATE "(?:(?P<plate>[^/]+?)_)??"
#define ROW "(?:A[A-F]|[A-P])"
#define WELL "(?P<well>" ROW "\\d{1,2})"
#define GUID "[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}"
#define IMAGE "\\.(?:tiff?|png|flex)$"

/* The narrower come first; an example is above each. */
static const char *const instruments[] = {
    /* Operetta, Opera Phenix (Harmony): r01c02f03p01-ch2sk1fk1fl1.tiff */
    "(?:^|/"
    ")r(?P<row>\\d+)c(?P<column>\\d+)f(?P<field>\\d+)p(?P<z>\\d+)-(?P<channel>ch\\d+)(?:(?:sk|t)(?P<t>\\d+))?[a-z0-9]*" IMAGE,
    /* Columbus: 001002-3-001001002.tif, of row and column, field, time, plane, channel */
    "(?:^|/)(?P<row>\\d{3})(?P<column>\\d{3})-(?P<field>\\d+)-(?P<t>\\d{3})(?P<z>\\d{3})(?P<channel>\\d{3})" IMAGE,
    /* Opera: 001002003.flex */
    "(?:^|/)(?P<row>\\d{3})(?P<column>\\d{3})(?P<field>\\d{3})" IMAGE,
    /* IN Cell 2000, 6000: plate_A - 01(fld 1 wv DAPI - DAPI z 2 time 1 - 0 ms).tif */
    "(?:^|/)" PLATE "(?P<row>" ROW
    ") - (?P<column>\\d+)\\(fld (?P<field>\\d+)(?: wv (?P<channel>[^()]+?))?(?: wix \\d+)?(?: z (?P<z>\\d+))?"
    "(?: time (?P<t>\\d+)[^()]*)?\\)" IMAGE,
    /* IN Cell 6500: A_01_f1_c2_x405_m10_z1_t1_i1_o1_s1.tiff */
    "(?:^|/)(?P<row>" ROW ")_(?P<column>\\d+)_f(?P<field>\\d+)_(?P<channel>c\\d+)_[^/]*_z(?P<z>\\d+)_t(?P<t>\\d+)[^/]*" IMAGE,
    /* IN Cell: A_01_fld_1_wv_405_Blue.tif */
    "(?:^|/)(?P<row>" ROW ")_(?P<column>\\d+)_fld_(?P<field>\\d+)_wv_(?P<channel>[^/.]+)" IMAGE,
    /* CellVoyager: plate_B02_T0001F001L01A01Z01C01.tif */
    "(?:^|/)" PLATE WELL "_T(?P<t>\\d+)F(?P<field>\\d+)L\\d+A\\d+Z(?P<z>\\d+)(?P<channel>C\\d+)" IMAGE,
    /* Cellomics: plate_D03f00d1.tif */
    "(?:^|/)" PLATE WELL "f(?P<field>\\d+)(?P<channel>d\\d+)" IMAGE,
    /* Cytation: B7_01_2_3_GFP_001.tif, of well, step, number of the channel, field, channel, time */
    "(?:^|/)" WELL "_\\d+_\\d+_(?P<field>\\d+)_(?P<channel>[^/_]+)_(?P<t>\\d+)" IMAGE,
    /* Micro-Manager 2: img_channel001_position003_time000000000_z002.tif */
    "(?:^|/)img_(?P<channel>channel\\d+)_position(?P<field>\\d+)_time(?P<t>\\d+)_z(?P<z>\\d+)" IMAGE,
    /* Micro-Manager 1: A1-Site_0/img_000000000_DAPI_000.tif, Pos3/img_000000000_DAPI_000.tif */
    "(?:^|/)(?:" WELL "-Site_(?P<field>\\d+)/|Pos(?P<field>\\d+)/)?img_(?P<t>\\d{9})_(?P<channel>[^/]+)_(?P<z>\\d{3})" IMAGE,
    /* Micro-Manager, all channels in a file: plate_MMStack_A1-Site_0.ome.tif, plate_MMStack_Pos3.ome.tif */
    "(?:^|/)" PLATE "MMStack_(?:[^/]*" WELL "-Site_(?P<field>\\d+)|Pos(?P<field>\\d+))[^/]*" IMAGE,
    /* ImageXpress: TimePoint_1/ZStep_2/plate_A01_s1_w2<GUID>.tif; by hand, and OME-TIFF: plate_A01_site1_Ch2.ome.tif */
    "(?:^|/)(?:TimePoint_(?P<t>\\d+)/)?(?:ZStep_(?P<z>\\d+)/)?" PLATE WELL "(?:_(?:site|field|fld|f|s)_?(?P<field>\\d+))?"
    "(?:_(?P<channel>(?:channel|ch|c)_?\\d+|w\\d+?)(?:" GUID ")?)?(?:_z(?P<z>\\d+))?(?:_t(?P<t>\\d+))?(?:\\.ome)?" IMAGE,
};
enum { INSTRUMENTS = sizeof instruments / sizeof *instruments };
static pattern *compiled[INSTRUMENTS];

void begin_instruments(void) {
    char fault[PATTERN_FAULT_SIZE] = "";
    for (int i = 0; i < INSTRUMENTS; i++) {
        compiled[i] = pattern_new(instruments[i], fault);
        assert(compiled[i] != NULL);
    }
}

void end_instruments(void) {
    for (int i = 0; i < INSTRUMENTS; i++) {
        pattern_free(compiled[i]);
        compiled[i] = NULL;
    }
}

/* ---- parts ---- */

int find_part(const char *name, const char *where) {
    suggestion near = begin_suggestion(name, strlen(name));
    char hint[128];
    int part = 0;
    while (part < PARTS && strcasecmp(name, part_names[part]) != 0)
        compare_word(&near, part_names[part++]);
    write_suggestion(hint, sizeof hint, &near, "");
    if (part == PARTS)
        print_error("%s: \"%s\" is none of plate, well, row, column, field, channel, z, t%s", where, name, hint);
    return part;
}

void set_part(plate_place *to, int part, const char *text, size_t length) {
    if (length == 0 || to->parts[part] != NULL)
        return;
    to->parts[part] = check_memory(copy_text(text, length));
}

static bool is_whole(const char *text) {
    return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

void replace_part(plate_place *l, int part, const char *text) {
    char *copy = check_memory(copy_text(text, strlen(text)));
    free(l->parts[part]);
    l->parts[part] = copy;
}

static void drop_zeros(plate_place *l, int part) {
    char *text = l->parts[part];
    if (text == NULL || !is_whole(text))
        return;
    size_t zeros = strspn(text, "0");
    zeros -= text[zeros] == '\0';
    memmove(text, text + zeros, strlen(text + zeros) + 1);
}

/* Row 1 is A, 27 is AA, as on plates of 1536 wells. */
static bool write_row(char row[4], const char *text) {
    const long number = is_whole(text) ? strtol(text, NULL, 10) : 0;
    const size_t letters = strlen(text);
    row[0] = '\0';
    if (number > 0 && number <= 26)
        (void)snprintf(row, 4, "%c", (char)('A' + number - 1));
    else if (number > 26 && number <= 52)
        (void)snprintf(row, 4, "A%c", (char)('A' + number - 27));
    else if (number == 0 && (letters == 1 || letters == 2) && isalpha((unsigned char)text[0]) &&
             (letters == 1 || isalpha((unsigned char)text[1])))
        (void)snprintf(row, 4, "%c%s", toupper((unsigned char)text[0]), letters == 2 ? text + 1 : "");
    if (row[0] != '\0' && row[1] != '\0')
        row[1] = (char)toupper((unsigned char)row[1]);
    return row[0] != '\0';
}

/* "B03", "b3", "B - 03": letters, then digits. */
static void split_well(plate_place *l) {
    const char *well = l->parts[PART_WELL];
    const size_t letters = strcspn(well, "0123456789 -_"), signs = strspn(well + letters, " -_");
    set_part(l, PART_ROW, well, letters);
    set_part(l, PART_COLUMN, well + letters + signs, strlen(well + letters + signs));
}

bool settle_place(plate_place *l) {
    static const int numbers[] = {PART_COLUMN, PART_FIELD, PART_Z, PART_T};
    char row[4], well[64];
    if (l->parts[PART_WELL] != NULL)
        split_well(l);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        drop_zeros(l, numbers[i]);
    const char *column = l->parts[PART_COLUMN];
    if (l->parts[PART_ROW] == NULL && column == NULL && l->parts[PART_WELL] == NULL)
        return true;
    if (l->parts[PART_ROW] == NULL || column == NULL || !write_row(row, l->parts[PART_ROW]) || !is_whole(column) ||
        strlen(column) > 4)
        return false;
    (void)snprintf(well, sizeof well, "%s%s%s", row, strlen(column) < 2 ? "0" : "", column);
    replace_part(l, PART_ROW, row);
    replace_part(l, PART_WELL, well);
    return true;
}

void free_place(plate_place *l) {
    for (int i = 0; i < PARTS; i++)
        free(l->parts[i]);
    *l = (plate_place){0};
}

/* ---- names ---- */

pattern *pattern_of_user(const char *text) {
    char fault[PATTERN_FAULT_SIZE];
    const char *name;
    pattern *p = pattern_new(text, fault);
    if (p == NULL)
        print_error("--pattern %s: %s", text, fault);
    else if (pattern_group_name(p, 0) == NULL) {
        print_error("--pattern %s: has no named group, such as (?P<well>[A-P]\\d+) or (?P<channel>w\\d)", text);
        pattern_free(p);
        return NULL;
    }
    for (int i = 0; p != NULL && (name = pattern_group_name(p, i)) != NULL; i++)
        if (find_part(name, "--pattern") == PARTS) {
            pattern_free(p);
            return NULL;
        }
    return p;
}

static int part_of_group(const char *name) {
    int part = 0;
    while (part < PARTS && strcasecmp(name, part_names[part]) != 0)
        part++;
    return part;
}

static bool locate_by(plate_place *l, const pattern *p, const char *path) {
    span groups[PATTERN_GROUPS];
    const char *name, *last = strrchr(path, '/');
    if (!pattern_find(p, path, groups))
        return false;
    for (int i = 0; (name = pattern_group_name(p, i)) != NULL; i++) {
        const int part = part_of_group(name);
        if (groups[i].begin == NULL)
            continue;
        set_part(l, part, groups[i].begin, groups[i].length);
        l->spans_folders = l->spans_folders || (part == PART_CHANNEL && groups[i].begin < last);
    }
    if (settle_place(l))
        return true;
    free_place(l);
    return false;
}

bool locate(plate_place *l, const pattern *p, const char *path) {
    *l = (plate_place){0};
    if (p != NULL)
        return locate_by(l, p, path);
    for (int i = 0; i < INSTRUMENTS; i++)
        if (locate_by(l, compiled[i], path))
            return true;
    return false;
}

/* ---- comparing ---- */

/* The value of the digits at *text, which is moved behind them. */
static unsigned long long take_number(const char **text) {
    char *end;
    const unsigned long long value = strtoull(*text, &end, 10);
    *text = end;
    return value;
}

int compare_names(const char *a, const char *b) {
    const char *const whole_a = a, *const whole_b = b;
    while (*a != '\0' && *b != '\0') {
        if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
            const unsigned long long of_a = take_number(&a), of_b = take_number(&b);
            if (of_a != of_b)
                return of_a < of_b ? -1 : 1;
            continue;
        }
        const int order = tolower((unsigned char)*a++) - tolower((unsigned char)*b++);
        if (order != 0)
            return order;
    }
    return *a != *b ? (*a != '\0' ? 1 : -1) : strcmp(whole_a, whole_b);
}

bool is_channel(const char *name, const char *word) {
    while (*name != '\0' && *word != '\0') {
        if (isdigit((unsigned char)*name) && isdigit((unsigned char)*word)) {
            if (take_number(&name) != take_number(&word))
                return false;
        } else if (tolower((unsigned char)*name++) != tolower((unsigned char)*word++))
            return false;
    }
    return *name == *word;
}
