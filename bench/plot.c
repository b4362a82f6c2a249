/* SPDX-License-Identifier: BSD-3-Clause */
#include "plot.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "values.h"

#define BARS_WIDTH 0.8 /* of all bars at one x, which are 1 apart */

enum { PATH_SIZE = 4096 };

extern char **environ;

/* The terminal for the file's ending, NULL for an unknown one. */
static const char *terminal_for(const char *path)
{
    const char *dot = strrchr(path, '.');
    if (dot && strcmp(dot, ".svg") == 0)
        return "set terminal svg noenhanced size 900,540 background rgb 'white'\n";
    if (dot && strcmp(dot, ".png") == 0)
        return "set terminal pngcairo noenhanced size 900,540\n";
    return NULL;
}

outcome plot_check(const char *path)
{
    if (strlen(path) + sizeof ".dat" > PATH_SIZE)
        return complain_as(OUTCOME_USAGE, "--plot: the file's name is too long");
    if (!terminal_for(path))
        return complain_as(OUTCOME_USAGE, "--plot %s: expected a file that ends in .svg or .png",
                           path);
    return values_output("plot", path);
}

/* gnuplot takes what stands between single quotes as it is, but for two of them. */
static void put_quoted(FILE *file, const char *text)
{
    fputc('\'', file);
    for (; *text; text++) {
        if (*text == '\'')
            fputc('\'', file);
        fputc(*text, file);
    }
    fputc('\'', file);
}

static void put_setting(FILE *file, const char *setting, const char *text)
{
    fprintf(file, "set %s ", setting);
    put_quoted(file, text);
    fputc('\n', file);
}

/* Series are told apart by two empty lines. */
static void put_data(FILE *file, const plot *p)
{
    for (int i = 0; i < p->series_count; i++) {
        const plot_series *s = &p->series[i];
        fprintf(file, "%s# %s\n# x y least most%s%s\n", i ? "\n\n" : "", s->name,
                p->mark ? " " : "", p->mark ? p->mark : "");
        for (const plot_point *at = s->points; at < s->points + s->count; at++) {
            fprintf(file, "%.7g %.7g %.7g %.7g", at->x, at->y, at->least, at->most);
            if (p->mark)
                fprintf(file, " %.7g", at->mark);
            fputc('\n', file);
        }
    }
}

static bool has_error_bars(const plot_series *s)
{
    for (int i = 0; i < s->count; i++) {
        if (s->points[i].least < s->points[i].most)
            return true;
    }
    return false;
}

/* The marks of the x axis: at the points of the first series. */
static void put_tics(FILE *file, const plot *p)
{
    const plot_series *s = &p->series[0];
    fputs("set xtics (", file);
    for (int i = 0; i < s->count; i++) {
        if (i)
            fputs(", ", file);
        if (p->labels) {
            put_quoted(file, p->labels[(int)s->points[i].x]);
            fputc(' ', file);
        }
        fprintf(file, "%.7g", s->points[i].x);
    }
    fputs(")\n", file);
}

static void put_series(FILE *file, const plot *p, int index, const char *data)
{
    const plot_series *s = &p->series[index];
    bool errors = has_error_bars(s);
    fputs(index ? ", \\\n     " : "plot ", file);
    put_quoted(file, data);
    fprintf(file, " index %d ", index);
    if (p->bars) {
        double width = BARS_WIDTH / p->series_count;
        fprintf(file, "using ($1%+.7g):2:%s(%.7g) with %s lt %d",
                width * (index + 0.5) - BARS_WIDTH / 2, errors ? "3:4:" : "", width,
                errors ? "boxerrorbars" : "boxes", index + 1);
    } else { /* point and dash types differ, too: colour is never needed */
        fprintf(file, "using 1:2%s axes x1%s with %s lt %d pt %d dt %d lw 1.5",
                errors ? ":3:4" : "", s->right ? "y2" : "y1",
                errors ? "yerrorlines" : "linespoints", index + 1, index + 4, index % 5 + 1);
    }
    fputs(" title ", file);
    put_quoted(file, s->name);
}

/* Lines as wide as the bars of a series, one entry in the key for all. */
static void put_marks(FILE *file, const plot *p, int index, const char *data)
{
    double width = BARS_WIDTH / p->series_count;
    fputs(", \\\n     ", file);
    put_quoted(file, data);
    fprintf(file, " index %d using ($1%+.7g):($5 > 0 ? $5 : NaN):(%.7g):(0) "
            "with vectors nohead lt -1 lw 3 ", index, width * index - BARS_WIDTH / 2, width);
    if (index == 0) {
        fputs("title ", file);
        put_quoted(file, p->mark);
    } else {
        fputs("notitle", file);
    }
}

static void put_script(FILE *file, const plot *p, const char *path, const char *data)
{
    fputs(terminal_for(path), file);
    put_setting(file, "output", path);
    put_setting(file, "title", p->title);
    put_setting(file, "xlabel", p->x_axis);
    put_setting(file, "ylabel", p->y_axis);
    fputs("set colorsequence podo\n" /* for all kinds of colour vision */
          "set style fill solid 0.7 border lt -1\n"
          "set key outside bottom center horizontal\n"
          "set grid y\n", file);
    if (p->log2_y)
        fputs("set logscale y 2\n", file);
    else if (p->line > 0) /* which is seen even where all points are below it */
        fprintf(file, "set yrange [0:%.7g<*]\n", p->line);
    else
        fputs("set yrange [0:*]\n", file);
    if (p->right_axis) {
        put_setting(file, "y2label", p->right_axis);
        fputs("set y2range [0:*]\nset y2tics\nset ytics nomirror\n", file);
    }
    if (p->log2_x)
        fputs("set logscale x 2\n", file);
    if (p->bars) /* their labels are words */
        fprintf(file, "set xrange [-0.6:%.7g]\nset xtics rotate by -20\n",
                p->series[0].count - 0.4);
    else
        fputs("set offsets graph 0.03, graph 0.03, 0, 0\n", file);
    put_tics(file, p);
    if (p->line > 0)
        fprintf(file, "set arrow from graph 0, first %.7g to graph 1, first %.7g nohead lt -1 "
                "dt 2 front\n", p->line, p->line);
    for (int i = 0; i < p->series_count; i++)
        put_series(file, p, i, data);
    for (int i = 0; p->mark && i < p->series_count; i++)
        put_marks(file, p, i, data);
    fputc('\n', file);
}

/* 0, or -1 with errno set. */
static int finish(FILE *file)
{
    int failed = ferror(file);
    return fclose(file) != 0 || failed ? -1 : 0;
}

static int write_files(const plot *p, const char *path, const char *data, const char *script)
{
    FILE *file = fopen(data, "w");
    if (!file)
        return -1;
    put_data(file, p);
    if (finish(file) != 0)
        return -1;
    file = fopen(script, "w");
    if (!file)
        return -1;
    put_script(file, p, path, data);
    return finish(file);
}

/* gnuplot's exit status, 127 where there is none. */
static int run_gnuplot(char *script)
{
    char program[] = "gnuplot";
    char *const arguments[] = {program, script, NULL};
    pid_t child;
    int status;
    if (posix_spawnp(&child, program, NULL, NULL, arguments, environ) != 0)
        return 127;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            return 1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

outcome plot_draw(const plot *p, const char *path)
{
    char data[PATH_SIZE], script[PATH_SIZE];
    outcome result = plot_check(path);
    if (result)
        return result;
    snprintf(data, sizeof data, "%s.dat", path);
    snprintf(script, sizeof script, "%s.gp", path);
    if (write_files(p, path, data, script) != 0)
        return complain_as(OUTCOME_IMPOSSIBLE, "--plot %s: %s", path, strerror(errno));
    int status = run_gnuplot(script);
    if (status == 127) {
        complain("--plot %s: there is no gnuplot; 'gnuplot %s' draws it from %s", path, script,
                 data);
        return OUTCOME_DONE;
    }
    if (status != 0)
        return complain_as(OUTCOME_IMPOSSIBLE, "--plot %s: gnuplot failed on %s", path, script);
    remove(data);
    remove(script);
    complain("wrote %s", path);
    return OUTCOME_DONE;
}
