;; SPDX-License-Identifier: Apache-2.0
;; Binary trees of structs: a large one stays, small ones come and go.
(module
  (type $node (struct (field (ref null $node)) (field (ref null $node))))
  (func $make (param $depth i32) (result (ref $node))
    (if (result (ref $node)) (local.get $depth)
      (then (struct.new $node
        (call $make (i32.sub (local.get $depth) (i32.const 1)))
        (call $make (i32.sub (local.get $depth) (i32.const 1)))))
      (else (struct.new_default $node))))
  (func $count (param $node (ref null $node)) (result i32)
    (if (result i32) (ref.is_null (local.get $node))
      (then (i32.const 0))
      (else (i32.add (i32.const 1) (i32.add
        (call $count (struct.get $node 0 (local.get $node)))
        (call $count (struct.get $node 1 (local.get $node))))))))
  (func (export "_start") (local $kept (ref null $node)) (local $turns i32) (local $sum i32)
    (local.set $kept (call $make (i32.const 13)))
    (local.set $turns (i32.const 2000))
    (loop $turn
      (local.set $sum (i32.add (local.get $sum) (call $count (call $make (i32.const 8)))))
      (br_if $turn (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))
    (if (i32.ne (call $count (local.get $kept)) (i32.const 16383)) (then (unreachable)))
    (if (i32.ne (local.get $sum) (i32.const 1022000)) (then (unreachable)))))
