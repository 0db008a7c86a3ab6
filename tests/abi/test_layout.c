/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Members of public structs stay where a release put them: programs built against it rely on that. A new member is added at the
 * end of its struct and of its list here; a line that stands here is never changed once released.
 */
#include <stddef.h>
#include <stdint.h>

/* No struct has a gap between its members or behind them: the sum of their sizes is its size, on 64-bit machines. */
#if UINTPTR_MAX == UINT64_MAX
#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wpadded"
#include <cellseg/cellseg.h>
#pragma GCC diagnostic pop
#endif

#include "testing.h"

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
AT(cellseg_image_layout, pixel_stride_bytes, 40);
AT(cellseg_image_layout, row_stride_bytes, 48);
AT(cellseg_image_layout, channel_stride_bytes, 56);
AT(cellseg_image_layout, pixel_size_um, 64);
AT(cellseg_image_layout, release, 72);
AT(cellseg_image_layout, release_user, 80);
AT(cellseg_reader, struct_size, 0);
AT(cellseg_reader, name, 8);
AT(cellseg_reader, user, 16);
AT(cellseg_reader, size_bytes, 24);
AT(cellseg_reader, read, 32);
AT(cellseg_writer, struct_size, 0);
AT(cellseg_writer, name, 8);
AT(cellseg_writer, user, 16);
AT(cellseg_writer, write, 24);
AT(cellseg_write_options, struct_size, 0);
AT(cellseg_write_options, bits, 8);
AT(cellseg_write_options, tile_px, 12);
AT(cellseg_write_options, name, 16);
AT(cellseg_write_options, provenance, 24);
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
AT(cellseg_option, struct_size, 0);
AT(cellseg_option, name, 8);
AT(cellseg_option, unit, 16);
AT(cellseg_option, sentence, 24);
AT(cellseg_option, choices, 32);
AT(cellseg_option, group, 40);
AT(cellseg_option, offset, 48);
AT(cellseg_option, type, 56);
AT(cellseg_option, flags, 60);
AT(cellseg_option, standard, 64);
AT(cellseg_option, paper, 72);
AT(cellseg_option, lowest, 80);
AT(cellseg_option, highest, 88);
AT(cellseg_method, struct_size, 0);
AT(cellseg_method, working_pixel_size_um, 8);
AT(cellseg_method, top_hat_um, 16);
AT(cellseg_method, nucleus_radius_min_um, 24);
AT(cellseg_method, nucleus_radius_max_um, 32);
AT(cellseg_method, nucleus_scales, 40);
AT(cellseg_method, cell_probability, 44);
AT(cellseg_method, nucleus_valley, 48);
AT(cellseg_method, nucleus_probability_min, 56);
AT(cellseg_method, nucleus_strength_ratio, 64);
AT(cellseg_method, cell_sigma_um, 72);
AT(cellseg_method, cell_area_expected_um2, 80);
AT(cellseg_method, cell_compactness, 88);
AT(cellseg_method, cell_ring_um, 96);
AT(cellseg_method, cytoplasm_min, 104);
AT(cellseg_method, relief, 112);
AT(cellseg_method, background_rule, 116);
AT(cellseg_segment_options, struct_size, 0);
AT(cellseg_segment_options, channel, 8);
AT(cellseg_segment_options, nuclei_channel, 12);
AT(cellseg_segment_options, pixel_size_um, 16);
AT(cellseg_segment_options, nucleus_diameter_um, 24);
AT(cellseg_segment_options, sensitivity, 32);
AT(cellseg_segment_options, outline_sensitivity, 40);
AT(cellseg_segment_options, h_um, 48);
AT(cellseg_segment_options, nucleus_area_min_um2, 56);
AT(cellseg_segment_options, cell_area_min_um2, 64);
AT(cellseg_segment_options, cell_area_max_um2, 72);
AT(cellseg_segment_options, smooth_um, 80);
AT(cellseg_segment_options, drop_border_cells, 88);
AT(cellseg_segment_options, fill_holes, 92);
AT(cellseg_segment_options, marker_check, 96);
AT(cellseg_segment_options, orientations, 100);
AT(cellseg_segment_options, use_extra_output, 104);
AT(cellseg_segment_options, preset, 108);
AT(cellseg_segment_options, method, 112);
AT(cellseg_segment_report, struct_size, 0);
AT(cellseg_segment_report, cells, 8);
AT(cellseg_segment_report, nuclei, 12);
AT(cellseg_segment_report, dropped_small, 16);
AT(cellseg_segment_report, dropped_improbable, 20);
AT(cellseg_segment_report, dropped_weak, 24);
AT(cellseg_segment_report, dropped_border, 28);
AT(cellseg_segment_report, dropped_area, 32);
AT(cellseg_segment_report, dropped_lost, 36);
AT(cellseg_segment_report, dropped_no_cytoplasm, 40);
AT(cellseg_segment_report, dropped_marker, 44);
AT(cellseg_segment_report, marker_verdict, 48);
AT(cellseg_segment_report, marker_cells, 52);
AT(cellseg_segment_report, marker_contrast, 56);
AT(cellseg_segment_report, marker_share, 64);
AT(cellseg_segment_report, nuclei_confidence, 72);
AT(cellseg_segment_report, pixel_size_um, 80);
AT(cellseg_segment_report, working_pixel_size_um, 88);
AT(cellseg_segment_report, nucleus_diameter_um, 96);
AT(cellseg_segment_report, nucleus_diameter_found_um, 104);
AT(cellseg_segment_report, nucleus_diameter_suggested_um, 112);
AT(cellseg_segment_report, seconds_preprocess, 120);
AT(cellseg_segment_report, seconds_network, 128);
AT(cellseg_segment_report, seconds_nuclei, 136);
AT(cellseg_segment_report, seconds_cells, 144);
AT(cellseg_segment_report, seconds_finalize, 152);
AT(cellseg_segment_report, marker_range, 160);
AT(cellseg_segment_report, peak_bytes, 168);
AT(cellseg_segment_report, model_hash, 176);
AT(cellseg_segment_report, library_version, 184);
AT(cellseg_segment_report, confidence, 192);
AT(cellseg_synth_cells, struct_size, 0);
AT(cellseg_synth_cells, confluence, 8);
AT(cellseg_synth_cells, clustering, 16);
AT(cellseg_synth_cells, overlap, 24);
AT(cellseg_synth_cells, cell_area_um2, 32);
AT(cellseg_synth_cells, cell_area_spread, 40);
AT(cellseg_synth_cells, nucleus_radius_um, 48);
AT(cellseg_synth_cells, nucleus_radius_spread, 56);
AT(cellseg_synth_cells, elongation, 64);
AT(cellseg_synth_cells, spikes, 72);
AT(cellseg_synth_cells, branching, 80);
AT(cellseg_synth_cells, dead, 88);
AT(cellseg_synth_cells, dividing, 96);
AT(cellseg_synth_cells, debris_per_mm2, 104);
AT(cellseg_synth_staining, struct_size, 0);
AT(cellseg_synth_staining, brightness_spread, 8);
AT(cellseg_synth_staining, nucleus_darkness, 16);
AT(cellseg_synth_staining, nucleus_darkness_spread, 24);
AT(cellseg_synth_staining, texture, 32);
AT(cellseg_synth_optics, struct_size, 0);
AT(cellseg_synth_optics, background, 8);
AT(cellseg_synth_optics, haze, 16);
AT(cellseg_synth_optics, haze_um, 24);
AT(cellseg_synth_optics, psf_um, 32);
AT(cellseg_synth_optics, vignetting, 40);
AT(cellseg_synth_optics, uneven, 48);
AT(cellseg_synth_camera, struct_size, 0);
AT(cellseg_synth_camera, photons, 8);
AT(cellseg_synth_camera, read_noise, 16);
AT(cellseg_synth_camera, offset, 24);
AT(cellseg_synth_camera, exposure, 32);
AT(cellseg_synth_options, struct_size, 0);
AT(cellseg_synth_options, seed, 8);
AT(cellseg_synth_options, stain, 16);
AT(cellseg_synth_options, vary, 20);
AT(cellseg_synth_options, nuclei_channel, 24);
AT(cellseg_synth_options, bits, 28);
AT(cellseg_synth_options, pixel_size_um, 32);
AT(cellseg_synth_options, cells, 40);
AT(cellseg_synth_options, staining, 48);
AT(cellseg_synth_options, optics, 56);
AT(cellseg_synth_options, camera, 64);
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
AT(cellseg_rate_schedule, struct_size, 0);
AT(cellseg_rate_schedule, schedule, 8);
AT(cellseg_rate_schedule, step_epochs, 12);
AT(cellseg_rate_schedule, step_factor, 16);
AT(cellseg_rate_schedule, warm_up_epochs, 24);
AT(cellseg_loss, struct_size, 0);
AT(cellseg_loss, weight_nucleus, 8);
AT(cellseg_loss, weight_cytoplasm, 16);
AT(cellseg_loss, weight_background, 24);
AT(cellseg_loss, weight_sum, 32);
AT(cellseg_loss, weight_extra, 40);
AT(cellseg_loss, weight_border, 48);
AT(cellseg_loss, border_sigma_um, 56);
AT(cellseg_loss, weight_dice, 64);
AT(cellseg_loss, weight_cross_entropy, 72);
AT(cellseg_augmentation, struct_size, 0);
AT(cellseg_augmentation, rotate, 8);
AT(cellseg_augmentation, flip, 12);
AT(cellseg_augmentation, rotation_degrees, 16);
AT(cellseg_augmentation, scale, 24);
AT(cellseg_augmentation, elastic_px, 32);
AT(cellseg_augmentation, gamma, 40);
AT(cellseg_augmentation, contrast, 48);
AT(cellseg_augmentation, blur_px, 56);
AT(cellseg_augmentation, noise, 64);
AT(cellseg_augmentation, illumination, 72);
AT(cellseg_augmentation, saturation, 80);
AT(cellseg_augmentation, nucleus_contrast, 88);
AT(cellseg_augmentation, cell_contrast, 96);
AT(cellseg_augmentation, texture, 104);
AT(cellseg_augmentation, empty, 112);
AT(cellseg_train_options, struct_size, 0);
AT(cellseg_train_options, seed, 8);
AT(cellseg_train_options, epochs, 16);
AT(cellseg_train_options, batch, 20);
AT(cellseg_train_options, learning_rate, 24);
AT(cellseg_train_options, learning_rate_final, 32);
AT(cellseg_train_options, patience, 40);
AT(cellseg_train_options, frozen_layers, 44);
AT(cellseg_train_options, width, 48);
AT(cellseg_train_options, dropout, 56);
AT(cellseg_train_options, working_pixel_size_um, 64);
AT(cellseg_train_options, top_hat_um, 72);
AT(cellseg_train_options, cache_bytes, 80);
AT(cellseg_train_options, checkpoint_path, 88);
AT(cellseg_train_options, note, 96);
AT(cellseg_train_options, extra_output, 104);
AT(cellseg_train_options, preset, 108);
AT(cellseg_train_options, rate_schedule, 112);
AT(cellseg_train_options, loss, 120);
AT(cellseg_train_options, augmentation, 128);
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
