build-clang/release/obj/lib/data/toml_write.c.o: lib/data/toml_write.c \
  lib/data/toml.h lib/base/buf.h lib/base/err.h lib/base/str.h \
  lib/data/value.h lib/base/arena.h lib/base/utf8.h

lib/data/toml.h:

lib/base/buf.h:

lib/base/err.h:

lib/base/str.h:

lib/data/value.h:

lib/base/arena.h:

lib/base/utf8.h:
