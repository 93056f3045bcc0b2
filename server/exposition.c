/* SPDX-License-Identifier: Apache-2.0 */
#include "exposition.h"

#include <stdio.h>
#include <string.h>

void exposition_family(struct exposition *exposition, const char *name, enum exposition_kind kind,
		       const char *help)
{
	static const char *const kinds[] = {"counter", "gauge", "histogram"};
	exposition->name = name;
	exposition->is_counter = kind == EXPOSITION_COUNTER;
	const char *suffix = exposition->is_counter && !exposition->is_open_metrics ? "_total" : "";
	wpkg_buf_append_format(exposition->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, suffix,
			       help, name, suffix, kinds[kind]);
}

static void begin_sample(struct exposition *exposition, const char *suffix, const char *labels)
{
	wpkg_buf_append_format(exposition->out, "%s%s%s%s%s ", exposition->name, suffix,
			       labels ? "{" : "", labels ? labels : "", labels ? "}" : "");
}

void exposition_integer(struct exposition *exposition, const char *labels, uint64_t value)
{
	begin_sample(exposition, exposition->is_counter ? "_total" : "", labels);
	wpkg_buf_append_format(exposition->out, "%llu\n", (unsigned long long)value);
}

void exposition_real(struct exposition *exposition, const char *labels, double value)
{
	begin_sample(exposition, exposition->is_counter ? "_total" : "", labels);
	wpkg_buf_append_format(exposition->out, "%.9g\n", value);
}

/* OpenMetrics wants a bound to be seen to be a real number: "1.0". */
static void format_bound(char out[32], const struct exposition *exposition, double bound)
{
	int len = snprintf(out, 32, "%g", bound);
	if (exposition->is_open_metrics && !strpbrk(out, ".e"))
		snprintf(out + len, 32 - (size_t)len, ".0");
}

void exposition_histogram(struct exposition *exposition, const char *labels,
			  const struct wpkg_histogram_reading *reading,
			  const struct wpkg_histogram_bounds *bounds, double unit)
{
	const char *comma = labels ? "," : "";
	struct wpkg_buf *out = exposition->out;
	for (size_t i = 0; i <= bounds->count; i++) {
		char bound[32] = "+Inf";
		if (i < bounds->count)
			format_bound(bound, exposition, (double)bounds->upper[i] / unit);
		wpkg_buf_append_format(out, "%s_bucket{%s%sle=\"%s\"} %llu\n", exposition->name,
				       labels ? labels : "", comma, bound,
				       (unsigned long long)reading->upto[i]);
	}
	begin_sample(exposition, "_sum", labels);
	wpkg_buf_append_format(out, "%.9f\n", (double)reading->sum / unit);
	begin_sample(exposition, "_count", labels);
	wpkg_buf_append_format(out, "%llu\n", (unsigned long long)reading->count);
}

void exposition_counter(struct exposition *exposition, const char *name, const char *help,
			uint64_t value)
{
	exposition_family(exposition, name, EXPOSITION_COUNTER, help);
	exposition_integer(exposition, NULL, value);
}

void exposition_gauge(struct exposition *exposition, const char *name, const char *help,
		      uint64_t value)
{
	exposition_family(exposition, name, EXPOSITION_GAUGE, help);
	exposition_integer(exposition, NULL, value);
}

void exposition_end(struct exposition *exposition)
{
	if (exposition->is_open_metrics)
		wpkg_buf_append_text(exposition->out, "# EOF\n");
}
