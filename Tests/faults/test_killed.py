"""Killed at every call that writes, syncs, renames, links, unlinks, connects, sends or receives: one run for each."""

import datetime
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from counts import count
from machine import Machine
from promises import judge
from scepd import Behaviour, Challenges, SCEPServer, Trouble, names
from scepd.authority import Validity
from stage import CHALLENGE, Run, Scenario, Stage, let_waits_end
from syscalls import strace
from syscalls.log import Log

SHARDS = 4
_TRIES = 10


def _is_pending(machine: Machine) -> bool:
    file = machine.root / "run/signet/public/status.json"
    profiles = json.loads(file.read_text())["profiles"] if file.exists() else []
    return any(one["state"] == "pending" for one in profiles)


def _enroll_with_challenge(machine: Machine, server: SCEPServer) -> None:
    machine.challenge(CHALLENGE)
    machine.profile(server, install_anchors=[])


def _enroll_once(machine: Machine, server: SCEPServer) -> None:
    machine.challenge(CHALLENGE)
    machine.profile(server, install_anchors=[], scep_challenge={"credential": "scep-challenge", "single-use": True})


def wait_for_approval(machine: Machine, server: SCEPServer) -> None:
    """Asked once, and told to wait."""
    _enroll_with_challenge(machine, server)
    machine.start()
    machine.wait_for(lambda one: one["state"] == "pending")
    machine.stop()
    let_waits_end(machine)


def _renew(machine: Machine, server: SCEPServer) -> None:
    """Holds a certificate of which two thirds have passed."""
    server.behaviour.validity = Validity(datetime.timedelta(days=80), datetime.timedelta(days=20))
    machine.profile(server, install_anchors=[])
    machine.start()
    machine.wait_enrolled()
    machine.stop()
    server.behaviour.validity = Validity()
    file = machine.root / "var/lib/signet/profiles/access/state.json"
    state = json.loads(file.read_text())
    # A certificate that was dated back is renewed by when it was obtained.
    state["obtainedAt"] = state["identity"]["notBefore"]
    file.write_text(json.dumps(state))


def _publish(machine: Machine, server: SCEPServer) -> None:
    """Holds a certificate that nobody could publish."""
    machine.profile(server)
    _without_installer(machine)
    let_waits_end(machine)


def _replace(machine: Machine, server: SCEPServer) -> None:
    """Holds a certificate that is to be published in place of another."""
    machine.profile(server)
    machine.start()
    machine.wait_enrolled()
    machine.stop()
    _without_installer(machine, renew=True)
    let_waits_end(machine)


def _without_installer(machine: Machine, renew: bool = False) -> None:
    programs = machine.programs
    machine.programs = [one for one in programs if one.name == "signetd"]
    (machine.root / "run/signet/install").unlink(missing_ok=True)
    machine.start()
    if renew:
        assert machine.ctl("renew", "access", "--wait").returncode == 1
    machine.wait_problem("installer-unreachable")
    machine.stop()
    machine.programs = programs


def _no_polls() -> list[Trouble]:
    return [Trouble("status", message_type=names.CERT_POLL, status=500)]


SCENARIOS = [
    Scenario(
        "reusable",
        "signetd",
        lambda: Behaviour(challenges=Challenges(CHALLENGE)),
        _enroll_with_challenge,
        makes_key=True,
    ),
    Scenario(
        "single-use",
        "signetd",
        lambda: Behaviour(challenges=Challenges(single_use=[CHALLENGE])),
        _enroll_once,
        makes_key=True,
    ),
    Scenario(
        "single-use-without-polls",
        "signetd",
        lambda: Behaviour(challenges=Challenges(single_use=[CHALLENGE]), troubles=_no_polls()),
        _enroll_once,
        makes_key=True,
    ),
    Scenario(
        "pending",
        "signetd",
        lambda: Behaviour(challenges=Challenges(CHALLENGE), pending=1),
        _enroll_with_challenge,
        is_done=_is_pending,
        makes_key=True,
    ),
    Scenario("approved", "signetd", lambda: Behaviour(challenges=Challenges(CHALLENGE), pending=1), wait_for_approval),
    Scenario("renewal", "signetd", Behaviour, _renew, generation=2, makes_key=True),
    Scenario("publication", "signet-installd", Behaviour, _publish),
    Scenario("replacement", "signet-installd", Behaviour, _replace, generation=2),
]
"""Every one of them brings its machine a certificate, if nobody interferes."""


@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_killed_at_every_call(scenario: Scenario, shard: int, record_property: Callable[[str, object], None]) -> None:
    """Whatever the call, the machine ends as it would have, and nobody is asked or told twice.

    Where a key is made, which takes longer than all the rest, what differs for that is killed while it is made; and
    everything else where it is there already.
    """
    with Stage(scenario, has_key=scenario.makes_key) as stage:
        whole = stage.run()
        judge(whole, stage.server)
        points = list(range(1 + shard, len(whole.log.calls) + 1, SHARDS))
        _kill_at(stage, points)
    if scenario.makes_key:
        with Stage(scenario) as stage:
            making = stage.run()
            judge(making, stage.server)
            # Before each call that the other run has not, or has not as often, and behind it.
            new = sorted({at for index in _more(making, whole) for at in (index, index + 1)})[shard::SHARDS]
            _kill_at(stage, new)
            points += new
    record_property(count(f"kill points of {scenario.program}: {scenario.name}"), len(points))


def _more(run: Run, other: Run) -> list[int]:
    """The calls of a run that another has not as often."""
    left = Counter(one.identity(other.root.parent) for one in other.log.calls)
    left.subtract(one.identity(run.root.parent) for one in run.log.calls)
    found = []
    for one in run.log.calls:
        identity = one.identity(run.root.parent)
        if left[identity] < 0:
            left[identity] += 1
            found.append(one.index)
    return found


def _kill_at(stage: Stage, points: Iterable[int]) -> None:
    for point in points:
        kill(stage, point, lambda run: judge(run, stage.server))
    assert stage.server.journal.violations == []


def kill(stage: Stage, point: int, judge: Callable[[Run], None]) -> None:
    """A run may have a call or two fewer than the traced one: then its last call is where it is killed."""
    for _ in range(_TRIES):
        run = stage.run(point)
        judge(run)
        if run.kill:
            return
        point = len(run.log.calls)
    pytest.fail(f"not killed in {_TRIES} runs, at last before call {point}")


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_the_calls_are_those_that_strace_sees(scenario: Scenario, tmp_path: Path) -> None:
    """In the same run: as many, of the same names, in the same order in each thread."""
    with Stage(scenario) as stage:
        counts_as_strace_does(stage, tmp_path / "trace")


def counts_as_strace_does(stage: Stage, trace: Path) -> None:
    """Holds a run's count against a trace of the same run."""
    run = stage.run(before=strace.wrap(trace))
    counted: dict[int, list[str]] = defaultdict(list)
    for call in run.log.calls:
        counted[call.thread].append(call.name)
    program = stage.template.program(stage.scenario.program)
    assert counted == strace.calls(trace, program.arguments[0])
    assert len(run.log.calls) > 50


def test_a_thread_may_call_before_it_was_seen_to_be_made(tmp_path: Path) -> None:
    """The kernel may let the new thread run before the old one has returned from clone(2)."""
    trace = tmp_path / "trace"
    lines = [
        '40 execve("/bin/other", ["other"], 0x1) = 0',
        "41 recvfrom(3</run/other>,  <unfinished ...>",
        '40 execve("/bin/program", ["program"], 0x1) = 0',
        "40 clone3({flags=CLONE_VM|CLONE_THREAD} <unfinished ...>",
        "42 fsync(5</a>) = 0",
        "40 <... clone3 resumed>) = 42",
        '42 renameat(4</b>, "x", 4</b>, "y") = 0',
        "42 fsync(5</a> <unfinished ...>",
        "40 fsync(6</c>) = 0",
    ]
    trace.write_text("\n".join(lines) + "\n")
    assert strace.calls(trace, "/bin/program") == {40: ["fsync"], 42: ["fsync", "renameat"]}


def test_a_line_that_is_still_being_written_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "calls"
    lines = "published None\n1 40 fsync /a/b\n"
    for end in range(len(lines)):
        file.write_text(lines[:end])
        log = Log.read(file)
        assert (len(log.published), len(log.calls)) == (int("\n" in lines[:end]), 0)
    file.write_text(lines)
    assert len(Log.read(file).calls) == 1
