build-clang/release/obj/lib/base/command_help.c.o: \
  lib/base/command_help.c lib/base/command.h lib/base/buf.h \
  lib/base/err.h lib/base/str.h

lib/base/command.h:

lib/base/buf.h:

lib/base/err.h:

lib/base/str.h:
