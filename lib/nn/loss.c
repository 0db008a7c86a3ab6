/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The paper's loss (Al-Kofahi et al. 2018, step 0): over the inner step x step pixels of every patch, for each class the root of
 * the mean squared difference between probability and label, weighted and summed, plus the same for the sum of the probabilities
 * against 1. A pixel without a label (255) does not count. Sums are in double, pixels in order within an image, images in order.
 *
 * With R = sqrt(S / n), S the sum of squared differences d, the derivative of R by a probability is d / (n R); 0 where R is 0.
 */
#include "nn/net.h"

#include <math.h>

enum { UNLABELLED = 255, SUMS = CSEG_MAX_CLASSES + 2 };

typedef struct inner {
    size_t first, end, edge; /* of the patch: rows and columns that count */
    size_t classes;
} inner;

static inner inner_of(const cseg_net *net) {
    const cseg_rule *rule = &net->options.rule;
    const size_t margin = (rule->patch_px - rule->step_px) / 2;
    return (inner){.first = margin, .end = margin + rule->step_px, .edge = rule->patch_px, .classes = rule->classes};
}

/* One image's share: S of each class, S of the sum, n. */
static cellseg_status image_sums(void *data, size_t image) {
    const cseg_net *net = data;
    const inner in = inner_of(net);
    const cseg_tensor p = cseg_net_kept(net, net->arch.count, image);
    double *sums = net->sums + image * SUMS;
    for (size_t s = 0; s < SUMS; s++)
        sums[s] = 0;
    for (size_t y = in.first; y < in.end; y++)
        for (size_t x = in.first; x < in.end; x++) {
            const uint8_t label = net->classes[(image * in.edge + y) * in.edge + x];
            const float *at = p.data + y * p.row + x * p.pixel;
            double total = -1;
            if (label == UNLABELLED)
                continue;
            for (size_t c = 0; c < in.classes; c++) {
                const double d = (double)at[c] - (label == c);
                sums[c] += d * d;
                total += (double)at[c];
            }
            sums[CSEG_MAX_CLASSES] += total * total;
            sums[CSEG_MAX_CLASSES + 1] += 1;
        }
    return CELLSEG_OK;
}

/* weight / (n R) of each term. */
typedef struct slopes {
    const cseg_net *net;
    double of_class[CSEG_MAX_CLASSES], of_sum;
} slopes;

static cellseg_status image_gradient(void *data, size_t image) {
    const slopes *s = data;
    const cseg_net *net = s->net;
    const inner in = inner_of(net);
    const cseg_tensor p = cseg_net_kept(net, net->arch.count, image), d_p = cseg_net_gradient(net, net->arch.count, image);
    cseg_tensor_clear(&d_p);
    for (size_t y = in.first; y < in.end; y++)
        for (size_t x = in.first; x < in.end; x++) {
            const uint8_t label = net->classes[(image * in.edge + y) * in.edge + x];
            const float *at = p.data + y * p.row + x * p.pixel;
            float *d = d_p.data + y * d_p.row + x * d_p.pixel;
            double total = -1;
            if (label == UNLABELLED)
                continue;
            for (size_t c = 0; c < in.classes; c++)
                total += (double)at[c];
            for (size_t c = 0; c < in.classes; c++)
                d[c] = (float)(s->of_class[c] * ((double)at[c] - (label == c)) + s->of_sum * total);
        }
    return CELLSEG_OK;
}

static double term(double *slope, double weight, double sum, double n) {
    const double root = n > 0 ? sqrt(sum / n) : 0;
    *slope = root > 0 ? weight / (n * root) : 0;
    return weight * root;
}

cellseg_status cseg_net_loss(cseg_net *net, double *loss, bool gradient) {
    const size_t classes = net->options.rule.classes;
    double total[SUMS] = {0};
    slopes s = {.net = net};
    CSEG_TRY(cseg_parallel_for(net->context, net->images, image_sums, net));
    for (size_t image = 0; image < net->images; image++)
        for (size_t i = 0; i < SUMS; i++)
            total[i] += net->sums[image * SUMS + i];
    const double n = total[CSEG_MAX_CLASSES + 1];
    *loss = term(&s.of_sum, net->options.weight_sum, total[CSEG_MAX_CLASSES], n);
    for (size_t c = 0; c < classes; c++)
        *loss += term(&s.of_class[c], net->options.weight_class[c], total[c], n);
    return gradient ? cseg_parallel_for(net->context, net->images, image_gradient, &s) : CELLSEG_OK;
}
