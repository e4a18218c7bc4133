"""A large community: `python -m benchmarks.large [--facts 1000000]`, too long to run with the others.

A log of so many facts is made in a SQLite file, then opened, looked at and
forked, each measure in a process of its own; the peer decodes as many events.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from eventsourcing.persistence import Mapper
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

from benchmarks import Row, table
from benchmarks.sides import FIRM, START, facts, noted, peer_store
from wis_engine.community import Community
from wis_engine.facts import Event, PersonEnrolled
from wis_engine.log.codec import known_events
from wis_engine.log.log import Batch
from wis_engine.log.sqlite import SqliteLog

BATCH = 1_000
SHARE = 0.1


def batches(count: int) -> Iterator[Batch]:
    """Facts of a community that grows, in batches."""
    waiting: list[Event] = [FIRM, *facts(count - 1)]
    for start in range(0, len(waiting), BATCH):
        yield Batch(facts=tuple(waiting[start : start + BATCH]), occurred_at=START, actor="wm-1")


def build(path: Path, count: int) -> dict[str, float]:
    """Make our log, without a snapshot, and the peer's."""
    log = SqliteLog(path / "ours.db", registry=known_events(), clock=lambda: START)
    start = time.perf_counter()
    log.load(batches(count))
    took = time.perf_counter() - start
    log.close()
    datastore = SQLiteDatastore(str(path / "peer.db"))
    recorder = SQLiteApplicationRecorder(datastore)
    recorder.create_table()
    with peer_store("memory") as store:
        mapper: Mapper = store.mapper
    events = noted(count)
    start = time.perf_counter()
    for first in range(0, len(events), BATCH):
        recorder.insert_events([mapper.to_stored_event(event) for event in events[first : first + BATCH]])
    beside = time.perf_counter() - start
    datastore.close()
    return {"load": took, "peer": beside}


def peer(path: Path, count: int) -> dict[str, float]:
    """Decode the peer's events, page by page."""
    datastore = SQLiteDatastore(str(path / "peer.db"))
    recorder = SQLiteApplicationRecorder(datastore)
    with peer_store("memory") as store:
        mapper: Mapper = store.mapper
    start = time.perf_counter()
    for first in range(1, count + 1, BATCH):
        for notification in recorder.select_notifications(start=first, limit=BATCH):
            mapper.to_domain_event(notification)
    took = time.perf_counter() - start
    datastore.close()
    return {"decode": took}


def opened(path: Path, **options: object) -> Community:
    return Community.open(f"sqlite:///{path}/ours.db", clock=lambda: START, **options)  # type: ignore[arg-type]


def replay(path: Path, _count: int) -> dict[str, float]:
    """Open without a snapshot, then keep one."""
    start = time.perf_counter()
    with opened(path, snapshot_every=None) as community:
        took = time.perf_counter() - start
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        start = time.perf_counter()
        community.snapshot()
        return {"replay": took, "MB": grown, "snapshot": time.perf_counter() - start}


def look(path: Path, count: int) -> dict[str, float]:
    """Open from the snapshot; look at the past; fork and record."""
    found: dict[str, float] = {}
    start = time.perf_counter()
    with opened(path) as community:
        found["open"] = time.perf_counter() - start
        found["MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        start = time.perf_counter()
        community.record(PersonEnrolled(person="one-more", firm="firm-1"))
        found["record"] = time.perf_counter() - start
        for name, position in (("near", community.position - 1), ("head", community.position)):
            start = time.perf_counter()
            community.as_of(position)
            found[name] = time.perf_counter() - start
        start = time.perf_counter()
        community.as_of(count // 2)
        found["middle"] = time.perf_counter() - start
        start = time.perf_counter()
        branch = community.branch()
        found["branch"] = time.perf_counter() - start
        start = time.perf_counter()
        for number in range(100):
            branch.record(PersonEnrolled(person=f"what-if-{number}", firm="firm-1"))
        found["hundred"] = time.perf_counter() - start
        start = time.perf_counter()
        assert len(list(community.events(about="need-7"))) == 1
        found["about"] = time.perf_counter() - start
    return found


def verify(path: Path, _count: int) -> dict[str, float]:
    with opened(path) as community:
        start = time.perf_counter()
        assert community.verify(deep=True).ok
        return {"deep": time.perf_counter() - start}


STEPS = {"build": build, "peer": peer, "replay": replay, "look": look, "verify": verify}


def run(count: int) -> list[Row]:
    """Run each step in a process of its own and put the figures together."""
    with tempfile.TemporaryDirectory() as folder:
        found = {}
        for step in STEPS:
            command = [
                sys.executable,
                "-m",
                "benchmarks.large",
                "--facts",
                str(count),
                "--step",
                step,
                "--folder",
                folder,
            ]
            found[step] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    replayed, looked = found["replay"], found["look"]
    beside = found["peer"]["decode"]
    share = looked["open"] / replayed["replay"]
    return [
        Row(
            measure="bulk load",
            unit="us a fact",
            ours=found["build"]["load"] / count * 1e6,
            peer=found["build"]["peer"] / count * 1e6,
        ),
        Row(
            measure="cold replay into the network; peer: decode",
            unit="us a fact",
            ours=replayed["replay"] / count * 1e6,
            peer=beside / count * 1e6,
            goal="at least 1.5x",
            reached=beside >= 1.5 * replayed["replay"],
        ),
        Row(measure="cold replay", unit="facts a second", ours=count / replayed["replay"]),
        Row(measure="process after a cold replay", unit="MB", ours=replayed["MB"]),
        Row(measure="keep a snapshot", unit="ms", ours=replayed["snapshot"] * 1e3),
        Row(
            measure="open from the snapshot, beside the cold replay",
            unit="ms",
            ours=looked["open"] * 1e3,
            peer=replayed["replay"] * 1e3,
            goal=f"at most {SHARE:.0%}",
            reached=share <= SHARE,
        ),
        Row(measure="process after opening from the snapshot", unit="MB", ours=looked["MB"]),
        Row(measure="record one fact more", unit="ms", ours=looked["record"] * 1e3),
        Row(measure="as_of the head", unit="ms", ours=looked["head"] * 1e3),
        Row(measure="as_of one before the head", unit="ms", ours=looked["near"] * 1e3),
        Row(measure="as_of the middle", unit="ms", ours=looked["middle"] * 1e3),
        Row(measure="branch", unit="ms", ours=looked["branch"] * 1e3),
        Row(measure="record 100 facts in the branch", unit="ms", ours=looked["hundred"] * 1e3),
        Row(measure="the facts about one need", unit="ms", ours=looked["about"] * 1e3),
        Row(measure="verify, deep", unit="ms", ours=found["verify"]["deep"] * 1e3),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large", description=__doc__)
    parser.add_argument("--facts", type=int, default=1_000_000)
    parser.add_argument("--step", choices=STEPS, help="one step alone, in the folder")
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    if asked.step:
        print(json.dumps(STEPS[asked.step](asked.folder, asked.facts)))
    else:
        print(table(run(asked.facts), peer="beside"))


if __name__ == "__main__":
    main()
