/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * topo as a picture: the machine on the left, the matrix on the right, totals below.
 * Self-contained SVG.  A node has one fill in both halves; it is also named in both,
 * and nodes are told apart by their borders, so that colour is never needed.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/amount.h"
#include "topo.h"
#include "values.h"

enum {
    WIDTH = 1000, MARGIN = 24,
    TOP = 116,              /* of both halves */
    MACHINE_WIDTH = 330,
    MATRIX_LEFT = 460, MATRIX_WIDTH = WIDTH - MARGIN - MATRIX_LEFT,
    NODE_HEIGHT = 52, PACKAGE_HEIGHT = 24, /* of a node's box; of a package's heading */
    GAP = 6,
    LEAST_HEIGHT = 360,     /* of the matrix */
    MOST_BOXES = 16,        /* nodes drawn in the machine */
    MOST_TILES = 4096       /* beyond, lines would be a grey area */
};

/* Light fills, so that black text is readable on each (contrast above 12). */
static const char *const fills[] = {"#cfe8fc", "#ffe3b3", "#d3f0dc", "#f9d5e5",
                                    "#e3dcf7", "#fdf3b0", "#d9e2e6", "#f6d9c6"};

enum { FILLS = sizeof fills / sizeof *fills };

typedef struct {
    FILE *file;
    const topo *t;
    const map *m;
    double height; /* of the matrix */
} plot;

static void put_escaped(FILE *file, const char *text)
{
    for (; *text; text++) {
        if (*text == '&')
            fputs("&amp;", file);
        else if (*text == '<')
            fputs("&lt;", file);
        else if (*text == '>')
            fputs("&gt;", file);
        else if (*text == '"')
            fputs("&quot;", file);
        else if ((unsigned char)*text < ' ')
            fputc(' ', file); /* XML has no other control characters */
        else
            fputc(*text, file);
    }
}

/* attributes: more of the element's, or "". */
static void put_text(const plot *p, double x, double y, const char *attributes, const char *text)
{
    fprintf(p->file, "<text x=\"%.1f\" y=\"%.1f\"%s%s>", x, y, *attributes ? " " : "", attributes);
    put_escaped(p->file, text);
    fputs("</text>\n", p->file);
}

static void put_box(const plot *p, double x, double y, double width, double height,
                    const char *attributes)
{
    fprintf(p->file, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" %s/>\n", x, y,
            width, height, attributes);
}

static void fill_of(int node, char *attributes, size_t size)
{
    snprintf(attributes, size, "fill=\"%s\" stroke=\"#222\" stroke-width=\"1.5\"",
             fills[node % FILLS]);
}

static double at_col(const plot *p, int64_t col)
{
    return MATRIX_LEFT + (double)MATRIX_WIDTH * (double)col / (double)p->m->total.col_end;
}

static double at_row(const plot *p, int64_t row)
{
    return TOP + p->height * (double)row / (double)p->m->total.row_end;
}

/* ---- the machine ------------------------------------------------------------- */

static void draw_node(const plot *p, int node, double y)
{
    char fill[96], line[256], cores[96], cpus[64], threads[64], memory[BNORM_AMOUNT];
    const bnorm_node_info *info = &p->m->node[node];
    map_cores(p->m, node, cores, sizeof cores);
    map_cpus(p->m, node, cpus, sizeof cpus);
    map_threads(p->m, node, threads, sizeof threads);
    fill_of(node, fill, sizeof fill);
    put_box(p, MARGIN + GAP, y, MACHINE_WIDTH - 2 * GAP, NODE_HEIGHT, fill);
    snprintf(line, sizeof line, "node %d", node);
    put_text(p, MARGIN + 2 * GAP, y + 20, "font-weight=\"bold\"", line);
    int used = snprintf(line, sizeof line, "%s", cores);
    if (info->memory > 0)
        snprintf(line + used, sizeof line - (size_t)used, ", %s",
                 bnorm_amount(memory, (double)info->memory));
    put_text(p, MARGIN + MACHINE_WIDTH - 2 * GAP, y + 20, "text-anchor=\"end\"", line);
    snprintf(line, sizeof line, "threads %s", threads);
    put_text(p, MARGIN + 2 * GAP, y + 41, "", line);
    snprintf(line, sizeof line, "CPUs %s", cpus);
    put_text(p, MARGIN + MACHINE_WIDTH - 2 * GAP, y + 41, "text-anchor=\"end\"", line);
}

/* The first nodes and the last; -1 for those between.  Returns how many entries. */
static int boxes(const map *m, int shown[MOST_BOXES])
{
    int count = m->nodes < MOST_BOXES ? m->nodes : MOST_BOXES;
    for (int i = 0; i < count; i++)
        shown[i] = i;
    if (m->nodes > MOST_BOXES) {
        shown[MOST_BOXES - 2] = -1;
        shown[MOST_BOXES - 1] = m->nodes - 1;
    }
    return count;
}

/* Returns the y below the last box; draws nothing when `draw` is not set. */
static double draw_machine(const plot *p, bool draw)
{
    int shown[MOST_BOXES], count = boxes(p->m, shown), package = -1;
    double y = TOP;
    for (int i = 0; i < count; i++) {
        if (shown[i] < 0) {
            if (draw)
                put_text(p, MARGIN + 2 * GAP, y + 14, "", "... more nodes, not drawn ...");
            y += PACKAGE_HEIGHT;
            package = -1;
            continue;
        }
        if (map_package(p->m, shown[i]) != package) {
            char line[64];
            int last = map_last_package(p->m, shown[i]);
            package = map_package(p->m, shown[i]);
            snprintf(line, sizeof line, last > package ? "packages %d-%d" : "package %d", package,
                     last);
            if (draw)
                put_text(p, MARGIN, y + 14, "font-weight=\"bold\"", line);
            y += PACKAGE_HEIGHT;
        }
        if (draw)
            draw_node(p, shown[i], y);
        y += NODE_HEIGHT + GAP;
    }
    return y - GAP;
}

/* ---- the matrix --------------------------------------------------------------- */

/* Whether every tile can have its thread's number, and whether its edges can be told
 * apart at all. */
static void look_for_room(const plot *p, bool *edges, bool *numbers)
{
    *edges = *numbers = p->m->tiles <= MOST_TILES;
    for (int64_t i = 0; i < p->m->tiles && *edges; i++) {
        const map_tile *t = &p->m->tile[i];
        double width = at_col(p, t->cols) - MATRIX_LEFT, height = at_row(p, t->rows) - TOP;
        if (fmin(width, height) < 3 && t->row + t->rows < p->m->total.row_end &&
            t->col + t->cols < p->m->total.col_end)
            *edges = false;
        if (width < (t->thread < 10 ? 10 : t->thread < 100 ? 17 : 24) || height < 13)
            *numbers = false;
    }
    *numbers = *numbers && *edges;
}

/* Thin lines around what each thread has, and its number. */
static void draw_tiles(const plot *p)
{
    bool edges, numbers;
    look_for_room(p, &edges, &numbers);
    fputs("<g fill=\"none\" stroke=\"#222\" stroke-width=\"0.5\">\n", p->file);
    for (int64_t i = 0; i < p->m->tiles && edges; i++) {
        const map_tile *t = &p->m->tile[i];
        double x = at_col(p, t->col), y = at_row(p, t->row);
        put_box(p, x, y, at_col(p, t->col + t->cols) - x, at_row(p, t->row + t->rows) - y, "");
    }
    fputs("</g>\n<g text-anchor=\"middle\" font-size=\"10\">\n", p->file);
    for (int64_t i = 0; i < p->m->tiles && numbers; i++) {
        const map_tile *t = &p->m->tile[i];
        char number[16];
        snprintf(number, sizeof number, "%d", t->thread);
        put_text(p, (at_col(p, t->col) + at_col(p, t->col + t->cols)) / 2,
                 at_row(p, t->row + t->rows) - 3, "", number);
    }
    fputs("</g>\n", p->file);
}

/* A line of text on a plate of its own, from the upper left corner; turned: upwards from
 * the lower left corner. */
static void put_label(const plot *p, double x, double y, bool turned, double size,
                      const char *text)
{
    double width = 0.62 * size * (double)strlen(text) + 6, height = 1.25 * size;
    fprintf(p->file, "<g transform=\"translate(%.1f %.1f)%s\" font-size=\"%g\" "
            "font-weight=\"bold\">", x, y, turned ? " rotate(-90)" : "", size);
    put_box(p, 0, 0, width, height, "fill=\"#fff\" fill-opacity=\"0.88\"");
    put_text(p, 3, size, "", text);
    fputs("</g>\n", p->file);
}

/* One line or two, or turned where the band is narrow, or none. */
static void label_band(const plot *p, int node, double x, double y, double width, double height)
{
    enum { LARGE = 12, SMALL = 9 };
    char name[32], threads[80], line[128];
    map_threads(p->m, node, line, sizeof line);
    snprintf(threads, sizeof threads, "threads %.64s", line);
    snprintf(name, sizeof name, "node %d", node);
    snprintf(line, sizeof line, "%s, %s", name, threads);
    double size = fmin(width, height) < 1.6 * LARGE ? SMALL : LARGE, letter = 0.62 * size;
    if (width >= letter * (double)strlen(line) + 14 && height >= 1.25 * size + 1) {
        put_label(p, x + 4, y + fmin(4, (height - 1.25 * size) / 2), false, size, line);
    } else if (width >= letter * (double)strlen(threads) + 10 && height >= 4 * size) {
        put_label(p, x + 2, y + 4, false, size, name);
        put_label(p, x + 2, y + 4 + 1.4 * size, false, size, threads);
    } else if (width >= 1.25 * size + 1 && height >= letter * (double)strlen(line) + 14) {
        put_label(p, x + (width - 1.25 * size) / 2, y + height - 4, true, size, line);
    }
}

/* Row and column numbers at the edges: the first, the last, and of the others those that
 * don't run into each other. */
static void draw_edges(const plot *p, const int *shown, int bands)
{
    const map *m = p->m;
    double last_x = -1e9, last_y = -1e9;
    for (int i = 0; i <= bands; i++) {
        const map_share *s = i < bands ? &m->of_node[shown[i]] : NULL;
        int64_t col = s ? s->col : m->total.col_end, row = s ? s->row : m->total.row_end;
        double x = at_col(p, col), y = at_row(p, row);
        char number[32];
        if (!s || (x - last_x > 52 && x < MATRIX_LEFT + MATRIX_WIDTH - 52)) {
            snprintf(number, sizeof number, "%lld", (long long)col);
            put_text(p, x, TOP - 8, "text-anchor=\"middle\"", number);
            last_x = x;
        }
        if (!s || (y - last_y > 15 && y < TOP + p->height - 15)) {
            snprintf(number, sizeof number, "%lld", (long long)row);
            put_text(p, MATRIX_LEFT - 6, y + 4.5, "text-anchor=\"end\"", number);
            last_y = y;
        }
    }
    put_text(p, MATRIX_LEFT + MATRIX_WIDTH / 2.0, TOP - 28, "text-anchor=\"middle\"", "columns");
    put_text(p, MATRIX_LEFT - 6, TOP - 28, "text-anchor=\"end\"", "rows");
}

static void draw_matrix(const plot *p)
{
    int shown[BNORM_MOST_NODES], bands = map_owners(p->m, BNORM_MOST_NODES, shown);
    char fill[96];
    for (int i = 0; i < bands; i++) {
        const map_share *s = &p->m->of_node[shown[i]];
        double x = at_col(p, s->col), y = at_row(p, s->row);
        fill_of(shown[i], fill, sizeof fill);
        put_box(p, x, y, at_col(p, s->col_end) - x, at_row(p, s->row_end) - y, fill);
    }
    draw_tiles(p);
    for (int i = 0; i < bands; i++) {
        const map_share *s = &p->m->of_node[shown[i]];
        double x = at_col(p, s->col), y = at_row(p, s->row);
        label_band(p, shown[i], x, y, at_col(p, s->col_end) - x, at_row(p, s->row_end) - y);
    }
    if (bands > 0)
        draw_edges(p, shown, bands);
}

/* ---- the page ------------------------------------------------------------------ */

static void describe(const plot *p, char *title, size_t title_size, char *totals,
                     size_t totals_size)
{
    const report_subject *s = &p->t->subject;
    const map *m = p->m;
    char all[32];
    map_megabytes(m->total.bytes, all, sizeof all);
    snprintf(title, title_size, "%lld x %lld of %s in %s on %d threads and %d NUMA node%s",
             (long long)s->rows, (long long)s->cols, dtype_names[s->dtype], s->layout,
             m->threads, m->nodes, m->nodes == 1 ? "" : "s");
    snprintf(totals, totals_size, "remote bytes: %.0f of %s MB in each matrix; %s: %s, %lld row "
             "groups x %lld column blocks", m->total.remote_bytes, all, p->t->op->name,
             m->grid.strategy, (long long)m->grid.row_groups, (long long)m->grid.col_blocks);
}

/* The whole picture in sentences, for those who hear it. */
static void put_description(const plot *p, const char *totals)
{
    fputs("<desc id=\"desc\">", p->file);
    put_escaped(p->file, p->t->machine);
    fputs(". ", p->file);
    for (int i = 0; i < p->m->nodes; i++) {
        const map_share *s = &p->m->of_node[i];
        char threads[64];
        map_threads(p->m, i, threads, sizeof threads);
        fprintf(p->file, "Node %d, threads %s, owns ", i, threads);
        if (s->blocks)
            fprintf(p->file, "rows %lld to %lld of columns %lld to %lld. ", (long long)s->row,
                    (long long)s->row_end - 1, (long long)s->col, (long long)s->col_end - 1);
        else
            fputs("nothing. ", p->file);
    }
    put_escaped(p->file, totals);
    fputs(".</desc>\n", p->file);
}

static void draw(plot *p)
{
    char title[160], totals[256];
    describe(p, title, sizeof title, totals, sizeof totals);
    double bottom = draw_machine(p, false);
    p->height = fmax(LEAST_HEIGHT, bottom - TOP);
    double height = TOP + p->height + 64;
    fprintf(p->file,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-labelledby=\"title desc\" "
            "width=\"%d\" height=\"%.0f\" viewBox=\"0 0 %d %.0f\" font-family=\"sans-serif\" "
            "font-size=\"13\" fill=\"#111\">\n<title id=\"title\">", WIDTH, height, WIDTH, height);
    put_escaped(p->file, title);
    fputs("</title>\n", p->file);
    put_description(p, totals);
    put_box(p, 0, 0, WIDTH, height, "fill=\"#fff\"");
    put_text(p, MARGIN, 34, "font-size=\"18\" font-weight=\"bold\"", title);
    put_text(p, MARGIN, 58, "", p->t->machine);
    draw_machine(p, true);
    draw_matrix(p);
    put_text(p, MARGIN, TOP + p->height + 40, "font-weight=\"bold\"", totals);
    fputs("</svg>\n", p->file);
}

outcome topo_plot(const topo *t)
{
    const char *path = t->options->plot;
    plot p = {.file = fopen(path, "w"), .t = t, .m = &t->map};
    if (!p.file)
        return complain_as(OUTCOME_USAGE, "--plot %s: %s", path, strerror(errno));
    draw(&p);
    int failed = ferror(p.file);
    if (fclose(p.file) || failed)
        return complain_as(OUTCOME_IMPOSSIBLE, "--plot %s: %s", path, strerror(errno));
    complain("wrote %s", path);
    return OUTCOME_DONE;
}
