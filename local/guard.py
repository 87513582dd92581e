"""Runs a command that must not outlive its parent, not even one that was killed. A script, not a module.

    python guard.py PARENT_PID COMMAND...

On Linux the kernel is asked to kill the command with its parent, and the command takes this process's place.
Elsewhere this process stays, watches the parent and passes signals on. Standard library only, nothing of this project:
it runs under any of its Pythons.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time

_PR_SET_PDEATHSIG = 1


def _exec_tied(parent: int, command: list[str]) -> None:
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:  # it died before the kernel knew
        sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - the command is the supervisor's own


def _watch(parent: int, command: list[str]) -> int:
    child = subprocess.Popen(command)  # noqa: S603 - the command is the supervisor's own
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _: child.send_signal(received))
    while (code := child.poll()) is None:
        if os.getppid() != parent:
            child.kill()
        time.sleep(0.2)
    return code if code >= 0 else 128 - code


def main(arguments: list[str]) -> int:
    """Run the command; return its exit code where this process stayed."""
    parent, command = int(arguments[0]), arguments[1:]
    if sys.platform == "linux" and not os.environ.get("OMNIPUB_GUARD_WATCHES"):
        _exec_tied(parent, command)
    return _watch(parent, command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
