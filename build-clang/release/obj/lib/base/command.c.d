build-clang/release/obj/lib/base/command.c.o: lib/base/command.c \
  lib/base/command.h lib/base/buf.h lib/base/err.h lib/base/str.h \
  lib/base/clock.h lib/base/mem.h

lib/base/command.h:

lib/base/buf.h:

lib/base/err.h:

lib/base/str.h:

lib/base/clock.h:

lib/base/mem.h:
