/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/budget.h"

#include "base/mem.h"

struct exec_budget *exec_budget_new(uint64_t fuel)
{
	struct exec_budget *budget = wpkg_mem_calloc(1, sizeof(*budget));
	if (!budget)
		return NULL;
	budget->fuel = fuel;
	budget->holders = 1;
	return budget;
}

struct exec_budget *exec_budget_hold(struct exec_budget *budget)
{
	__atomic_add_fetch(&budget->holders, 1, __ATOMIC_RELAXED);
	return budget;
}

void exec_budget_drop(struct exec_budget *budget)
{
	if (budget && __atomic_sub_fetch(&budget->holders, 1, __ATOMIC_ACQ_REL) == 0)
		wpkg_mem_free(budget);
}

bool exec_budget_draw(uint64_t *got, uint64_t *left, uint64_t need, uint64_t want)
{
	uint64_t have = __atomic_load_n(left, __ATOMIC_RELAXED), part;
	do
		part = have < need ? have : have < want ? have : want;
	while (!__atomic_compare_exchange_n(left, &have, have - part, false, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED));
	*got = part;
	return part >= need;
}

bool exec_budget_take(uint64_t *used, uint64_t amount, uint64_t limit)
{
	uint64_t have = __atomic_load_n(used, __ATOMIC_RELAXED);
	do
		if (have > limit || amount > limit - have)
			return false;
	while (!__atomic_compare_exchange_n(used, &have, have + amount, false, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED));
	return true;
}

void exec_budget_return(uint64_t *used, uint64_t amount)
{
	__atomic_sub_fetch(used, amount, __ATOMIC_RELAXED);
}

uint64_t exec_budget_left(const uint64_t *used, uint64_t limit)
{
	uint64_t have = __atomic_load_n(used, __ATOMIC_RELAXED);
	return have < limit ? limit - have : 0;
}

void exec_budget_return_memory(struct exec_budget *budget, uint64_t bytes)
{
	exec_budget_return(&budget->memory_bytes, bytes);
	exec_budget_return(&budget->total_bytes, bytes);
}
