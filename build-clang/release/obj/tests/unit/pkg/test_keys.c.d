build-clang/release/obj/tests/unit/pkg/test_keys.c.o: \
  tests/unit/pkg/test_keys.c tests/unit/pkg/../unit.h lib/base/err.h \
  lib/base/mem.h lib/pkg/verify.h lib/base/arena.h lib/base/str.h \
  lib/base/buf.h lib/pkg/invoice.h lib/data/value.h lib/pkg/role.h \
  lib/pkg/keyring.h lib/crypto/key.h lib/pkg/secret_keys.h

tests/unit/pkg/../unit.h:

lib/base/err.h:

lib/base/mem.h:

lib/pkg/verify.h:

lib/base/arena.h:

lib/base/str.h:

lib/base/buf.h:

lib/pkg/invoice.h:

lib/data/value.h:

lib/pkg/role.h:

lib/pkg/keyring.h:

lib/crypto/key.h:

lib/pkg/secret_keys.h:
