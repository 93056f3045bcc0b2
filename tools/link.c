/* SPDX-License-Identifier: Apache-2.0 */
/* wpkg link: finished modules checked or merged, or objects made a module. */
#include "link.h"

#include <stdio.h>
#include <unistd.h>

#include "../client/global.h"
#include "base/mem.h"
#include "commands.h"
#include "link/object.h"
#include "output.h"

#define OPTION(member) offsetof(struct link_options, member)
#define FLAG(name, letter, member, help)                                                           \
	{                                                                                          \
		name, letter, WPKG_OPTION_FLAG, NULL, help, NULL, OPTION(member)                   \
	}
#define VALUE(name, letter, kind, argument, member, help)                                          \
	{                                                                                          \
		name, letter, WPKG_OPTION_##kind, argument, help, NULL, OPTION(member)             \
	}

static const struct wpkg_option link_rows[] = {
	VALUE("output", 'o', TEXT, "FILE", output, "write the linked module here"),
	FLAG("check", 0, check, "write nothing: say whether the inputs fit"),
	VALUE("export", 0, TEXTS, "NAME", exports,
	      "export this symbol; of modules MODULE:NAME[=AS], beside the first module's"),
	FLAG("prefix", 0, prefix, "modules: export all of the others, as MODULE.NAME"),
	FLAG("keep-all", 0, keep_all, "leave in what nothing uses"),
	FLAG("strip", 0, strip, "no name section"),
	FLAG("relocatable", 'r', relocatable,
	     "objects: one object of all that they hold, for a later link"),
	FLAG("wasi", 0, wasi, "objects: a program for WASI, with its start file and C library"),
	FLAG("reactor", 0, reactor, "with --wasi: a library that is initialized, not a command"),
	VALUE("sysroot", 0, TEXT, "DIR", sysroot, "with --wasi: where its C library is"),
	VALUE("library", 'l', TEXTS, "NAME", libraries, "take what is needed from libNAME.a"),
	VALUE("library-path", 'L', TEXTS, "DIR", folders, "look for libraries here, too"),
	VALUE("whole-archive", 0, TEXTS, "FILE", whole, "take in all members of this archive"),
	VALUE("entry", 'e', TEXT, "NAME", entry, "the function that is the program (_start)"),
	FLAG("no-entry", 0, no_entry, "there is none"),
	VALUE("export-if-defined", 0, TEXTS, "NAME", exports_if_defined,
	      "export this symbol when there is one"),
	FLAG("export-all", 0, export_all, "export every symbol"),
	FLAG("export-dynamic", 0, export_dynamic, "export every symbol that is not hidden"),
	VALUE("undefined", 'u', TEXTS, "NAME", undefined, "take this symbol in, used or not"),
	FLAG("allow-undefined", 0, allow_undefined, "import from env what nobody defines"),
	VALUE("allow-undefined-file", 0, TEXTS, "FILE", allowed_files,
	      "the same of the symbols in this file, a line each"),
	FLAG("no-gc-sections", 0, no_gc, "as --keep-all"),
	FLAG("print-gc-sections", 0, print_gc, "print what was left out"),
	VALUE("map", 0, TEXT, "FILE", map, "write down where everything is in the output"),
	VALUE("explain", 0, TEXT, "SYMBOL", explain,
	      "say who provides this symbol, and who needs it, up to a root"),
	FLAG("strip-all", 's', strip_all, "no custom sections"),
	FLAG("strip-debug", 'S', strip_debug, "no debug information"),
	FLAG("import-memory", 0, import_memory, "import the memory as env.memory"),
	FLAG("export-memory", 0, export_memory, "export it even then"),
	FLAG("shared-memory", 0, shared_memory, "share the memory between threads"),
	VALUE("initial-memory", 0, SIZE, "SIZE", initial_memory, "size of the memory at the start"),
	VALUE("max-memory", 0, SIZE, "SIZE", max_memory, "and how far it may grow"),
	VALUE("stack-size", 0, SIZE, "SIZE", stack_size, "size of the stack (64KiB)"),
	VALUE("keyword", 'z', TEXTS, "stack-size=N", keywords, "the same, in bytes"),
	FLAG("stack-first", 0, stack_first, "the stack lies before the data (the default)"),
	FLAG("no-stack-first", 0, no_stack_first,
	     "it lies behind the data, and overflows into them"),
	VALUE("global-base", 0, SIZE, "SIZE", global_base, "address of the first data"),
	FLAG("import-table", 0, import_table, "import the table of functions"),
	FLAG("export-table", 0, export_table, "export it"),
	FLAG("growable-table", 0, growable_table, "it may grow"),
	FLAG("no-check-features", 0, no_check_features,
	     "do not ask what the objects were compiled for"),
	{0}};

int link_refuse(const struct wpkg_err *err)
{
	int code = tool_refusal(err);
	return err->status == WPKG_EINVAL ? WPKG_EXIT_REFUSED : code;
}

#define THREADS_MAX 8

unsigned link_threads(void)
{
	long count = sysconf(_SC_NPROCESSORS_ONLN);
	return count < 1 ? 1 : count > THREADS_MAX ? THREADS_MAX : (unsigned)count;
}

int link_show_problems(const struct wpkg_buf *problems, const struct link_options *options,
		       const struct wpkg_err *err)
{
	struct wpkg_str rest = wpkg_buf_str(problems), line;
	if (problems->len == 0)
		return link_refuse(err);
	if (options->check)
		return link_print_lines(problems, options->json);
	while (wpkg_str_split(&rest, '\n', &line))
		if (line.len > 0)
			fprintf(stderr, "wpkg: %.*s\n", WPKG_STR_ARG(line));
	return WPKG_EXIT_REFUSED;
}

static void close_files(struct link_files *files)
{
	for (size_t i = 0; files->items && i < files->count; i++)
		wpkg_file_map_close(&files->items[i].map);
	wpkg_mem_free(files->items);
}

static int open_file(struct link_file *file, const struct wpkg_invocation *invocation,
		     const char *operand)
{
	struct wpkg_err err;
	struct wpkg_str text = wpkg_str_from(operand);
	size_t equals = access(operand, F_OK) == 0 ? text.len : wpkg_str_find(text, '=');
	const char *path = operand;
	if (equals < text.len) {
		file->name = wpkg_str_slice(text, 0, equals);
		path = operand + equals + 1;
	}
	file->path = wpkg_str_from(path);
	return tool_module_open(&file->map, invocation, path, &err) == WPKG_OK ? WPKG_EXIT_DONE
									       : tool_error(&err);
}

static int open_files(struct link_files *files, const struct wpkg_invocation *invocation)
{
	files->count = invocation->operand_count;
	files->items = wpkg_mem_calloc(files->count, sizeof(*files->items));
	if (!files->items)
		return tool_error(&(struct wpkg_err){WPKG_ENOMEM, "link: no memory"});
	int code = WPKG_EXIT_DONE;
	for (size_t i = 0; code == WPKG_EXIT_DONE && i < files->count; i++)
		code = open_file(&files->items[i], invocation, invocation->operands[i]);
	return code;
}

/* The first operand that is an object, and the first that is none; NULL. */
static void tell_apart(const struct link_file **object, const struct link_file **module,
		       const struct link_files *files)
{
	*object = *module = NULL;
	for (size_t i = 0; i < files->count; i++) {
		struct wpkg_str bytes = files->items[i].map.bytes;
		const struct link_file **first = wpkg_object_is(bytes) ? object : module;
		*first = *first ? *first : &files->items[i];
		wpkg_file_map_rest(bytes);
	}
}

static int link_files(const struct link_files *files, const struct link_options *options)
{
	const struct link_file *object, *module;
	tell_apart(&object, &module, files);
	if (object && module)
		return tool_usage("link: %.*s is an object and %.*s is none: link the objects "
				  "first, then the modules",
				  WPKG_STR_ARG(object->path), WPKG_STR_ARG(module->path));
	bool wants_objects = options->wasi || options->libraries.count > 0 || options->relocatable;
	if (module && wants_objects)
		return tool_usage("link: %.*s is no object", WPKG_STR_ARG(module->path));
	return object ? link_objects(files, options) : link_modules(files, options);
}

static int run_link(const struct wpkg_invocation *invocation)
{
	const struct global_options *global = invocation->global;
	struct link_options given = *(const struct link_options *)invocation->options;
	const struct link_options *options = &given;
	struct link_files files = {0};
	given.json = global->json;
	if (invocation->operand_count == 0) {
		if (!options->check || !tool_project_open)
			return tool_usage(
				"link: which? Without INPUT it checks a project: --check");
		return link_check_project(invocation);
	}
	if (!options->check && !options->output && !options->explain)
		return tool_usage("link: where to? -o FILE says it, --check writes nothing");
	int code = open_files(&files, invocation);
	if (code == WPKG_EXIT_DONE)
		code = link_files(&files, options);
	close_files(&files);
	return code;
}

const struct wpkg_command tool_link = {
	.name = "link",
	.operands = "[INPUT...]",
	.summary = "make a module of objects, or one of several modules",
	.description =
		"Each INPUT is a file or a package reference: either objects and archives, which "
		"compilers and ar write, or finished modules.\n"
		"\n"
		"Objects are linked as their symbols say. Of an archive the members are taken in "
		"that are needed, and what nothing reaches is left out. A symbol that nobody "
		"defines, or that two define, is an error, and so is a function that is called "
		"with another type than it has. --wasi adds what a program for WASI needs: the "
		"start file, the C library and the compiler's own. The options are those of LLVM's "
		"linker. With -r the result is an object again: all of the inputs is in it, and a "
		"later link, by this linker or another, makes of it what it would make of them.\n"
		"\n"
		"Modules have a name that the others import them as: NAME=FILE, or the file's "
		"without its extension. The first module is the root: its exports are the "
		"result's. An import whose module name is one of the names must be one of that "
		"module's exports, of a type that the specification lets stand for the imported "
		"one; all other imports stay for the host. Calls between the modules become "
		"direct, memories and tables stay apart, identical imports appear once, start "
		"functions run in the order of dependency.\n"
		"\n"
		"Dynamic libraries, which have a section dylink.0, become one module that needs no "
		"loader: each gets its place in one memory and one table, and symbols go to the "
		"first "
		"input that exports them. The first input is the program: its functions are "
		"exported, "
		"the memory, and what runs constructors, _initialize or _start. --stack-size and "
		"--allow-undefined are for them, too.\n"
		"\n"
		"What does not fit is an error that shows both types, and near misses. The result "
		"is valid, and the same bytes each time. With --check nothing is written: every "
		"problem is a line, of modules also each import that stays for the host; the exit "
		"code is 3 when there is a problem.\n"
		"\n"
		"Without INPUT --check looks at the project in the working folder: each module of "
		"it, what that imports from others of the project and of its dependencies, as "
		"wpkg.lock has them, and what these import in turn; and whether the hosts that "
		"wpkg.toml names give what is left. An import's module name means a module of the "
		"same package (its file's name without .wasm), or the only one of a dependency "
		"(its "
		"name, or the last part of it), or one of several with /FILE behind; else it is "
		"the host's.\n"
		"\n"
		"--explain says why a symbol is in the result: who has it, who needs that, who "
		"needs "
		"that one, up to an export or another root; of a member of an archive also for "
		"which "
		"symbol it was taken in. Of modules SYMBOL is an export or the name of a function, "
		"MODULE:NAME when several have one. It writes a module only with -o, and with "
		"--json "
		"prints a document.",
	.example = "wpkg link --check\n"
		   "wpkg link --wasi main.o -o main.wasm\n"
		   "wpkg link crt1-command.o main.o -L lib -lc -o main.wasm\n"
		   "wpkg link app.wasm json=deps/json.wasm -o linked.wasm",
	.options = link_rows,
	.options_size = sizeof(struct link_options),
	.least_operands = 0,
	.most_operands = SIZE_MAX,
	.run = run_link,
};
