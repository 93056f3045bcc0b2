/* SPDX-License-Identifier: Apache-2.0 */
/* What a package needs and who needs it: as lists, and drawn. */
#include "web.h"

#include "pkg/annotation.h"
#include "server.h"

#define DEPENDENTS_MAX 100 /* that are listed */
#define COLUMN_MAX 12	   /* nodes of one column of the drawing */
#define NODES_MAX 60
#define COLUMNS 5 /* who needs it, the package, what it needs, and what those need */
#define OWN_COLUMN 1

/* The drawing, in units of its own. */
#define NODE_WIDTH 158
#define NODE_HEIGHT 30
#define COLUMN_GAP 44
#define ROW_GAP 14
#define MARGIN 8

struct node {
	struct wpkg_str name;
	unsigned column, row;
};

struct edge {
	size_t from, to; /* nodes; from needs to */
};

struct graph {
	struct node nodes[NODES_MAX];
	size_t node_count;
	struct edge edges[2 * NODES_MAX];
	size_t edge_count;
	unsigned rows[COLUMNS]; /* nodes of each column */
};

/* The node of a package, added to a column when it is new; NODES_MAX when there is no room. */
static size_t add_node(struct graph *graph, struct wpkg_str name, unsigned column)
{
	for (size_t i = 0; i < graph->node_count; i++)
		if (wpkg_str_equal(graph->nodes[i].name, name))
			return i;
	if (graph->node_count == NODES_MAX || graph->rows[column] == COLUMN_MAX)
		return NODES_MAX;
	graph->nodes[graph->node_count] =
		(struct node){.name = name, .column = column, .row = graph->rows[column]++};
	return graph->node_count++;
}

static void add_edge(struct graph *graph, size_t from, size_t to)
{
	if (from < NODES_MAX && to < NODES_MAX && graph->edge_count < 2 * (size_t)NODES_MAX)
		graph->edges[graph->edge_count++] = (struct edge){from, to};
}

/* What the standing version of the node's package needs, into the next column. A package that may
 * not be read, or is elsewhere, needs nothing that is known. */
static void add_needs(struct graph *graph, struct request *request, size_t at)
{
	struct wpkg_dependency_list list;
	const struct node node = graph->nodes[at];
	if (node.column + 1 >= COLUMNS || !api_may_read(request, node.name) ||
	    wpkg_package_dependencies(&list, &request->arena, request->server->store, node.name,
				      NULL) != WPKG_OK)
		return;
	for (size_t i = 0; i < list.count; i++)
		add_edge(graph, at, add_node(graph, list.items[i].name, node.column + 1));
}

/* Breadth first: nodes that are added are looked at in their turn. */
static void fill(struct graph *graph, struct request *request, const struct api_known *known,
		 const struct wpkg_dependent_list *dependents)
{
	struct wpkg_dependency dependency;
	struct wpkg_str rest =
		wpkg_map_find(&known->invoice->annotations, WPKG_ANNOTATION_DEPENDENCIES);
	size_t own = add_node(graph, known->record.name, OWN_COLUMN);
	while (wpkg_dependency_next(&dependency, &rest))
		add_edge(graph, own, add_node(graph, dependency.name, OWN_COLUMN + 1));
	for (size_t i = own + 1; i < graph->node_count; i++)
		add_needs(graph, request, i);
	for (size_t i = 0; i < dependents->count; i++)
		if (api_may_read(request, dependents->items[i].name))
			add_edge(graph, add_node(graph, dependents->items[i].name, OWN_COLUMN - 1),
				 own);
}

/* Drawing */

static unsigned most_rows(const struct graph *graph)
{
	unsigned most = 0;
	for (unsigned i = 0; i < COLUMNS; i++)
		most = graph->rows[i] > most ? graph->rows[i] : most;
	return most;
}

/* Columns without a node at the drawing's sides take no room. */
static unsigned first_column(const struct graph *graph)
{
	return graph->rows[0] > 0 ? 0 : OWN_COLUMN;
}

static unsigned last_column(const struct graph *graph)
{
	unsigned last = OWN_COLUMN;
	for (unsigned i = OWN_COLUMN; i < COLUMNS; i++)
		last = graph->rows[i] > 0 ? i : last;
	return last;
}

static unsigned x_of(const struct graph *graph, const struct node *node)
{
	return MARGIN + (node->column - first_column(graph)) * (NODE_WIDTH + COLUMN_GAP);
}

/* Each column stands in the middle. */
static unsigned y_of(const struct graph *graph, const struct node *node)
{
	unsigned step = NODE_HEIGHT + ROW_GAP;
	return MARGIN + (most_rows(graph) - graph->rows[node->column]) * step / 2 +
	       node->row * step;
}

static void put_edge(struct html *h, struct request *request, const struct graph *graph,
		     const struct edge *edge)
{
	const struct node *from = &graph->nodes[edge->from];
	const struct node *to = &graph->nodes[edge->to];
	unsigned x1 = x_of(graph, from) + NODE_WIDTH;
	unsigned y1 = y_of(graph, from) + NODE_HEIGHT / 2;
	unsigned x2 = x_of(graph, to);
	unsigned y2 = y_of(graph, to) + NODE_HEIGHT / 2;
	unsigned bend = COLUMN_GAP / 2;
	html_open_class(h, "path", "edge");
	html_attr_text(h, "d",
		       wpkg_arena_format(&request->arena, "M%u %uC%u %u %d %u %u %u", x1, y1,
					 x1 + bend, y1, (int)x2 - (int)bend, y2, x2, y2));
	html_close(h);
}

/* The end of a long name says more than its beginning. */
static struct wpkg_str label_of(struct request *request, struct wpkg_str name)
{
	const size_t most = 20;
	size_t start = name.len > most ? name.len - most : 0;
	while (start < name.len && ((unsigned char)name.ptr[start] & 0xc0) == 0x80)
		start++;
	if (start == 0)
		return name;
	return wpkg_arena_format(&request->arena, "…%.*s",
				 WPKG_STR_ARG(wpkg_str_from_offset(name, start)));
}

static void put_node(struct html *h, struct request *request, const struct graph *graph,
		     const struct node *node)
{
	html_open_class(h, "g", node->column == OWN_COLUMN ? "node own" : "node");
	html_open(h, "rect");
	html_attr_number(h, "x", x_of(graph, node));
	html_attr_number(h, "y", y_of(graph, node));
	html_attr_number(h, "width", NODE_WIDTH);
	html_attr_number(h, "height", NODE_HEIGHT);
	html_attr(h, "rx", "6");
	html_close(h);
	html_open(h, "text");
	html_attr_number(h, "x", x_of(graph, node) + NODE_WIDTH / 2);
	html_attr_number(h, "y", y_of(graph, node) + NODE_HEIGHT / 2 + 5);
	html_attr(h, "text-anchor", "middle");
	html_label(h, label_of(request, node->name));
	html_close(h);
	html_close(h);
}

static void put_drawing(struct html *h, struct request *request, const struct graph *graph)
{
	unsigned columns = last_column(graph) - first_column(graph) + 1;
	unsigned width = 2 * MARGIN + columns * NODE_WIDTH + (columns - 1) * COLUMN_GAP;
	unsigned rows = most_rows(graph);
	unsigned height = 2 * MARGIN + rows * NODE_HEIGHT + (rows - 1) * ROW_GAP;
	html_open_class(h, "div", "drawing");
	html_attr(h, "role", "img");
	html_attr(h, "aria-label", "A drawing of who needs whom; the lists beside it say the same");
	html_attr(h, "tabindex", "0");
	html_open_class(h, "svg", "graph");
	html_attr_text(h, "viewBox",
		       wpkg_arena_format(&request->arena, "0 0 %u %u", width, height));
	html_attr_number(h, "width", width);
	html_attr_number(h, "height", height);
	html_attr(h, "aria-hidden", "true");
	html_attr(h, "focusable", "false");
	for (size_t i = 0; i < graph->edge_count; i++)
		put_edge(h, request, graph, &graph->edges[i]);
	for (size_t i = 0; i < graph->node_count; i++)
		put_node(h, request, graph, &graph->nodes[i]);
	html_close(h);
	html_close(h);
}

/* Lists */

static void put_item(struct html *h, struct wpkg_str name, struct wpkg_str requirement,
		     bool is_here)
{
	html_open(h, "li");
	if (is_here)
		html_link(h, "/packages/*", name);
	html_text(h, name);
	if (is_here)
		html_close(h);
	html_say(h, " ");
	html_code(h, requirement);
	html_close(h);
}

/* One that may not be seen is as absent as one of another registry. */
static bool is_here(struct request *request, struct wpkg_str name)
{
	struct wpkg_package package;
	return api_may_read(request, name) &&
	       wpkg_package_find(&package, &request->arena, request->server->store, name, NULL) ==
		       WPKG_OK;
}

static void put_dependencies(struct html *h, struct request *request, const struct api_known *known)
{
	struct wpkg_dependency dependency;
	struct wpkg_str rest =
		wpkg_map_find(&known->invoice->annotations, WPKG_ANNOTATION_DEPENDENCIES);
	html_open(h, "div");
	html_word(h, "h3", "Dependencies");
	if (rest.len == 0) {
		html_word(h, "p", "None.");
	} else {
		html_open_class(h, "ul", "plain");
		while (wpkg_dependency_next(&dependency, &rest))
			put_item(h, dependency.name, dependency.requirement,
				 is_here(request, dependency.name));
		html_close(h);
	}
	html_close(h);
}

static void put_dependents(struct html *h, struct request *request,
			   const struct wpkg_dependent_list *list)
{
	size_t shown = 0;
	html_open(h, "div");
	html_word(h, "h3", "Dependents");
	html_open_class(h, "ul", "plain");
	for (size_t i = 0; i < list->count && shown < DEPENDENTS_MAX; i++)
		if (api_may_read(request, list->items[i].name)) {
			put_item(h, list->items[i].name, list->items[i].requirement, true);
			shown++;
		}
	if (shown == 0)
		html_word(h, "li", "None here.");
	html_close(h);
	if (list->count > DEPENDENTS_MAX)
		html_word(h, "p", "and more, which the JSON API has");
	html_close(h);
}

void web_put_relations(struct html *h, struct request *request, const struct api_known *known)
{
	struct graph graph = {0};
	struct wpkg_dependent_list dependents = {0};
	if (wpkg_package_dependents(&dependents, &request->arena, request->server->store,
				    known->record.name, (struct wpkg_str){0}, DEPENDENTS_MAX + 1,
				    NULL) != WPKG_OK)
		return;
	fill(&graph, request, known, &dependents);
	page_open_section(h, "relations", "Dependencies and dependents");
	if (graph.edge_count > 0)
		put_drawing(h, request, &graph);
	html_open_class(h, "div", "columns");
	put_dependencies(h, request, known);
	put_dependents(h, request, &dependents);
	html_close(h);
	html_close(h);
}
