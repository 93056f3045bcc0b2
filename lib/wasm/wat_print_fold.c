/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies as folded instructions.
 *
 * A body becomes a tree: the operands of an instruction are the instructions right before it that
 * have one result each, as many as it takes; so the order of instructions is the same whatever is
 * folded. Each node's own text is made while the body is read, as labels are open then; the tree is
 * printed afterwards, when it is known what fits in a line.
 */
#include "wasm/wat_print.h"

#define LINE_WIDTH 90
#define WIDE 1000 /* of what does not fit in any line */
#define MANY 2	  /* results, of which none can be an operand */

/* A node's number plus 1; 0: none. */
typedef uint32_t node_link;

struct node {
	uint32_t text, text_end; /* in the texts */
	uint32_t offset;	 /* in the file; 0 for an arm */
	uint16_t width;		 /* of the whole in one line */
	uint8_t results;	 /* 0, 1 or MANY */
	uint8_t hint;		 /* 1 plus it; 0: none */
	node_link child, last, next;
};

/* A block that is being read. */
struct open_block {
	uint32_t node;	  /* its number */
	uint32_t parent;  /* what its instructions belong to: itself, or its latest arm */
	uint32_t first;	  /* number of items that were there before */
	uint32_t results; /* of the block */
	uint32_t label;	  /* values that a branch to it takes */
};

struct tree {
	struct wat_printer *p;
	struct wpkg_buf nodes, texts;
	struct wpkg_buf items;	/* numbers of nodes that are not part of another yet */
	struct wpkg_buf blocks; /* struct open_block */
	struct wpkg_buf stack;	/* of printing: struct step */
};

static struct node *node_at(const struct tree *t, uint32_t number)
{
	return (struct node *)(void *)t->nodes.ptr + number;
}

/* Of those there are. */
static struct open_block *top_block(const struct tree *t)
{
	return (struct open_block *)(void *)(t->blocks.ptr + t->blocks.len) - 1;
}

static uint32_t item_count(const struct tree *t)
{
	return (uint32_t)(t->items.len / sizeof(uint32_t));
}

static uint32_t *items(const struct tree *t)
{
	return (uint32_t *)(void *)t->items.ptr;
}

static bool has_memory(const struct tree *t)
{
	return t->nodes.failed == WPKG_OK && t->texts.failed == WPKG_OK &&
	       t->items.failed == WPKG_OK && t->blocks.failed == WPKG_OK &&
	       t->stack.failed == WPKG_OK;
}

/* How many values an instruction takes and gives. */

static uint32_t label_values(const struct tree *t, uint32_t depth)
{
	size_t count = t->blocks.len / sizeof(struct open_block);
	const struct open_block *blocks = (const struct open_block *)(const void *)t->blocks.ptr;
	if (depth < count)
		return blocks[count - 1 - depth].label;
	return wpkg_module_func_type(t->p->module, t->p->func)->result_count;
}

struct arity {
	uint32_t takes, gives;
};

static struct arity call_arity(const struct wpkg_type *type, uint32_t more)
{
	return (struct arity){type->param_count + more, type->result_count};
}

/* Instructions whose signature depends on their immediates. */
static struct arity special_arity(const struct tree *t, const struct wasm_instruction *i)
{
	const struct wpkg_module *module = t->p->module;
	switch (i->op) {
	case WPKG_OP_CALL:
	case WPKG_OP_RETURN_CALL:
		return call_arity(wpkg_module_func_type(module, i->first), 0);
	case WPKG_OP_CALL_INDIRECT:
	case WPKG_OP_RETURN_CALL_INDIRECT:
	case WPKG_OP_CALL_REF:
	case WPKG_OP_RETURN_CALL_REF:
		return call_arity(wpkg_module_type(module, i->first), 1);
	case WPKG_OP_THROW:
		return call_arity(wpkg_module_type(module, module->tags[i->first].type), 0);
	case WPKG_OP_STRUCT_NEW:
		return (struct arity){wpkg_module_type(module, i->first)->field_count, 1};
	case WPKG_OP_ARRAY_NEW_FIXED:
		return (struct arity){i->second, 1};
	case WPKG_OP_RETURN:
		return (struct arity){label_values(t, UINT32_MAX), 0};
	case WPKG_OP_BR:
		return (struct arity){label_values(t, i->first), 0};
	case WPKG_OP_BR_TABLE:
		return (struct arity){label_values(t, i->first) + 1, 0};
	case WPKG_OP_BR_IF: {
		uint32_t values = label_values(t, i->first);
		return (struct arity){values + 1, values};
	}
	case WPKG_OP_BR_ON_NULL: {
		uint32_t values = label_values(t, i->first) + 1;
		return (struct arity){values, values};
	}
	case WPKG_OP_BR_ON_NON_NULL: {
		uint32_t values = label_values(t, i->first);
		return (struct arity){values, values ? values - 1 : 0};
	}
	case WPKG_OP_BR_ON_CAST:
	case WPKG_OP_BR_ON_CAST_FAIL: {
		uint32_t values = label_values(t, i->first);
		return (struct arity){values, values};
	}
	default:
		return (struct arity){0, 0};
	}
}

/* Those whose numbers of operands and results are always the same, but not their types. */
static const struct {
	uint16_t op;
	uint8_t takes, gives;
} fixed_arities[] = {
	{WPKG_OP_DROP, 1, 0},
	{WPKG_OP_SELECT, 3, 1},
	{WPKG_OP_SELECT_TYPED, 3, 1},
	{WPKG_OP_LOCAL_GET, 0, 1},
	{WPKG_OP_LOCAL_SET, 1, 0},
	{WPKG_OP_LOCAL_TEE, 1, 1},
	{WPKG_OP_GLOBAL_GET, 0, 1},
	{WPKG_OP_GLOBAL_SET, 1, 0},
	{WPKG_OP_TABLE_GET, 1, 1},
	{WPKG_OP_TABLE_SET, 2, 0},
	{WPKG_OP_TABLE_SIZE, 0, 1},
	{WPKG_OP_TABLE_GROW, 2, 1},
	{WPKG_OP_TABLE_FILL, 3, 0},
	{WPKG_OP_TABLE_COPY, 3, 0},
	{WPKG_OP_TABLE_INIT, 3, 0},
	{WPKG_OP_MEMORY_SIZE, 0, 1},
	{WPKG_OP_MEMORY_GROW, 1, 1},
	{WPKG_OP_MEMORY_INIT, 3, 0},
	{WPKG_OP_MEMORY_COPY, 3, 0},
	{WPKG_OP_MEMORY_FILL, 3, 0},
	{WPKG_OP_THROW_REF, 1, 0},
	{WPKG_OP_REF_NULL, 0, 1},
	{WPKG_OP_REF_FUNC, 0, 1},
	{WPKG_OP_REF_IS_NULL, 1, 1},
	{WPKG_OP_REF_EQ, 2, 1},
	{WPKG_OP_REF_AS_NON_NULL, 1, 1},
	{WPKG_OP_REF_TEST, 1, 1},
	{WPKG_OP_REF_TEST_NULL, 1, 1},
	{WPKG_OP_REF_CAST, 1, 1},
	{WPKG_OP_REF_CAST_NULL, 1, 1},
	{WPKG_OP_REF_I31, 1, 1},
	{WPKG_OP_I31_GET_S, 1, 1},
	{WPKG_OP_I31_GET_U, 1, 1},
	{WPKG_OP_ANY_CONVERT_EXTERN, 1, 1},
	{WPKG_OP_EXTERN_CONVERT_ANY, 1, 1},
	{WPKG_OP_STRUCT_NEW_DEFAULT, 0, 1},
	{WPKG_OP_STRUCT_GET, 1, 1},
	{WPKG_OP_STRUCT_GET_S, 1, 1},
	{WPKG_OP_STRUCT_GET_U, 1, 1},
	{WPKG_OP_STRUCT_SET, 2, 0},
	{WPKG_OP_ARRAY_NEW, 2, 1},
	{WPKG_OP_ARRAY_NEW_DEFAULT, 1, 1},
	{WPKG_OP_ARRAY_NEW_DATA, 2, 1},
	{WPKG_OP_ARRAY_NEW_ELEM, 2, 1},
	{WPKG_OP_ARRAY_GET, 2, 1},
	{WPKG_OP_ARRAY_GET_S, 2, 1},
	{WPKG_OP_ARRAY_GET_U, 2, 1},
	{WPKG_OP_ARRAY_SET, 3, 0},
	{WPKG_OP_ARRAY_LEN, 1, 1},
	{WPKG_OP_ARRAY_FILL, 4, 0},
	{WPKG_OP_ARRAY_COPY, 5, 0},
	{WPKG_OP_ARRAY_INIT_DATA, 4, 0},
	{WPKG_OP_ARRAY_INIT_ELEM, 4, 0},
};

static struct arity arity_of(const struct tree *t, const struct wasm_instruction *i)
{
	unsigned row = wpkg_opcodes[i->op].signature;
	if (row) {
		const struct wpkg_signature *signature = &wpkg_signatures[row];
		return (struct arity){signature->operand_count, signature->result_count};
	}
	for (size_t k = 0; k < sizeof(fixed_arities) / sizeof(fixed_arities[0]); k++)
		if (fixed_arities[k].op == i->op)
			return (struct arity){fixed_arities[k].takes, fixed_arities[k].gives};
	return special_arity(t, i);
}

/* Building. */

static uint32_t begin_node(struct tree *t, uint32_t offset)
{
	struct node node = {.text = (uint32_t)t->texts.len, .offset = offset};
	wpkg_buf_append(&t->nodes, &node, sizeof(node));
	return (uint32_t)(t->nodes.len / sizeof(node)) - 1;
}

static void end_text(struct tree *t, uint32_t number)
{
	struct node *node = node_at(t, number);
	node->text_end = (uint32_t)t->texts.len;
	size_t width = node->text_end - node->text + 2;
	node->width = width < WIDE ? (uint16_t)width : WIDE;
}

/* A node with the text of an instruction. */
static uint32_t add_instruction(struct tree *t, const struct wasm_instruction *instruction)
{
	struct wpkg_buf *out = t->p->out;
	const struct wat_hint *hint = wat_take_printed_hint(t->p, instruction->start);
	uint32_t number = begin_node(t, instruction->start);
	t->p->out = &t->texts;
	wat_put_instruction(t->p, instruction);
	t->p->out = out;
	if (!has_memory(t))
		return 0;
	end_text(t, number);
	node_at(t, number)->hint = hint ? 1 + hint->is_likely : 0;
	return number;
}

/* Makes the items from first on children of a node, behind those it has. */
static void adopt(struct tree *t, uint32_t parent, uint32_t first)
{
	struct node *node = node_at(t, parent);
	for (uint32_t i = first; i < item_count(t); i++) {
		uint32_t child = items(t)[i];
		unsigned width = node->width + node_at(t, child)->width + 1U;
		bool stands_alone = t->p->options->offsets || node_at(t, child)->hint;
		node->width = width < WIDE && !stands_alone ? (uint16_t)width : WIDE;
		if (node->last)
			node_at(t, node->last - 1)->next = child + 1;
		else
			node->child = child + 1;
		node->last = child + 1;
	}
	wpkg_buf_truncate(&t->items, first * sizeof(uint32_t));
}

static void add_item(struct tree *t, uint32_t number, uint32_t results)
{
	node_at(t, number)->results = (uint8_t)(results < MANY ? results : MANY);
	wpkg_buf_append(&t->items, &number, sizeof(number));
}

/* Adopts the last items with one result each, as many as there are and it takes. */
static void adopt_operands(struct tree *t, uint32_t number, uint32_t takes)
{
	uint32_t least = t->blocks.len > 0 ? top_block(t)->first : 0, first = item_count(t);
	while (takes > 0 && first > least && node_at(t, items(t)[first - 1])->results == 1) {
		takes--;
		first--;
	}
	adopt(t, number, first);
}

/* "then", "else", "do": a part of a block that has instructions of its own. */
static void open_arm(struct tree *t, const char *word, const struct wasm_instruction *instruction)
{
	uint32_t number;
	if (instruction) {
		number = add_instruction(t, instruction);
	} else {
		number = begin_node(t, 0);
		wpkg_buf_append_text(&t->texts, word);
	}
	if (!has_memory(t))
		return;
	end_text(t, number);
	node_at(t, number)->width = WIDE;
	top_block(t)->parent = number;
}

/* What was read since goes to the block or to its arm, and the arm to the block. */
static void close_arm(struct tree *t)
{
	struct open_block *block = top_block(t);
	adopt(t, block->parent, block->first);
	if (block->parent != block->node) {
		wpkg_buf_append(&t->items, &block->parent, sizeof(block->parent));
		if (has_memory(t))
			adopt(t, block->node, block->first);
		block->parent = block->node;
	}
}

static void open_block(struct tree *t, const struct wasm_instruction *instruction)
{
	const struct wpkg_type *type = instruction->has_block_index
					       ? wpkg_module_type(t->p->module, instruction->first)
					       : NULL;
	struct open_block block = {.node = add_instruction(t, instruction)};
	uint32_t params = type ? type->param_count : 0;
	block.parent = block.node;
	block.results = type ? type->result_count : instruction->block_type != WPKG_TYPE_NONE;
	block.label = instruction->op == WPKG_OP_LOOP ? params : block.results;
	if (!has_memory(t))
		return;
	if (instruction->op == WPKG_OP_IF)
		adopt_operands(t, block.node, 1);
	node_at(t, block.node)->width = WIDE;
	block.first = item_count(t);
	wat_open_label(t->p);
	wpkg_buf_append(&t->blocks, &block, sizeof(block));
	if (!has_memory(t))
		return;
	if (instruction->op == WPKG_OP_IF)
		open_arm(t, "then", NULL);
	else if (instruction->op == WPKG_OP_TRY)
		open_arm(t, "do", NULL);
}

static void close_block(struct tree *t)
{
	struct open_block block = *top_block(t);
	close_arm(t);
	wpkg_buf_truncate(&t->blocks, t->blocks.len - sizeof(block));
	if (has_memory(t))
		add_item(t, block.node, block.results);
}

static void take_instruction(struct tree *t, const struct wasm_instruction *instruction)
{
	uint32_t number;
	switch (instruction->op) {
	case WPKG_OP_BLOCK:
	case WPKG_OP_LOOP:
	case WPKG_OP_IF:
	case WPKG_OP_TRY:
	case WPKG_OP_TRY_TABLE:
		open_block(t, instruction);
		break;
	case WPKG_OP_ELSE:
	case WPKG_OP_CATCH:
	case WPKG_OP_CATCH_ALL:
		close_arm(t);
		open_arm(t, NULL, instruction);
		break;
	case WPKG_OP_DELEGATE:
		close_arm(t);
		wat_close_label(t->p);
		open_arm(t, NULL, instruction);
		close_block(t);
		break;
	case WPKG_OP_END:
		wat_close_label(t->p);
		close_block(t);
		break;
	default:
		number = add_instruction(t, instruction);
		if (has_memory(t)) {
			struct arity arity = arity_of(t, instruction);
			adopt_operands(t, number, arity.takes);
			add_item(t, number, arity.gives);
		}
		break;
	}
}

static void build(struct tree *t, struct wpkg_reader *r)
{
	struct wasm_instruction instruction;
	while (has_memory(t)) {
		wasm_instruction_read(&instruction, r);
		if (r->status != WPKG_OK)
			return;
		if (instruction.op == WPKG_OP_END && t->blocks.len == 0)
			return;
		take_instruction(t, &instruction);
	}
}

/* Printing. */

/* A node whose beginning is printed. */
struct step {
	node_link child; /* the next one to print */
	bool is_inline;	 /* its children are in its line */
};

static void begin_print(struct tree *t, uint32_t number, bool is_inline)
{
	struct wat_printer *p = t->p;
	const struct node *node = node_at(t, number);
	struct step step = {.child = node->child};
	if (is_inline) {
		wpkg_buf_append_byte(p->out, ' ');
	} else {
		if (node->hint)
			wat_put_hint(p, node->hint - 1);
		wat_put_line(p);
		if (node->offset)
			wat_put_offset(p, node->offset);
	}
	wpkg_buf_append_byte(p->out, '(');
	wpkg_buf_append(p->out, t->texts.ptr + node->text, node->text_end - node->text);
	step.is_inline = is_inline || node->width + 2 * p->depth <= LINE_WIDTH;
	if (!step.is_inline)
		p->depth++;
	wpkg_buf_append(&t->stack, &step, sizeof(step));
}

static void print_tree(struct tree *t, uint32_t number, bool is_inline)
{
	begin_print(t, number, is_inline);
	while (t->stack.len > 0 && has_memory(t)) {
		struct step *top =
			(struct step *)(void *)(t->stack.ptr + t->stack.len - sizeof(*top));
		if (top->child) {
			uint32_t child = top->child - 1;
			top->child = node_at(t, child)->next;
			begin_print(t, child, top->is_inline);
			continue;
		}
		if (!top->is_inline)
			t->p->depth--;
		wpkg_buf_append_byte(t->p->out, ')');
		wpkg_buf_truncate(&t->stack, t->stack.len - sizeof(*top));
	}
}

static void tree_init(struct tree *t, struct wat_printer *p)
{
	struct wpkg_buf *const buffers[] = {&t->nodes, &t->texts, &t->items, &t->blocks, &t->stack};
	t->p = p;
	for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++)
		wpkg_buf_init(buffers[i], SIZE_MAX);
}

static void tree_clear(struct tree *t)
{
	struct wpkg_buf *const buffers[] = {&t->nodes, &t->texts, &t->items, &t->blocks, &t->stack};
	if (!has_memory(t))
		t->p->is_out_of_memory = true;
	for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++)
		wpkg_buf_clear(buffers[i]);
}

void wat_put_folded(struct wat_printer *p, struct wpkg_reader *r)
{
	struct tree tree;
	tree_init(&tree, p);
	build(&tree, r);
	for (uint32_t i = 0; has_memory(&tree) && i < item_count(&tree); i++)
		print_tree(&tree, items(&tree)[i], false);
	tree_clear(&tree);
}

void wat_put_folded_constant(struct wat_printer *p, struct wpkg_reader *r, const char *word)
{
	struct tree tree;
	tree_init(&tree, p);
	build(&tree, r);
	bool has_word = word && item_count(&tree) != 1;
	if (has_word)
		wpkg_buf_append_format(p->out, " (%s", word);
	for (uint32_t i = 0; has_memory(&tree) && i < item_count(&tree); i++)
		print_tree(&tree, items(&tree)[i], true);
	if (has_word)
		wpkg_buf_append_byte(p->out, ')');
	tree_clear(&tree);
}
