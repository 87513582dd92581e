"""Serve the simulated platforms until interrupted: `python -m local.platforms --port 8010 --state-dir DIR`."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from local.platforms.server import HOST, start

ENDINGS = (signal.SIGINT, signal.SIGTERM)


def main() -> int:
    """Run until SIGINT or SIGTERM; the first line printed is the address."""
    parser = argparse.ArgumentParser(prog="python -m local.platforms", description="Serve the simulated platforms.")
    parser.add_argument("--port", type=int, default=8010, help="0 takes a free one")
    parser.add_argument("--state-dir", type=Path, required=True, help="where posts, keys and counts are kept")
    parser.add_argument("--mail-hook", default="", help="the web address that events about mail are brought to")
    options = parser.parse_args()
    # Blocked before any thread starts, so that only the wait below receives them.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    try:
        running = start(options.port, state_dir=options.state_dir, mail_hook=options.mail_hook)
    except OSError as error:
        print(f"Cannot serve the platforms on {HOST}:{options.port}: {error.strerror}.", file=sys.stderr)
        return 1
    with running:
        print(running.url, flush=True)
        signal.sigwait(ENDINGS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
