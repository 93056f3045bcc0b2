/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the commands of a test script mean (interpreter/README.md of WebAssembly/spec, "Scripts").
 * Everything goes through the engine's public interface.
 */
#include "wast_int.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "exec/instance.h"
#include "exec/linker.h"
#include "value.h"
#include "wasm/module.h"
#include "wasm/wat.h"

#define VALUES_MAX 1024 /* arguments or results of a call: more than a module may have */

bool wast_fail(struct wast_run *run, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	wpkg_buf_reset(&run->reason);
	wpkg_buf_append_vformat(&run->reason, format, args);
	va_end(args);
	return false;
}

#define fail wast_fail

/* Modules. */

static enum wpkg_status read_bytes(struct wpkg_buf *out, const struct wpkg_script_module *source,
				   struct wpkg_err *err)
{
	struct wpkg_wat_options options = {.start = source->start, .end = source->end};
	if (!source->is_binary && source->end > source->start)
		return wpkg_wat_parse(out, source->bytes, &options, err);
	if (!source->is_binary)
		return wpkg_wat_parse(out, (struct wpkg_str){0}, NULL, err);
	wpkg_buf_append_str(out, source->bytes);
	return wpkg_buf_check(out, "module", err);
}

static void definition_free(struct definition *definition)
{
	wpkg_module_free(definition->module);
	wpkg_buf_clear(&definition->bytes);
	wpkg_mem_free(definition);
}

/* Parses and validates, and makes it the latest definition. */
static struct definition *define(struct wast_run *run, const struct wpkg_script_command *command)
{
	struct wpkg_err err;
	struct definition *definition = wpkg_mem_calloc(1, sizeof(*definition));
	if (!definition) {
		fail(run, "no memory");
		return NULL;
	}
	wpkg_buf_init(&definition->bytes, SIZE_MAX);
	enum wpkg_status status = read_bytes(&definition->bytes, &command->module, &err);
	if (status == WPKG_OK)
		status = wpkg_module_read(&definition->module, wpkg_buf_str(&definition->bytes),
					  NULL, &err);
	if (status != WPKG_OK) {
		definition_free(definition);
		fail(run, "%s", err.msg);
		return NULL;
	}
	definition->name = wpkg_arena_dup(&run->arena, command->name);
	definition->next = run->definitions;
	run->definitions = definition;
	return definition;
}

static struct definition *find_definition(struct wast_run *run, struct wpkg_str name)
{
	for (struct definition *d = run->definitions; d; d = d->next)
		if (name.len == 0 || wpkg_str_equal(d->name, name))
			return d;
	fail(run, "no module definition %.*s", WPKG_STR_ARG(name));
	return NULL;
}

/* Instances. */

struct wpkg_instance *wast_find_named(const struct wast_run *run, struct wpkg_str name)
{
	for (struct named_instance *i = run->instances; i; i = i->next)
		if (wpkg_str_equal(i->name, name))
			return i->instance;
	return NULL;
}

static struct wpkg_instance *find_instance(struct wast_run *run, struct wpkg_str name)
{
	struct wpkg_instance *found = name.len == 0 ? run->current : wast_find_named(run, name);
	if (found)
		return found;
	fail(run, "no instance %.*s", WPKG_STR_ARG(name));
	return NULL;
}

/* The newest instance of a name hides older ones. */
static bool name_instance(struct wast_run *run, struct wpkg_str name,
			  struct wpkg_instance *instance)
{
	run->current = instance;
	if (name.len == 0)
		return true;
	struct named_instance *named = wpkg_arena_alloc(&run->arena, 1, sizeof(*named));
	if (!named)
		return fail(run, "no memory");
	named->name = wpkg_arena_dup(&run->arena, name);
	named->instance = instance;
	named->next = run->instances;
	run->instances = named;
	return named->name.ptr || fail(run, "no memory");
}

static bool instantiate(struct wast_run *run, const struct definition *definition,
			struct wpkg_str name)
{
	struct wpkg_err err;
	struct wpkg_instance *instance;
	if (wpkg_linker_instantiate(&instance, run->linker, definition->module, NULL, &err) !=
	    WPKG_OK)
		return fail(run, "%s", err.msg);
	return name_instance(run, name, instance);
}

static bool run_module(struct wast_run *run, const struct wpkg_script_command *command)
{
	run->current = NULL;
	const struct definition *definition = define(run, command);
	return definition && instantiate(run, definition, command->name);
}

static bool run_definition(struct wast_run *run, const struct wpkg_script_command *command)
{
	return define(run, command) != NULL;
}

static bool run_instance(struct wast_run *run, const struct wpkg_script_command *command)
{
	const struct definition *definition = find_definition(run, command->definition);
	return definition && instantiate(run, definition, command->name);
}

static bool run_register(struct wast_run *run, const struct wpkg_script_command *command)
{
	struct wpkg_err err;
	if (wast_is_foreign(run, command->name))
		return wast_register_foreign(run, command->as);
	struct wpkg_instance *instance = find_instance(run, command->name);
	if (!instance)
		return false;
	return wpkg_linker_define_instance(run->linker, command->as, instance, &err) == WPKG_OK ||
	       fail(run, "%s", err.msg);
}

/* Actions. */

/* What came of an action: types and values of its results, unless it trapped. */
struct outcome {
	enum wpkg_trap trap;
	uint32_t count;
	const struct wpkg_type *func; /* of a call: its results are the types */
	wpkg_valtype global;
	const struct wpkg_module *module; /* whose types they are */
	union wpkg_wasm_value results[VALUES_MAX];
};

static const struct wpkg_module_export *find_export(struct wast_run *run,
						    const struct wpkg_instance *instance,
						    struct wpkg_str field, enum wpkg_extern kind)
{
	const struct wpkg_module_export *export =
		wpkg_module_find_export(wpkg_instance_module(instance), field);
	if (export && export->kind == kind)
		return export;
	fail(run, "no exported %s \"%.*s\"", wpkg_extern_name(kind), WPKG_STR_ARG(field));
	return NULL;
}

static bool call(struct wast_run *run, struct wpkg_instance *instance,
		 const struct wpkg_script_action *action, struct outcome *outcome)
{
	const struct wpkg_module_export *export =
		find_export(run, instance, action->field, WPKG_EXTERN_FUNC);
	union wpkg_wasm_value args[VALUES_MAX];
	if (!export)
		return false;
	outcome->func = wpkg_module_func_type(outcome->module, export->index);
	outcome->count = outcome->func->result_count;
	if (outcome->func->param_count != action->arg_count || action->arg_count > VALUES_MAX ||
	    outcome->count > VALUES_MAX)
		return fail(run, "%u arguments for %u parameters", (unsigned)action->arg_count,
			    (unsigned)outcome->func->param_count);
	for (uint32_t i = 0; i < action->arg_count; i++)
		args[i] = wast_argument(&action->args[i]);
	outcome->trap = wpkg_func_call(NULL, wpkg_instance_find_func(instance, action->field), args,
				       outcome->results);
	return true;
}

static bool get(struct wast_run *run, struct wpkg_instance *instance,
		const struct wpkg_script_action *action, struct outcome *outcome)
{
	const struct wpkg_module_export *export =
		find_export(run, instance, action->field, WPKG_EXTERN_GLOBAL);
	if (!export)
		return false;
	outcome->global = outcome->module->globals[export->index].type;
	outcome->count = 1;
	outcome->results[0] = wpkg_global_get(wpkg_instance_find_global(instance, action->field));
	return true;
}

/* False when it could not be done at all. */
static bool act(struct wast_run *run, const struct wpkg_script_action *action,
		struct outcome *outcome)
{
	struct wpkg_instance *instance = find_instance(run, action->instance);
	memset(outcome, 0, offsetof(struct outcome, results));
	if (!instance)
		return false;
	outcome->module = wpkg_instance_module(instance);
	return action->is_get ? get(run, instance, action, outcome)
			      : call(run, instance, action, outcome);
}

static wpkg_valtype result_type(const struct outcome *outcome, uint32_t index)
{
	return outcome->func ? wpkg_type_results(outcome->func)[index] : outcome->global;
}

/* "expected ..., found ...", of all values. */
static bool fail_values(struct wast_run *run, const struct outcome *outcome,
			const struct wpkg_script_command *command)
{
	struct wpkg_buf *out = &run->reason;
	wpkg_buf_reset(out);
	wpkg_buf_append_text(out, "expected");
	for (uint32_t i = 0; i < command->expected_count; i++) {
		wpkg_buf_append_byte(out, ' ');
		wast_value_format(out, &command->expected[i]);
	}
	wpkg_buf_append_text(out, command->expected_count ? ", found" : " nothing, found");
	for (uint32_t i = 0; i < outcome->count; i++) {
		wpkg_buf_append_byte(out, ' ');
		tool_value_format(out, result_type(outcome, i), &outcome->results[i]);
	}
	if (outcome->count == 0)
		wpkg_buf_append_text(out, " nothing");
	return false;
}

static bool run_action(struct wast_run *run, const struct wpkg_script_command *command)
{
	struct outcome outcome;
	if (!act(run, &command->action, &outcome))
		return false;
	return outcome.trap == WPKG_TRAP_NONE ||
	       fail(run, "trap: %s", wpkg_trap_text(outcome.trap));
}

static bool run_assert_return(struct wast_run *run, const struct wpkg_script_command *command)
{
	struct outcome outcome;
	if (!act(run, &command->action, &outcome))
		return false;
	if (outcome.trap != WPKG_TRAP_NONE)
		return fail(run, "trap: %s", wpkg_trap_text(outcome.trap));
	bool matches = outcome.count == command->expected_count;
	for (uint32_t i = 0; matches && i < outcome.count; i++)
		matches = wast_matches(run->engine, result_type(&outcome, i), &outcome.results[i],
				       &command->expected[i]);
	return matches || fail_values(run, &outcome, command);
}

/* Do the trap's text and the script's agree as far as both go? Scripts say of what kind is null. */
static bool text_agrees(struct wpkg_str text, enum wpkg_trap trap)
{
	struct wpkg_str found = wpkg_str_from(wpkg_trap_text(trap));
	if (trap == WPKG_TRAP_NULL_REFERENCE)
		return wpkg_str_starts(text, WPKG_LIT("null ")) &&
		       wpkg_str_ends(text, WPKG_LIT("reference"));
	return wpkg_str_starts(found, text) || wpkg_str_starts(text, found);
}

static bool run_assert_trap(struct wast_run *run, const struct wpkg_script_command *command)
{
	struct outcome outcome;
	if (!act(run, &command->action, &outcome))
		return false;
	if (outcome.trap == WPKG_TRAP_NONE)
		return fail(run, "expected trap: %.*s, but it returned",
			    WPKG_STR_ARG(command->text));
	return (!wpkg_trap_is_limit(outcome.trap) && text_agrees(command->text, outcome.trap)) ||
	       fail(run, "expected trap: %.*s, found: %s", WPKG_STR_ARG(command->text),
		    wpkg_trap_text(outcome.trap));
}

static bool ends_with(struct wast_run *run, const struct wpkg_script_command *command,
		      enum wpkg_trap expected)
{
	struct outcome outcome;
	if (!act(run, &command->action, &outcome))
		return false;
	return outcome.trap == expected ||
	       fail(run, "expected: %s, found: %s", wpkg_trap_text(expected),
		    outcome.trap == WPKG_TRAP_NONE ? "it returned" : wpkg_trap_text(outcome.trap));
}

static bool run_assert_exhaustion(struct wast_run *run, const struct wpkg_script_command *command)
{
	return ends_with(run, command, WPKG_TRAP_STACK);
}

static bool run_assert_exception(struct wast_run *run, const struct wpkg_script_command *command)
{
	return ends_with(run, command, WPKG_TRAP_EXCEPTION);
}

/* Assertions about modules. */

static bool is_refusal(enum wpkg_status status)
{
	return status == WPKG_EFORMAT || status == WPKG_ELIMIT;
}

/* How far a module comes: what refuses its text, then what refuses its bytes. */
static void read_module(const struct wpkg_script_module *source, enum wpkg_status *text,
			enum wpkg_status *binary, struct wpkg_err *err)
{
	struct wpkg_buf bytes;
	struct wpkg_module *module = NULL;
	wpkg_buf_init(&bytes, SIZE_MAX);
	*binary = WPKG_OK;
	*text = read_bytes(&bytes, source, err);
	if (*text == WPKG_OK)
		*binary = wpkg_module_read(&module, wpkg_buf_str(&bytes), NULL, err);
	wpkg_module_free(module);
	wpkg_buf_clear(&bytes);
}

/* A text must not even be parsed; of a binary, decoder and validator are one. */
static bool run_assert_malformed(struct wast_run *run, const struct wpkg_script_command *command)
{
	enum wpkg_status text, binary;
	struct wpkg_err err;
	read_module(&command->module, &text, &binary, &err);
	return is_refusal(command->module.is_binary ? binary : text) ||
	       fail(run, "expected malformed: %.*s, but it is %s", WPKG_STR_ARG(command->text),
		    binary == WPKG_OK ? "valid" : "well-formed");
}

static bool run_assert_invalid(struct wast_run *run, const struct wpkg_script_command *command)
{
	enum wpkg_status text, binary;
	struct wpkg_err err;
	read_module(&command->module, &text, &binary, &err);
	if (text != WPKG_OK)
		return fail(run, "expected invalid, but it is malformed: %s", err.msg);
	return is_refusal(binary) ||
	       fail(run, "expected invalid: %.*s, but it is valid", WPKG_STR_ARG(command->text));
}

/* Annotations are checked as the text is parsed. */
static bool run_assert_custom(struct wast_run *run, const struct wpkg_script_command *command)
{
	enum wpkg_status text, binary;
	struct wpkg_err err;
	read_module(&command->module, &text, &binary, &err);
	return is_refusal(text) || is_refusal(binary) ||
	       fail(run, "expected: %.*s, but the module is valid", WPKG_STR_ARG(command->text));
}

/* Valid, but instantiation ends with a status that is not success. */
static bool refuses_instance(struct wast_run *run, const struct wpkg_script_command *command,
			     bool by_trap)
{
	struct wpkg_err err;
	struct wpkg_instance *instance;
	const struct definition *definition = define(run, command);
	if (!definition)
		return false;
	enum wpkg_status status =
		wpkg_linker_instantiate(&instance, run->linker, definition->module, NULL, &err);
	bool is_unlinkable = status == WPKG_ENOTFOUND || status == WPKG_EINVAL;
	if (by_trap ? status == WPKG_EDENIED : is_unlinkable)
		return true;
	return fail(run, "expected %s: %.*s, found: %s", by_trap ? "trap" : "unlinkable",
		    WPKG_STR_ARG(command->text), status == WPKG_OK ? "an instance" : err.msg);
}

static bool run_assert_unlinkable(struct wast_run *run, const struct wpkg_script_command *command)
{
	return refuses_instance(run, command, false);
}

static bool run_assert_uninstantiable(struct wast_run *run,
				      const struct wpkg_script_command *command)
{
	return refuses_instance(run, command, true);
}

static bool (*const runners[WPKG_SCRIPT_KIND_COUNT])(struct wast_run *run,
						     const struct wpkg_script_command *command) = {
	[WPKG_SCRIPT_MODULE] = run_module,
	[WPKG_SCRIPT_DEFINITION] = run_definition,
	[WPKG_SCRIPT_INSTANCE] = run_instance,
	[WPKG_SCRIPT_REGISTER] = run_register,
	[WPKG_SCRIPT_ACTION] = run_action,
	[WPKG_SCRIPT_ASSERT_RETURN] = run_assert_return,
	[WPKG_SCRIPT_ASSERT_TRAP] = run_assert_trap,
	[WPKG_SCRIPT_ASSERT_EXHAUSTION] = run_assert_exhaustion,
	[WPKG_SCRIPT_ASSERT_EXCEPTION] = run_assert_exception,
	[WPKG_SCRIPT_ASSERT_INVALID] = run_assert_invalid,
	[WPKG_SCRIPT_ASSERT_MALFORMED] = run_assert_malformed,
	[WPKG_SCRIPT_ASSERT_UNLINKABLE] = run_assert_unlinkable,
	[WPKG_SCRIPT_ASSERT_UNINSTANTIABLE] = run_assert_uninstantiable,
	[WPKG_SCRIPT_ASSERT_INVALID_CUSTOM] = run_assert_custom,
	[WPKG_SCRIPT_ASSERT_MALFORMED_CUSTOM] = run_assert_custom,
	[WPKG_SCRIPT_THREAD] = wast_thread_start,
	[WPKG_SCRIPT_WAIT] = wast_thread_wait,
};

/* Adds a line, with what must not reach a terminal escaped, and empties the buffer. */
static void add_failure(struct wast_tally *tally, struct wpkg_buf *line)
{
	tally->failed++;
	wpkg_utf8_append_escaped(&tally->failures, wpkg_buf_str(line));
	wpkg_buf_append_byte(&tally->failures, '\n');
	wpkg_buf_clear(line);
}

/* "FILE:LINE: assert_return "name": reason" */
static void report(const struct wast_run *run, const struct wpkg_script_command *command)
{
	struct wpkg_buf line;
	wpkg_buf_init(&line, SIZE_MAX);
	wpkg_buf_append_format(&line, "%s:%u: %s", run->file, (unsigned)command->line,
			       wpkg_script_kind_name(command->kind));
	if (command->action.field.ptr) {
		wpkg_buf_append_text(&line, " \"");
		wpkg_buf_append_str(&line, command->action.field);
		wpkg_buf_append_byte(&line, '"');
	}
	wpkg_buf_append_format(&line, ": %s", wpkg_buf_text(&run->reason));
	add_failure(run->tally, &line);
}

void wast_run_command(struct wast_run *run, const struct wpkg_script_command *command,
		      const struct wast_block *block)
{
	run->block = block;
	if (runners[command->kind](run, command))
		run->tally->passed++;
	else
		report(run, command);
}

void wast_tally_broken(struct wast_tally *tally, const char *file, const struct wpkg_err *err)
{
	struct wpkg_buf line;
	wpkg_buf_init(&line, SIZE_MAX);
	bool has_line = err->msg[0] >= '0' && err->msg[0] <= '9';
	wpkg_buf_append_format(&line, "%s:%s%s", file, has_line ? "" : " ", err->msg);
	add_failure(tally, &line);
}

struct wast_tally *wast_run_tally(const struct wast_run *run)
{
	return run->tally;
}

enum wpkg_status wast_run_new(struct wast_run **out, const char *file, struct wast_tally *tally,
			      struct wpkg_err *err)
{
	struct wast_run *run = wpkg_mem_calloc(1, sizeof(*run));
	if (!run)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory");
	run->file = file;
	run->tally = tally;
	wpkg_arena_init(&run->arena, SIZE_MAX);
	wpkg_buf_init(&run->reason, SIZE_MAX);
	enum wpkg_status status = wpkg_engine_new(&run->engine, &tally->limits, err);
	if (status == WPKG_OK)
		status = wpkg_linker_new(&run->linker, run->engine, err);
	if (status == WPKG_OK)
		status = wast_define_spectest(run->linker, err);
	if (status != WPKG_OK)
		wast_run_free(run);
	else
		*out = run;
	return status;
}

void wast_run_free(struct wast_run *run)
{
	if (!run)
		return;
	wast_threads_join(run);
	wpkg_linker_free(run->linker);
	wpkg_engine_free(run->engine);
	while (run->definitions) {
		struct definition *next = run->definitions->next;
		definition_free(run->definitions);
		run->definitions = next;
	}
	wpkg_arena_clear(&run->arena);
	wpkg_buf_clear(&run->reason);
	wpkg_mem_free(run);
}
