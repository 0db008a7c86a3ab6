/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stack machine of Python's pickles (pickletools.py describes every operation), as far as NumPy's arrays and the dictionaries
 * about them need it. Values are numbered; stack and memo hold numbers, so that a later state reaches every reference. Lists and
 * dictionaries keep nothing but what was put under the key. Cost: linear in the pickle.
 */
#include "io/pickle.h"

#include <string.h>

/* The stack's marks are numbers that no value has. */
static const size_t mark = SIZE_MAX;

typedef struct machine {
    cseg_pickle *pickle;
    const unsigned char *at, *end;
    size_t found; /* number of the value under the key */
    cellseg_status status;
} machine;

static void refuse(machine *m, const char *what) {
    if (m->status == CELLSEG_OK)
        m->status =
            cseg_fail(CELLSEG_ERR_FORMAT, "the pickle %s, %zu bytes before the file's end", what, (size_t)(m->end - m->at));
}

/* ---- values ---- */

static cseg_pickle_value *value_at(const cseg_pickle *pickle, size_t number) {
    return (cseg_pickle_value *)(void *)pickle->values.bytes + number;
}

static size_t *numbers_of(const cseg_text *text) {
    return (size_t *)(void *)text->bytes;
}

static size_t count_of(const cseg_text *text) {
    return text->length / sizeof(size_t);
}

static void add_number(machine *m, cseg_text *to, size_t number) {
    cseg_text_add_bytes(to, &number, sizeof number);
    if (m->status == CELLSEG_OK)
        m->status = to->status;
}

static void push(machine *m, cseg_pickle_value value) {
    cseg_text *values = &m->pickle->values;
    const size_t number = values->length / sizeof value;
    cseg_text_add_bytes(values, &value, sizeof value);
    if (m->status == CELLSEG_OK)
        m->status = values->status;
    add_number(m, &m->pickle->stack, number);
}

static void push_other(machine *m) {
    push(m, (cseg_pickle_value){.kind = CSEG_PICKLE_OTHER});
}

/* The number on top of the stack; CSEG_PICKLE_NONE, and a failure, where there is a mark or nothing. */
static size_t pop(machine *m) {
    cseg_text *stack = &m->pickle->stack;
    const size_t count = count_of(stack);
    if (m->status != CELLSEG_OK || count == 0 || numbers_of(stack)[count - 1] == mark) {
        refuse(m, "takes a value that is not there");
        return CSEG_PICKLE_NONE;
    }
    stack->length -= sizeof(size_t);
    return numbers_of(stack)[count - 1];
}

/* How many values lie above the topmost mark, which must be there. */
static size_t above_mark(machine *m) {
    const size_t *numbers = numbers_of(&m->pickle->stack), count = count_of(&m->pickle->stack);
    size_t above = 0;
    while (above < count && numbers[count - 1 - above] != mark)
        above++;
    if (above == count)
        refuse(m, "takes values up to a mark that is not there");
    return above;
}

static void drop(machine *m, size_t count) {
    if (m->status == CELLSEG_OK)
        m->pickle->stack.length -= count * sizeof(size_t);
}

/* ---- operations ---- */

/* A number of the program, the lowest byte first. */
static uint64_t take(machine *m, size_t bytes) {
    uint64_t value = 0;
    if ((size_t)(m->end - m->at) < bytes) {
        refuse(m, "is cut off");
        return 0;
    }
    for (size_t i = bytes; i > 0; i--)
        value = value << 8 | m->at[i - 1];
    m->at += bytes;
    return value;
}

static void push_text(machine *m, size_t size_bytes) {
    const uint64_t size = take(m, size_bytes);
    if (size > (size_t)(m->end - m->at)) {
        refuse(m, "is cut off");
        return;
    }
    push(m, (cseg_pickle_value){.kind = CSEG_PICKLE_TEXT, .text = (const char *)m->at, .size = (size_t)size});
    m->at += size;
}

static void push_number(machine *m, uint64_t number) {
    push(m, (cseg_pickle_value){.kind = CSEG_PICKLE_NUMBER, .number = number});
}

/* A whole number of any length; those of more than 8 bytes are no size of an image. */
static void push_long(machine *m) {
    const size_t size = (size_t)take(m, 1);
    if (size <= 8)
        push_number(m, take(m, size));
    else
        refuse(m, "has a number of more than 64 bits");
}

static void push_tuple(machine *m, size_t count) {
    cseg_text *items = &m->pickle->items, *stack = &m->pickle->stack;
    const cseg_pickle_value tuple = {.kind = CSEG_PICKLE_TUPLE, .size = count, .first = count_of(items)};
    if (count > count_of(stack))
        refuse(m, "takes values that are not there");
    for (size_t i = 0; i < count && m->status == CELLSEG_OK; i++) {
        const size_t number = numbers_of(stack)[count_of(stack) - count + i];
        if (number == mark)
            refuse(m, "takes values that are not there");
        add_number(m, items, number);
    }
    drop(m, count);
    push(m, tuple);
}

static void push_marked_tuple(machine *m) {
    const size_t count = above_mark(m);
    if (m->status != CELLSEG_OK)
        return;
    push_tuple(m, count);
    const size_t tuple = pop(m);
    drop(m, 1);
    add_number(m, &m->pickle->stack, tuple);
}

static void set_item(machine *m, size_t key, size_t value) {
    const cseg_pickle_value *name = key != mark && m->status == CELLSEG_OK ? value_at(m->pickle, key) : NULL;
    const size_t length = strlen(m->pickle->key);
    if (name != NULL && name->kind == CSEG_PICKLE_TEXT && name->size == length && memcmp(name->text, m->pickle->key, length) == 0)
        m->found = value;
}

/* Keys and values above the mark go to the dictionary below. */
static void set_items(machine *m) {
    const size_t above = above_mark(m), count = count_of(&m->pickle->stack);
    const size_t *numbers = numbers_of(&m->pickle->stack);
    if (above % 2 != 0)
        refuse(m, "gives a dictionary a key without a value");
    for (size_t i = 0; i < above && m->status == CELLSEG_OK; i += 2)
        set_item(m, numbers[count - above + i], numbers[count - above + i + 1]);
    drop(m, above + 1);
}

static void set_one_item(machine *m) {
    const size_t value = pop(m), key = pop(m);
    set_item(m, key, value);
}

/* A call: the function's name is below the arguments. */
static void call(machine *m) {
    const size_t arguments = pop(m);
    (void)pop(m);
    push(m, (cseg_pickle_value){.kind = CSEG_PICKLE_OBJECT, .arguments = arguments});
}

static void set_state(machine *m) {
    const size_t state = pop(m), object = pop(m);
    if (m->status != CELLSEG_OK)
        return;
    value_at(m->pickle, object)->state = state;
    add_number(m, &m->pickle->stack, object);
}

/* Writers number what they keep from 0 on. */
static void keep(machine *m, uint64_t index) {
    cseg_text *memo = &m->pickle->memo;
    const size_t number = pop(m);
    if (index > count_of(memo))
        refuse(m, "skips a place of its memory");
    if (m->status != CELLSEG_OK)
        return;
    if (index < count_of(memo))
        numbers_of(memo)[index] = number;
    else
        add_number(m, memo, number);
    add_number(m, &m->pickle->stack, number);
}

static void recall(machine *m, uint64_t index) {
    if (index >= count_of(&m->pickle->memo))
        refuse(m, "recalls a value that it does not have");
    else
        add_number(m, &m->pickle->stack, numbers_of(&m->pickle->memo)[index]);
}

static void skip_lines(machine *m, int count) {
    for (int i = 0; i < count; i++)
        while (take(m, 1) != '\n' && m->status == CELLSEG_OK)
            continue;
}

/* Operations that push what has no meaning here; false for any other. */
static bool run_other(machine *m, unsigned char operation) {
    switch (operation) {
    case 'c': /* a name: module and function */
        skip_lines(m, 2);
        break;
    case 0x93: /* the same from the stack */
    case 0x81: /* an object of a class and arguments */
        (void)pop(m);
        (void)pop(m);
        break;
    case 'G':
        (void)take(m, 8);
        break;
    case ']':
    case '}':
    case 0x8f:
    case 'N':
        break;
    default:
        return false;
    }
    push_other(m);
    return true;
}

static bool run_text(machine *m, unsigned char operation) {
    switch (operation) {
    case 'X':
    case 'B':
    case 'T':
        push_text(m, 4);
        return true;
    case 0x8c:
    case 'C':
    case 'U':
        push_text(m, 1);
        return true;
    case 0x8d:
    case 0x8e:
    case 0x96:
        push_text(m, 8);
        return true;
    default:
        return false;
    }
}

static bool run_number(machine *m, unsigned char operation) {
    switch (operation) {
    case 'J':
        push_number(m, take(m, 4));
        return true;
    case 'K':
        push_number(m, take(m, 1));
        return true;
    case 'M':
        push_number(m, take(m, 2));
        return true;
    case 0x8a:
        push_long(m);
        return true;
    case 0x88:
    case 0x89: /* true, false */
        push_number(m, operation == 0x88);
        return true;
    default:
        return false;
    }
}

static bool run_container(machine *m, unsigned char operation) {
    switch (operation) {
    case ')':
        push_tuple(m, 0);
        return true;
    case 0x85:
    case 0x86:
    case 0x87:
        push_tuple(m, operation - 0x84U);
        return true;
    case 't':
        push_marked_tuple(m);
        return true;
    case '(':
        add_number(m, &m->pickle->stack, mark);
        return true;
    case 'a': /* an item to a list */
        (void)pop(m);
        return true;
    case 'e':
    case 0x90: /* all above the mark to a list or set */
        drop(m, above_mark(m) + 1);
        return true;
    case 's':
        set_one_item(m);
        return true;
    case 'u':
        set_items(m);
        return true;
    default:
        return false;
    }
}

static bool run_memory(machine *m, unsigned char operation) {
    switch (operation) {
    case 'q':
        keep(m, take(m, 1));
        return true;
    case 'r':
        keep(m, take(m, 4));
        return true;
    case 0x94:
        keep(m, count_of(&m->pickle->memo));
        return true;
    case 'h':
        recall(m, take(m, 1));
        return true;
    case 'j':
        recall(m, take(m, 4));
        return true;
    case 'R':
        call(m);
        return true;
    case 'b':
        set_state(m);
        return true;
    case 0x80: /* the protocol */
        (void)take(m, 1);
        return true;
    case 0x95: /* the length of a frame */
        (void)take(m, 8);
        return true;
    default:
        return false;
    }
}

cellseg_status cseg_pickle_run(cseg_pickle *pickle, const char *bytes, size_t size) {
    enum { STOP = '.', STEPS_PER_POLL = 4096 };
    machine m = {.pickle = pickle, .at = (const unsigned char *)bytes, .end = (const unsigned char *)bytes + size};
    pickle->values.context = pickle->items.context = pickle->stack.context = pickle->memo.context = pickle->context;
    push_other(&m); /* CSEG_PICKLE_NONE */
    pickle->stack.length = 0;
    for (size_t step = 1; m.status == CELLSEG_OK; step++) {
        const unsigned char operation = (unsigned char)take(&m, 1);
        if (m.status != CELLSEG_OK || operation == STOP)
            break;
        if (!run_other(&m, operation) && !run_text(&m, operation) && !run_number(&m, operation) &&
            !run_container(&m, operation) && !run_memory(&m, operation))
            refuse(&m, "has an operation that NumPy and Cellpose do not write");
        if (m.status == CELLSEG_OK && step % STEPS_PER_POLL == 0)
            m.status = cseg_progress_poll(pickle->context, (double)(m.at - (const unsigned char *)bytes) / (double)size);
    }
    pickle->found = m.status == CELLSEG_OK && m.found != CSEG_PICKLE_NONE && m.found != mark ? value_at(pickle, m.found) : NULL;
    return m.status;
}

void cseg_pickle_free(cseg_pickle *pickle) {
    cseg_memory_free(pickle->values.bytes);
    cseg_memory_free(pickle->items.bytes);
    cseg_memory_free(pickle->stack.bytes);
    cseg_memory_free(pickle->memo.bytes);
}

/* ---- what was found ---- */

const cseg_pickle_value *cseg_pickle_item(const cseg_pickle *pickle, const cseg_pickle_value *tuple, size_t index) {
    if (tuple == NULL || tuple->kind != CSEG_PICKLE_TUPLE || index >= tuple->size)
        return NULL;
    return value_at(pickle, numbers_of(&pickle->items)[tuple->first + index]);
}

const cseg_pickle_value *cseg_pickle_arguments(const cseg_pickle *pickle, const cseg_pickle_value *object) {
    return object != NULL && object->kind == CSEG_PICKLE_OBJECT ? value_at(pickle, object->arguments) : NULL;
}

const cseg_pickle_value *cseg_pickle_state(const cseg_pickle *pickle, const cseg_pickle_value *object) {
    return object != NULL && object->kind == CSEG_PICKLE_OBJECT ? value_at(pickle, object->state) : NULL;
}
