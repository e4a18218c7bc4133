"""The line before a log: nobody waits for ever, whoever is stopped and wherever."""

import linecache
import sys
import threading
from collections import Counter
from functools import partial

import attrs
import pytest

from wis_engine import line as room
from wis_engine.errors import OutcomeUnknown
from wis_engine.line import Asked, Line

FILE = room.__file__


@attrs.define(eq=False, kw_only=True)
class Number(Asked[int]):
    """Somebody who wants to be told the double of a number."""

    number: int


def double(group):
    for one in group:
        one.answer = 2 * one.number


def test_who_comes_alone_is_served_alone():
    groups = []
    line = Line(lambda group: (groups.append(len(group)), double(group)))
    for number in range(3):
        asked = Number(number=number)
        line.wait_for(asked)
        assert asked.result() == 2 * number
    assert groups == [1, 1, 1]


def crowd(line, count, *, alone=()):
    """Let so many callers come at once; give each one's answer or error, by its number."""
    answers, ready = {}, threading.Barrier(count)

    def come(number):
        asked = Number(number=number, alone=number in alone)
        ready.wait(10)
        try:
            line.wait_for(asked)
            answers[number] = asked.result()
        except BaseException as error:  # noqa: BLE001 - an answer like any other
            answers[number] = error

    threads = [threading.Thread(target=come, args=(number,)) for number in range(1, count + 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads), "somebody waits for ever"
    return answers


@pytest.mark.parametrize("count", [2, 3, 20])
def test_everybody_is_served_once(count):
    served = Counter()

    def serve(group):
        served.update(one.number for one in group)
        double(group)

    assert crowd(Line(serve), count) == {number: 2 * number for number in range(1, count + 1)}
    assert served == Counter(range(1, count + 1))


def test_who_has_to_be_alone_is():
    groups = []

    def serve(group):
        groups.append([one.number for one in group])
        double(group)

    crowd(Line(serve), 12, alone=(3, 4))
    assert [3] in groups
    assert [4] in groups


def test_an_error_belongs_to_the_one_it_came_for():
    def serve(group):
        for one in group:
            if one.number == 2:
                one.error = ValueError("two")
            else:
                one.answer = one.number

    answers = crowd(Line(serve), 3)
    assert isinstance(answers.pop(2), ValueError)
    assert answers == {1: 1, 3: 3}


def test_who_is_not_answered_because_the_server_stopped_is_told_so():
    groups = []

    def serve(group):
        groups.append(len(group))
        if len(groups) == 1:
            while len(line._waiting) < 7:  # all others come while the first is served
                pass
        if len(groups) == 2:
            raise KeyboardInterrupt
        double(group)

    line = Line(serve)
    kinds = Counter(type(answer) for answer in crowd(line, 8).values())
    assert groups == [1, 7]
    assert kinds == {int: 1, KeyboardInterrupt: 1, OutcomeUnknown: 6}
    assert crowd(line, 2) == {1: 2, 2: 4}


def interrupted(step, ask):
    """Ask, and be stopped at the n-th line of the room that this thread comes by; say whether it came so far."""
    left = [step]

    def trace(frame, event, _argument):
        if frame.f_code.co_filename != FILE:
            return None
        # Python lets no signal come between taking a lock in a `with` and being inside it, nor on the way out.
        if event == "line" and "with self._door" not in linecache.getline(FILE, frame.f_lineno):
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt
        return trace

    sys.settrace(trace)
    try:
        ask()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(None)
    return left[0] <= 0


def test_stopped_anywhere_a_caller_holds_up_nobody():
    step, come_so_far = 0, True
    while come_so_far:
        step += 1
        line = Line(double)
        come_so_far = interrupted(step, partial(line.wait_for, Number(number=1)))
        asked = Number(number=21)
        waiting = threading.Thread(target=line.wait_for, args=(asked,), daemon=True)
        waiting.start()
        waiting.join(10)
        assert asked.answer == 42, f"stopped at step {step}, it holds up the line"
    assert step > 15


class Crowded(Line):
    """A line into which two more come before the first one takes its group."""

    def __init__(self):
        super().__init__(double)
        self.others = []

    def _together(self):
        if not self.others:
            self._door.release()
            for number in (2, 3):
                asked = Number(number=number)
                thread = threading.Thread(target=self.wait_for, args=(asked,), daemon=True)
                self.others.append((asked, thread))
                thread.start()
                while asked not in self._waiting:
                    pass
            self._door.acquire()
        return super()._together()


def test_stopped_anywhere_who_serves_others_leaves_them_an_answer():
    step, come_so_far = 0, True
    while come_so_far:
        step += 1
        line = Crowded()
        come_so_far = interrupted(step, partial(line.wait_for, Number(number=1)))
        for asked, thread in line.others:
            thread.join(10)
            assert asked.done, f"stopped at step {step}, somebody waits for ever"
    assert step > 15
