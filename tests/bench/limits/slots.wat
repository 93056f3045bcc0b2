;; SPDX-License-Identifier: Apache-2.0
;; A loop of three instructions, each of which waits for what the turn before left in a slot.
(module
  (global (export "sum") (mut i32) (i32.const 0))
  (func (export "_start")
    (local $left i32) (local $a i32) (local $b i32)
    (local.set $left (i32.const 50_000_000))
    (local.set $a (i32.const 1))
    (loop $again
      (local.set $a (i32.add (local.get $a) (local.get $b)))
      (local.set $b (i32.xor (local.get $a) (local.get $b)))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (global.set 0 (local.get $a))))
