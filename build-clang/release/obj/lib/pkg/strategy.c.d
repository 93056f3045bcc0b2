build-clang/release/obj/lib/pkg/strategy.c.o: lib/pkg/strategy.c \
  lib/pkg/verify.h lib/base/arena.h lib/base/str.h lib/base/buf.h \
  lib/base/err.h lib/pkg/invoice.h lib/data/value.h lib/pkg/role.h \
  lib/pkg/keyring.h lib/crypto/key.h lib/pkg/secret_keys.h

lib/pkg/verify.h:

lib/base/arena.h:

lib/base/str.h:

lib/base/buf.h:

lib/base/err.h:

lib/pkg/invoice.h:

lib/data/value.h:

lib/pkg/role.h:

lib/pkg/keyring.h:

lib/crypto/key.h:

lib/pkg/secret_keys.h:
