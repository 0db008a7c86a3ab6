/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The paper's loss (Al-Kofahi et al. 2018, step 0) over the inner step x step pixels of every patch. For each class: the root of
 * the mean squared difference between probability and label, weighted and summed. The same term for the sum of the probabilities
 * against 1 is added. A pixel without a label (255) does not count. Of a pixel that is nucleus or cytoplasm (254), only the other
 * outputs and the sum count: so images whose nuclei nobody outlined can train. Sums are in double, pixels in order within an
 * image, images in order.
 *
 * Beyond the paper, each term off at weight 0: pixels near other cells count more (Ronneberger et al. 2015); soft Dice
 * (Milletari et al. 2016, without squares) and binary cross-entropy, both as means over the classes. The last output may be a
 * distance instead of a class; it then has its own root mean squared difference and is excluded from the other terms.
 *
 * With R = sqrt(S / n), S the sum of squared differences d and n the sum of the weights w of the pixels that count, the
 * derivative of R by a probability is w d / (n R); 0 where R is 0.
 */
#include "nn/net.h"

#include <math.h>

enum { UNDIVIDED = 254, UNLABELLED = 255, FIRST_OF_UNDIVIDED = 2 };

/* The cross-entropy of a wrong probability of exactly 0 or 1 is infinite. */
static const double min_probability = 1e-6;

/* Sums over one image or over all images. */
typedef struct loss_sums {
    double square[CSEG_MAX_CLASSES], weights[CSEG_MAX_CLASSES];                             /* S, n */
    double both[CSEG_MAX_CLASSES], predicted[CSEG_MAX_CLASSES], labelled[CSEG_MAX_CLASSES]; /* for Dice: p l, p, l */
    double square_sum, cross, weight;
} loss_sums;
static_assert(sizeof(loss_sums) == CSEG_LOSS_SUMS * sizeof(double), "net_plan.c makes room for it");

typedef struct inner {
    size_t first, end, edge;   /* rows and columns of the patch that count */
    size_t classes, exclusive; /* number of outputs, and of those that are classes */
    bool dice, cross;
} inner;

static inner inner_of(const cseg_net *net) {
    const cseg_rule *rule = &net->options.rule;
    const size_t margin = (rule->patch_px - rule->step_px) / 2;
    return (inner){.first = margin,
                   .end = margin + rule->step_px,
                   .edge = rule->patch_px,
                   .classes = rule->classes,
                   .exclusive = rule->classes - (net->options.distance ? 1U : 0U),
                   .dice = net->options.weight_dice > 0,
                   .cross = net->options.weight_cross_entropy > 0};
}

/* Whether output c counts at a pixel of this label. */
static bool counts(uint8_t label, size_t c) {
    return label != UNDIVIDED || c >= FIRST_OF_UNDIVIDED;
}

/* The target of output c at a pixel of this label. */
static double target_of(const cseg_net *net, const inner *in, size_t pixel, uint8_t label, size_t c) {
    return c < in->exclusive ? label == c : net->distance[pixel] / 255.0;
}

static double weight_of(const cseg_net *net, size_t pixel) {
    return net->border != NULL ? 1 + net->options.weight_border * net->border[pixel] / 255.0 : 1;
}

static double clamped(double p) {
    return fmin(fmax(p, min_probability), 1 - min_probability);
}

/* Sums for Dice and cross-entropy only. */
static void add_class_terms(loss_sums *sums, const inner *in, const float *p, uint8_t label, double weight) {
    for (size_t c = 0; c < in->exclusive; c++) {
        if (!counts(label, c))
            continue;
        if (in->dice) {
            sums->predicted[c] += weight * (double)p[c];
            sums->both[c] += label == c ? weight * (double)p[c] : 0;
            sums->labelled[c] += label == c ? weight : 0;
        }
        if (in->cross)
            sums->cross -= weight * cseg_math_log(label == c ? clamped((double)p[c]) : 1 - clamped((double)p[c]));
    }
}

static void add_pixel(loss_sums *sums, const cseg_net *net, const inner *in, const float *p, size_t pixel, uint8_t label) {
    const double weight = weight_of(net, pixel);
    double total = -1;
    for (size_t c = 0; c < in->classes; c++) {
        total += c < in->exclusive ? (double)p[c] : 0;
        if (!counts(label, c))
            continue;
        const double d = (double)p[c] - target_of(net, in, pixel, label, c);
        sums->square[c] += weight * d * d;
        sums->weights[c] += weight;
    }
    sums->square_sum += weight * total * total;
    sums->weight += weight;
    if (in->dice || in->cross)
        add_class_terms(sums, in, p, label, weight);
}

static loss_sums *sums_of(const cseg_net *net, size_t image) {
    return (loss_sums *)net->sums + image;
}

static cellseg_status image_sums(void *data, size_t image) {
    const cseg_net *net = data;
    const inner in = inner_of(net);
    const cseg_tensor p = cseg_value_kept(net, net->arch.count, image);
    loss_sums *const sums = sums_of(net, image);
    *sums = (loss_sums){.weight = 0};
    for (size_t y = in.first; y < in.end; y++)
        for (size_t x = in.first; x < in.end; x++) {
            const size_t pixel = (image * in.edge + y) * in.edge + x;
            if (net->classes[pixel] != UNLABELLED)
                add_pixel(sums, net, &in, p.data + y * p.row + x * p.pixel, pixel, net->classes[pixel]);
        }
    return CELLSEG_OK;
}

/* Coefficients of each term's derivative. */
typedef struct slopes {
    const cseg_net *net;
    double of_class[CSEG_MAX_CLASSES], of_sum;                        /* weight / (n R) */
    double of_predicted[CSEG_MAX_CLASSES], of_both[CSEG_MAX_CLASSES]; /* of Dice, by the sums of p and of p l */
    double of_cross;
} slopes;

static double class_slope(const slopes *s, const inner *in, double p, double target, size_t c) {
    double slope = 0;
    if (in->dice)
        slope += s->of_predicted[c] + s->of_both[c] * target;
    if (in->cross) {
        const double q = clamped(p);
        slope += s->of_cross * (q - target) / (q * (1 - q));
    }
    return slope;
}

static void pixel_gradient(float *d, const slopes *s, const inner *in, const float *p, size_t pixel, uint8_t label) {
    const double weight = weight_of(s->net, pixel);
    double total = -1;
    for (size_t c = 0; c < in->exclusive; c++)
        total += (double)p[c];
    for (size_t c = 0; c < in->classes; c++) {
        const double target = target_of(s->net, in, pixel, label, c);
        double slope = counts(label, c) ? s->of_class[c] * ((double)p[c] - target) : 0;
        if (c < in->exclusive)
            slope += s->of_sum * total;
        if (c < in->exclusive && (in->dice || in->cross) && counts(label, c))
            slope += class_slope(s, in, (double)p[c], target, c);
        d[c] = (float)(weight * slope);
    }
}

static cellseg_status image_gradient(void *data, size_t image) {
    const slopes *s = data;
    const cseg_net *net = s->net;
    const inner in = inner_of(net);
    const cseg_tensor p = cseg_value_kept(net, net->arch.count, image), d_p = cseg_value_gradient(net, net->arch.count, image);
    cseg_tensor_clear(&d_p);
    for (size_t y = in.first; y < in.end; y++)
        for (size_t x = in.first; x < in.end; x++) {
            const size_t pixel = (image * in.edge + y) * in.edge + x;
            if (net->classes[pixel] != UNLABELLED)
                pixel_gradient(d_p.data + y * d_p.row + x * d_p.pixel, s, &in, p.data + y * p.row + x * p.pixel, pixel,
                               net->classes[pixel]);
        }
    return CELLSEG_OK;
}

static double term(double *slope, double weight, double sum, double n) {
    const double root = n > 0 ? sqrt(sum / n) : 0;
    *slope = root > 0 ? weight / (n * root) : 0;
    return weight * root;
}

/* One minus the soft Dice of a class; 0 if the class is absent. */
static double dice_term(slopes *s, const loss_sums *total, size_t c, double weight) {
    const double all = total->predicted[c] + total->labelled[c];
    if (!(all > 0))
        return 0;
    s->of_predicted[c] = weight * 2 * total->both[c] / (all * all);
    s->of_both[c] = -weight * 2 / all;
    return weight * (1 - 2 * total->both[c] / all);
}

static double all_terms(slopes *s, const loss_sums *total) {
    const cseg_net_options *options = &s->net->options;
    const inner in = inner_of(s->net);
    double loss = term(&s->of_sum, options->weight_sum, total->square_sum, total->weight);
    for (size_t c = 0; c < in.classes; c++)
        loss += term(&s->of_class[c], options->weight_class[c], total->square[c], total->weights[c]);
    for (size_t c = 0; in.dice && c < in.exclusive; c++)
        loss += dice_term(s, total, c, options->weight_dice / (double)in.exclusive);
    if (in.cross && total->weight > 0) {
        s->of_cross = options->weight_cross_entropy / ((double)in.exclusive * total->weight);
        loss += s->of_cross * total->cross;
    }
    return loss;
}

cellseg_status cseg_loss_compute(cseg_net *net, double *loss, bool gradient) {
    loss_sums total = {.weight = 0};
    slopes s = {.net = net};
    CSEG_TRY(cseg_parallel_for(net->context, net->images, image_sums, net));
    for (size_t image = 0; image < net->images; image++)
        for (size_t i = 0; i < CSEG_LOSS_SUMS; i++)
            ((double *)&total)[i] += net->sums[image * CSEG_LOSS_SUMS + i];
    *loss = all_terms(&s, &total);
    return gradient ? cseg_parallel_for(net->context, net->images, image_gradient, &s) : CELLSEG_OK;
}
