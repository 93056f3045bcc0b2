build-clang/release/obj/lib/data/fields.c.o: lib/data/fields.c \
  lib/data/fields.h lib/data/value.h lib/base/arena.h lib/base/str.h \
  lib/base/err.h

lib/data/fields.h:

lib/data/value.h:

lib/base/arena.h:

lib/base/str.h:

lib/base/err.h:
