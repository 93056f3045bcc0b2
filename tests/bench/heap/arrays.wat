;; SPDX-License-Identifier: Apache-2.0
;; Arrays: a sieve in one of bytes, and one of references whose elements are made anew all the time.
(module
  (type $bytes (array (mut i8)))
  (type $cell (struct (field $value i64)))
  (type $cells (array (mut (ref null $cell))))
  (func $sieve (param $size i32) (result i32)
    (local $crossed (ref $bytes)) (local $i i32) (local $k i32) (local $count i32)
    (local.set $crossed (array.new_default $bytes (local.get $size)))
    (local.set $i (i32.const 2))
    (loop $next
      (if (i32.eqz (array.get_u $bytes (local.get $crossed) (local.get $i)))
        (then
          (local.set $count (i32.add (local.get $count) (i32.const 1)))
          (local.set $k (i32.shl (local.get $i) (i32.const 1)))
          (block $done
            (loop $cross
              (br_if $done (i32.ge_u (local.get $k) (local.get $size)))
              (array.set $bytes (local.get $crossed) (local.get $k) (i32.const 1))
              (local.set $k (i32.add (local.get $k) (local.get $i)))
              (br $cross)))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (local.get $size))))
    (local.get $count))
  (func $renew (param $turns i32) (result i64)
    (local $cells (ref $cells)) (local $i i32) (local $sum i64)
    (local.set $cells (array.new $cells (struct.new $cell (i64.const 0)) (i32.const 4096)))
    (loop $turn
      (local.set $i (i32.const 0))
      (loop $next
        (array.set $cells (local.get $cells) (local.get $i) (struct.new $cell
          (i64.add (i64.const 1) (struct.get $cell $value
            (array.get $cells (local.get $cells) (local.get $i))))))
        (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
          (i32.const 4096))))
      (br_if $turn (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))
    (local.set $i (i32.const 0))
    (loop $next
      (local.set $sum (i64.add (local.get $sum) (struct.get $cell $value
        (array.get $cells (local.get $cells) (local.get $i)))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (i32.const 4096))))
    (local.get $sum))
  (func (export "_start")
    (if (i32.ne (call $sieve (i32.const 1000000)) (i32.const 78498)) (then (unreachable)))
    (if (i32.ne (call $sieve (i32.const 1000000)) (i32.const 78498)) (then (unreachable)))
    (if (i64.ne (call $renew (i32.const 300)) (i64.const 1228800)) (then (unreachable)))))
