/* SPDX-License-Identifier: BSD-3-Clause */
/* Members of the options one after another: as numbers of the training record, and as the bytes of a checkpoint's hash. */
#include "train/record.h"

#include <math.h>
#include <string.h>

/* The order of a record's keys. Members that are not named here follow in the order of their tables. */
static const char *const record_order[] = {
    "seed",
    "batch",
    "learning_rate",
    "learning_rate_final",
    "weight_nucleus",
    "weight_cytoplasm",
    "weight_background",
    "weight_sum",
    "rotate",
    "flip",
    "gamma",
    "contrast",
    "scale",
    "noise",
    "blur_px",
    "empty",
    "schedule",
    "step_epochs",
    "step_factor",
    "warm_up_epochs",
    "patience",
    "frozen_layers",
    "dropout",
    "rotation_degrees",
    "elastic_px",
    "illumination",
    "saturation",
    "nucleus_contrast",
    "cell_contrast",
    "texture",
    "extra_output",
    "weight_extra",
    "weight_border",
    "border_sigma_um",
    "weight_dice",
    "weight_cross_entropy",
    NULL,
};

/* The model file holds these elsewhere, or the weights do not depend on them; "epochs" is the number of finished epochs. */
static const char *const unrecorded[] = {"epochs", "width", "working_pixel_size_um", "top_hat_um", "cache_bytes", "preset", NULL};

/* The order of the hashed bytes, which the format of checkpoints fixes; further members follow as in a record. */
static const char *const hash_order[] = {
    "seed",
    "epochs",
    "batch",
    "learning_rate",
    "width",
    "weight_nucleus",
    "weight_cytoplasm",
    "weight_background",
    "weight_sum",
    "rotate",
    "flip",
    "gamma",
    "scale",
    "noise",
    "blur_px",
    "working_pixel_size_um",
    "top_hat_um",
    "checkpoint_path",
    "note",
    "learning_rate_final",
    "contrast",
    "empty",
    "extra_output",
    "weight_extra",
    "weight_border",
    "border_sigma_um",
    "weight_dice",
    "weight_cross_entropy",
    "rotation_degrees",
    "elastic_px",
    "illumination",
    "saturation",
    "nucleus_contrast",
    "texture",
    "schedule",
    "step_epochs",
    "step_factor",
    "warm_up_epochs",
    "patience",
    "frozen_layers",
    "cache_bytes",
    "dropout",
    "cell_contrast",
    NULL,
};

/* The groups of a recipe show its values. */
static const char *const unhashed[] = {"preset", NULL};

/* ---- all members in an order ---- */

typedef void (*member_fn)(void *user, const cellseg_option *option, const void *values);

static bool is_listed(const char *const *names, const char *name) {
    for (; *names != NULL; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

static void visit(const cseg_recipe *r, const char *const *order, const char *const *excluded, member_fn visitor, void *user) {
    const struct {
        const cellseg_option_table *table;
        const void *values;
    } groups[] = {{cellseg_train_options_table(), &r->options},
                  {cellseg_rate_schedule_table(), &r->schedule},
                  {cellseg_loss_table(), &r->loss},
                  {cellseg_augmentation_table(), &r->augmentation}};
    enum { GROUPS = sizeof groups / sizeof *groups };
    for (const char *const *name = order; *name != NULL; name++)
        for (size_t g = 0; g < GROUPS; g++) {
            const cellseg_option *o = cseg_option_find(groups[g].table, *name);
            if (o != NULL)
                visitor(user, o, groups[g].values);
        }
    for (size_t g = 0; g < GROUPS; g++)
        for (size_t i = 0; i < groups[g].table->count; i++) {
            const cellseg_option *o = &groups[g].table->rows[i];
            if (o->type < CELLSEG_OPTION_TEXT && !is_listed(order, o->name) && !is_listed(excluded, o->name))
                visitor(user, o, groups[g].values);
        }
}

/* ---- the hash ---- */

/* A struct of the members in their order, each aligned to its size, as a processor with 64 bits and the lowest byte first has it.
 */
typedef struct hashed {
    unsigned char bytes[512];
    size_t size;
} hashed;

static void put(hashed *to, size_t at, size_t size, uint64_t bits) {
    for (size_t i = 0; i < size; i++)
        to->bytes[at + i] = (unsigned char)(bits >> 8 * i);
}

static void append(void *user, const cellseg_option *option, const void *values) {
    hashed *to = user;
    const char *value = (const char *)values + option->offset;
    const size_t size = option->type == CELLSEG_OPTION_INT32 ? sizeof(uint32_t) : sizeof(uint64_t);
    const size_t at = (to->size + size - 1) / size * size;
    uint32_t low = 0;
    uint64_t bits = 0; /* of a text too: texts may differ */
    assert(at + size <= sizeof to->bytes);
    if (size == sizeof low)
        memcpy(&low, value, sizeof low);
    else if (option->type < CELLSEG_OPTION_TEXT)
        memcpy(&bits, value, sizeof bits);
    put(to, at, size, low | bits);
    to->size = at + size;
}

uint64_t cseg_record_hash(const cseg_recipe *recipe) {
    cseg_recipe r = *recipe;
    hashed all = {.size = sizeof(uint64_t)};
    if (r.schedule.schedule == CELLSEG_SCHEDULE_STEP || r.options.learning_rate_final == 0)
        r.options.epochs =
            0; /* a finished run may be extended; with another schedule every epoch's rate depends on their number */
    visit(&r, hash_order, unhashed, append, &all);
    const uint64_t size = all.size;
    memcpy(all.bytes, &size, sizeof size);
    return cseg_hash_bytes(CSEG_HASH_START, all.bytes, all.size);
}

/* ---- the record ---- */

static void add_number(cseg_text *to, const char *name, double value) {
    cseg_text_add(to, "%s\"%s\":", to->length == 0 ? "{" : ",", name);
    if (isfinite(value))
        cseg_text_add_number(to, value);
    else
        cseg_text_add(to, "null");
}

static void add_member(void *user, const cellseg_option *option, const void *values) {
    add_number(user, option->name, cseg_option_value(values, option));
}

cellseg_status cseg_record_json(char **out, const cellseg_trainer *trainer) {
    cseg_text to = {.context = trainer->context};
    const cseg_snapshot *best = &trainer->checkpoint.best;
    const char *note = trainer->recipe.options.note;
    add_number(&to, "images", (double)trainer->train.count);
    add_number(&to, "validation_images", (double)trainer->validate.count);
    add_number(&to, "epochs", trainer->checkpoint.last.epoch);
    add_number(&to, "best_epoch", best->epoch);
    add_number(&to, "train_loss", best->train_loss);
    add_number(&to, "validation_loss", best->validation_loss); /* NaN without validation images */
    visit(&trainer->recipe, record_order, unrecorded, add_member, &to);
    if (note != NULL) {
        cseg_text_add(&to, ",\"note\":");
        cseg_text_add_string(&to, note);
    }
    cseg_text_add(&to, "}");
    return cseg_text_take(out, &to);
}
