build-clang/release/obj/lib/base/clock.c.o: lib/base/clock.c \
  lib/base/clock.h lib/base/err.h lib/base/str.h

lib/base/clock.h:

lib/base/err.h:

lib/base/str.h:
