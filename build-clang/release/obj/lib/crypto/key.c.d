build-clang/release/obj/lib/crypto/key.c.o: lib/crypto/key.c \
  lib/crypto/key.h lib/base/err.h lib/base/str.h lib/base/mem.h

lib/crypto/key.h:

lib/base/err.h:

lib/base/str.h:

lib/base/mem.h:
