build-clang/release/obj/lib/exec/wasi.c.o: lib/exec/wasi.c \
  lib/exec/wasi.h lib/base/buf.h lib/base/err.h lib/base/str.h \
  lib/base/mem.h lib/exec/linker.h lib/exec/call.h lib/exec/trap.h \
  lib/exec/host.h lib/exec/wasi_int.h lib/exec/wasi_abi.h

lib/exec/wasi.h:

lib/base/buf.h:

lib/base/err.h:

lib/base/str.h:

lib/base/mem.h:

lib/exec/linker.h:

lib/exec/call.h:

lib/exec/trap.h:

lib/exec/host.h:

lib/exec/wasi_int.h:

lib/exec/wasi_abi.h:
