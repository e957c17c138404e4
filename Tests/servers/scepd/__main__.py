"""`python -m scepd`: the server as a command. Prints one line of JSON once it answers, and runs until a signal."""

import argparse
import json
import signal
from pathlib import Path

from .behaviour import Behaviour
from .control import Control, apply
from .hierarchy import Hierarchy, RAKind
from .server import SCEPServer


def main() -> None:
    """Parses arguments, serves, waits for SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="scepd", description="A SCEP server for tests, on 127.0.0.1.")
    parser.add_argument("--directory", type=Path, required=True, help="receives the CA's certificates and CRLs")
    parser.add_argument("--port", type=int, default=0, help="0 picks one")
    parser.add_argument("--control-port", type=int, default=0, help="0 picks one")
    parser.add_argument("--ra", choices=[one.value for one in RAKind], default="none")
    parser.add_argument("--crl-url", help="URL at which DIRECTORY/crl is served; certificates then name CRLs in it")
    parser.add_argument("--behaviour", default="{}", help="JSON, as POST /behaviour takes it")
    options = parser.parse_args()

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    behaviour = Behaviour()
    apply(behaviour, json.loads(options.behaviour))
    hierarchy = Hierarchy(RAKind(options.ra), options.crl_url)
    hierarchy.write(options.directory)
    crls: Path = options.directory / "crl"
    crls.mkdir(parents=True, exist_ok=True)
    with SCEPServer(hierarchy, behaviour, port=options.port, crl_folder=crls) as server:
        control = Control(server, options.control_port)
        ready = {
            "url": server.url,
            "control": control.url,
            "fingerprint": server.fingerprint,
            "crls": str(crls),
        }
        print(json.dumps(ready), flush=True)
        signal.sigwait({signal.SIGTERM, signal.SIGINT})
        control.stop()


if __name__ == "__main__":
    main()
