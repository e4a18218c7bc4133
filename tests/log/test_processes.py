"""Many processes, one file: nothing lost, nothing out of order, nobody turned away."""

import subprocess
import sys
from itertools import pairwise

WRITER = """
import datetime as dt, sys
from wis_engine.errors import Conflict
from wis_engine.facts import NeedWithdrawn
from wis_engine.log.codec import known_events
from wis_engine.log.log import Batch
from wis_engine.log.sqlite import SqliteLog

path, actor, count, size = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
log = SqliteLog(path, registry=known_events(), clock=lambda: dt.datetime.now(dt.UTC))
for number in range(count):
    facts = tuple(NeedWithdrawn(need=f"{actor}-{number}-{part}") for part in range(size))
    batch = Batch(facts=facts, occurred_at=dt.datetime.now(dt.UTC), actor=actor, key=f"{actor}-{number}")
    for _ in range(3):
        try:
            log.append(batch, after=log.head())
            break
        except Conflict:
            continue
    else:
        log.locked(lambda: log.append(batch, after=log.head()))
log.close()
"""


def test_eight_processes_write_one_log(tmp_path, opened):
    path = tmp_path / "log.db"
    work = {f"w{number}": (15, 1) for number in range(7)} | {"big": (2, 1_000)}
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, path, actor, str(count), str(size)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for actor, (count, size) in work.items()
    ]
    said = [writer.communicate(timeout=60)[0] for writer in writers]
    assert (said, [writer.returncode for writer in writers]) == ([""] * 8, [0] * 8)

    records = list(opened(path, mode="r").read())
    assert [one.position for one in records] == list(range(1, 7 * 15 + 2_000 + 1))
    assert all(one.recorded_at <= then.recorded_at for one, then in pairwise(records))
    for actor, (count, size) in work.items():
        own = [one for one in records if one.actor == actor]
        assert [one.fact.need for one in own] == [f"{actor}-{n}-{part}" for n in range(count) for part in range(size)]
        for number in range(count):
            positions = [one.position for one in own if one.key == f"{actor}-{number}"]
            assert positions == list(range(positions[0], positions[0] + size))
