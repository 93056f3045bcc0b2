/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_LINK_LINK_INT_H
#define WPKG_LINK_LINK_INT_H

/* What the steps of a link share: resolving, marking what is live, laying out, writing. */

#include "link/link.h"
#include "link/names.h"
#include "wasm/reader.h"

/* The index spaces that are renumbered; the first five are enum wpkg_extern. */
enum link_space {
	LINK_ELEM = WPKG_EXTERN_COUNT,
	LINK_DATA,
	LINK_SPACE_COUNT,
	LINK_TYPE = LINK_SPACE_COUNT /* renumbered by canonical number, for all inputs at once */
};

struct link_item {
	uint32_t input, index;
};

/* What made something live first. */
#define LINK_NO_SPACE 0xff
struct link_origin {
	struct link_item item;
	uint8_t space; /* LINK_NO_SPACE: it is a root */
};

/* An index space of an input. */
struct link_part {
	uint32_t count;
	uint32_t imported; /* of them, the first ones */
	uint32_t word;	   /* of the bits of what is live: where this space's begin */
	uint32_t base;	   /* index in the output, less the live items before it: link_out */
};

/*
 * What a link knows of an input. There may be many, and small ones: of an item it is whether it is
 * live, and by that how many before it are. Indices in the output are those, counted on from the
 * first one's; they are written down for the one input that is being copied (link_numbers).
 */
struct link_module {
	const struct wpkg_link_input *input;
	const struct wpkg_module *module;
	uint32_t *types;     /* canonical number in link.types, by type index */
	uint32_t *canonical; /* the same by the module's own canonical number */
	/* By import; never an import that is bound itself. Once laid out, that of the host has the
	 * index that the import has in the output. */
	struct wpkg_link_target *targets;
	struct link_part parts[LINK_SPACE_COUNT];
	uint64_t *live;	      /* bits: is it needed? Each space begins a word */
	uint32_t *live_below; /* by word: live items of the same space in the words before it */
	uint64_t *referenced; /* bits by function: ref.func in a body that is live makes it */
	struct link_origin **from; /* by space, by index; NULL unless something is explained */
};

struct link {
	struct wpkg_arena arena;
	const struct wpkg_link_inputs *inputs;
	struct wpkg_types types;
	struct link_names input_names; /* number of the input */
	struct link_names host_names;  /* keys of imports that stay for the host */
	struct link_module *modules;
	uint32_t count;
	uint32_t *order; /* inputs, those that others import from first */
	struct wpkg_err *err;

	bool *type_live;    /* by canonical number */
	uint32_t *type_out; /* type index in the output, by canonical number */

	struct link_item *imports[WPKG_EXTERN_COUNT]; /* of the output, by index */
	uint32_t import_counts[LINK_SPACE_COUNT];
	uint32_t item_counts[LINK_SPACE_COUNT]; /* of the output, with the imports */
	uint32_t *numbers;			/* link_numbers has room here */
	uint32_t numbered;			/* the input that it was called for; or none */
};

/* The type of something that is imported or exported. Value types are of link.types. */
struct link_extern {
	uint8_t kind;	       /* enum wpkg_extern */
	uint32_t type;	       /* func, tag: canonical number */
	wpkg_valtype value;    /* global: its type; table: its element type */
	struct wpkg_size size; /* memory, table */
	uint8_t page_log2;     /* memory */
	bool is_mutable;       /* global */
};

struct link_extern link_extern_of(const struct link *link, uint32_t input, uint8_t kind,
				  uint32_t index);

/* Import matching: may what is there stand for what is wanted? */
bool link_extern_matches(const struct link *link, const struct link_extern *actual,
			 const struct link_extern *wanted);

/* The name of an import of that type: link_import_key. */
struct wpkg_str link_extern_key(struct link *link, const struct wpkg_module_import *import,
				const struct link_extern *type);

void link_extern_format(struct wpkg_buf *out, const struct link *link,
			const struct link_extern *type);
/* " where 3 is (struct (field i32))": what the numbers of link_extern_format stand for, and those
 * of that in turn, sixteen at most; nothing where there is none. */
void link_extern_explain(struct wpkg_buf *out, const struct link *link,
			 const struct link_extern *type);

/* Opens a link over the inputs; link_close is due after failure, too. */
enum wpkg_status link_open(struct link *link, const struct wpkg_link_inputs *inputs,
			   struct wpkg_err *err);
void link_close(struct link *link);

/* The input's bytes are not read again soon. */
void link_rest_input(const struct link *link, uint32_t input);

/* Binds every import. Problems go into the report, their texts into the arena; without a report the
 * first one is the error. */
enum wpkg_status link_resolve(struct link *link, struct wpkg_link_report *report,
			      struct wpkg_arena *arena);

/* Where an item really is: an import that is bound is its target. A host import is itself. */
struct link_item link_final(const struct link *link, uint8_t kind, struct link_item item);

/* Bits by index, and the words for so many. */
static inline uint32_t link_words(uint32_t count)
{
	return count / 64 + (count % 64 > 0);
}

static inline bool link_bit(const uint64_t *bits, uint32_t index)
{
	return bits[index / 64] >> index % 64 & 1;
}

static inline void link_set_bit(uint64_t *bits, uint32_t index)
{
	bits[index / 64] |= (uint64_t)1 << index % 64;
}

static inline bool link_is_live(const struct link *link, uint8_t space, struct link_item item)
{
	const struct link_module *m = &link->modules[item.input];
	return link_bit(m->live + m->parts[space].word, item.index);
}

/* Once it is laid out: the output's index of something that is live. */
uint32_t link_out(const struct link *link, uint8_t space, struct link_item item);

/* The same of everything that is live in one input, by space (in out) and index: for code, which
 * has many indices. Until it is called for another input. */
void link_numbers(const uint32_t *out[LINK_SPACE_COUNT], struct link *link, uint32_t input);

/* Is it imported from the host? */
bool link_is_import(const struct link *link, uint8_t kind, struct link_item item);

uint32_t link_import_of(const struct wpkg_module *module, uint8_t kind, uint32_t index);

/* The bodies of the functions that a module defines, which are asked for from first to last. */
struct link_bodies {
	const struct wpkg_module *module;
	const uint8_t *at; /* the next one's size */
	uint32_t next;	   /* its function */
};
struct link_bodies link_bodies_of(const struct wpkg_module *module);
struct wpkg_range link_bodies_find(struct link_bodies *bodies, uint32_t function);

/*
 * An index in code, a constant expression or a list of locals, as it stands in the file from start
 * to before end.
 */
enum link_encoding {
	LINK_U32,    /* LEB128 */
	LINK_S33,    /* a type index as a heap or block type */
	LINK_MEMARG, /* flags of a memory argument and, with bit 0x40, the memory */
};

struct link_reference {
	uint8_t space; /* enum wpkg_extern, enum link_space */
	uint8_t encoding;
	bool makes_reference; /* ref.func in a body */
	uint32_t index;
	uint32_t flags; /* of a memory argument, without bit 0x40 */
	const uint8_t *start, *end;
};

typedef bool link_visit(void *user, const struct link_reference *reference);

/*
 * Visits every index between two places of a validated module; false as soon as a visit is. Local
 * and label indices, which stay, are not visited. A body begins with its locals; an expression ends
 * with its end.
 */
bool link_walk_body(const uint8_t *at, link_visit *visit, void *user);
bool link_walk_expression(const uint8_t **at, link_visit *visit, void *user);

/* A LEB128 number of a validated module. */
static inline uint32_t link_take_u32(const uint8_t **at)
{
	uint32_t value = 0;
	unsigned shift = 0;
	uint8_t byte;
	do {
		byte = *(*at)++;
		value |= (uint32_t)(byte & 0x7f) << (shift & 31);
		shift += 7;
	} while (byte & 0x80);
	return value;
}

/* Something that the output needs whoever else does. */
struct link_root {
	uint8_t kind; /* enum wpkg_extern */
	struct link_item item;
};

/* Marks everything that the roots and the start functions need, types too. */
enum wpkg_status link_mark(struct link *link, const struct link_root *roots, size_t count,
			   bool keep_all);

/* The chain from what has the name to its root, after marking (merge_explain.c). */
enum wpkg_status link_explain(struct wpkg_explanation *out, const struct link *link,
			      const struct link_root *roots, size_t root_count,
			      struct wpkg_str name, struct wpkg_arena *arena);

/* Numbers what is live. */
enum wpkg_status link_lay_out(struct link *link);

/* The order of instantiation. WPKG_EINVAL for a circle that holds a start function. */
enum wpkg_status link_order(struct link *link, struct wpkg_link_report *report);

/* The same bytes with the output's indices. */
void link_put_body(struct wpkg_buf *out, struct link *link, uint32_t input, struct wpkg_range body);
void link_put_expression(struct wpkg_buf *out, struct link *link, uint32_t input,
			 const uint8_t **at);

/* The reader of one subsection of a module's name section; false when there is none. */
enum { LINK_NAMES_FUNCS = 1 };
bool link_find_names(struct wpkg_reader *out, const struct wpkg_module *module, uint8_t id);

/* The sections that describe others: name, producers, target_features. */
void link_put_custom_sections(struct wpkg_buf *out, const struct link *link, bool strip);

#endif
