"""The process that is the AWS endpoint: MiniStack, told to stop when the process that started it is gone."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

GRACE_SECONDS = 10.0


def _stop_with_parent() -> None:
    # The parent holds the other end of this pipe open and never writes. However it ends, by SIGKILL too, the end is
    # closed. `os.read` and not `sys.stdin`: a thread that waits inside the latter makes the interpreter abort at exit.
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    # Still here: some connection holds up the server's graceful stop, and MiniStack saves only after that.
    from ministack import app  # noqa: PLC0415 - imported by then

    app.save_all(app._build_persistence_save_dict())  # noqa: SLF001 - it has no public way to save
    os._exit(0)


def main() -> None:
    """Run MiniStack with what the environment says, until SIGTERM or until the parent is gone."""
    threading.Thread(target=_stop_with_parent, name="parent-watch", daemon=True).start()
    sys.argv = ["ministack"]  # it reads options of its own
    from ministack.app import main as run_ministack  # noqa: PLC0415 - the watch comes first; this import takes a while

    run_ministack()


if __name__ == "__main__":
    main()
