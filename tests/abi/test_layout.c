/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Members of public structs stay where a release put them: programs built against it rely on that. A new member is added at the
 * end of its struct and of its list here; a line that stands here is never changed once released.
 */
#include "testing.h"

#include <cellseg/cellseg.h>

#define AT(type, member, offset) static_assert(offsetof(type, member) == (offset), #type "." #member " moved")

#if UINTPTR_MAX == UINT64_MAX /* offsets are stated for 64-bit machines */

/* ---- 1.0 ---- */

AT(cellseg_context_options, struct_size, 0);
AT(cellseg_context_options, threads, 8);
AT(cellseg_context_options, cpu_level, 12);
AT(cellseg_context_options, memory_budget_bytes, 16);
AT(cellseg_context_options, alloc, 24);
AT(cellseg_context_options, free, 32);
AT(cellseg_context_options, memory_user, 40);
AT(cellseg_context_options, parallel_for, 48);
AT(cellseg_context_options, parallel_user, 56);
AT(cellseg_context_options, log, 64);
AT(cellseg_context_options, log_user, 72);
AT(cellseg_context_options, progress, 80);
AT(cellseg_context_options, progress_user, 88);
AT(cellseg_image_layout, struct_size, 0);
AT(cellseg_image_layout, pixels, 8);
AT(cellseg_image_layout, height, 16);
AT(cellseg_image_layout, width, 24);
AT(cellseg_image_layout, channels, 32);
AT(cellseg_image_layout, pixel_type, 36);
AT(cellseg_image_layout, row_stride_bytes, 40);
AT(cellseg_image_layout, channel_stride_bytes, 48);
AT(cellseg_image_layout, pixel_size_um, 56);
AT(cellseg_image_layout, release, 64);
AT(cellseg_image_layout, release_user, 72);
AT(cellseg_read_options, struct_size, 0);
AT(cellseg_read_options, pixel_size_um, 8);
AT(cellseg_read_options, max_bytes, 16);
AT(cellseg_measure_options, struct_size, 0);
AT(cellseg_measure_options, shape, 8);
AT(cellseg_measure_options, intensity, 12);
AT(cellseg_measure_options, neighbours, 16);
AT(cellseg_measure_options, texture, 20);
AT(cellseg_measure_options, texture_levels, 24);
AT(cellseg_measure_options, texture_distance_px, 28);
AT(cellseg_measure_options, texture_low, 32);
AT(cellseg_measure_options, texture_high, 40);
AT(cellseg_similarity, struct_size, 0);
AT(cellseg_similarity, sm, 8);
AT(cellseg_similarity, mean_best_dice, 16);
AT(cellseg_similarity, pair_ratio, 24);
AT(cellseg_similarity, dice, 32);
AT(cellseg_similarity, pairs, 40);
AT(cellseg_similarity, reference_count, 48);
AT(cellseg_similarity, target_count, 56);
AT(cellseg_similarity, jaccard, 64);
AT(cellseg_matching, struct_size, 0);
AT(cellseg_matching, threshold, 8);
AT(cellseg_matching, true_positives, 16);
AT(cellseg_matching, false_positives, 24);
AT(cellseg_matching, false_negatives, 32);
AT(cellseg_matching, precision, 40);
AT(cellseg_matching, recall, 48);
AT(cellseg_matching, f1, 56);
AT(cellseg_matching, average_precision, 64);
AT(cellseg_matching, mean_iou, 72);
AT(cellseg_matching, panoptic_quality, 80);
AT(cellseg_detection, struct_size, 0);
AT(cellseg_detection, average_precision, 8);
AT(cellseg_detection, aggregated_jaccard, 16);
AT(cellseg_detection, seg, 24);
AT(cellseg_detection, splits, 32);
AT(cellseg_detection, merges, 40);
AT(cellseg_detection, reference_count, 48);
AT(cellseg_detection, target_count, 56);
AT(cellseg_boundary, struct_size, 0);
AT(cellseg_boundary, precision, 8);
AT(cellseg_boundary, recall, 16);
AT(cellseg_boundary, f1, 24);
AT(cellseg_boundary, reference_pixels, 32);
AT(cellseg_boundary, target_pixels, 40);
AT(cellseg_roc, struct_size, 0);
AT(cellseg_roc, auc, 8);
AT(cellseg_roc, threshold, 16);
AT(cellseg_roc, accuracy, 24);
AT(cellseg_roc, sensitivity, 32);
AT(cellseg_roc, specificity, 40);
AT(cellseg_roc, true_positives, 48);
AT(cellseg_roc, false_positives, 56);
AT(cellseg_roc, true_negatives, 64);
AT(cellseg_roc, false_negatives, 72);
AT(cellseg_watershed_options, struct_size, 0);
AT(cellseg_watershed_options, connectivity, 8);
AT(cellseg_watershed_options, lines, 12);
AT(cellseg_segment_options, struct_size, 0);
AT(cellseg_segment_options, channel, 8);
AT(cellseg_segment_options, nuclei_channel, 12);
AT(cellseg_segment_options, pixel_size_um, 16);
AT(cellseg_segment_options, working_pixel_size_um, 24);
AT(cellseg_segment_options, top_hat_um, 32);
AT(cellseg_segment_options, nucleus_radius_min_um, 40);
AT(cellseg_segment_options, nucleus_radius_max_um, 48);
AT(cellseg_segment_options, nucleus_scales, 56);
AT(cellseg_segment_options, cell_probability, 60);
AT(cellseg_segment_options, sensitivity, 64);
AT(cellseg_segment_options, outline_sensitivity, 72);
AT(cellseg_segment_options, nucleus_valley, 80);
AT(cellseg_segment_options, h_um, 88);
AT(cellseg_segment_options, nucleus_area_min_um2, 96);
AT(cellseg_segment_options, nucleus_probability_min, 104);
AT(cellseg_segment_options, cell_sigma_um, 112);
AT(cellseg_segment_options, cell_area_expected_um2, 120);
AT(cellseg_segment_options, cell_compactness, 128);
AT(cellseg_segment_options, relief, 136);
AT(cellseg_segment_options, background_rule, 140);
AT(cellseg_segment_options, cell_area_min_um2, 144);
AT(cellseg_segment_options, cell_area_max_um2, 152);
AT(cellseg_segment_options, cytoplasm_min, 160);
AT(cellseg_segment_options, smooth_um, 168);
AT(cellseg_segment_options, drop_border_cells, 176);
AT(cellseg_segment_options, fill_holes, 180);
AT(cellseg_segment_options, cell_ring_um, 184);
AT(cellseg_segment_options, use_extra_output, 192);
AT(cellseg_segment_options, marker_test, 196);
AT(cellseg_tile_grid, struct_size, 0);
AT(cellseg_tile_grid, height_px, 8);
AT(cellseg_tile_grid, width_px, 16);
AT(cellseg_tile_grid, patch_px, 24);
AT(cellseg_tile_grid, step_px, 32);
AT(cellseg_tile, struct_size, 0);
AT(cellseg_tile, window_top, 8);
AT(cellseg_tile, window_left, 16);
AT(cellseg_tile, top, 24);
AT(cellseg_tile, left, 32);
AT(cellseg_tile, height, 40);
AT(cellseg_tile, width, 48);
AT(cellseg_train_options, struct_size, 0);
AT(cellseg_train_options, seed, 8);
AT(cellseg_train_options, epochs, 16);
AT(cellseg_train_options, batch, 20);
AT(cellseg_train_options, learning_rate, 24);
AT(cellseg_train_options, width, 32);
AT(cellseg_train_options, weight_nucleus, 40);
AT(cellseg_train_options, weight_cytoplasm, 48);
AT(cellseg_train_options, weight_background, 56);
AT(cellseg_train_options, weight_sum, 64);
AT(cellseg_train_options, rotate, 72);
AT(cellseg_train_options, flip, 76);
AT(cellseg_train_options, gamma, 80);
AT(cellseg_train_options, scale, 88);
AT(cellseg_train_options, noise, 96);
AT(cellseg_train_options, blur_px, 104);
AT(cellseg_train_options, working_pixel_size_um, 112);
AT(cellseg_train_options, top_hat_um, 120);
AT(cellseg_train_options, checkpoint_path, 128);
AT(cellseg_train_options, note, 136);
AT(cellseg_train_options, learning_rate_final, 144);
AT(cellseg_train_options, contrast, 152);
AT(cellseg_train_options, empty, 160);
AT(cellseg_train_options, extra_output, 168);
AT(cellseg_train_options, padding, 172);
AT(cellseg_train_options, weight_extra, 176);
AT(cellseg_train_options, weight_border, 184);
AT(cellseg_train_options, border_sigma_um, 192);
AT(cellseg_train_options, weight_dice, 200);
AT(cellseg_train_options, weight_cross_entropy, 208);
AT(cellseg_train_options, rotation_degrees, 216);
AT(cellseg_train_options, elastic_px, 224);
AT(cellseg_train_options, illumination, 232);
AT(cellseg_train_options, saturation, 240);
AT(cellseg_train_options, nucleus_contrast, 248);
AT(cellseg_train_options, texture, 256);
AT(cellseg_train_options, schedule, 264);
AT(cellseg_train_options, step_epochs, 268);
AT(cellseg_train_options, step_factor, 272);
AT(cellseg_train_options, warm_up_epochs, 280);
AT(cellseg_train_options, patience, 288);
AT(cellseg_train_options, frozen_layers, 292);
AT(cellseg_epoch, struct_size, 0);
AT(cellseg_epoch, epoch, 8);
AT(cellseg_epoch, epochs, 12);
AT(cellseg_epoch, train_loss, 16);
AT(cellseg_epoch, validation_loss, 24);
AT(cellseg_epoch, seconds, 32);
AT(cellseg_epoch, best, 40);
AT(cellseg_epoch, stopping, 44);
AT(cellseg_epoch, learning_rate, 48);

#endif

static void layouts_are_checked_by_the_compiler(void **state) {
    (void)state;
    assert_int_equal(offsetof(cellseg_context_options, struct_size), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(layouts_are_checked_by_the_compiler)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
