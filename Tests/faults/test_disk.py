"""The disk says no, at every call that it can refuse: the status says so, what there was stays, and it passes."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import pytest

from counts import count
from sick import WAITS, Point, SickMachine
from stage import Scenario, Stage
from syscalls.calls import POSSIBLE
from syscalls.log import Call
from test_killed import SCENARIOS, SHARDS

_CHOSEN = [one for one in SCENARIOS if one.name in ("reusable", "renewal", "publication", "replacement")]
_ERRORS = ("ENOSPC", "EIO", "EROFS", "EDQUOT", "EMFILE")
_SOCKETS = ("socket", "accept4")
_TRIES = 5
_LOOKS = 16  # at a machine, until it rests: each fault is good for two


def _is_tolerated(identity: str, time: int = 0) -> bool:
    """Whether a machine does without that call, by design.

    The status files are written again with the next change, at the end of the process, and by the next one. What is of
    no use any more is removed again with the next of its kind. A service manager that was not told of a start makes
    another one, and a listener takes who waits for it a moment later. The first that a process asks the installer for
    is what only that knows of the machine; the next process asks again.
    """
    name, _, about = identity.partition(" ")
    is_leftover = name == "unlinkat" and ("/generations/" in about or "/gen-" in about)
    return (
        is_leftover
        or about.startswith("/run/signet/public")
        or about == "unix datagram"
        or name == "accept4"
        or (about == "unix stream" and time == 1)
    )


def _points(stage: Stage) -> list[Point]:
    """Those of a whole run."""
    run = stage.run()
    times: Counter[str] = Counter()
    found = []
    for call in run.log.calls:
        identity = call.identity(run.root)
        times[identity] += 1
        is_file = call.about.startswith(str(run.root))
        ways = tuple(one for one in _ERRORS if call.name in POSSIBLE[one] and (is_file or call.name in _SOCKETS))
        if ways:
            found.append(Point(identity, times[identity], ways, is_file))
    return found


def _shard(scenario: Scenario, shard: int, is_meant: Callable[[Point], bool]) -> Iterator[tuple[Stage, Point]]:
    """The share of all points of a scenario, each with its stage: a key is made where there is none without that."""
    with Stage(scenario, has_key=scenario.makes_key) as stage:
        points = _points(stage)
        for point in [one for one in points if is_meant(one)][shard::SHARDS]:
            yield stage, point
    if scenario.makes_key:
        with Stage(scenario) as stage:
            for point in [one for one in _points(stage) if one not in points and is_meant(one)][shard::SHARDS]:
                yield stage, point


@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("scenario", _CHOSEN, ids=lambda one: one.name)
def test_a_call_fails_in_every_way(
    scenario: Scenario, shard: int, record_property: Callable[[str, object], None]
) -> None:
    """One way after the other, each at the next try of the same call."""
    hit = 0
    for stage, point in _shard(scenario, shard, lambda _: True):
        left = list(point.ways)
        while left:
            done = _reached(point, partial(_fail_once, stage, left))
            hit += done
            left = left[done:]
    record_property(count(f"fault points of {scenario.program}: {scenario.name}"), hit)


def _reached(point: Point, run: Callable[[Point], int]) -> int:
    """What `run` hit. A run may have one call less of a kind than the traced one: then it is the one before."""
    for _ in range(_TRIES):
        if hit := run(point):
            return hit
        point = replace(point, time=max(point.time - 1, 1))
    pytest.fail(f"{point.identity} was not called")


def _fail_once(stage: Stage, ways: list[str], point: Point) -> int:
    """How many of the ways the call failed in; the others need another run, since the machine did without the call."""
    with SickMachine(stage, point, ways) as sick:
        seen: set[str] = set()
        for _ in range(_LOOKS):
            problems = sick.problems()
            if not problems:
                break
            seen |= problems - {WAITS}
            assert sick.keeps_all()
            sick.order() if stage.scenario.program == "signetd" else sick.restart()
        else:
            pytest.fail(f"it does not recover from {sick.log.injected}: {problems}\n{sick.machine.logs()}")
        injected = sick.log.injected
        # What the next try, a moment later, has healed is in the journal alone.
        is_agents = stage.scenario.program == "signetd"
        is_told = seen or (is_agents and "the agent cannot write its state" in sick.machine.running.log())
        assert is_told or not injected or _is_tolerated(point.identity, point.time), f"nobody was told of {injected}"
        sick.judge_end(is_ordered=bool(seen) and is_agents)
        return len(injected)


@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("scenario", _CHOSEN, ids=lambda one: one.name)
def test_every_call_fails_until_there_is_space(
    scenario: Scenario, shard: int, record_property: Callable[[str, object], None]
) -> None:
    """From one call on, in one of the ways in which that can fail; the ways take turns."""
    at = 0
    for stage, point in _shard(scenario, shard, lambda one: one.is_file):
        way = point.ways[at % len(point.ways)]
        _reached(point, partial(_fail_on, stage, way, at % 2 == 0))
        at += 1
    record_property(count(f"disks full from a call of {scenario.program} on: {scenario.name}"), at)


def _fail_on(stage: Stage, way: str, is_ordered: bool, point: Point) -> int:
    """How many calls failed before there was space."""
    with SickMachine(stage, point, [way], is_lasting=True) as sick:
        problems = sick.problems()
        injected = sick.log.injected
        identities = {Call(0, 0, *one.split(" ", 3)[2:]).identity(sick.machine.root) for one in injected}
        assert problems - {WAITS} or all(_is_tolerated(one) for one in identities), injected
        assert sick.keeps_all()
        sick.heal()
        is_ordered = is_ordered and stage.scenario.program == "signetd"
        for _ in range(_LOOKS):
            if not problems:
                break
            sick.order() if is_ordered else sick.restart()
            problems = sick.problems()
        else:
            pytest.fail(f"it does not recover: {problems}\n{sick.machine.logs()}")
        sick.judge_end(is_ordered)
        return len(injected)


def test_what_the_disk_swallows_is_not_claimed(record_property: Callable[[str, object], None]) -> None:
    """A write that says it has done what it has not: no reader ever gets that, and nobody is told of success."""
    scenario = next(one for one in _CHOSEN if one.name == "replacement")
    with Stage(scenario) as stage:
        points = [one for one in _points(stage) if one.identity.startswith("write /etc/ssl/signet/access/")]
        for point in points:
            with SickMachine(stage, point, ["lost"]) as sick:
                assert sick.problems() == {"install-refused"}
                assert sick.keeps_all()
                assert len(sick.log.injected) == 1
                sick.restart()
                assert sick.problems() == set()
                sick.judge_end(is_ordered=False)
    assert len(points) == 5
    record_property(count("writes that a disk has swallowed"), len(points))


@pytest.mark.parametrize("scenario", _CHOSEN, ids=lambda one: one.name)
def test_every_write_is_short(scenario: Scenario, record_property: Callable[[str, object], None]) -> None:
    """The kernel takes one half of what it is given, each time: nobody notices."""
    with Stage(scenario) as stage, SickMachine(stage, None, ["short"], is_lasting=True) as sick:
        assert sick.problems() == set()
        sick.judge_end(is_ordered=False)
        injected = sick.log.injected
    assert len({one.rpartition(".tmp-")[0] for one in injected}) >= 5
    record_property(count(f"short writes of {scenario.program}: {scenario.name}"), len(injected))
