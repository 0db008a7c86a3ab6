/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The shape of one cell. Its outline is a star about the nucleus: tips with straight or hollow arcs between them, and gentle
 * waves. The outline is stretched along an axis, bent, scaled to the given area, and widened where the nucleus needs room. Thin
 * processes are random paths of tapering segments. The table of radii runs over the diamond angle, which ascends with the angle
 * and needs no arc tangent. Cost: 2 us per cell, about 10 ns per point.
 */
#include "synth/field.h"

#include <math.h>

static const double pi = 3.14159265358979311600;

cseg_vector cseg_cell_unit(cseg_vector v) {
    const double length = sqrt(v.y * v.y + v.x * v.x);
    return length > 1e-12 ? (cseg_vector){v.y / length, v.x / length} : (cseg_vector){0, 1};
}

cseg_vector cseg_cell_direction(cseg_rng *rng) {
    for (;;) {
        const cseg_vector v = {cseg_rng_between(rng, -1, 1), cseg_rng_between(rng, -1, 1)};
        const double square = v.y * v.y + v.x * v.x;
        if (square <= 1 && square > 0.01)
            return cseg_cell_unit(v);
    }
}

/* ---- the diamond angle: 0 to 4 for a whole turn, from +x by +y ---- */

static inline float diamond(float y, float x) {
    const float t = x / (fabsf(x) + fabsf(y) + 1e-20F);
    return y >= 0 ? 1 - t : 3 + t;
}

static cseg_vector direction_of(int entry) {
    const double q = 4.0 * (entry % CSEG_OUTLINE) / CSEG_OUTLINE;
    const double x = q < 2 ? 1 - q : q - 3, y = q < 1 ? q : q < 3 ? 2 - q : q - 4;
    return cseg_cell_unit((cseg_vector){y, x});
}

/* ---- outlines ---- */

enum { MAX_TIPS = 7, WAVES = 9 };

typedef struct plan {
    int tips;
    double angle[MAX_TIPS + 1], length[MAX_TIPS + 1], hollow[MAX_TIPS];
    double cosine[WAVES], sine[WAVES]; /* of 1, 2, ... waves around the outline; the first shifts the nucleus off the centre */
    double pointed;                    /* extension along the axis */
} plan;

static plan draw_plan(double spikes, double stretch, cseg_rng *rng) {
    plan p = {.tips = 3 + (int)(cseg_rng_bits(rng) % (MAX_TIPS - 2)), .pointed = 0.12 * (stretch - 1)};
    const double start = cseg_rng_between(rng, -pi, pi);
    for (int i = 0; i < p.tips; i++) {
        p.angle[i] = start + 2 * pi * (i + cseg_rng_between(rng, -0.3, 0.3)) / p.tips;
        p.length[i] = 1 + spikes * cseg_rng_between(rng, 0, 0.9);
        p.hollow[i] = spikes * cseg_rng_between(rng, 0.05, 0.55);
    }
    p.angle[p.tips] = p.angle[0] + 2 * pi;
    p.length[p.tips] = p.length[0];
    for (int i = 0; i < WAVES; i++) {
        const double rough = (0.4 + 0.8 * spikes) * (i == 0 ? 0.18 : 0.09) / (1 + 0.4 * i);
        p.cosine[i] = rough * cseg_rng_normal(rng);
        p.sine[i] = rough * cseg_rng_normal(rng);
    }
    return p;
}

static double between_tips(const plan *p, double angle) {
    while (angle < p->angle[0])
        angle += 2 * pi;
    while (angle >= p->angle[p->tips])
        angle -= 2 * pi;
    int i = 0;
    while (i + 1 < p->tips && angle >= p->angle[i + 1])
        i++;
    const double s = (angle - p->angle[i]) / (p->angle[i + 1] - p->angle[i]);
    return (p->length[i] + s * (p->length[i + 1] - p->length[i])) * (1 - p->hollow[i] * 4 * s * (1 - s));
}

static double radius_at(const plan *p, cseg_vector at) {
    double wave = 1, c = at.x, s = at.y;
    for (int i = 0; i < WAVES; i++) {
        wave += p->cosine[i] * c + p->sine[i] * s;
        const double next = c * at.x - s * at.y; /* the next multiple of the angle, by the addition theorem */
        s = s * at.x + c * at.y;
        c = next;
    }
    wave = wave > 0.3 ? wave : 0.3;
    const double axial = at.x * at.x * at.x * at.x;
    return between_tips(p, cseg_math_atan2(at.y, at.x)) * wave * (1 + p->pointed * axial * axial);
}

/* Twice the area of the polygon through the table's points; stretching does not change the area. */
static double twice_area(const float *outline) {
    double sum = 0;
    for (int k = 0; k < CSEG_OUTLINE; k++) {
        const cseg_vector a = direction_of(k), b = direction_of(k + 1);
        sum += (double)outline[k] * (double)outline[k + 1] * (a.x * b.y - a.y * b.x);
    }
    return sum;
}

/* The radius of the nucleus and a rim around it in a direction of the stretched frame. */
static double room_for_nucleus(const cseg_cell *cell, cseg_vector at) {
    const double x = at.x * cell->stretch / cell->half_length, y = at.y / cell->stretch / cell->half_width;
    return 1.15 / sqrt(x * x + y * y) + 0.5;
}

static void draw_outline(cseg_cell *cell, double spikes, cseg_rng *rng) {
    const plan p = draw_plan(spikes, cell->stretch, rng);
    for (int k = 0; k <= CSEG_OUTLINE; k++)
        cell->outline[k] = (float)radius_at(&p, direction_of(k));
    const double scale = sqrt(2 * pi * cell->radius * cell->radius / twice_area(cell->outline));
    for (int k = 0; k <= CSEG_OUTLINE; k++)
        cell->outline[k] = (float)fmax(cell->outline[k] * scale, room_for_nucleus(cell, direction_of(k)));
    cell->radius = sqrt(twice_area(cell->outline) / (2 * pi));
}

void cseg_cell_turn(cseg_cell *cell, cseg_vector along) {
    cell->along = along;
    cell->reach = 0;
    for (int k = 0; k < CSEG_OUTLINE; k++) {
        const cseg_vector at = direction_of(k);
        const double u = at.x * cell->outline[k] * cell->stretch, v = at.y * cell->outline[k] / cell->stretch;
        const double aside = fabs(v) + fabs((double)cell->bend) * u * u;
        cell->reach = fmax(cell->reach, sqrt(u * u + aside * aside));
    }
}

cseg_place cseg_cell_place(const cseg_cell *cell, float y, float x) {
    const float dy = y - (float)cell->at.y, dx = x - (float)cell->at.x;
    const float along_y = (float)cell->along.y, along_x = (float)cell->along.x;
    const float u = dx * along_x + dy * along_y, v = dy * along_x - dx * along_y + cell->bend * u * u;
    const float su = u / cell->stretch, sv = v * cell->stretch;
    const float distance = sqrtf(su * su + sv * sv), q = diamond(sv, su) * CSEG_OUTLINE / 4;
    const int below = q < CSEG_OUTLINE - 1 ? (int)q : CSEG_OUTLINE - 1;
    const float r0 = cell->outline[below], r1 = cell->outline[below + 1], radius = r0 + (q - (float)below) * (r1 - r0);
    const float slope = (r1 - r0) * (CSEG_OUTLINE / 6.2831853F) / radius;
    const float nu = u / cell->half_length, nv = v / cell->half_width;
    return (cseg_place){.along = u,
                        .across = v,
                        .inside = 1 - distance / radius,
                        .edge_um = (radius - distance) / (cell->stretch * sqrtf(1 + slope * slope)),
                        .nuclear = nu * nu + nv * nv};
}

/* ---- kinds ---- */

/* Round and bright: dying or dividing. */
static void make_round(cseg_cell *cell, double radius, double brightness, cseg_rng *rng) {
    cell->stretch = (float)cseg_rng_between(rng, 1, 1.1);
    cell->bend = 0;
    cell->radius = radius;
    cell->brightness *= (float)brightness;
    cell->darkness *= (float)cseg_rng_between(rng, 0, 0.4);
    cell->level += 0.5F;
}

static void make_kind(cseg_cell *cell, double nucleus, cseg_rng *rng) {
    const double u = cseg_rng_uniform(rng), brighter = cseg_rng_between(rng, 1.3, 3.5);
    if (cell->kind == CSEG_DEAD) {
        make_round(cell, nucleus * (0.8 + 0.4 * u), brighter, rng);
        cell->half_length = cell->half_width = (float)(0.55 * cell->radius);
        cell->nuclear_brightness *= 2.5F;
    } else if (cell->kind == CSEG_METAPHASE) {
        make_round(cell, nucleus * (1.3 + 0.3 * u), 0.5 * (1 + brighter), rng);
        cell->half_length = (float)(0.85 * nucleus);
        cell->half_width = (float)(0.4 * nucleus);
        cell->darkness *= 0.3F;
        cell->nuclear_brightness *= 2.5F;
    } else if (cell->kind == CSEG_DAUGHTER) {
        make_round(cell, nucleus * (1.1 + 0.3 * u), 0.5 * (1 + brighter), rng);
        cell->half_length = (float)(0.65 * nucleus);
        cell->half_width = (float)(0.5 * nucleus);
        cell->darkness *= 1.5F;
        cell->nuclear_brightness *= 1.8F;
    }
}

static int32_t draw_kind(const cellseg_synth_cells *options, cseg_rng *rng) {
    const double u = cseg_rng_uniform(rng), v = cseg_rng_uniform(rng);
    if (u < options->dead)
        return CSEG_DEAD;
    if (u < options->dead + options->dividing)
        return v < 0.5 ? CSEG_METAPHASE : CSEG_DAUGHTER;
    return CSEG_LIVING;
}

/* In a sheet a cell has only the room that its neighbours leave; bodies are drawn larger, so that no gaps remain. */
static double swelling(double confluence) {
    return 1 + 0.9 * confluence * confluence * confluence;
}

void cseg_cell_draw(cseg_cell *cell, const cseg_field *field, cseg_rng *rng) {
    const cellseg_synth_cells *o = &field->groups.cells;
    const cellseg_synth_staining *staining = &field->groups.staining;
    const double area = o->cell_area_um2 * cseg_rng_factor(rng, o->cell_area_spread);
    const double nucleus = o->nucleus_radius_um * cseg_rng_factor(rng, o->nucleus_radius_spread);
    const double longer = o->elongation * cseg_rng_factor(rng, 0.5);
    const double oval = sqrt(1 + cseg_rng_between(rng, 0.02, 0.3) + 0.35 * fmin(longer, 2) * cseg_rng_uniform(rng));
    cell->kind = draw_kind(o, rng);
    cell->seed = cseg_rng_bits(rng);
    cell->radius = sqrt(area * swelling(o->confluence) / pi);
    cell->stretch = (float)sqrt(1 + longer);
    cell->bend = (float)(0.18 * cseg_rng_normal(rng) * fmin(longer, 1.5) / (cell->radius * cell->stretch));
    cell->half_length = (float)(nucleus * sqrt(oval));
    cell->half_width = (float)(nucleus / sqrt(oval));
    cell->level = (float)(o->overlap * cseg_rng_uniform(rng));
    cell->brightness = (float)cseg_rng_factor(rng, staining->brightness_spread);
    cell->darkness =
        (float)fmin(fmax(staining->nucleus_darkness + staining->nucleus_darkness_spread * cseg_rng_normal(rng), 0), 1);
    cell->nuclear_brightness = (float)cseg_rng_factor(rng, 0.25);
    cell->centre = cseg_cell_direction(rng);
    cell->centre_brightness = (float)(cseg_rng_uniform(rng) * field->style.centre * cseg_rng_uniform(rng) * 2);
    make_kind(cell, nucleus, rng);
    draw_outline(cell, cell->kind == CSEG_LIVING ? o->spikes * cseg_rng_between(rng, 0.4, 1) : 0, rng);
    cseg_cell_turn(cell, (cseg_vector){0, 1});
}

/* ---- thin processes ---- */

/* One process: steps of about 3 um with small changes of direction, each thinner than the last. */
static size_t draw_process(cseg_limb *limbs, size_t max_steps, const cseg_cell *cell, cseg_rng *rng) {
    const size_t steps = 6 + (size_t)(cseg_rng_bits(rng) % (max_steps - 5));
    cseg_vector heading = cseg_cell_direction(rng), at = cell->at;
    double width = cseg_rng_between(rng, 1.2, 2.6);
    const double thinner = cseg_math_exp(cseg_math_log(0.8 / width) / (double)steps), first = 0.7 * cell->radius;
    for (size_t i = 0; i < steps; i++) {
        const double step = i == 0 ? first : 3;
        const cseg_vector bent = cseg_cell_direction(rng);
        limbs[i] = (cseg_limb){(float)at.y,
                               (float)at.x,
                               (float)(heading.y * step),
                               (float)(heading.x * step),
                               (float)width,
                               (float)(width * thinner)};
        at = (cseg_vector){at.y + heading.y * step, at.x + heading.x * step};
        heading = cseg_cell_unit((cseg_vector){heading.y + 0.25 * bent.y, heading.x + 0.25 * bent.x});
        width *= thinner;
    }
    return steps;
}

size_t cseg_limbs_draw(cseg_limb *limbs, cseg_cell *cell, double branching) {
    cseg_rng rng = {cseg_random_bits(cell->seed, 0), 0};
    const size_t max_steps = CSEG_MAX_LIMBS / 6;
    size_t count = 0;
    for (int i = 0; i < 6; i++) /* binomial, with mean `branching` */
        if (cseg_rng_uniform(&rng) < branching / 6 && cell->kind == CSEG_LIVING)
            count += draw_process(limbs + count, max_steps, cell, &rng);
    cell->low = (float)(cell->at.y - cell->reach);
    cell->high = (float)(cell->at.y + cell->reach);
    for (size_t i = 0; i < count; i++) {
        cell->low = fminf(cell->low, fminf(limbs[i].y, limbs[i].y + limbs[i].dy) - limbs[i].width);
        cell->high = fmaxf(cell->high, fmaxf(limbs[i].y, limbs[i].y + limbs[i].dy) + limbs[i].width);
    }
    return count;
}
