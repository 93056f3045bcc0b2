build-clang/release/obj/lib/crypto/random.c.o: lib/crypto/random.c \
  lib/crypto/random.h

lib/crypto/random.h:
