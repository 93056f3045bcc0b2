build-clang/release/obj/lib/base/arena.c.o: lib/base/arena.c \
  lib/base/arena.h lib/base/str.h lib/base/mem.h

lib/base/arena.h:

lib/base/str.h:

lib/base/mem.h:
