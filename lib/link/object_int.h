/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_LINK_OBJECT_INT_H
#define WPKG_LINK_OBJECT_INT_H

/*
 * What the steps of linking objects share. In their order: files are read (object.c, linking.c),
 * their symbols are bound and pull others from archives (symbol.c), what is needed is marked
 * (live.c), data get addresses (segment.c) and everything else an index (number.c), and it is
 * written (program.c). An output that is an object has all of that from join.c, and its tables from
 * relocatable.c.
 */

#include "base/arena.h"
#include "link/archive.h"
#include "link/names.h"
#include "link/object.h"
#include "wasm/module.h"
#include "wasm/reader.h"

#define OBJ_NONE UINT32_MAX
#define OBJ_NAME_MAX_BYTES 100000

/* As the "linking" section numbers them. */
enum obj_kind { OBJ_FUNC, OBJ_DATA, OBJ_GLOBAL, OBJ_SECTION, OBJ_TAG, OBJ_TABLE, OBJ_KIND_COUNT };

enum obj_flag {
	OBJ_WEAK = 1,
	OBJ_LOCAL = 2,
	OBJ_HIDDEN = 4,
	OBJ_UNDEFINED = 0x10,
	OBJ_EXPORTED = 0x20,
	OBJ_EXPLICIT_NAME = 0x40,
	OBJ_NO_STRIP = 0x80,
	OBJ_TLS = 0x100,
	OBJ_ABSOLUTE = 0x200,
};

enum obj_segment_flag { OBJ_SEGMENT_STRINGS = 1, OBJ_SEGMENT_TLS = 2, OBJ_SEGMENT_RETAIN = 4 };

/* A relocation: a place in a section that gets its value when everything has one. */
struct obj_reloc {
	uint8_t type;
	uint32_t offset; /* in the section's body */
	uint32_t index;	 /* of a symbol, or of a type */
	int64_t addend;
};

/*
 * What is in the output as a whole or not at all: a function, a data segment, a custom section.
 * Its relocations are read where they stand. There are as many as functions and segments: small.
 */
struct obj_chunk {
	struct wpkg_range range; /* in the file */
	uint32_t relocs;	 /* offset of the first relocation in the file */
	uint32_t reloc_count;
	uint32_t symbol; /* the first defined in it; OBJ_NONE */
	uint32_t part;	 /* data: output segment; custom section: part of the output */
	union {
		/* Function: index; data, custom section: offset in its part; data of -r: address.
		 */
		uint32_t out;
		uint32_t waiting; /* while marking: chunk of the file to look at next, plus 1 */
	};
	union {
		uint32_t code_at; /* offset in the output's section; data, custom: of -r only */
		uint32_t place;	  /* while marking: symbol that led there; OBJ_NONE */
	};
	bool is_discarded; /* another file's group of that name is used */
	bool is_grouped;   /* custom section: of a group, and so not one with others */
	bool is_live;
	bool is_hosted; /* data: the bytes of another one are used */
};

/* A string whose bytes are in another one, from an offset on. */
struct obj_hosted {
	struct obj_chunk *chunk;
	const struct obj_chunk *host;
	uint32_t offset;
};

struct obj_segment {
	struct wpkg_str name;
	uint8_t alignment; /* power of two */
	uint8_t flags;	   /* enum obj_segment_flag */
};

struct obj_init {
	uint32_t priority;
	uint32_t symbol; /* of the file */
};

/* A symbol of a file: which one it is, and what the file itself knows of it. */
struct obj_ref {
	uint32_t symbol; /* in obj_link.symbols */
	uint32_t index;	 /* in the file's space of its kind; data: segment, OBJ_NONE undefined */
};

struct obj_file {
	struct wpkg_str name; /* "lib.a(member.o)" */
	struct wpkg_module *module;
	struct obj_ref *refs;
	uint32_t ref_count;
	struct obj_chunk *funcs; /* defined ones */
	uint32_t *exports; /* by the same: the first export of it, plus 1; NULL: there is none */
	struct obj_chunk *datas;
	struct obj_segment *segments; /* of the same number */
	struct obj_chunk *customs;    /* by section; range empty: not one that is kept */
	uint32_t custom_count;	      /* 0: there is none to keep */
	struct obj_init *inits;
	uint32_t init_count;
	uint32_t *types;     /* canonical number in obj_link.types, by type index */
	uint32_t *canonical; /* the same by the module's canonical number */
	struct wpkg_range linking;
	struct wpkg_range groups;	     /* in it */
	uint32_t code_section, data_section; /* numbers; OBJ_NONE */
	bool is_live;
	bool is_visited;     /* what it brings by itself was marked */
	bool is_queued;	     /* of the marking: it is to be looked at */
	uint32_t waiting;    /* while marking: its first chunk to look at, plus 1 */
	bool has_table;	     /* imports the table of functions, maybe without a symbol for it */
	uint32_t pulled_for; /* symbol; OBJ_NONE: it stood on the command line */
	uint32_t pulled_by;  /* file that needed it; OBJ_NONE: an option did */
};

struct obj_archive {
	struct link_archive content;
	bool *is_in; /* by member */
};

enum obj_state {
	OBJ_IS_UNDEFINED, /* nobody has defined it yet */
	OBJ_IS_LAZY,	  /* an archive has a member that does */
	OBJ_IS_DEFINED,	  /* by file */
	OBJ_IS_MADE,	  /* by the linker itself */
};

/* What the linker makes. The first are functions, in the order of their indices. */
enum obj_made {
	OBJ_MADE_NOTHING,
	OBJ_MADE_CTORS,
	OBJ_MADE_INIT_MEMORY,
	OBJ_MADE_INIT_TLS,
	OBJ_MADE_TRAP,	  /* a weak function that nobody defines: traps */
	OBJ_MADE_WRAPPER, /* an export of a module without a start of its own: runs constructors */
	OBJ_MADE_STACK_POINTER,
	OBJ_MADE_TLS_BASE,
	OBJ_MADE_TLS_SIZE,
	OBJ_MADE_TLS_ALIGN,
	OBJ_MADE_TABLE,	  /* of functions */
	OBJ_MADE_ADDRESS, /* data symbol; offset is its address */
	OBJ_MADE_START,	  /* data symbol: where the segments of a name begin, and end */
	OBJ_MADE_STOP,
	OBJ_MADE_COUNT
};

struct obj_symbol {
	struct wpkg_str name;
	uint64_t offset; /* data: in the segment; absolute, made: the address */
	uint32_t file;	 /* that defines it; undefined: that says how it is imported; OBJ_NONE */
	uint32_t index;	 /* in that file's space; data: segment; wrapper: the symbol it calls */
	uint32_t asker;	 /* first file that needs it; OBJ_NONE: none does */
	uint32_t lazy;	 /* where its definition is, in obj_link.lazies */
	uint32_t type;	 /* func, tag: canonical; OBJ_NONE */
	union {
		uint32_t out;  /* index: of what is imported, made, a global, a tag, a table */
		uint32_t size; /* data: bytes */
	};
	uint32_t slot;		 /* in the table of functions; 0: none */
	uint32_t address_global; /* global that holds its address, plus 1; 0: none */
	uint32_t flags;		 /* enum obj_flag */
	uint8_t kind;		 /* enum obj_kind; OBJ_KIND_COUNT: not known yet */
	uint8_t state;		 /* enum obj_state */
	uint8_t made;		 /* enum obj_made */
	bool is_live : 1;
	bool is_strong : 1; /* some file needs it, and not weakly */
	bool must_export : 1;
	bool is_import : 1; /* stays for the host */
	bool is_reported : 1;
};

/* By the files: the linker may make it, or the host have it. */
static inline bool obj_is_undefined(const struct obj_symbol *symbol)
{
	return symbol->state == OBJ_IS_UNDEFINED || symbol->state == OBJ_IS_LAZY;
}

/* The first live place that needs a symbol. */
struct obj_need {
	uint32_t file; /* OBJ_NONE: an option */
	uint32_t by;   /* symbol of that place; OBJ_NONE */
};

/* A data segment of the output. */
struct obj_part {
	struct wpkg_str name;
	uint64_t address, size; /* bytes; of a custom section, too */
	uint8_t alignment;	/* power of two */
	bool is_tls;
	bool is_zero;	 /* nothing to write */
	uint32_t out;	 /* index of the output's segment; OBJ_NONE when it has none; or section */
	uint32_t rank;	 /* order in memory, then number of appearance */
	bool is_strings; /* custom section: each of its strings once */
	struct link_names strings; /* of such a one: their offsets */
};

struct obj_number_list {
	uint32_t *items;
	uint32_t count, capacity;
};

struct obj_link {
	const struct wpkg_object_options *options;
	const struct wpkg_object_report *report;
	struct wpkg_err *err;
	struct wpkg_arena arena;
	struct wpkg_types types;

	struct obj_file *files;
	uint32_t file_count, file_capacity;
	struct obj_archive *archives; /* by input; empty for objects */
	struct obj_symbol *symbols;
	uint32_t symbol_count, symbol_capacity;
	struct link_names names;       /* of symbols that are not local */
	struct obj_need *needs;	       /* by symbol, when one is explained; NULL */
	struct obj_number_list lazies; /* pairs of archive and member */
	struct link_names comdats;     /* file that has the group, plus 1 */
	struct obj_number_list wanted; /* lazy symbols to pull */

	bool is_64;		     /* addresses are */
	bool has_table, is_table_64; /* an input imports the table of functions; of that kind */
	bool keep_debug;   /* custom sections are carried, so that bodies must not change their size
			    */
	bool has_wrappers; /* exports run the constructors */
	uint32_t problem_count;
	struct wpkg_err problem; /* the first */

	/* Symbols that the linker makes or calls. */
	uint32_t made[OBJ_MADE_COUNT]; /* of the kinds that there is one of; OBJ_NONE */
	uint32_t call_dtors;	       /* OBJ_NONE */

	/* In the order of their numbers in the output: symbols. */
	struct obj_number_list func_imports, made_funcs, globals, address_globals, tags, tables;
	struct obj_number_list slots; /* of the table of functions, from 1 */
	struct obj_number_list exports;
	uint32_t func_count, global_count;
	bool *type_live;
	uint32_t *type_out;
	struct obj_number_list inits; /* pairs of file and number in it, in the order to run */

	struct obj_part *parts;
	uint32_t part_count;
	struct obj_part *custom_parts;
	uint32_t custom_part_count;
	uint64_t tls_at, tls_bytes;
	uint8_t tls_alignment;
	uint64_t stack_top, memory_pages;
	bool has_init;		/* the start function fills memory */
	uint64_t init_flag;	/* address; 0: memory is not shared */
	uint32_t segment_count; /* of an object (-r) */
	struct obj_hosted *hosted;
	uint32_t hosted_count;
};

/* The file's bytes are not read again soon: tells who gave the inputs. */
void obj_rest(const struct obj_link *o, const struct obj_file *file);

bool obj_list_add(struct obj_link *o, struct obj_number_list *list, uint32_t number);
enum wpkg_status obj_no_memory(struct obj_link *o);

/* A problem that does not end the search for others. */
void obj_problem(struct obj_link *o, const char *format, ...) WPKG_PRINTF(2, 3);

/* object.c: takes the bytes as a file of the link. Its symbols are bound. */
enum wpkg_status obj_file_add(uint32_t *number, struct obj_link *o, struct wpkg_str name,
			      struct wpkg_str bytes);
void obj_file_clear(struct obj_file *file);

/* member_index.c: the symbols of an archive that has no index. */
enum wpkg_status obj_index_members(struct link_archive *archive, struct wpkg_err *err);

/* linking.c: reads what the file says of its segments, groups, symbols and constructors. */
enum wpkg_status obj_linking_read(struct obj_link *o, uint32_t number);

/* Reads a range of the file; its errors are the link's. */
struct wpkg_reader obj_reader_of(const struct obj_link *o, const struct obj_file *file,
				 struct wpkg_range range);

/* How many entries follow: each is at least a byte. */
uint32_t obj_take_count(struct wpkg_reader *r, const char *what);

/* Subsections of "linking", and its version. */
enum {
	OBJ_SUB_SEGMENTS = 5,
	OBJ_SUB_INITS,
	OBJ_SUB_GROUPS,
	OBJ_SUB_SYMBOLS,
	OBJ_SUB_END,
	OBJ_LINKING_VERSION = 2
};

/* A group, followed by its members, in a file that was read. */
struct obj_group {
	struct wpkg_str name;
	uint32_t flags, count;
};
enum { OBJ_GROUP_DATA = 0, OBJ_GROUP_FUNC = 1, OBJ_GROUP_SECTION = 5 };
struct obj_group_member {
	uint32_t kind, index;
};
struct wpkg_reader obj_groups_of(const struct obj_file *file);
bool obj_group_take(struct obj_group *group, struct wpkg_reader *r);
void obj_group_member_take(struct obj_group_member *member, struct wpkg_reader *r);

static inline struct wpkg_str obj_bytes(const struct obj_file *file, struct wpkg_range range)
{
	return wpkg_module_slice(file->module, range);
}

/* The chunk's relocations, for obj_reloc_take. */
static inline const uint8_t *obj_relocs_of(const struct obj_file *file,
					   const struct obj_chunk *chunk)
{
	return wpkg_module_at(file->module, chunk->relocs);
}

static inline uint32_t obj_imports_of(const struct obj_file *file)
{
	return file->module->func_import_count;
}

/* reloc.c */
bool obj_reloc_known(uint8_t type);
/* Reads the relocation at *at, which was checked when the file was read. */
struct obj_reloc obj_reloc_take(const uint8_t **at);
bool obj_reloc_has_addend(uint8_t type);
/* Bytes of the place: 4, 5, 8 or 10. */
unsigned obj_reloc_width(uint8_t type);
bool obj_reloc_is_leb(uint8_t type);
/* Which kind of symbol it must have; OBJ_KIND_COUNT: any; OBJ_NONE: a type. */
uint32_t obj_reloc_kind(uint8_t type);
const char *obj_reloc_name(uint8_t type);
enum obj_reloc_type {
	OBJ_RELOC_FUNCTION_INDEX_LEB = 0,
	OBJ_RELOC_TYPE_INDEX_LEB = 6,
	OBJ_RELOC_GLOBAL_INDEX_LEB = 7,
	OBJ_RELOC_FUNCTION_OFFSET_I32 = 8,
	OBJ_RELOC_SECTION_OFFSET_I32 = 9,
	OBJ_RELOC_FUNCTION_OFFSET_I64 = 22,
	OBJ_RELOC_FUNCTION_INDEX_I32 = 26,
};
/* Does it ask for the function's place in the table? */
bool obj_reloc_is_slot(uint8_t type);
/* What goes into the place. The chunk is where it is (LOCREL). */
int64_t obj_reloc_value(const struct obj_link *o, const struct obj_file *file,
			const struct obj_chunk *chunk, const struct obj_reloc *reloc,
			struct wpkg_str section, uint32_t body_start);
/* Appends the chunk's bytes with its places filled in; short: numbers get their shortest form. */
void obj_reloc_apply(struct wpkg_buf *out, const struct obj_link *o, const struct obj_file *file,
		     const struct obj_chunk *chunk, uint32_t section_start, struct wpkg_str name,
		     bool is_short);

/* A symbol as a file's table has it. */
struct obj_record {
	struct wpkg_str name;
	uint8_t kind;
	uint32_t flags;
	uint32_t index; /* in the space of its kind; data: segment */
	uint64_t offset;
	uint32_t size; /* data: bytes */
};

/* symbol.c: binds the record to a symbol of the link, whose number is in *out. */
enum wpkg_status obj_symbol_bind(uint32_t *out, struct obj_link *o, uint32_t file,
				 const struct obj_record *record);
enum wpkg_status obj_load(struct obj_link *o);
uint32_t obj_symbol_find(const struct obj_link *o, struct wpkg_str name);
struct obj_chunk *obj_symbol_chunk(const struct obj_link *o, const struct obj_symbol *symbol);
/* Is it defined in a group of which another file's is used? */
bool obj_is_gone(const struct obj_link *o, const struct obj_symbol *symbol);
/* The file's own is needed all the same, which has no index or address. */
void obj_report_gone(struct obj_link *o, const struct obj_file *file,
		     const struct obj_symbol *symbol);
const char *obj_kind_name(uint8_t kind);
void obj_type_format(struct wpkg_buf *out, const struct obj_link *o, uint32_t type);
/* The symbol of that name, which is now needed; OBJ_NONE without memory. */
uint32_t obj_symbol_want(struct obj_link *o, struct wpkg_str name);
/* A symbol of no name that another finds. */
uint32_t obj_symbol_add(struct obj_link *o, struct wpkg_str name);

/* feature.c: may the files be together, by what their code uses? */
enum wpkg_status obj_check_features(struct obj_link *o);

/* join.c: everything stays and gets an index, of a link whose output is an object. */
enum wpkg_status obj_join(struct obj_link *o);

/* relocatable.c: segments, "linking" and relocations of an object. */
void obj_put_segments(struct wpkg_buf *out, const struct obj_link *o);
enum wpkg_status obj_put_tables(struct wpkg_buf *out, const struct obj_link *o,
				uint32_t code_section, uint32_t data_section);

/* own.c: what the linker defines itself gets its symbols. */
enum wpkg_status obj_make_own(struct obj_link *o);

/* live.c */
enum wpkg_status obj_mark(struct obj_link *o);

/* strings.c: gives equal strings a host, of which they get their place when it has one. */
enum wpkg_status obj_merge_strings(struct obj_link *o);
void obj_place_hosted(struct obj_link *o);

/* segment.c */
enum wpkg_status obj_lay_out(struct obj_link *o);
/* Of a data segment. */
uint64_t obj_chunk_address(const struct obj_link *o, const struct obj_chunk *chunk);
uint64_t obj_data_address(const struct obj_link *o, const struct obj_symbol *symbol);
bool obj_segment_is_zero(const struct obj_file *file, uint32_t segment);

/* number.c */
enum wpkg_status obj_number(struct obj_link *o);
uint32_t obj_func_index(const struct obj_link *o, const struct obj_symbol *symbol);
/* Gives indices to the functions that the files define, from next on: the last ones there are. */
void obj_number_defined(struct obj_link *o, uint32_t next);

/* What an undefined symbol that is imported is for the host. */
const struct wpkg_module_import *obj_import_of(const struct obj_link *o,
					       const struct obj_symbol *symbol);
struct wpkg_str obj_import_module(const struct obj_link *o, const struct obj_symbol *symbol);
struct wpkg_str obj_import_field(const struct obj_link *o, const struct obj_symbol *symbol);

/* made.c: a function that the linker makes, from its locals to its end. */
void obj_put_made_body(struct wpkg_buf *out, const struct obj_link *o,
		       const struct obj_symbol *symbol);
bool obj_needs_init(const struct obj_link *o, const struct obj_part *part);
void obj_put_pointer(struct wpkg_buf *out, const struct obj_link *o, uint64_t value);
void obj_put_i32(struct wpkg_buf *out, uint32_t value);

/* image.c: the number of data segments of the output, and their bytes. */
uint32_t obj_number_segments(struct obj_link *o);
/* A segment of a file, in the order of addresses. */
struct obj_piece {
	const struct obj_file *file;
	const struct obj_chunk *chunk;
	uint32_t segment;
};
/* Those that have bytes in the output, or all. Heap; NULL without memory. */
struct obj_piece *obj_collect_pieces(size_t *count, const struct obj_link *o, bool is_written);
enum wpkg_status obj_put_image(struct wpkg_buf *out, const struct obj_link *o);

/* debug_strings.c: sections of debug information that are strings. May those of that name be one?
 */
bool obj_strings_may_merge(const struct obj_link *o, struct wpkg_str name);
/* Takes the chunk's strings into the part, whose order is known when it has all. */
enum wpkg_status obj_strings_add(struct obj_link *o, struct obj_part *part,
				 const struct obj_file *file, const struct obj_chunk *chunk);
enum wpkg_status obj_strings_place(struct obj_link *o, struct obj_part *part);
void obj_put_strings(struct wpkg_buf *out, const struct obj_part *part);
/* Where in the part that is which is at an offset of the chunk. */
uint64_t obj_strings_find(const struct obj_part *part, const struct obj_file *file,
			  const struct obj_chunk *chunk, int64_t offset);

/* debug.c: custom sections. */
enum wpkg_status obj_plan_customs(struct obj_link *o);
void obj_put_customs(struct wpkg_buf *out, struct obj_link *o, uint32_t section);
enum wpkg_status obj_put_descriptions(struct wpkg_buf *out, struct obj_link *o);

/* explain.c: after marking. */
enum wpkg_status obj_explain(struct wpkg_explanation *out, const struct obj_link *o,
			     struct wpkg_arena *arena);

/* map.c */
enum wpkg_status obj_put_map(struct wpkg_buf *out, const struct obj_link *o);
void obj_put_removed(struct wpkg_buf *out, const struct obj_link *o);

/* program.c */
enum wpkg_status obj_write(struct wpkg_buf *out, struct obj_link *o);

#endif
