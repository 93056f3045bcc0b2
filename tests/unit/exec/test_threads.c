/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One shared memory in several engines, each on a thread of the system: atomic accesses, waiting
 * and waking, growth that others see, and limits of siblings. Meant for the thread sanitizer, too:
 * the guests here order what they do with plain accesses.
 */
#include "guest.h"

#include <pthread.h>
#include <time.h>

#define THREADS 4

/* $lock is free (0), taken (1) or taken with others waiting (2); it guards the word at 8. */
#define GUEST                                                                                      \
	"(module (import \"m\" \"memory\" (memory 1 4 shared))"                                    \
	"  (type $f (func (param i64) (result i64)))"                                              \
	"  (func $lock (local $c i32)"                                                             \
	"    (if (local.tee $c (i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 0) (i32.const "    \
	"1)))"                                                                                     \
	"      (then (loop $again"                                                                 \
	"        (if (i32.ne (i32.const 0) (i32.atomic.rmw.xchg (i32.const 0) (i32.const 2)))"     \
	"          (then (drop (memory.atomic.wait32 (i32.const 0) (i32.const 2) (i64.const -1)))" \
	"            (br $again)))))))"                                                            \
	"  (func $unlock"                                                                          \
	"    (if (i32.eq (i32.const 2) (i32.atomic.rmw.xchg (i32.const 0) (i32.const 0)))"         \
	"      (then (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))))"                 \
	"  (func (export \"count\") (type $f)"                                                     \
	"    (loop $l (call $lock)"                                                                \
	"      (i64.store (i32.const 8) (i64.add (i64.load (i32.const 8)) (i64.const 1)))"         \
	"      (call $unlock)"                                                                     \
	"      (br_if $l (i64.ne (i64.const 0)"                                                    \
	"        (local.tee 0 (i64.sub (local.get 0) (i64.const 1))))))"                           \
	"    (i64.const 0))"                                                                       \
	"  (func (export \"add\") (type $f)"                                                       \
	"    (loop $l (drop (i64.atomic.rmw.add (i32.const 16) (i64.const 1)))"                    \
	"      (br_if $l (i64.ne (i64.const 0)"                                                    \
	"        (local.tee 0 (i64.sub (local.get 0) (i64.const 1))))))"                           \
	"    (i64.atomic.load (i32.const 16)))"                                                    \
	"  (func (export \"wait\") (type $f) (drop (i32.atomic.rmw.add (i32.const 24) (i32.const " \
	"1)))"                                                                                     \
	"    (i64.extend_i32_u"                                                                    \
	"      (memory.atomic.wait64 (i32.const 32) (i64.const 0) (local.get 0))))"                \
	"  (func (export \"waiting\") (type $f) (i64.atomic.load32_u (i32.const 24)))"             \
	"  (func (export \"notify\") (type $f) (i64.extend_i32_u"                                  \
	"    (memory.atomic.notify (i32.const 32) (i32.wrap_i64 (local.get 0)))))"                 \
	"  (func (export \"grow\") (type $f) (i64.extend_i32_s"                                    \
	"    (memory.grow (i32.wrap_i64 (local.get 0)))))"                                         \
	"  (func (export \"size\") (type $f) (i64.extend_i32_u (memory.size)))"                    \
	"  (func (export \"load\") (type $f) (i64.load (i32.wrap_i64 (local.get 0))))"             \
	"  (func (export \"sum\") (type $f) (i64.add (i64.const 1) (i64.add"                       \
	"    (i64.load (i32.wrap_i64 (local.get 0)))"                                              \
	"    (v128.load (i32.wrap_i64 (local.get 0))) (i64x2.extract_lane 1))))"                   \
	"  (func (export \"at\") (type $f)"                                                        \
	"    (i64.extend_i32_u (i32.atomic.load (i32.wrap_i64 (local.get 0)))))"                   \
	"  (func (export \"fill\") (type $f)"                                                      \
	"    (memory.fill (i32.wrap_i64 (local.get 0)) (i32.const 7) (i32.const 16))"              \
	"    (i64.const 0))"                                                                       \
	"  (func (export \"spin\") (type $f) (loop $l (br $l)) (unreachable)))"

static struct wpkg_shared_memory *shared_memory(void)
{
	struct wpkg_err err;
	struct wpkg_shared_memory *shared;
	struct wpkg_extent extent = {.min = 1, .max = 4, .has_max = true};
	ck_ok(wpkg_shared_memory_new(&shared, &extent, &err), err);
	return shared;
}

/* A call on a thread of its own, in a guest of its own. */
struct peer {
	struct guest guest;
	pthread_t thread;
	const char *name;
	uint64_t argument, result;
	enum wpkg_trap trap;
};

static void *run(void *argument)
{
	struct peer *peer = argument;
	peer->trap = guest_call(&peer->result, &peer->guest, peer->name, peer->argument);
	return NULL;
}

static void start(struct peer *peer, const char *name, uint64_t argument)
{
	peer->name = name;
	peer->argument = argument;
	ck_assert_int_eq(pthread_create(&peer->thread, NULL, run, peer), 0);
}

/* Runs the function on all threads; what the last word is when all have ended. */
static uint64_t run_on_all(const char *name, uint64_t argument, const char *result)
{
	struct peer peers[THREADS] = {0};
	struct wpkg_shared_memory *shared = shared_memory();
	for (int i = 0; i < THREADS; i++)
		guest_open_shared(&peers[i].guest, NULL, shared, GUEST);
	for (int i = 0; i < THREADS; i++)
		start(&peers[i], name, argument);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(peers[i].thread, NULL);
		ck_trap(peers[i].trap, WPKG_TRAP_NONE);
	}
	uint64_t sum = guest_value(&peers[0].guest, result, strcmp(result, "load") ? 0 : 8);
	for (int i = 0; i < THREADS; i++)
		guest_close(&peers[i].guest);
	wpkg_shared_memory_drop(shared);
	return sum;
}

START_TEST(no_atomic_addition_is_lost)
{
	struct wpkg_shared_memory *shared = shared_memory();
	struct peer peers[THREADS] = {0};
	for (int i = 0; i < THREADS; i++) {
		guest_open_shared(&peers[i].guest, NULL, shared, GUEST);
		start(&peers[i], "add", 20000);
	}
	uint64_t most = 0;
	for (int i = 0; i < THREADS; i++) {
		pthread_join(peers[i].thread, NULL);
		ck_trap(peers[i].trap, WPKG_TRAP_NONE);
		most = peers[i].result > most ? peers[i].result : most;
		guest_close(&peers[i].guest);
	}
	ck_assert_uint_eq(most, 20000 * THREADS);
	wpkg_shared_memory_drop(shared);
}
END_TEST

START_TEST(a_lock_of_the_guest_guards_what_is_not_atomic)
{
	ck_assert_uint_eq(run_on_all("count", 3000, "load"), 3000 * THREADS);
}
END_TEST

/* So many threads are in "wait", or about to be. */
static void wait_for_waiters(struct guest *guest, uint64_t count)
{
	while (guest_value(guest, "waiting", 0) < count)
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

START_TEST(notify_wakes_up_as_many_as_it_is_told)
{
	struct wpkg_shared_memory *shared = shared_memory();
	struct peer peers[THREADS] = {0};
	struct guest guest;
	guest_open_shared(&guest, NULL, shared, GUEST);
	for (int i = 0; i < THREADS; i++) {
		guest_open_shared(&peers[i].guest, NULL, shared, GUEST);
		start(&peers[i], "wait", UINT64_MAX);
	}
	ck_assert_uint_eq(guest_value(&guest, "notify", 0), 0);
	uint64_t woken = 0;
	while (woken < THREADS) {
		uint64_t now = guest_value(&guest, "notify", woken < 2 ? 1 : UINT32_MAX);
		ck_assert(woken >= 2 || now <= 1);
		woken += now;
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(peers[i].thread, NULL);
		ck_trap(peers[i].trap, WPKG_TRAP_NONE);
		ck_assert_uint_eq(peers[i].result, 0);
		guest_close(&peers[i].guest);
	}
	ck_assert_uint_eq(guest_value(&guest, "notify", UINT32_MAX), 0);
	guest_close(&guest);
	wpkg_shared_memory_drop(shared);
}
END_TEST

START_TEST(a_wait_ends_when_its_time_is_over)
{
	struct wpkg_shared_memory *shared = shared_memory();
	struct guest guest;
	guest_open_shared(&guest, NULL, shared, GUEST);
	ck_assert_uint_eq(guest_value(&guest, "wait", 0), 2);
	ck_assert_uint_eq(guest_value(&guest, "wait", 2000000), 2);
	/* And who gave up is not in the way of others. */
	ck_assert_uint_eq(guest_value(&guest, "notify", UINT32_MAX), 0);
	guest_close(&guest);
	wpkg_shared_memory_drop(shared);
}
END_TEST

START_TEST(a_wait_ends_with_the_guests_time_and_by_an_interrupt)
{
	struct wpkg_shared_memory *shared = shared_memory();
	struct wpkg_engine_limits limits = {.time_ms = 20};
	struct guest guest;
	guest_open_shared(&guest, &limits, shared, GUEST);
	ck_trap(guest_call(NULL, &guest, "wait", UINT64_MAX), WPKG_TRAP_DEADLINE);
	struct peer peer = {0};
	guest_open_shared(&peer.guest, NULL, shared, GUEST);
	start(&peer, "wait", UINT64_MAX);
	wait_for_waiters(&guest, 2);
	wpkg_engine_interrupt(peer.guest.engine);
	pthread_join(peer.thread, NULL);
	ck_trap(peer.trap, WPKG_TRAP_INTERRUPT);
	guest_close(&peer.guest);
	guest_close(&guest);
	wpkg_shared_memory_drop(shared);
}
END_TEST

START_TEST(what_one_thread_grows_the_others_can_use)
{
	static const char *const accesses[] = {"load", "at", "sum", "fill"};
	struct wpkg_shared_memory *shared = shared_memory();
	struct guest guests[2];
	guest_open_shared(&guests[0], NULL, shared, GUEST);
	guest_open_shared(&guests[1], NULL, shared, GUEST);
	for (size_t i = 0; i < sizeof(accesses) / sizeof(accesses[0]); i++)
		ck_trap(guest_call(NULL, &guests[1], accesses[i], 65536), WPKG_TRAP_MEMORY_BOUNDS);
	for (uint64_t page = 1; page < 4; page++) {
		ck_assert_uint_eq(guest_value(&guests[0], "grow", 1), page);
		/* The access comes first: nothing else tells the other engine. */
		const char *access = accesses[page - 1];
		ck_assert_uint_eq(guest_value(&guests[1], access, page * 65536),
				  strcmp(access, "sum") ? 0 : 1);
		ck_assert_uint_eq(guest_value(&guests[1], "size", 0), page + 1);
	}
	guest_value(&guests[0], "fill", 3 * 65536);
	ck_assert_uint_eq(guest_value(&guests[1], "load", 3 * 65536), 0x0707070707070707);
	ck_assert_uint_eq(guest_value(&guests[1], "grow", 1), UINT64_MAX);
	ck_trap(guest_call(NULL, &guests[1], "load", 4 * 65536 - 7), WPKG_TRAP_MEMORY_BOUNDS);
	guest_close(&guests[0]);
	/* It is there as long as somebody holds it. */
	wpkg_shared_memory_drop(shared);
	ck_assert_uint_eq(guest_value(&guests[1], "load", 3 * 65536), 0x0707070707070707);
	guest_close(&guests[1]);
}
END_TEST

START_TEST(addresses_of_atomic_accesses_are_checked)
{
	struct wpkg_shared_memory *shared = shared_memory();
	struct guest guest;
	guest_open_shared(&guest, NULL, shared, GUEST);
	ck_assert_uint_eq(guest_value(&guest, "at", 65532), 0);
	for (uint64_t i = 1; i < 4; i++)
		ck_trap(guest_call(NULL, &guest, "at", i), WPKG_TRAP_UNALIGNED_ATOMIC);
	ck_trap(guest_call(NULL, &guest, "at", 65536), WPKG_TRAP_MEMORY_BOUNDS);
	ck_trap(guest_call(NULL, &guest, "at", UINT32_MAX - 3), WPKG_TRAP_MEMORY_BOUNDS);
	guest_close(&guest);
	wpkg_shared_memory_drop(shared);
}
END_TEST

START_TEST(a_memory_that_is_not_shared_has_nobody_to_wait_for)
{
	struct guest guest;
	guest_open(&guest, NULL,
		   "(module (memory 1) (type $f (func (param i64) (result i64)))"
		   "  (func (export \"wait\") (type $f) (i64.extend_i32_u"
		   "    (memory.atomic.wait32 (i32.const 0) (i32.const 0) (local.get 0))))"
		   "  (func (export \"notify\") (type $f) (i64.extend_i32_u"
		   "    (memory.atomic.notify (i32.const 0) (i32.const 9)))))");
	ck_trap(guest_call(NULL, &guest, "wait", 0), WPKG_TRAP_UNSHARED_WAIT);
	ck_assert_uint_eq(guest_value(&guest, "notify", 0), 0);
	guest_close(&guest);
}
END_TEST

START_TEST(a_shared_memory_is_imported_as_one_only)
{
	struct wpkg_shared_memory *shared = shared_memory();
	struct wpkg_extent extent = {.min = 1, .max = 4, .has_max = true};
	struct guest guest;
	guest_init(&guest, NULL);
	ck_ok(wpkg_linker_define_shared_memory(guest.linker, WPKG_LIT("m"), WPKG_LIT("memory"),
					       shared, &guest.err),
	      guest.err);
	guest_read(&guest, "(module (import \"m\" \"memory\" (memory 1 4)))");
	ck_status(guest_instantiate(&guest), WPKG_EINVAL);
	guest_close(&guest);
	guest_init(&guest, NULL);
	ck_ok(wpkg_linker_define_memory(guest.linker, WPKG_LIT("m"), WPKG_LIT("memory"), &extent,
					&guest.err),
	      guest.err);
	guest_read(&guest, GUEST);
	ck_status(guest_instantiate(&guest), WPKG_EINVAL);
	guest_close(&guest);
	wpkg_shared_memory_drop(shared);
	extent.has_max = false;
	ck_status(wpkg_shared_memory_new(&shared, &extent, &guest.err), WPKG_EINVAL);
}
END_TEST

START_TEST(a_memory_that_a_module_makes_can_be_handed_on)
{
	struct guest first, second;
	guest_open(&first, NULL,
		   "(module (memory (export \"memory\") 1 4 shared)"
		   "  (func (export \"set\") (param i64) (result i64)"
		   "    (i64.atomic.store (i32.const 64) (local.get 0)) (i64.const 0)))");
	struct wpkg_shared_memory *shared =
		wpkg_memory_shared(wpkg_instance_find_memory(first.instance, WPKG_LIT("memory")));
	ck_assert_ptr_nonnull(shared);
	guest_open_shared(&second, NULL, shared, GUEST);
	guest_value(&first, "set", 77);
	guest_close(&first);
	ck_assert_uint_eq(guest_value(&second, "load", 64), 77);
	guest_close(&second);
}
END_TEST

/* A guest in a sibling of the other's engine. */
static void open_sibling_with(struct guest *guest, const struct guest *of,
			      struct wpkg_shared_memory *shared, const char *text)
{
	guest_open_shared(guest, NULL, shared, text);
	wpkg_linker_free(guest->linker);
	wpkg_engine_free(guest->engine);
	ck_ok(wpkg_engine_new_sibling(&guest->engine, of->engine, &guest->err), guest->err);
	ck_ok(wpkg_linker_new(&guest->linker, guest->engine, &guest->err), guest->err);
	ck_ok(wpkg_linker_define_shared_memory(guest->linker, WPKG_LIT("m"), WPKG_LIT("memory"),
					       shared, &guest->err),
	      guest->err);
	ck_ok(guest_instantiate(guest), guest->err);
}

static void open_sibling(struct guest *guest, const struct guest *of,
			 struct wpkg_shared_memory *shared)
{
	open_sibling_with(guest, of, shared, GUEST);
}

START_TEST(siblings_share_their_fuel)
{
	struct wpkg_shared_memory *shared = shared_memory();
	struct wpkg_engine_limits limits = {.fuel = 3000000};
	struct guest first;
	struct peer peers[THREADS] = {0};
	guest_open_shared(&first, &limits, shared, GUEST);
	for (int i = 0; i < THREADS; i++) {
		open_sibling(&peers[i].guest, &first, shared);
		start(&peers[i], "spin", 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(peers[i].thread, NULL);
		ck_trap(peers[i].trap, WPKG_TRAP_FUEL);
	}
	ck_assert_uint_eq(wpkg_engine_fuel(first.engine), 0);
	ck_trap(guest_call(NULL, &first, "spin", 0), WPKG_TRAP_FUEL);
	for (int i = 0; i < THREADS; i++)
		guest_close(&peers[i].guest);
	guest_close(&first);
	wpkg_shared_memory_drop(shared);
}
END_TEST

START_TEST(fuel_that_a_sibling_leaves_is_there_for_the_others)
{
	struct wpkg_shared_memory *shared = shared_memory();
	struct wpkg_engine_limits limits = {.fuel = 100000};
	struct guest first, second;
	guest_open_shared(&first, &limits, shared, GUEST);
	open_sibling(&second, &first, shared);
	guest_value(&second, "add", 10);
	guest_close(&second);
	uint64_t left = wpkg_engine_fuel(first.engine);
	ck_assert(left < 100000 && left > 99000);
	guest_close(&first);
	wpkg_shared_memory_drop(shared);
}
END_TEST

START_TEST(siblings_share_the_ceiling_of_memories)
{
	struct wpkg_shared_memory *shared = shared_memory();
	struct wpkg_engine_limits limits = {.memory_bytes = 2 << 16};
	struct wpkg_engine_usage usage;
	struct guest first, second;
	guest_open_shared(&first, &limits, shared, GUEST);
	open_sibling(&second, &first, shared);
	ck_assert_uint_eq(guest_value(&second, "grow", 1), 1);
	ck_assert_uint_eq(guest_value(&first, "grow", 1), 2);
	ck_assert_uint_eq(guest_value(&first, "grow", 1), UINT64_MAX);
	ck_assert_uint_eq(guest_value(&second, "grow", 1), UINT64_MAX);
	wpkg_engine_usage(&usage, first.engine);
	ck_assert_uint_eq(usage.memory_bytes, 2 << 16);
	guest_close(&first);
	guest_close(&second);
	wpkg_shared_memory_drop(shared);
}
END_TEST

/* With a memory, a table and objects that are its own. */
#define OWNER                                                                                      \
	"(module (import \"m\" \"memory\" (memory $m 1 4 shared)) (memory $own 1)"                 \
	"  (table $t 8 funcref) (type $a (array (mut i8)))"                                        \
	"  (global $kept (mut (ref null $a)) (ref.null $a))"                                       \
	"  (func (export \"grow\") (param i64) (result i64)"                                       \
	"    (i64.extend_i32_s (memory.grow $m (i32.wrap_i64 (local.get 0)))))"                    \
	"  (func (export \"own\") (param i64) (result i64)"                                        \
	"    (i64.extend_i32_s (memory.grow $own (i32.wrap_i64 (local.get 0)))))"                  \
	"  (func (export \"table\") (param i64) (result i64)"                                      \
	"    (i64.extend_i32_s (table.grow $t (ref.null func) (i32.wrap_i64 (local.get 0)))))"     \
	"  (func (export \"keep\") (param i64) (result i64)"                                       \
	"    (global.set $kept (array.new_default $a (i32.wrap_i64 (local.get 0))))"               \
	"    (i64.const 0)))"

START_TEST(siblings_share_what_they_have_in_all)
{
	struct wpkg_shared_memory *shared = shared_memory();
	struct wpkg_engine_limits limits = {.total_bytes = 8 << 16};
	struct wpkg_engine_usage usage;
	struct guest first, second;
	guest_open_shared(&first, &limits, shared, OWNER);
	open_sibling_with(&second, &first, shared, OWNER);
	guest_value(&second, "keep", 150000);
	ck_assert_uint_eq(guest_value(&second, "table", 8192), 8);
	ck_assert_uint_eq(guest_value(&first, "grow", 2), 1);
	ck_assert_uint_eq(guest_value(&first, "grow", 1), UINT64_MAX);
	ck_assert_uint_eq(guest_value(&first, "table", 8192), UINT64_MAX);
	ck_trap(guest_call(NULL, &first, "keep", 100000), WPKG_TRAP_HEAP_LIMIT);
	ck_assert_uint_eq(guest_value(&second, "own", 1), UINT64_MAX);
	wpkg_engine_usage(&usage, second.engine);
	ck_assert_uint_eq(usage.total_bytes, (4 << 16) + 8 * (8 + 8200) + usage.heap_bytes);
	guest_close(&second);
	ck_assert_uint_eq(guest_value(&first, "own", 4), 1);
	guest_close(&first);
	wpkg_shared_memory_drop(shared);
}
END_TEST

/* Ceilings for two of them at a time; and of a hundred that come one after another, none is
 * refused. */
START_TEST(what_a_sibling_had_is_there_for_those_that_come_after_it)
{
	struct wpkg_shared_memory *shared = shared_memory();
	struct wpkg_engine_limits limits = {
		.total_bytes = 4 << 16, .memory_bytes = 2 << 16, .table_entries = 16};
	struct wpkg_engine_usage before, after;
	struct guest first, next;
	guest_open_shared(&first, &limits, shared, OWNER);
	wpkg_engine_usage(&before, first.engine);
	for (int i = 0; i < 100; i++) {
		open_sibling_with(&next, &first, shared, OWNER);
		guest_value(&next, "keep", 100000);
		guest_close(&next);
		wpkg_engine_usage(&after, first.engine);
		ck_assert_uint_eq(after.total_bytes, before.total_bytes);
		ck_assert_uint_eq(after.memory_bytes, before.memory_bytes);
		ck_assert_uint_eq(after.table_entries, before.table_entries);
	}
	guest_close(&first);
	wpkg_shared_memory_drop(shared);
}
END_TEST

/* It is there for as long as anybody holds it, whoever made it grow. */
START_TEST(a_shared_memory_is_given_back_when_nobody_holds_it)
{
	struct wpkg_shared_memory *shared = shared_memory(), *made;
	struct wpkg_engine_usage usage;
	struct guest first, second;
	guest_open_shared(&first, NULL, shared, GUEST);
	open_sibling_with(&second, &first, shared,
			  "(module (memory (export \"memory\") 1 4 shared)"
			  "  (func (export \"grow\") (param i64) (result i64)"
			  "    (i64.extend_i32_s (memory.grow (i32.wrap_i64 (local.get 0))))))");
	made = wpkg_shared_memory_hold(
		wpkg_memory_shared(wpkg_instance_find_memory(second.instance, WPKG_LIT("memory"))));
	ck_assert_uint_eq(guest_value(&second, "grow", 1), 1);
	guest_close(&second);
	wpkg_engine_usage(&usage, first.engine);
	ck_assert_uint_eq(usage.memory_bytes, 2 << 16);
	ck_assert_uint_eq(usage.total_bytes, 2 << 16);
	wpkg_shared_memory_drop(made);
	wpkg_engine_usage(&usage, first.engine);
	ck_assert_uint_eq(usage.memory_bytes, 0);
	ck_assert_uint_eq(usage.total_bytes, 0);
	/* After the last of its engines, too. */
	ck_assert_uint_eq(guest_value(&first, "grow", 1), 1);
	guest_close(&first);
	wpkg_shared_memory_drop(shared);
}
END_TEST

UNIT_MAIN(no_atomic_addition_is_lost, a_lock_of_the_guest_guards_what_is_not_atomic,
	  notify_wakes_up_as_many_as_it_is_told, a_wait_ends_when_its_time_is_over,
	  a_wait_ends_with_the_guests_time_and_by_an_interrupt,
	  what_one_thread_grows_the_others_can_use, addresses_of_atomic_accesses_are_checked,
	  a_memory_that_is_not_shared_has_nobody_to_wait_for,
	  a_shared_memory_is_imported_as_one_only, a_memory_that_a_module_makes_can_be_handed_on,
	  siblings_share_their_fuel, fuel_that_a_sibling_leaves_is_there_for_the_others,
	  siblings_share_the_ceiling_of_memories, siblings_share_what_they_have_in_all,
	  what_a_sibling_had_is_there_for_those_that_come_after_it,
	  a_shared_memory_is_given_back_when_nobody_holds_it)
