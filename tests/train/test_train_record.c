/* SPDX-License-Identifier: BSD-3-Clause */
/* Every member of the options is in the training record and in the checkpoints' hash, as its table states it. */
#include "discs.h"

#include "core/core.h"
#include "train/record.h"

typedef struct values {
    const cellseg_option_table *table;
    void *at;
} values;

enum { STRUCTS = 4 };

static void list_structs(values all[STRUCTS], cseg_recipe *r) {
    all[0] = (values){cellseg_train_options_table(), &r->options};
    all[1] = (values){cellseg_rate_schedule_table(), &r->schedule};
    all[2] = (values){cellseg_loss_table(), &r->loss};
    all[3] = (values){cellseg_augmentation_table(), &r->augmentation};
}

/* ---- the hash ---- */

static void test_the_hash_depends_on_every_number(void **state) {
    (void)state;
    cseg_recipe plain, changed;
    small_recipe(&plain, NULL);
    const uint64_t hash = cseg_record_hash(&plain);
    size_t members = 0;
    values all[STRUCTS];
    list_structs(all, &changed);
    for (size_t g = 0; g < STRUCTS; g++)
        for (size_t i = 0; i < all[g].table->count; i++) {
            const cellseg_option *o = &all[g].table->rows[i];
            if (o->type >= CELLSEG_OPTION_TEXT || strcmp(o->name, "preset") == 0)
                continue;
            changed = plain;
            cseg_option_set(all[g].at, o, cseg_option_value(all[g].at, o) + 1);
            if (cseg_record_hash(&changed) == hash)
                fail_msg("%s does not count", o->name);
            members++;
        }
    assert_int_equal(members, 41);
}

static void test_the_hash_leaves_out_texts_and_epochs_that_may_be_added(void **state) {
    (void)state;
    cseg_recipe r;
    small_recipe(&r, NULL);
    const uint64_t hash = cseg_record_hash(&r);
    r.options.checkpoint_path = "elsewhere";
    r.options.note = NULL;
    r.options.preset = CELLSEG_PRESET_PAPER;
    assert_true(cseg_record_hash(&r) == hash);
    r.options.learning_rate_final = 0;
    const uint64_t constant = cseg_record_hash(&r);
    r.options.epochs++;
    assert_true(cseg_record_hash(&r) == constant);
    r.options.learning_rate_final = 1e-4;
    r.schedule.schedule = CELLSEG_SCHEDULE_STEP;
    const uint64_t steps = cseg_record_hash(&r);
    r.options.epochs++;
    assert_true(cseg_record_hash(&r) == steps && steps != constant);
}

/* FNV-1a over the 320 bytes of the struct that the first checkpoints were written with, as Python's struct.pack() makes them. */
static void test_checkpoints_stay_valid(void **state) {
    (void)state;
    cseg_recipe r;
    assert_ok(cseg_recipe_read(&r, NULL));
    assert_true(cseg_record_hash(&r) == UINT64_C(0x63630eefb7123c29));
}

/* ---- the record ---- */

static const char *const first_keys[] = {"images",     "validation_images", "epochs", "best_epoch",
                                         "train_loss", "validation_loss",   "seed"};
static const char *const elsewhere[] = {"epochs", "width", "working_pixel_size_um", "top_hat_um", "cache_bytes", "preset"};

static bool is_elsewhere(const char *name) {
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
        if (strcmp(elsewhere[i], name) == 0)
            return true;
    return false;
}

static void test_the_record_holds_every_number(void **state) {
    (void)state;
    cseg_recipe recipe;
    cellseg_trainer *trainer;
    small_recipe(&recipe, NULL);
    assert_ok(small_trainer(&trainer, NULL, &recipe.options));
    char *text;
    assert_ok(cseg_record_json(&text, trainer));
    cseg_json *record;
    assert_ok(cseg_json_parse(&record, NULL, text, strlen(text), "record"));
    const cseg_json *item = record->child;
    for (size_t i = 0; i < sizeof first_keys / sizeof *first_keys; i++, item = item->next)
        assert_string_equal(item->key, first_keys[i]);
    values all[STRUCTS];
    list_structs(all, &recipe);
    size_t keys = 6 + 1; /* the figures before the seed, the note */
    for (size_t g = 0; g < STRUCTS; g++)
        for (size_t i = 0; i < all[g].table->count; i++) {
            const cellseg_option *o = &all[g].table->rows[i];
            if (o->type >= CELLSEG_OPTION_TEXT || is_elsewhere(o->name))
                continue;
            const cseg_json *number = cseg_json_member(record, o->name);
            if (!cseg_json_is(number, CSEG_JSON_NUMBER) || number->number != cseg_option_value(all[g].at, o))
                fail_msg("%s is missing, or another number", o->name);
            keys++;
        }
    assert_int_equal(record->count, keys);
    assert_string_equal(cseg_json_member(record, "note")->string, recipe.options.note);
    assert_true(cseg_json_member(record, "images")->number == 2);
    cseg_memory_free(record);
    cseg_memory_free(text);
    cellseg_trainer_free(trainer);
}

static void test_a_note_is_utf8(void **state) {
    (void)state;
    cseg_recipe recipe;
    cellseg_trainer *trainer;
    small_recipe(&recipe, NULL);
    recipe.options.note = "\xb5m";
    assert_status(cellseg_trainer_new(&trainer, NULL, NULL, &recipe.options), CELLSEG_ERR_ARGUMENT);
    assert_non_null(strstr(cellseg_last_error(), "note is not text in UTF-8"));
    assert_null(trainer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_note_is_utf8),
        cmocka_unit_test(test_the_hash_depends_on_every_number),
        cmocka_unit_test(test_the_hash_leaves_out_texts_and_epochs_that_may_be_added),
        cmocka_unit_test(test_checkpoints_stay_valid),
        cmocka_unit_test(test_the_record_holds_every_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
