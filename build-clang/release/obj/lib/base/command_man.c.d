build-clang/release/obj/lib/base/command_man.c.o: lib/base/command_man.c \
  lib/base/command.h lib/base/buf.h lib/base/err.h lib/base/str.h

lib/base/command.h:

lib/base/buf.h:

lib/base/err.h:

lib/base/str.h:
