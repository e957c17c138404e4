"""`python -m realservers scepserver …` or `… nginx …`: either, for scripts. One line of JSON once it answers."""

import argparse
import json
import os
import signal
from pathlib import Path

from .nginx import Nginx
from .scepserver import NamespacesNotPermitted, ScepServer


def main() -> None:
    """Parses arguments, serves, waits for SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="realservers", description="Debian's scepserver or nginx, for one run.")
    kinds = parser.add_subparsers(dest="kind", required=True)
    scep = kinds.add_parser("scepserver", help="in a network namespace; the challenge from $SCEP_CHALLENGE_PASSWORD")
    scep.add_argument("--ca", type=Path, required=True, help="where to put the CA's certificate, PEM")
    files = kinds.add_parser("nginx", help="serves a folder on loopback")
    files.add_argument("--root", type=Path, required=True)
    files.add_argument("--port", type=int)
    options = parser.parse_args()
    # As an exception, so that what was started is ended; a blocked signal would be inherited by the servers.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    if options.kind == "nginx":
        with Nginx(options.root, port=options.port) as server:
            _announce({"url": server.url})
        return
    try:
        with ScepServer(os.environ.get("SCEP_CHALLENGE_PASSWORD", "")) as server:
            options.ca.write_bytes(server.ca.read_bytes())
            _announce({"url": server.url, "fingerprint": server.fingerprint, "ca": str(options.ca)})
    except NamespacesNotPermitted as error:
        raise SystemExit(f"realservers: {error}") from error


def _leave(number: int, frame: object) -> None:
    raise SystemExit(0)


def _announce(ready: dict[str, str]) -> None:
    print(json.dumps(ready), flush=True)
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
