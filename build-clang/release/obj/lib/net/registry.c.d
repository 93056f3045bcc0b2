build-clang/release/obj/lib/net/registry.c.o: lib/net/registry.c \
  lib/net/registry_int.h lib/net/registry.h lib/base/arena.h \
  lib/base/str.h lib/base/err.h lib/net/http.h lib/base/buf.h \
  lib/pkg/invoice.h lib/data/value.h lib/pkg/role.h lib/pkg/keyring.h \
  lib/crypto/key.h lib/base/mem.h lib/data/toml.h lib/net/url.h

lib/net/registry_int.h:

lib/net/registry.h:

lib/base/arena.h:

lib/base/str.h:

lib/base/err.h:

lib/net/http.h:

lib/base/buf.h:

lib/pkg/invoice.h:

lib/data/value.h:

lib/pkg/role.h:

lib/pkg/keyring.h:

lib/crypto/key.h:

lib/base/mem.h:

lib/data/toml.h:

lib/net/url.h:
