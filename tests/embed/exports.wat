(module
  (func (export "f") (param i32) (result i64) (i64.const 1))
  (global (export "g") f32 (f32.const 2))
  (table (export "t") 4 externref)
  (memory (export "m") 1 9)
  (tag (export "e") (param i32)))
