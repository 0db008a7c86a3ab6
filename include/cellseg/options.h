/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file options.h  Descriptor tables: every member of an option struct by name, type, unit, range and default.
 *
 * A program that offers this library's options to its own users reads the tables instead of listing the members a second time:
 * the command line and the Python package do so. Each header with an option struct has a function that returns its table.
 */
#ifndef CELLSEG_OPTIONS_H
#define CELLSEG_OPTIONS_H

#include <cellseg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Sets of option values. */
enum {
    CELLSEG_PRESET_DEFAULT = 0, /**< chosen by measurement (docs/defaults.md) */
    CELLSEG_PRESET_PAPER = 1    /**< the values of Al-Kofahi et al. 2018; off for steps that the paper does not have */
};

/** The C type of a member. */
enum {
    CELLSEG_OPTION_INT32 = 1,  /**< int32_t */
    CELLSEG_OPTION_UINT64 = 2, /**< uint64_t */
    CELLSEG_OPTION_DOUBLE = 3, /**< double */
    CELLSEG_OPTION_TEXT = 4,   /**< const char *, UTF-8, NULL for none */
    CELLSEG_OPTION_GROUP = 5   /**< a pointer to another option struct, NULL for its preset */
};

/** What a member accepts besides its range, and whether a preset writes it; a sum of these. */
enum {
    CELLSEG_OPTION_FLAG_OR_ZERO = 1,       /**< 0 is legal too */
    CELLSEG_OPTION_FLAG_ABOVE_LOWEST = 2,  /**< the lowest value itself is not legal */
    CELLSEG_OPTION_FLAG_POWER_OF_TWO = 4,  /**< only powers of two are legal */
    CELLSEG_OPTION_FLAG_KEPT_BY_PRESET = 8 /**< a fact about the image or the run: presets leave the member as it is */
};

/** The descriptors of one option struct; constant, owned by the library. */
typedef struct cellseg_option_table cellseg_option_table;

/** One member of an option struct. Texts and tables belong to the library and stay valid. */
typedef struct cellseg_option {
    size_t struct_size;                /**< sizeof of this struct where the caller was compiled */
    const char *name;                  /**< of the member */
    const char *unit;                  /**< "um", "um2", "px", "bytes" ... ; "" for none */
    const char *sentence;              /**< the member's meaning in one sentence */
    const char *const *choices;        /**< NULL, or the names of the values 0, 1, ... ; NULL ends the list */
    const cellseg_option_table *group; /**< the members of a CELLSEG_OPTION_GROUP; else NULL */
    size_t offset;                     /**< of the member in its struct, in bytes */
    int32_t type;                      /**< CELLSEG_OPTION_INT32 ... CELLSEG_OPTION_GROUP */
    int32_t flags;                     /**< sum of CELLSEG_OPTION_FLAG_OR_ZERO ... CELLSEG_OPTION_FLAG_KEPT_BY_PRESET */
    double standard;                   /**< the default; 0 for texts and groups, whose default is NULL */
    double paper;                      /**< the value under CELLSEG_PRESET_PAPER */
    double lowest;                     /**< of the legal range */
    double highest;                    /**< of the legal range */
} cellseg_option;

/** The struct's name, "cellseg_segment_options"; "" for NULL. Threads: any. Since: 1.0 */
CELLSEG_API const char *cellseg_option_table_name(const cellseg_option_table *table);

/** The number of members, without struct_size; 0 for NULL. Threads: any. Since: 1.0 */
CELLSEG_API size_t cellseg_option_table_count(const cellseg_option_table *table);

/**
 * Describe one member.
 *
 * @param[out] option       at least `struct_size` bytes
 * @param      struct_size  sizeof(cellseg_option) as the caller's compiler sees it
 * @param      table        one of the library's tables
 * @param      index        from 0, in the order of the struct
 * @return CELLSEG_ERR_ARGUMENT  a NULL, a struct_size smaller than the first release's, or an index beyond the last member
 * Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_option_table_get(cellseg_option *option, size_t struct_size, const cellseg_option_table *table,
                                                    size_t index);

/**
 * Write an option struct as one JSON object: members by name, choices by theirs, groups as objects, NULL as null.
 *
 * @param[out] text     `size` bytes; the object and a closing zero. "" after an error.
 * @param      size     8192 hold any struct of this library whose texts are short
 * @param      table    the table of the struct that `options` points to
 * @param      options  NULL for the defaults; its values are checked
 * @return CELLSEG_ERR_ARGUMENT  a NULL, or an option out of range
 * @return CELLSEG_ERR_LIMIT     the object needs more than `size` bytes; the message names the number
 * @return CELLSEG_ERR_MEMORY
 * Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_option_table_json(char *text, size_t size, const cellseg_option_table *table,
                                                     const void *options);

#ifdef __cplusplus
}
#endif
#endif
