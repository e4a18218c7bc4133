"""Ctrl-C at a chosen point of the library, and what is done while its error is still alive."""

import contextlib
import inspect
import linecache
import sys
from pathlib import Path

import wis_engine

OURS = (str(Path(wis_engine.__file__).parent), contextlib.__file__)
"""Files in which somebody is stopped: the library's, and the one that enters and leaves its blocks."""
GENERATORS = inspect.CO_GENERATOR
"""A generator that goes on or pauses: there a hook leaves it by another way than a signal does."""


def at_a_step(frame, event):
    """Say whether this is a line, or where a function begins or ends, and a signal may come there.

    Python lets none come between taking a lock in a `with` and being inside it, nor on the way out; at a `try`, which
    does nothing; or where an `except` is left (a hook there would leave its error as one that is for ever handled).
    """
    if event == "line":
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
        leaves = sys.exc_info()[0] is not None and line.split()[0] in ("return", "pass", "continue", "break")
        return line != "try:" and "with " not in line and not leaves
    return event in ("call", "return") and not frame.f_code.co_flags & GENERATORS


def at_a_look(frame, event):
    """Say whether Python looks for signals here: where a function begins, and where one of C has returned."""
    return event == "c_return" or (event == "call" and not frame.f_code.co_flags & GENERATORS)


def stopped(place, ask, then, *, at=at_a_step, within=OURS):
    """Ask, stop it at the n-th point, and do the next thing while the error is alive; say whether it came so far.

    The error holds every frame that it went through, so that nothing is put right by their being forgotten.
    """
    left = place

    def hook(frame, event, _what):
        nonlocal left
        if not frame.f_code.co_filename.startswith(within):
            return None
        if at(frame, event):
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
        return hook

    start = sys.setprofile if at is at_a_look else sys.settrace
    start(hook)
    try:
        ask()
    except KeyboardInterrupt:
        start(None)
        then()
    finally:
        start(None)
    assert sys.exc_info()[0] is None
    return left <= 0
