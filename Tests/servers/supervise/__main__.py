"""`python -m supervise`: runs Signet's programs over a root folder until a signal. Prints `ready` once it listens."""

import argparse
import signal
from pathlib import Path

from .supervisor import Supervisor
from .units import signet


def main() -> None:
    """Parses arguments, supervises, waits for SIGTERM or SIGINT. SIGUSR1 is a tick of the timer."""
    parser = argparse.ArgumentParser(prog="supervise", description="Stands for systemd over one root folder.")
    parser.add_argument("--root", type=Path, required=True, help="the folder that stands for /")
    parser.add_argument("--bin", type=Path, required=True, help="where signetd and signet-installd lie")
    parser.add_argument("--state", type=Path, help="receives logs and credentials; default: ROOT.supervise")
    options = parser.parse_args()
    root: Path = options.root.resolve()
    state: Path = options.state or root.with_name(root.name + ".supervise")
    wanted = {signal.SIGTERM, signal.SIGINT, signal.SIGUSR1}
    signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
    with Supervisor(root, state.resolve(), signet(root, options.bin.resolve())) as supervisor:
        print("ready", flush=True)
        while signal.sigwait(wanted) == signal.SIGUSR1:
            supervisor.tick()


if __name__ == "__main__":
    main()
