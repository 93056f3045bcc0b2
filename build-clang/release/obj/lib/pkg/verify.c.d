build-clang/release/obj/lib/pkg/verify.c.o: lib/pkg/verify.c \
  lib/pkg/verify.h lib/base/arena.h lib/base/str.h lib/base/buf.h \
  lib/base/err.h lib/pkg/invoice.h lib/data/value.h lib/pkg/role.h \
  lib/pkg/keyring.h lib/crypto/key.h lib/pkg/secret_keys.h \
  lib/base/base64.h lib/base/utf8.h

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

lib/base/base64.h:

lib/base/utf8.h:
