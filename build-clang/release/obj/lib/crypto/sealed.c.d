build-clang/release/obj/lib/crypto/sealed.c.o: lib/crypto/sealed.c \
  lib/crypto/sealed.h lib/base/buf.h lib/base/err.h lib/base/str.h \
  lib/base/base64.h lib/base/mem.h

lib/crypto/sealed.h:

lib/base/buf.h:

lib/base/err.h:

lib/base/str.h:

lib/base/base64.h:

lib/base/mem.h:
