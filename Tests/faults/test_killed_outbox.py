"""Killed at every call while reports are written and sent: none is lost, has two numbers, or is out of order."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Self

import pytest

from counts import count
from machine import Machine, Status
from promises import judge
from receiver import Delivery, Receiver
from scepd import Behaviour
from stage import Run, Scenario, Stage
from test_killed import SHARDS, counts_as_strace_does, kill, wait_for_approval

SCENARIO = Scenario("outbox", "signetd", lambda: Behaviour(pending=1), wait_for_approval)
"""The certificate comes, with which alone the device can report: what waited is sent, and what this changed."""


class Reporting(Stage):
    """With a management endpoint that trusts the PKI's devices."""

    def __init__(self) -> None:
        super().__init__(SCENARIO)
        self.receiver = Receiver(self.server.hierarchy)
        self._seen = 0

    def __enter__(self) -> Self:
        self.receiver.start()
        lines = ["[management]", f'endpoint = "{self.receiver.url}"', 'ca = "/etc/signet/anchors/root.pem"']
        self.settings += "\n".join(lines) + "\n"
        return super().__enter__()

    def __exit__(self, *ended: object) -> None:
        super().__exit__(*ended)
        self.receiver.stop()

    def run(self, kill: int = 0, before: list[str] | None = None) -> Run:
        """As without reports; `told` are the deliveries of this run."""
        self._seen = len(self.receiver.deliveries)
        return super().run(kill, before)

    def settle(self) -> None:
        """At the endpoint, too."""
        super().settle()
        self.receiver.settle()

    @property
    def told(self) -> list[Delivery]:
        """What the endpoint got in the last run, in the order it came."""
        return self.receiver.deliveries[self._seen :]

    def rests(self, profile: Status, machine: Machine) -> bool:
        """Once all of it was told, too."""
        waiting = list(machine.root.glob("var/lib/signet/outbox/*.json"))
        return super().rests(profile, machine) and not waiting and any(_is_valid(one) for one in self.told)


def _is_valid(one: Delivery) -> bool:
    return one.kind == "tag.changed" and one.data["value"] == "valid-client-certificate"


def _judge(stage: Reporting, run: Run) -> None:
    judge(run, stage.server)
    assert stage.receiver.violations == []
    events = [json.loads(one.body) for one in stage.told]
    numbers = [int(one["sequence"]) for one in events]
    assert numbers == sorted(numbers), "out of order"
    assert sorted(set(numbers)) == list(range(1, numbers[-1] + 1)), "one was lost"
    by_number = dict(zip(numbers, events, strict=True))
    assert all(by_number[number] == event for number, event in zip(numbers, events, strict=True)), "one came changed"
    waiting = [json.loads(one.read_text()) for one in stage.template.root.glob("var/lib/signet/outbox/*.json")]
    assert waiting and all(by_number[int(one["sequence"])] == one for one in waiting)
    news = [
        (event["type"], event.get("subject"), json.dumps(event["data"], sort_keys=True))
        for _, event in sorted(by_number.items())
        if not event["type"].startswith("io.signet.heartbeat.")
    ]
    assert len(news) == len(set(news)), "one came under two numbers"
    issued = [one for one in news if one[0] == "io.signet.identity.issued.v1"]
    assert len(issued) == 1


@pytest.mark.parametrize("shard", range(SHARDS))
def test_no_report_is_lost(shard: int, record_property: Callable[[str, object], None]) -> None:
    """At least once, in order, each under one number."""
    with Reporting() as stage:
        whole = stage.run()
        _judge(stage, whole)
        points = range(1 + shard, len(whole.log.calls) + 1, SHARDS)
        for point in points:
            kill(stage, point, lambda run: _judge(stage, run))
    record_property(count("kill points of signetd: outbox"), len(points))


def test_the_calls_are_those_that_strace_sees(tmp_path: Path) -> None:
    """As of all other runs."""
    with Reporting() as stage:
        counts_as_strace_does(stage, tmp_path / "trace")
