"""Stopped anywhere (Ctrl-C), a community is as it was or as it was to be, and goes on."""

import linecache
import sys
from pathlib import Path

import pytest
import stories
from stories import START, pilot

import wis_engine
from wis_engine.community import Community
from wis_engine.errors import WisError

ROOT = str(Path(wis_engine.__file__).parent)
EVERY = 7
"""Every so many lines of the way a caller is stopped at; the first one moves from store to store."""


def stopped(step, ask):
    """Ask, and be stopped at the n-th line of the library that is come by; say whether it came so far."""
    left = [step]

    def trace(frame, event, _argument):
        if not frame.f_code.co_filename.startswith(ROOT):
            return None
        # Python lets no signal come between taking a lock in a `with` and being inside it, nor on the way out.
        if event == "line" and "with " not in linecache.getline(frame.f_code.co_filename, frame.f_lineno):
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt
        return trace

    sys.settrace(trace)
    try:
        ask()
    except KeyboardInterrupt:
        return True
    except WisError:
        return left[0] <= 0
    finally:
        sys.settrace(None)
    return left[0] <= 0


@pytest.mark.parametrize(("kind", "first"), [("memory", 1), ("memory", 4), ("sqlite", 2), ("sqlite", 6)])
def test_who_is_stopped_anywhere_leaves_a_sound_community(tmp_path, kind, first):
    url = "memory:" if kind == "memory" else f"sqlite:///{tmp_path / 'log.db'}"
    with Community.open(url, clock=lambda: START) as community:
        community.record(*pilot())
        step, number, come_so_far = first, 0, True
        while come_so_far:
            number += 1
            name = f"m-{number}"
            batch = [stories.meeting(name), stories.meeting(f"{name}-too")]
            before = community.position
            come_so_far = stopped(step, lambda batch=batch, name=name: community.record(*batch, key=name))
            assert community.position in (before, before + 2), f"half a batch, stopped at line {step}"
            receipt = community.record(*batch, key=name)
            assert (receipt.first, receipt.last) == (before + 1, before + 2)
            step += EVERY
        assert number > 10
        found = community.verify(deep=True)
        assert found.ok, str(found)
        assert len(community.network.meetings) == 2 * number
