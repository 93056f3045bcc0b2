build-clang/release/obj/lib/exec/wasi_file.c.o: lib/exec/wasi_file.c \
  lib/exec/wasi_int.h lib/exec/host.h lib/exec/call.h lib/base/buf.h \
  lib/base/err.h lib/base/str.h lib/exec/trap.h lib/exec/wasi.h \
  lib/exec/wasi_abi.h

lib/exec/wasi_int.h:

lib/exec/host.h:

lib/exec/call.h:

lib/base/buf.h:

lib/base/err.h:

lib/base/str.h:

lib/exec/trap.h:

lib/exec/wasi.h:

lib/exec/wasi_abi.h:
