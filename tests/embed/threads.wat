(module
  (import "" "report" (func $report (param i32)))
  (import "" "number" (global $number i32))
  (func (export "run") (local $i i32)
    (loop $l
      (call $report (global.get $number))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.ne (local.get $i) (i32.const 1000))))))
