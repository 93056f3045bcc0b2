/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of scripts, on the text parser's tokens. */
#include "wasm/script.h"

#include "base/mem.h"
#include "wasm/opcode.h"
#include "wasm/wat_parser.h"

struct wpkg_script {
	struct wat_parser parser;
	struct wpkg_arena arena; /* of the command */
	struct wpkg_script_command command;
	struct wpkg_buf values;	 /* a list of them while it is read */
	struct wpkg_err failure; /* the parser's */
	bool is_first;
	uint32_t counted_to, line; /* the line of that offset: no line end is counted twice */
};

static const char *const kind_names[WPKG_SCRIPT_KIND_COUNT] = {
	[WPKG_SCRIPT_MODULE] = "module",
	[WPKG_SCRIPT_DEFINITION] = "module definition",
	[WPKG_SCRIPT_INSTANCE] = "module instance",
	[WPKG_SCRIPT_REGISTER] = "register",
	[WPKG_SCRIPT_ACTION] = "action",
	[WPKG_SCRIPT_ASSERT_RETURN] = "assert_return",
	[WPKG_SCRIPT_ASSERT_TRAP] = "assert_trap",
	[WPKG_SCRIPT_ASSERT_EXHAUSTION] = "assert_exhaustion",
	[WPKG_SCRIPT_ASSERT_EXCEPTION] = "assert_exception",
	[WPKG_SCRIPT_ASSERT_INVALID] = "assert_invalid",
	[WPKG_SCRIPT_ASSERT_MALFORMED] = "assert_malformed",
	[WPKG_SCRIPT_ASSERT_UNLINKABLE] = "assert_unlinkable",
	[WPKG_SCRIPT_ASSERT_UNINSTANTIABLE] = "assert_uninstantiable",
	[WPKG_SCRIPT_ASSERT_INVALID_CUSTOM] = "assert_invalid_custom",
	[WPKG_SCRIPT_ASSERT_MALFORMED_CUSTOM] = "assert_malformed_custom",
	[WPKG_SCRIPT_THREAD] = "thread",
	[WPKG_SCRIPT_WAIT] = "wait",
};

const char *wpkg_script_kind_name(enum wpkg_script_kind kind)
{
	return kind_names[kind];
}

/* Copies for the command. */

static struct wpkg_str keep(struct wpkg_script *script, struct wpkg_str text)
{
	struct wpkg_str copy = wpkg_arena_dup(&script->arena, text);
	if (!copy.ptr)
		wat_no_memory(&script->parser);
	return copy;
}

/* The strings that come next, joined. */
static struct wpkg_str take_strings(struct wpkg_script *script)
{
	struct wat_parser *p = &script->parser;
	wpkg_buf_reset(&p->parts[0]);
	wat_strings(p, &p->parts[0]);
	if (p->parts[0].failed != WPKG_OK)
		wat_no_memory(p);
	return keep(script, wpkg_buf_str(&p->parts[0]));
}

/* An identifier with its dollar sign; empty when none comes. */
static struct wpkg_str take_id(struct wpkg_script *script)
{
	struct wat_parser *p = &script->parser;
	uint32_t symbol = wat_take_symbol(p);
	if (symbol == WAT_SYMBOL_NONE)
		return (struct wpkg_str){0};
	wpkg_buf_reset(&p->parts[0]);
	wpkg_buf_append_byte(&p->parts[0], '$');
	wpkg_buf_append_str(&p->parts[0], p->symbols.items[symbol].name);
	if (p->parts[0].failed != WPKG_OK)
		wat_no_memory(p);
	return keep(script, wpkg_buf_str(&p->parts[0]));
}

static struct wpkg_str take_name(struct wpkg_script *script)
{
	return keep(script, wat_name(&script->parser));
}

/* The message of an assertion; any bytes. */
static struct wpkg_str take_message(struct wpkg_script *script)
{
	struct wat_parser *p = &script->parser;
	wpkg_buf_reset(&p->parts[0]);
	wat_string(p, &p->parts[0]);
	return keep(script, wpkg_buf_str(&p->parts[0]));
}

static void skip_to_close(struct wpkg_script *script)
{
	if (!wat_skip_to_close(&script->parser))
		wat_unexpected(&script->parser, "')'");
}

/* Modules. */

/* Behind "(module": the rest, to behind its parenthesis, which was opened at start. */
static void module(struct wpkg_script *script, uint32_t start)
{
	struct wat_parser *p = &script->parser;
	struct wpkg_script_command *command = &script->command;
	struct wpkg_script_module *found = &command->module;
	if (wat_accept_word(p, "definition")) {
		command->kind = WPKG_SCRIPT_DEFINITION;
		start = p->token.start;
	}
	if (wat_accept_word(p, "instance")) {
		command->kind = WPKG_SCRIPT_INSTANCE;
		struct wpkg_str first = take_id(script), second = take_id(script);
		command->name = second.len > 0 ? first : (struct wpkg_str){0};
		command->definition = second.len > 0 ? second : first;
		wat_expect_close(p);
		return;
	}
	command->name = take_id(script);
	if (command->kind == WPKG_SCRIPT_DEFINITION)
		start = p->token.start; /* its fields alone */
	found->is_binary = wat_is_word(p, "binary");
	if (wat_accept_word(p, "binary") || wat_accept_word(p, "quote")) {
		found->bytes = take_strings(script);
		found->end = (uint32_t)found->bytes.len;
		wat_expect_close(p);
		return;
	}
	*found = (struct wpkg_script_module){.bytes = p->lexer.text, .start = start};
	skip_to_close(script);
	found->end = command->kind == WPKG_SCRIPT_DEFINITION ? p->closed - 1 : p->closed;
}

static void nested_module(struct wpkg_script *script)
{
	uint32_t start = script->parser.token.start;
	if (wat_expect_open(&script->parser, "module"))
		module(script, start);
}

/* Values. */

static void add_value(struct wpkg_script *script, const struct wpkg_script_value *value)
{
	wat_push(&script->parser, &script->values, value, sizeof(*value));
}

/* The values behind the first count of the list, taken off it. */
static const struct wpkg_script_value *take_values(struct wpkg_script *script, uint32_t before,
						   uint32_t *count)
{
	const struct wpkg_script_value *values =
		(const struct wpkg_script_value *)(const void *)script->values.ptr;
	size_t all = script->values.len / sizeof(*values);
	*count = (uint32_t)(all - before);
	struct wpkg_script_value *kept = wpkg_arena_alloc(&script->arena, *count, sizeof(*values));
	if (!kept) {
		wat_no_memory(&script->parser);
		*count = 0;
		return NULL;
	}
	if (*count > 0)
		memcpy(kept, values + before, *count * sizeof(*values));
	wpkg_buf_truncate(&script->values, before * sizeof(*values));
	return kept;
}

static uint32_t value_count(const struct wpkg_script *script)
{
	return (uint32_t)(script->values.len / sizeof(struct wpkg_script_value));
}

/* A lane: its bits, or what kind of NaN it must be. */
static uint64_t number(struct wpkg_script *script, unsigned bits, bool is_float, uint8_t *nan)
{
	struct wat_parser *p = &script->parser;
	if (!is_float)
		return wat_integer(p, bits);
	if (nan && wat_accept_word(p, "nan:canonical"))
		*nan = WPKG_SCRIPT_NAN_CANONICAL;
	else if (nan && wat_accept_word(p, "nan:arithmetic"))
		*nan = WPKG_SCRIPT_NAN_ARITHMETIC;
	else
		return wat_float(p, bits);
	return 0;
}

static void vector(struct wpkg_script *script, struct wpkg_script_value *value, bool is_pattern)
{
	const struct wat_shape *shape = wat_take_shape(&script->parser);
	value->kind = WPKG_SCRIPT_V128;
	if (!shape)
		return;
	value->lanes = (uint8_t)shape->lanes;
	for (unsigned i = 0; i < shape->lanes; i++) {
		uint8_t *nan = is_pattern && shape->is_float ? &value->nans[i] : NULL;
		uint64_t lane = number(script, shape->bits, shape->is_float, nan);
		value->bits[i * shape->bits / 64] |= lane << i * shape->bits % 64;
	}
}

/* What the words of references stand for; those with a number are the host's. */
static const struct {
	const char *word;
	enum wpkg_heap heap;
	bool may_have_number;
} references[] = {
	{"ref.func", WPKG_HEAP_FUNC, false},   {"ref.extern", WPKG_HEAP_EXTERN, true},
	{"ref.host", WPKG_HEAP_ANY, true},     {"ref.exn", WPKG_HEAP_EXN, false},
	{"ref.i31", WPKG_HEAP_I31, false},     {"ref.struct", WPKG_HEAP_STRUCT, false},
	{"ref.array", WPKG_HEAP_ARRAY, false}, {"ref.eq", WPKG_HEAP_EQ, false},
	{"ref", WPKG_HEAP_ANY, false},
};

static bool reference(struct wpkg_script *script, struct wpkg_script_value *value, bool is_pattern)
{
	struct wat_parser *p = &script->parser;
	if (wat_accept_open(p, "ref.null")) {
		value->kind = WPKG_SCRIPT_NULL;
		if (!is_pattern || p->token.kind != WAT_CLOSE)
			(void)wat_heap_type(p);
		return true;
	}
	for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++) {
		if (!wat_accept_open(p, references[i].word))
			continue;
		bool has_number = references[i].may_have_number && p->token.kind == WAT_NUMBER;
		value->heap = (uint8_t)references[i].heap;
		value->kind = has_number ? WPKG_SCRIPT_HOST : WPKG_SCRIPT_REF;
		if (has_number)
			value->bits[0] = wat_u32(p);
		else if (!is_pattern)
			wat_unexpected(p, "a number");
		return true;
	}
	return false;
}

static void value(struct wpkg_script *script, bool is_pattern)
{
	struct wat_parser *p = &script->parser;
	struct wpkg_script_value value = {.lanes = 1};
	uint8_t *nan = is_pattern ? &value.nans[0] : NULL;
	if (wat_accept_open(p, "i32.const")) {
		value.kind = WPKG_SCRIPT_I32;
		value.bits[0] = number(script, 32, false, NULL);
	} else if (wat_accept_open(p, "i64.const")) {
		value.kind = WPKG_SCRIPT_I64;
		value.bits[0] = number(script, 64, false, NULL);
	} else if (wat_accept_open(p, "f32.const")) {
		value.kind = WPKG_SCRIPT_F32;
		value.bits[0] = number(script, 32, true, nan);
	} else if (wat_accept_open(p, "f64.const")) {
		value.kind = WPKG_SCRIPT_F64;
		value.bits[0] = number(script, 64, true, nan);
	} else if (wat_accept_open(p, "v128.const")) {
		vector(script, &value, is_pattern);
	} else if (!reference(script, &value, is_pattern)) {
		wat_unexpected(p, "a value");
	}
	wat_expect_close(p);
	add_value(script, &value);
}

/* "(either ...)", whose items are no "either" themselves, or a value. */
static void pattern(struct wpkg_script *script)
{
	struct wat_parser *p = &script->parser;
	if (!wat_accept_open(p, "either")) {
		value(script, true);
		return;
	}
	struct wpkg_script_value either = {.kind = WPKG_SCRIPT_EITHER};
	uint32_t before = value_count(script);
	while (p->token.kind == WAT_OPEN)
		value(script, true);
	either.items = take_values(script, before, &either.count);
	wat_expect_close(p);
	add_value(script, &either);
}

static void patterns(struct wpkg_script *script)
{
	while (script->parser.token.kind == WAT_OPEN)
		pattern(script);
	script->command.expected = take_values(script, 0, &script->command.expected_count);
}

/* Actions. */

/* Behind "(invoke" or "(get". */
static void action(struct wpkg_script *script, bool is_get)
{
	struct wat_parser *p = &script->parser;
	struct wpkg_script_action *action = &script->command.action;
	action->is_get = is_get;
	action->instance = take_id(script);
	action->field = take_name(script);
	while (!is_get && p->token.kind == WAT_OPEN)
		value(script, false);
	action->args = take_values(script, 0, &action->arg_count);
	wat_expect_close(p);
}

static bool is_action(const struct wpkg_script *script)
{
	return wat_is_open(&script->parser, "invoke") || wat_is_open(&script->parser, "get");
}

static void nested_action(struct wpkg_script *script)
{
	struct wat_parser *p = &script->parser;
	if (wat_accept_open(p, "get"))
		action(script, true);
	else if (wat_expect_open(p, "invoke"))
		action(script, false);
}

/* Commands, behind their word. */

static void assert_trap(struct wpkg_script *script)
{
	if (is_action(script)) {
		nested_action(script);
	} else {
		nested_module(script);
		script->command.kind = WPKG_SCRIPT_ASSERT_UNINSTANTIABLE;
	}
	script->command.text = take_message(script);
}

static void assert_exhaustion(struct wpkg_script *script)
{
	nested_action(script);
	script->command.text = take_message(script);
}

static void assert_return(struct wpkg_script *script)
{
	nested_action(script);
	patterns(script);
}

static void assert_module(struct wpkg_script *script)
{
	enum wpkg_script_kind kind = script->command.kind;
	nested_module(script);
	script->command.kind = kind;
	script->command.text = take_message(script);
}

static void register_instance(struct wpkg_script *script)
{
	script->command.as = take_name(script);
	script->command.name = take_id(script);
}

/* "(thread $T (shared (module $M))? command*)" */
static void thread(struct wpkg_script *script)
{
	struct wat_parser *p = &script->parser;
	struct wpkg_script_command *command = &script->command;
	command->name = take_id(script);
	if (wat_accept_open(p, "shared")) {
		if (wat_expect_open(p, "module"))
			command->shared = take_id(script);
		wat_expect_close(p);
		wat_expect_close(p);
	}
	command->start = p->token.start;
	skip_to_close(script);
	command->end = p->closed - 1;
}

static void wait(struct wpkg_script *script)
{
	script->command.name = take_id(script);
}

static const struct rule {
	const char *word;
	void (*read)(struct wpkg_script *script);
	enum wpkg_script_kind kind;
	bool has_closed; /* read goes over the command's own parenthesis */
} rules[] = {
	{"assert_return", assert_return, WPKG_SCRIPT_ASSERT_RETURN, false},
	{"assert_trap", assert_trap, WPKG_SCRIPT_ASSERT_TRAP, false},
	{"assert_exhaustion", assert_exhaustion, WPKG_SCRIPT_ASSERT_EXHAUSTION, false},
	{"assert_exception", nested_action, WPKG_SCRIPT_ASSERT_EXCEPTION, false},
	{"assert_invalid", assert_module, WPKG_SCRIPT_ASSERT_INVALID, false},
	{"assert_malformed", assert_module, WPKG_SCRIPT_ASSERT_MALFORMED, false},
	{"assert_unlinkable", assert_module, WPKG_SCRIPT_ASSERT_UNLINKABLE, false},
	{"assert_invalid_custom", assert_module, WPKG_SCRIPT_ASSERT_INVALID_CUSTOM, false},
	{"assert_malformed_custom", assert_module, WPKG_SCRIPT_ASSERT_MALFORMED_CUSTOM, false},
	{"register", register_instance, WPKG_SCRIPT_REGISTER, false},
	{"thread", thread, WPKG_SCRIPT_THREAD, true},
	{"wait", wait, WPKG_SCRIPT_WAIT, false},
};

static const struct rule *find_rule(struct wpkg_str word)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (wpkg_str_equal_text(word, rules[i].word))
			return &rules[i];
	return NULL;
}

/* A script may be the fields of one module. */
static bool is_module_field(struct wpkg_str word)
{
	static const char *const words[] = {"func",   "type",	"rec", "import", "export", "table",
					    "memory", "global", "tag", "elem",	 "data",   "start"};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (wpkg_str_equal_text(word, words[i]))
			return true;
	return false;
}

static void inline_module(struct wpkg_script *script)
{
	struct wat_parser *p = &script->parser;
	script->command.module = (struct wpkg_script_module){
		.bytes = p->lexer.text, .start = p->token.start, .end = p->lexer.end};
	while (p->token.kind != WAT_END)
		wat_advance(p);
}

static void command(struct wpkg_script *script)
{
	struct wat_parser *p = &script->parser;
	uint32_t start = p->token.start;
	struct wpkg_str word = {0};
	if (p->token.kind == WAT_OPEN && p->ahead.kind == WAT_WORD)
		word = wat_token_text(&p->lexer, p->ahead);
	const struct rule *rule = find_rule(word);
	if (wat_accept_open(p, "module")) {
		module(script, start);
	} else if (is_action(script)) {
		script->command.kind = WPKG_SCRIPT_ACTION;
		nested_action(script);
	} else if (rule) {
		wat_advance(p);
		wat_advance(p);
		script->command.kind = rule->kind;
		rule->read(script);
		if (!rule->has_closed)
			wat_expect_close(p);
	} else if (script->is_first && is_module_field(word)) {
		inline_module(script);
	} else {
		wat_unexpected(p, "a command");
	}
}

/* The line of an offset that is not before the last one asked for. */
static uint32_t line_at(struct wpkg_script *script, uint32_t offset)
{
	struct wpkg_str part =
		wpkg_str_slice(script->parser.lexer.text, script->counted_to, offset);
	script->line += wpkg_wat_place_at(part, part.len).line - 1;
	script->counted_to = offset;
	return script->line;
}

enum wpkg_status wpkg_script_open(struct wpkg_script **out, struct wpkg_str text, uint32_t start,
				  uint32_t end, struct wpkg_err *err)
{
	if (text.len >= UINT32_MAX)
		return WPKG_FAIL(err, WPKG_ELIMIT, "script of 4 GiB or more");
	struct wpkg_script *script = wpkg_mem_calloc(1, sizeof(*script));
	if (!script)
		return WPKG_FAIL(err, WPKG_ENOMEM, "script: no memory");
	wat_parser_init(&script->parser, text, start, end ? end : (uint32_t)text.len,
			&script->failure);
	wpkg_arena_init(&script->arena, SIZE_MAX);
	wpkg_buf_init(&script->values, SIZE_MAX);
	script->is_first = true;
	script->line = 1;
	*out = script;
	return WPKG_OK;
}

void wpkg_script_close(struct wpkg_script *script)
{
	if (!script)
		return;
	wat_parser_clear(&script->parser);
	wpkg_arena_clear(&script->arena);
	wpkg_buf_clear(&script->values);
	wpkg_mem_free(script);
}

enum wpkg_status wpkg_script_next(const struct wpkg_script_command **out,
				  struct wpkg_script *script, struct wpkg_err *err)
{
	struct wat_parser *p = &script->parser;
	if (script->is_first)
		wat_seek(p, p->lexer.at);
	bool is_end = p->token.kind == WAT_END;
	wpkg_arena_clear(&script->arena);
	memset(&script->command, 0, sizeof(script->command));
	if (!is_end) {
		script->command.line = line_at(script, p->token.start);
		command(script);
	}
	script->is_first = false;
	if (p->lexer.status != WPKG_OK) {
		if (err)
			*err = script->failure;
		return p->lexer.status;
	}
	*out = is_end ? NULL : &script->command;
	return WPKG_OK;
}
