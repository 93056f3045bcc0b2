build-clang/release/obj/lib/pkg/invoice_read.c.o: lib/pkg/invoice_read.c \
  lib/data/fields.h lib/data/value.h lib/base/arena.h lib/base/str.h \
  lib/base/err.h lib/data/json.h lib/base/buf.h lib/data/toml.h \
  lib/pkg/invoice.h lib/pkg/role.h

lib/data/fields.h:

lib/data/value.h:

lib/base/arena.h:

lib/base/str.h:

lib/base/err.h:

lib/data/json.h:

lib/base/buf.h:

lib/data/toml.h:

lib/pkg/invoice.h:

lib/pkg/role.h:
