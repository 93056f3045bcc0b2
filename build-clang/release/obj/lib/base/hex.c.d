build-clang/release/obj/lib/base/hex.c.o: lib/base/hex.c lib/base/hex.h \
  lib/base/str.h

lib/base/hex.h:

lib/base/str.h:
