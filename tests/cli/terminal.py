# SPDX-License-Identifier: Apache-2.0
# terminal.py OUTPUT INPUT COMMAND...: runs a command on a terminal of its own and types INPUT when
# it asks, the lines of which "|" separates (^C is that key); keeps what the terminal showed.
import os, pty, select, signal, sys
output, typed, *command = sys.argv[1:]
pid, fd = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    # Who runs the tests in the background has these ignored, which is handed down.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
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
os.close(fd)  # whoever still waits for an answer is hung up
with open(output, "wb") as file:
    file.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
