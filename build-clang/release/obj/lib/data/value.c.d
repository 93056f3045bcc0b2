build-clang/release/obj/lib/data/value.c.o: lib/data/value.c \
  lib/data/value.h lib/base/arena.h lib/base/str.h lib/base/err.h

lib/data/value.h:

lib/base/arena.h:

lib/base/str.h:

lib/base/err.h:
