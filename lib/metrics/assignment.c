/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Optimal matching on the sparse graph of overlaps: shortest augmenting paths (Jonker and Volgenant 1987), one reference label
 * after the other. A label without a partner is matched to a virtual target of cost 0. A real pair costs -(worth + IoU), where
 * `worth` exceeds any sum of IoU, so that the number of pairs has priority. Costs are whole numbers, so that equal sums are
 * equal in any order of addition. Prices of targets keep every cost along a path at 0 or more, so that Dijkstra's algorithm
 * finds the shortest path and may stop at its end. Cost: about one step per overlap when labels have few partners, as for IoU
 * above 0.5; in the worst case, for each label one search through its component of overlapping labels.
 */
#include "metrics/assignment.h"

static const size_t nothing = SIZE_MAX;
enum { IOU_BITS = 28 }; /* of the IoU in a cost: 33 remain for the number of labels, and two for sums of two costs and a price */

/* ---- overlaps by reference ---- */

cellseg_status cseg_candidates_new(cseg_candidates *out, cellseg_context *context, const cseg_overlaps *overlaps) {
    *out = (cseg_candidates){overlaps, cseg_memory_alloc(context, overlaps->count + 1, sizeof *out->overlap),
                             cseg_memory_calloc(context, overlaps->reference_count + 2, sizeof *out->first)};
    if (out->overlap == NULL || out->first == NULL) {
        const cellseg_status status = cseg_error_last();
        cseg_candidates_free(out);
        return status;
    }
    /* Counts are stored two places up; their sums are starts one place up, and filling moves the starts to their own places. */
    for (size_t i = 0; i < overlaps->count; i++)
        out->first[overlaps->overlap[i].reference + 2]++;
    for (size_t r = 0; r < overlaps->reference_count; r++)
        out->first[r + 2] += out->first[r + 1];
    for (size_t i = 0; i < overlaps->count; i++)
        out->overlap[out->first[overlaps->overlap[i].reference + 1]++] = overlaps->overlap[i];
    return CELLSEG_OK;
}

void cseg_candidates_free(cseg_candidates *candidates) {
    cseg_memory_free(candidates->overlap);
    cseg_memory_free(candidates->first);
    *candidates = (cseg_candidates){0};
}

/* ---- the queue: a binary heap, nearest first ---- */

typedef struct entry {
    int64_t distance;
    size_t target;
} entry;

typedef struct queue {
    entry *entries;
    size_t count;
} queue;

static void push(queue *q, entry new) {
    size_t at = q->count++;
    for (; at > 0 && new.distance < q->entries[(at - 1) / 2].distance; at = (at - 1) / 2)
        q->entries[at] = q->entries[(at - 1) / 2];
    q->entries[at] = new;
}

static entry pop(queue *q) {
    const entry nearest = q->entries[0], last = q->entries[--q->count];
    size_t at = 0;
    for (size_t child = 1; child < q->count; child = 2 * at + 1) {
        if (child + 1 < q->count && q->entries[child + 1].distance < q->entries[child].distance)
            child++;
        if (last.distance <= q->entries[child].distance)
            break;
        q->entries[at] = q->entries[child];
        at = child;
    }
    q->entries[at] = last;
    return nearest;
}

/* ---- one augmenting path ---- */

/* State of a target label. */
typedef struct target_state {
    int64_t price;
    int64_t distance; /* of the shortest path found in this search; INT64_MAX: none */
    size_t via;       /* the last overlap of the path */
    size_t owner;     /* the matched reference label */
    bool settled;     /* the distance is final */
} target_state;

typedef struct matcher {
    const cseg_candidates *candidates;
    double threshold;
    int64_t worth;
    target_state *target;
    size_t *match; /* for each reference label the overlap with its partner */
    size_t *reached;
    size_t reached_count;
    queue queue;
    size_t steps; /* overlaps visited since the last report */
} matcher;

static int64_t cost_of(const matcher *m, size_t overlap) {
    const double iou = cseg_overlap_iou(m->candidates->of, &m->candidates->overlap[overlap]);
    return -(m->worth + (int64_t)(iou * (double)((int64_t)1 << IOU_BITS) + 0.5));
}

/* Relax the paths through a reference label at distance `from`. */
static void relax(matcher *m, size_t reference, int64_t from) {
    const cseg_candidates *c = m->candidates;
    for (size_t i = c->first[reference]; i < c->first[reference + 1]; i++) {
        target_state *t = &m->target[c->overlap[i].target];
        if (t->settled || cseg_overlap_iou(c->of, &c->overlap[i]) < m->threshold)
            continue;
        const int64_t distance = from + cost_of(m, i) - t->price;
        if (distance >= t->distance)
            continue;
        if (t->distance == INT64_MAX)
            m->reached[m->reached_count++] = c->overlap[i].target;
        t->distance = distance;
        t->via = i;
        push(&m->queue, (entry){distance, c->overlap[i].target});
    }
    m->steps += c->first[reference + 1] - c->first[reference] + 1;
}

/* Shift the matches along the path: each target gets the reference label before it. The path ends at `target`, or with
 * `nothing` at `loser`, which then has no partner. */
static void flip(matcher *m, size_t root, size_t target, size_t loser) {
    if (target == nothing) {
        if (loser == root)
            return;
        target = m->candidates->overlap[m->match[loser]].target;
        m->match[loser] = nothing;
    }
    for (;;) {
        const size_t via = m->target[target].via, reference = m->candidates->overlap[via].reference, before = m->match[reference];
        m->match[reference] = via;
        m->target[target].owner = reference;
        if (reference == root)
            return;
        target = m->candidates->overlap[before].target;
    }
}

static void forget(matcher *m, int64_t end) {
    for (size_t i = 0; i < m->reached_count; i++) {
        target_state *t = &m->target[m->reached[i]];
        if (t->settled)
            t->price += t->distance - end;
        t->distance = INT64_MAX;
        t->settled = false;
    }
    m->reached_count = m->queue.count = 0;
}

/* Match one more reference label, or leave the label without a partner whose loss costs least. */
static void augment(matcher *m, size_t root) {
    int64_t from = 0, end = 0;
    size_t reference = root, loser = root, last = nothing;
    for (;;) {
        if (from < end) {
            end = from;
            loser = reference;
        }
        relax(m, reference, from);
        entry nearest = {0, nothing};
        while (m->queue.count > 0 && nearest.target == nothing) {
            const entry candidate = pop(&m->queue);
            if (!m->target[candidate.target].settled)
                nearest = candidate;
        }
        if (nearest.target == nothing || nearest.distance >= end)
            break;
        target_state *t = &m->target[nearest.target];
        if (t->owner == nothing) {
            end = nearest.distance;
            last = nearest.target;
            break;
        }
        t->settled = true;
        reference = t->owner;
        from = t->distance - (cost_of(m, m->match[reference]) - t->price);
    }
    flip(m, root, last, loser);
    forget(m, end);
}

/* ---- all ---- */

static cellseg_status matcher_new(matcher *m, cellseg_context *context, const cseg_candidates *candidates, double threshold) {
    const cseg_overlaps *o = candidates->of;
    *m = (matcher){.candidates = candidates, .threshold = threshold};
    m->worth = (int64_t)((o->reference_count < o->target_count ? o->reference_count : o->target_count) + 1) << IOU_BITS;
    m->target = cseg_memory_alloc(context, o->target_count + 1, sizeof *m->target);
    m->match = cseg_memory_alloc(context, o->reference_count + 1, sizeof *m->match);
    m->reached = cseg_memory_alloc(context, o->target_count + 1, sizeof *m->reached);
    m->queue.entries = cseg_memory_alloc(context, o->count + 1, sizeof *m->queue.entries);
    if (m->target == NULL || m->match == NULL || m->reached == NULL || m->queue.entries == NULL)
        return cseg_error_last();
    for (size_t t = 0; t < o->target_count; t++)
        m->target[t] = (target_state){.distance = INT64_MAX, .owner = nothing};
    for (size_t r = 0; r < o->reference_count; r++)
        m->match[r] = nothing;
    return CELLSEG_OK;
}

static cellseg_status match_all(matcher *m, cellseg_context *context) {
    enum { REPORT_STEPS = 100000 };
    const size_t count = m->candidates->of->reference_count;
    for (size_t r = 0; r < count; r++) {
        augment(m, r);
        if (m->steps < REPORT_STEPS)
            continue;
        m->steps = 0;
        CSEG_TRY(cseg_progress_report(context, (double)r / (double)count));
    }
    return CELLSEG_OK;
}

cellseg_status cseg_assignment_solve(cseg_assignment *out, cellseg_context *context, const cseg_candidates *candidates,
                                     double threshold) {
    matcher m;
    cellseg_status status = matcher_new(&m, context, candidates, threshold);
    if (status == CELLSEG_OK)
        status = match_all(&m, context);
    *out = (cseg_assignment){0};
    for (size_t r = 0; status == CELLSEG_OK && r < candidates->of->reference_count; r++) {
        if (m.match[r] == nothing)
            continue;
        out->pairs++;
        out->iou_sum += cseg_overlap_iou(candidates->of, &candidates->overlap[m.match[r]]);
    }
    cseg_memory_free(m.target);
    cseg_memory_free(m.match);
    cseg_memory_free(m.reached);
    cseg_memory_free(m.queue.entries);
    return status;
}
