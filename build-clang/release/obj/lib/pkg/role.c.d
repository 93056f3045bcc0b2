build-clang/release/obj/lib/pkg/role.c.o: lib/pkg/role.c lib/pkg/role.h \
  lib/base/str.h

lib/pkg/role.h:

lib/base/str.h:
