/* SPDX-License-Identifier: BSD-3-Clause */
#include "page.h"

#include "cli.h"
#include "system.h"

#include <math.h>
#include <string.h>

static const char head[] = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>";

static const char style[] =
    "</title>\n<style>\n"
    "body{font:15px/1.5 system-ui,sans-serif;color:#222;background:#fff;max-width:1180px;margin:2em auto;padding:0 1.5em}\n"
    "h1{font-size:1.7em;margin:0}h2{font-size:1.25em;margin:2.2em 0 .4em;border-bottom:1px solid #ddd}\n"
    "h2::first-letter{text-transform:uppercase}h3{font-size:1em;margin:1em 0 .3em}\n"
    "p{max-width:56em}.quiet{color:#666;font-size:.9em}\n"
    ".tiles{display:flex;flex-wrap:wrap;gap:.8em;margin:1.2em 0}\n"
    ".tile{background:#f4f6f8;border-radius:6px;padding:.5em 1.1em;min-width:6em}.tile b{display:block;font-size:1.55em}\n"
    ".scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.88em;font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.22em .6em;text-align:right;white-space:nowrap}th:first-child,td:first-child{text-align:left}\n"
    "thead th{border-bottom:2px solid #999;font-weight:600}tbody tr:nth-child(even){background:#f7f8f9}\n"
    "tfoot td{font-weight:600}tfoot tr:first-child td{border-top:1px solid #999}\n"
    "figure{margin:0}figcaption{font-size:.9em;margin:.3em 0}\n"
    ".charts{display:flex;flex-wrap:wrap;gap:1em}.charts figure{flex:0 1 375px}.charts svg{width:100%;height:auto}\n"
    ".cells{display:flex;flex-wrap:wrap;gap:.7em}.thumbnails .cell{width:200px}.thumbnails "
    "figcaption{overflow-wrap:anywhere}.cell{width:220px}.cell img{display:block}\n"
    "svg text{font:12px system-ui,sans-serif;fill:#444}svg .axis{font-size:13px;fill:#222}\n"
    ".grid{stroke:#e2e2e2;fill:none}.frame{stroke:#888;fill:none}.curve{fill:none;stroke-width:2}.bar{fill:#6f9fc4}\n"
    ".mean{stroke:#d55e00;stroke-width:1.5;fill:none}\n"
    ".truth,.found{padding:0 .4em;border-radius:3px;color:#222}.truth{background:#f0e442}.found{background:#00beff}\n"
    ".map rect{stroke:#fff}.map .empty{fill:#eee}.map .warned{stroke:#d55e00;stroke-width:2}.map text{font-size:9px}\n"
    ".cross{stroke:#d55e00;stroke-width:1.5}.fault{color:#a33b00}td.text{text-align:left;white-space:normal}\n"
    "dd span{white-space:nowrap}dt{font-weight:600;float:left;clear:left;width:8em}dd{margin:0 0 .3em 8.5em}\n"
    "@media(max-width:600px){body{margin:1em auto;padding:0 .8em}.tile{padding:.3em .7em}dt{float:none}dd{margin:0 0 .3em}"
    ".thumbnails .cell{width:47%}.thumbnails img{max-width:100%;height:auto}}\n"
    "</style></head><body>\n";

void put_text(FILE *to, const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '&')
            fputs("&amp;", to);
        else if (*text == '<')
            fputs("&lt;", to);
        else if (*text == '>')
            fputs("&gt;", to);
        else if (*text == '"')
            fputs("&quot;", to);
        else
            fputc((unsigned char)*text < 0x20 ? ' ' : *text, to);
    }
}

void begin_page(FILE *to, const char *title) {
    fputs(head, to);
    put_text(to, title);
    fprintf(to, "%s<h1>", style);
    put_text(to, title);
    fputs("</h1>\n", to);
}

void end_page(FILE *to) {
    fputs("</body></html>\n", to);
}

void put_tile(FILE *to, const char *name, double value, int digits) {
    if (!isnan(value))
        fprintf(to, "<div class=\"tile\"><b>%.*f</b>%s</div>\n", digits, value, name);
}

static void put_base64(FILE *to, FILE *from) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char b[3];
    for (size_t n; (n = fread(b, 1, sizeof b, from)) > 0;) {
        memset(b + n, 0, sizeof b - n);
        const unsigned word = (unsigned)b[0] << 16 | (unsigned)b[1] << 8 | b[2];
        for (size_t i = 0; i < 4; i++)
            fputc(i <= n ? digits[word >> (18 - 6 * i) & 63] : '=', to);
    }
}

bool put_picture_file(FILE *to, const char *path, size_t width, size_t height) {
    FILE *picture = open_to_read(path);
    if (picture == NULL) {
        print_error("%s: cannot be read", path);
        return false;
    }
    fprintf(to, "<img alt=\"\" width=\"%zu\" height=\"%zu\" src=\"data:image/png;base64,", width, height);
    put_base64(to, picture);
    fputs("\">", to);
    (void)fclose(picture);
    return true;
}
