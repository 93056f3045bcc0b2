;; SPDX-License-Identifier: Apache-2.0
;; A loop that only calls, and a function that only returns.
(module
  (func $nothing)
  (func (export "_start")
    (local $left i32)
    (local.set $left (i32.const 30_000_000))
    (loop $again
      (call $nothing)
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))))
