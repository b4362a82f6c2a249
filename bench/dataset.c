/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataset.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "csv.h"
#include "hdf5_input.h"

/* The file's name without its folder and its ending. */
static void name_after(char *name, size_t size, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    int length = (int)(dot && dot != base ? (size_t)(dot - base) : strlen(base));
    snprintf(name, size, "%.*s", length, base);
}

static dataset_format format_of(const dataset_source *source)
{
    if (source->format != DATASET_BY_NAME)
        return source->format;
    static const struct {
        const char *ending;
        dataset_format format;
    } known[] = {{".csv", DATASET_CSV}, {".raw", DATASET_RAW}, {".bin", DATASET_RAW},
                 {".h5", DATASET_HDF5}, {".hdf5", DATASET_HDF5}};
    const char *dot = strrchr(source->path, '.');
    for (size_t i = 0; dot && i < sizeof known / sizeof *known; i++) {
        if (strcasecmp(dot, known[i].ending) == 0)
            return known[i].format;
    }
    return DATASET_BY_NAME;
}

/* Elements of the source's dtype, row after row, and nothing else. */
static outcome read_elements(dataset *data, const dataset_source *source, FILE *file)
{
    enum { CHUNK = 4096 };
    union {
        float f32[CHUNK];
        double f64[CHUNK];
    } chunk;
    size_t total = (size_t)data->rows * (size_t)data->cols;
    size_t size = source->dtype == BNORM_F64 ? sizeof(double) : sizeof(float);
    for (size_t done = 0; done < total;) {
        size_t want = total - done < CHUNK ? total - done : CHUNK;
        if (fread(&chunk, size, want, file) != want)
            return complain_as(OUTCOME_USAGE, "%s: ends before %lld x %lld elements of %zu bytes",
                               source->path, (long long)data->rows, (long long)data->cols, size);
        for (size_t i = 0; i < want; i++)
            data->values[done + i] = source->dtype == BNORM_F64 ? chunk.f64[i]
                                                                : (double)chunk.f32[i];
        done += want;
    }
    if (fgetc(file) != EOF)
        return complain_as(OUTCOME_USAGE, "%s: goes on after %lld x %lld elements of %zu bytes",
                           source->path, (long long)data->rows, (long long)data->cols, size);
    return OUTCOME_DONE;
}

static outcome read_raw(dataset *data, const dataset_source *source)
{
    if (source->rows == 0)
        return complain_as(OUTCOME_USAGE, "%s: a raw file needs --shape ROWSxCOLS", source->path);
    if (source->labels)
        return complain_as(OUTCOME_USAGE, "--labels: a raw file has none");
    if ((uint64_t)source->rows > SIZE_MAX / sizeof(double) / (uint64_t)source->cols)
        return complain_as(OUTCOME_IMPOSSIBLE, "%s: out of memory", source->path);
    data->rows = source->rows;
    data->cols = source->cols;
    data->values = malloc((size_t)data->rows * (size_t)data->cols * sizeof *data->values);
    if (!data->values)
        return complain_as(OUTCOME_IMPOSSIBLE, "%s: out of memory", source->path);
    FILE *file = fopen(source->path, "rb");
    if (!file)
        return complain_as(OUTCOME_USAGE, "--input %s: %s", source->path, strerror(errno));
    outcome result = read_elements(data, source, file);
    fclose(file);
    return result;
}

outcome dataset_read(dataset *data, const dataset_source *source)
{
    memset(data, 0, sizeof *data);
    name_after(data->name, sizeof data->name, source->path);
    const dataset_format format = format_of(source);
    outcome result = OUTCOME_USAGE;
    if (source->rows && (format == DATASET_CSV || format == DATASET_HDF5))
        return complain_as(OUTCOME_USAGE, "--shape is of raw files; %s has its own: run it by "
                           "itself", source->path);
    switch (format) {
    case DATASET_CSV:
        result = csv_read(data, source);
        break;
    case DATASET_RAW:
        result = read_raw(data, source);
        break;
    case DATASET_HDF5:
        result = hdf5_input_read(data, source);
        break;
    case DATASET_BY_NAME:
        complain("%s: can't tell its format from its name; say --format csv, raw or hdf5",
                 source->path);
        break;
    }
    if (result)
        dataset_free(data);
    return result;
}

void dataset_free(dataset *data)
{
    free(data->values);
    free(data->labels);
    memset(data, 0, sizeof *data);
}
