build-clang/release/obj/lib/pkg/keyring.c.o: lib/pkg/keyring.c \
  lib/pkg/keyring.h lib/base/arena.h lib/base/str.h lib/base/buf.h \
  lib/base/err.h lib/crypto/key.h lib/pkg/role.h lib/base/base64.h \
  lib/base/clock.h lib/data/fields.h lib/data/value.h lib/data/toml.h

lib/pkg/keyring.h:

lib/base/arena.h:

lib/base/str.h:

lib/base/buf.h:

lib/base/err.h:

lib/crypto/key.h:

lib/pkg/role.h:

lib/base/base64.h:

lib/base/clock.h:

lib/data/fields.h:

lib/data/value.h:

lib/data/toml.h:
