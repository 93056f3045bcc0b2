build-clang/release/obj/lib/crypto/digest.c.o: lib/crypto/digest.c \
  lib/crypto/digest.h lib/base/err.h lib/base/str.h lib/base/hex.h \
  lib/base/mem.h

lib/crypto/digest.h:

lib/base/err.h:

lib/base/str.h:

lib/base/hex.h:

lib/base/mem.h:
