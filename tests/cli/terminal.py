# SPDX-License-Identifier: Apache-2.0
# terminal.py OUTPUT INPUT COMMAND...: runs a command on a terminal of its own and types INPUT when
# it asks, the lines of which "|" separates (^C is that key); keeps what the terminal showed.
import os, pty, select, sys
output, typed, *command = sys.argv[1:]
pid, fd = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    os.execvp(command[0], command)
shown, lines = b"", [b"\x03" if line == "^C" else line.encode() + b"\n"
                    for line in typed.split("|") if line]
while select.select([fd], [], [], 20)[0]:
    try:
        data = os.read(fd, 65536)
    except OSError:
        break
    shown += data
    if lines and (shown.endswith(b": ")):
        os.write(fd, lines.pop(0))
with open(output, "wb") as file:
    file.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
