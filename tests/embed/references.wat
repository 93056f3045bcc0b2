(module
  (type $other (func (param f32)))
  (import "" "echo" (func $echo (param externref) (result externref)))
  (func (export "extern") (param externref) (result externref) (call $echo (local.get 0)))
  (func (export "func") (param funcref) (result funcref) (local.get 0))
  (func (export "own") (result externref)
    (extern.convert_any (array.new_default $bytes (i32.const 10000))))
  (func (export "typed") (param (ref null $other)) (result i32) (i32.const 1))
  (type $bytes (array (mut i8))))
