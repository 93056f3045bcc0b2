build-clang/release/obj/lib/pkg/secret_keys.c.o: lib/pkg/secret_keys.c \
  lib/pkg/secret_keys.h lib/base/buf.h lib/base/err.h lib/base/str.h \
  lib/crypto/key.h lib/pkg/keyring.h lib/base/arena.h lib/pkg/role.h \
  lib/base/base64.h lib/base/file.h lib/base/mem.h lib/crypto/sealed.h \
  lib/data/toml.h lib/data/value.h

lib/pkg/secret_keys.h:

lib/base/buf.h:

lib/base/err.h:

lib/base/str.h:

lib/crypto/key.h:

lib/pkg/keyring.h:

lib/base/arena.h:

lib/pkg/role.h:

lib/base/base64.h:

lib/base/file.h:

lib/base/mem.h:

lib/crypto/sealed.h:

lib/data/toml.h:

lib/data/value.h:
