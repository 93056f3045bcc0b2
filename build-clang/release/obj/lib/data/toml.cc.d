build-clang/release/obj/lib/data/toml.cc.o: lib/data/toml.cc \
  lib/data/toml.h lib/base/buf.h lib/base/err.h lib/base/str.h \
  lib/data/value.h lib/base/arena.h

lib/data/toml.h:

lib/base/buf.h:

lib/base/err.h:

lib/base/str.h:

lib/data/value.h:

lib/base/arena.h:
