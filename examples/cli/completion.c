/* SPDX-License-Identifier: BSD-3-Clause */
/* cellseg completion: what a shell completes on a command line, from the descriptions of the subcommands. */
#include "cli.h"
#include "command.h"

#include <ctype.h>
#include <string.h>

/* ---- forms ---- */

typedef struct offer {
    bool files, folders;
    char words[FORM_SIZE]; /* between blanks */
} offer;

static bool is_typed(const char *part, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (isupper((unsigned char)part[i]))
            return false;
    return true;
}

static bool is_word(const char *part, size_t length, const char *word) {
    return strlen(word) == length && strncmp(part, word, length) == 0;
}

static offer read_form(const char *form) {
    offer o = {.words = ""};
    for (const char *part = form; *part != '\0';) {
        const size_t length = strcspn(part, "|"), used = strlen(o.words);
        o.files = o.files || is_word(part, length, "FILE");
        o.folders = o.folders || is_word(part, length, "FOLDER");
        if (is_typed(part, length))
            (void)snprintf(o.words + used, sizeof o.words - used, "%s%.*s", used > 0 ? " " : "", (int)length, part);
        part += length + (part[length] == '|');
    }
    return o;
}

static offer offer_of(const option *o) {
    char form[FORM_SIZE];
    write_form(form, o);
    return read_form(form);
}

static offer offer_of_operand(const command *of) {
    return read_form(of->operand != NULL ? of->operand : "");
}

/* Text with each of the characters in `special` behind `escape`. */
static void put_quoted(const char *text, const char *special, const char *escape) {
    for (; *text != '\0'; text++)
        printf("%s%c", strchr(special, *text) != NULL ? escape : "", *text);
}

/* ---- bash ---- */

static void put_bash_offer(const offer *o) {
    printf("offer=(%s-W \"%s\")", o->files ? "-f " : o->folders ? "-d " : "", o->words);
}

static void put_bash_command(const command *of) {
    const option *o;
    const offer operand = offer_of_operand(of);
    printf("    %s)\n        options=\"", of->name);
    for (size_t i = 0; (o = option_at(of, i)) != NULL; i++)
        printf("%s--%s", i > 0 ? " " : "", o->name);
    printf("\"\n        ");
    put_bash_offer(&operand);
    printf("\n        case $before in\n");
    for (size_t i = 0; (o = option_at(of, i)) != NULL; i++) {
        if (o->kind == OPTION_FLAG)
            continue;
        const offer value = offer_of(o);
        printf("        --%s", o->name);
        if (o->letter != 0)
            printf(" | -%c", o->letter);
        printf(") options= ");
        put_bash_offer(&value);
        printf(" ;;\n");
    }
    printf("        esac\n        ;;\n");
}

static void put_bash(void) {
    printf("# bash completion for cellseg\n"
           "_cellseg() {\n"
           "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} options= offer=() line\n"
           "    if [[ $word == \"=\" ]]; then\n"
           "        word=\n"
           "    elif [[ $before == \"=\" ]]; then\n"
           "        before=${COMP_WORDS[COMP_CWORD - 2]}\n"
           "    fi\n"
           "    COMPREPLY=()\n"
           "    ((COMP_CWORD == 1)) && options=\"--help --version\" offer=(-W \"");
    for (const command *const *c = commands; *c != NULL; c++)
        printf("%s%s", c == commands ? "" : " ", (*c)->name);
    printf("\")\n    ((COMP_CWORD > 1)) && case ${COMP_WORDS[1]} in\n");
    for (const command *const *c = commands; *c != NULL; c++)
        put_bash_command(*c);
    printf("    esac\n"
           "    [[ $word == -* && $options ]] && offer=(-W \"$options\")\n"
           "    [[ ${offer[0]} == -[df] ]] && compopt -o filenames 2>/dev/null\n"
           "    while IFS= read -r line; do COMPREPLY+=(\"$line\"); done < <(compgen \"${offer[@]}\" -- \"$word\")\n"
           "}\n"
           "complete -F _cellseg cellseg\n");
}

/* ---- zsh ---- */

/* Inside single quotes, and where colons and brackets have a meaning. */
static void put_zsh_text(const char *text) {
    for (; *text != '\0'; text++)
        printf(*text == '\'' ? "'\\''" : strchr("[]:\\", *text) != NULL ? "\\%c" : "%c", *text);
}

/* ":FORM:ACTION". */
static void put_zsh_offer(const char *form, const offer *o) {
    const char *paths = o->files ? "_files" : o->folders ? "_path_files -/" : "";
    printf(":");
    put_zsh_text(form);
    if (paths[0] != '\0' && o->words[0] != '\0')
        printf(":{_alternative \"paths\\:path\\:%s\" \"words\\:word\\:(%s)\"}", paths, o->words);
    else if (paths[0] != '\0')
        printf(":%s", paths);
    else if (o->words[0] != '\0')
        printf(":(%s)", o->words);
    else
        printf(": ");
}

static void put_zsh_name(const char *dashes, const char *name, const char *joint, const option *o) {
    char form[FORM_SIZE];
    const offer value = offer_of(o);
    write_form(form, o);
    printf(" \\\n            '%s%s%s%s[", o->kind == OPTION_TEXTS ? "*" : "", dashes, name, joint);
    put_zsh_text(o->help);
    printf("]");
    if (o->kind != OPTION_FLAG)
        put_zsh_offer(form, &value);
    printf("'");
}

static void put_zsh_command(const command *of) {
    const option *o;
    printf("    %s)\n        _arguments -s -S", of->name);
    for (size_t i = 0; (o = option_at(of, i)) != NULL; i++) {
        const char letter[2] = {o->letter, '\0'};
        put_zsh_name("--", o->name, o->kind != OPTION_FLAG ? "=" : "", o);
        if (o->letter != 0)
            put_zsh_name("-", letter, o->kind != OPTION_FLAG ? "+" : "", o);
    }
    if (of->operand != NULL) {
        const offer operand = offer_of_operand(of);
        printf(" \\\n            '*");
        put_zsh_offer(of->operand, &operand);
        printf("'");
    }
    printf("\n        ;;\n");
}

static void put_zsh(void) {
    printf("#compdef cellseg\n"
           "_cellseg() {\n"
           "    local -a subcommands=(\n");
    for (const command *const *c = commands; *c != NULL; c++) {
        printf("        '%s:", (*c)->name);
        put_zsh_text((*c)->headline);
        printf("'\n");
    }
    printf("    )\n"
           "    if ((CURRENT == 2)); then\n"
           "        _describe subcommand subcommands\n"
           "        return\n"
           "    fi\n"
           "    shift words\n"
           "    ((CURRENT--))\n"
           "    case $words[1] in\n");
    for (const command *const *c = commands; *c != NULL; c++)
        put_zsh_command(*c);
    printf("    esac\n"
           "}\n"
           "if [[ $funcstack[1] == _cellseg ]]; then _cellseg \"$@\"; else compdef _cellseg cellseg; fi\n");
}

/* ---- fish ---- */

static void put_fish_offer(const offer *o) {
    printf(o->files ? " -r -F" : " -x");
    if (o->folders || o->words[0] != '\0')
        printf(" -a '%s%s%s'", o->folders ? "(__fish_complete_directories)" : "", o->folders && o->words[0] != '\0' ? " " : "",
               o->words);
}

static void put_fish_command(const command *of) {
    const option *o;
    printf("complete -c cellseg -n '__cellseg_is \"\"' -a %s -d '", of->name);
    put_quoted(of->headline, "'\\", "\\");
    printf("'\n");
    for (size_t i = 0; (o = option_at(of, i)) != NULL; i++) {
        printf("complete -c cellseg -n '__cellseg_is %s' -l %s", of->name, o->name);
        if (o->letter != 0)
            printf(" -s %c", o->letter);
        if (o->kind != OPTION_FLAG) {
            const offer value = offer_of(o);
            put_fish_offer(&value);
        }
        printf(" -d '");
        put_quoted(o->help, "'\\", "\\");
        printf("'\n");
    }
    if (of->operand != NULL) {
        const offer operand = offer_of_operand(of);
        printf("complete -c cellseg -n '__cellseg_is %s'", of->name);
        put_fish_offer(&operand);
        printf("\n");
    }
}

static void put_fish(void) {
    printf("# fish completion for cellseg\n"
           "function __cellseg_is\n"
           "    set -l words (commandline -opc)\n"
           "    test \"$words[2]\" = \"$argv[1]\"\n"
           "end\n"
           "complete -c cellseg -f\n");
    for (const command *const *c = commands; *c != NULL; c++)
        put_fish_command(*c);
}

/* ---- the command ---- */

static const struct {
    const char *name;
    void (*put)(void);
} shells[] = {{"bash", put_bash}, {"zsh", put_zsh}, {"fish", put_fish}};

static int run(const words *line) {
    for (const command *const *c = commands; *c != NULL; c++)
        if (!begin_command(*c, CELLSEG_PRESET_DEFAULT))
            return CLI_FAILED;
    for (size_t i = 0; line->count == 1 && i < sizeof shells / sizeof *shells; i++)
        if (strcmp(shells[i].name, line->operands[0]) == 0) {
            shells[i].put();
            return CLI_FINE;
        }
    return print_usage_fault(&completion_command, "the name of one shell is expected: bash, zsh or fish");
}

const command completion_command = {
    .name = "completion",
    .headline = "print the completions of a shell",
    .arguments = "bash|zsh|fish",
    .operand = "bash|zsh|fish",
    .summary = "Print what the shell reads to complete the command lines of cellseg: subcommands, options, values and files.",
    .groups = (const option_group[]){{"Common", general_options}, {NULL, NULL}},
    .examples =
        (const note[]){{"completion bash > ~/.local/share/bash-completion/completions/cellseg", "for one user"}, {NULL, NULL}},
    .run = run,
};
