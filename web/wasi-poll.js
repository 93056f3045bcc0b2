// SPDX-License-Identifier: Apache-2.0
// poll_oneoff of preview 1. Streams and files are always ready: input is there from the start. So
// only clocks are ever waited for.

import { CLOCK, EVENT, RIGHT, SUBCLOCK_ABSTIME, WasiError } from "./wasi-abi.js";

const SUBSCRIPTION_SIZE = 48; // userdata, tag @8, clock id or descriptor @16, timeout @24, flags @40
const EVENT_SIZE = 32; // userdata, error u16 @8, type u8 @10, bytes u64 @16, flags u16 @24
const SUBSCRIPTIONS_MAX = 4096;
const SLEEP_MAX_MS = 2 ** 31 - 1;

// Blocks this thread. A shared memory is what can be waited on, even where pages have none to share.
function sleep(milliseconds) {
	const cell = new Int32Array(
		new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer,
	);
	Atomics.wait(cell, 0, 0, Math.min(milliseconds, SLEEP_MAX_MS));
}

function readClock(memory, at, clocks) {
	const id = memory.u32(at + 16);
	if (!(id in clocks)) {
		return { type: EVENT.clock, error: new WasiError("inval") };
	}
	const timeout = memory.u64(at + 24);
	const now = clocks[id]();
	const isAbsolute = memory.u16(at + 40) & SUBCLOCK_ABSTIME;
	const wait = isAbsolute ? timeout - now : timeout;
	return { type: EVENT.clock, wait: wait > 0n ? wait : 0n };
}

function readDescriptor(memory, at, type, table) {
	const number = memory.u32(at + 16);
	try {
		const right = type === EVENT.fdRead ? RIGHT.fdRead : RIGHT.fdWrite;
		const { stream, node, position } = table.find(number, right | RIGHT.pollFdReadwrite);
		const left = stream ? (stream.left ?? 0) : Math.max(node.size - position, 0);
		return { type, wait: 0n, bytes: BigInt(type === EVENT.fdRead ? left : 0) };
	} catch (error) {
		return { type, error };
	}
}

function putEvent(memory, at, userdata, { type, error, bytes = 0n }) {
	memory.putRecord(
		at,
		EVENT_SIZE,
		{ u8: [10, type], u16: [8, error ? error.code : 0] },
		[0, userdata],
		[16, bytes],
	);
}

// clocks: functions that tell nanoseconds, by id
export function pollFunction(table, memory, clocks) {
	return (subscriptions, events, count, result) => {
		count >>>= 0;
		if (count === 0 || count > SUBSCRIPTIONS_MAX) {
			throw new WasiError("inval");
		}
		memory.check(subscriptions, count * SUBSCRIPTION_SIZE);
		memory.check(events, count * EVENT_SIZE);
		memory.check(result, 4);
		const found = [];
		for (let i = 0; i < count; i++) {
			const at = (subscriptions >>> 0) + i * SUBSCRIPTION_SIZE;
			const type = memory.bytes(at + 8, 1)[0];
			if (type > EVENT.fdWrite) {
				throw new WasiError("inval");
			}
			const one =
				type === EVENT.clock
					? readClock(memory, at, clocks)
					: readDescriptor(memory, at, type, table);
			found.push({ ...one, userdata: memory.u64(at), wait: one.error ? 0n : one.wait });
		}
		const shortest = found.reduce(
			(least, { wait }) => (wait < least ? wait : least),
			found[0].wait,
		);
		if (shortest > 0n) {
			sleep(Number(shortest) / 1e6);
		}
		const ready = found.filter(({ wait }) => wait <= shortest);
		ready.forEach((event, i) =>
			putEvent(memory, (events >>> 0) + i * EVENT_SIZE, event.userdata, event),
		);
		memory.putU32(result, ready.length);
	};
}

// What the clocks of preview 1 say, by id. No clock here tells a program's own time from others'.
export function makeClocks() {
	const start = performance.now();
	const nanoseconds = (milliseconds) => BigInt(Math.round(milliseconds * 1e6));
	const spent = () => nanoseconds(performance.now() - start);
	return {
		[CLOCK.realtime]: () => nanoseconds(performance.timeOrigin + performance.now()),
		[CLOCK.monotonic]: () => nanoseconds(performance.now()),
		[CLOCK.processCputime]: spent,
		[CLOCK.threadCputime]: spent,
	};
}
