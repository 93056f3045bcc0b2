build-clang/release/obj/lib/data/json.c.o: lib/data/json.c \
  lib/data/json.h lib/base/buf.h lib/base/err.h lib/base/str.h \
  lib/data/value.h lib/base/arena.h lib/base/mem.h lib/base/utf8.h

lib/data/json.h:

lib/base/buf.h:

lib/base/err.h:

lib/base/str.h:

lib/data/value.h:

lib/base/arena.h:

lib/base/mem.h:

lib/base/utf8.h:
