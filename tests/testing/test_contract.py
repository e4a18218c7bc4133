"""The suite for logs finds what is broken: each of its tests is shown a log with one fault, and has to fail."""

import inspect
import sqlite3
from contextlib import closing, suppress
from functools import partial
from itertools import count, islice

import attrs
import pytest
from hypothesis import Phase, settings

from wis_engine.errors import Conflict, ConnectionLost, Full, KeyReused
from wis_engine.facts.base import Receipt, holds_redacted
from wis_engine.log.codec import Registry
from wis_engine.log.log import Fault, Snapshot
from wis_engine.log.memory import MemoryLog
from wis_engine.log.sqlite import SqliteLog
from wis_engine.testing import LogContract, ManualClock, StoredLogContract
from wis_engine.testing.bench import EVENTS, START, noted
from wis_engine.testing.storing import Storing

PARAM = type(pytest.param(0))
SOON_SECONDS = 0.3
"""The suite's patience here, where threads wait in vain."""


def changed(**fields):
    """Make a `read` whose records differ from the sound ones in some fields."""

    def read(sound, log, **asked):
        return (attrs.evolve(one, **{name: how(one) for name, how in fields.items()}) for one in sound(log, **asked))

    return read


def appending(**fields):
    """Make an `append` that takes a batch for another one."""

    def append(sound, log, one, *, after):
        return sound(log, attrs.evolve(one, **{name: how(one) for name, how in fields.items()}), after=after)

    return append


def occurrence(one):
    return one.occurred_at.replace(microsecond=0)


def without_null(one):
    return attrs.evolve(one.fact, words=one.fact.words or None) if hasattr(one.fact, "parts") else one.fact


def out_of_range(sound, log, one, *, after):
    if one.occurred_at.year in (1, 9999):
        raise OverflowError
    return sound(log, one, after=after)


def reused_in_silence(sound, log, one, *, after):
    try:
        return sound(log, one, after=after)
    except KeyReused as reused:
        return Receipt(first=reused.first, last=reused.first, recorded_at=START, repeated=True)


def used_up(sound, log, one, *, after):
    used = vars(log).setdefault("used", set())
    if one.key in used:
        raise KeyReused(one.key, 0)
    try:
        return sound(log, one, after=after)
    except Conflict:
        used.add(one.key)
        raise


def known_ones(one):
    return tuple(fact for fact in one.facts if type(fact) in EVENTS) or tuple(noted("a"))


def forgetting_the_time(sound, log, one, *, after):
    log._stamped = -(1 << 60)
    return sound(log, one, after=after)


def never_early(one):
    return one.recorded_at and max(one.recorded_at, START)


def always_undone(sound, log, work):
    answers = []

    def leave():
        answers.append(work())
        raise ZeroDivisionError

    with suppress(ZeroDivisionError):
        sound(log, leave)
    return answers[0]


def hiding_errors(sound, log, work):
    with suppress(ZeroDivisionError):
        return sound(log, work)


def undoing_all(sound, log, one, *, after):
    try:
        return sound(log, one, after=after)
    except Conflict:
        log._truncate(0)
        raise


def one_level(sound, log, work):
    if vars(log).get("held"):
        return work()
    log.held = True
    try:
        return sound(log, work)
    finally:
        log.held = False


def open_door(sound, log, work):
    before = log._head
    try:
        return work()
    except BaseException:
        log._truncate(before)
        raise


def losing_some(sound, log, one, *, after):
    numbers = vars(log).setdefault("numbers", count(1))
    return sound(log, one, after=after) if next(numbers) % 7 else Receipt(first=1, last=1, recorded_at=START)


def load_one_by_one(sound, log, batches):
    return [log.append(one, after=log.head()) for one in batches]


def load_without_keys(sound, log, batches):
    return sound(log, (attrs.evolve(one, key=None) for one in batches))


def small_facts_only(sound, log, one, *, after):
    if any(len(getattr(fact, "words", None) or "") > 9_000 for fact in one.facts):
        raise Full
    return sound(log, one, after=after)


def remembering_answers(sound, log, *, about=None, **asked):
    answers = vars(log).setdefault("answers", {})
    about = about if about is None else tuple(about)
    if about not in answers:
        answers[about] = list(sound(log, about=about, **asked))
    return iter(answers[about])


def late(sound, log, **asked):
    yield from sound(log, **asked)


def one_cursor(sound, log, **asked):
    log.cursor = mine = object()
    for one in sound(log, **asked):
        if log.cursor is not mine:
            return
        yield one


def skipping_some(sound, log, **asked):
    return (one for one in sound(log, **asked) if one.position % 10)


def giving_up(sound, log, **asked):
    yield from sound(log, **asked)
    raise ConnectionLost


def first_put_stays(sound, log, snapshot):
    if log.get(until=snapshot.position) is None or log.get(until=snapshot.position).position != snapshot.position:
        sound(log, snapshot)


def oldest(sound, log, *, until=None):
    return next((one for one in (sound(log, until=at) for at in range(log.head())) if one), None)


def keeping_snapshots(sound, log, work):
    kept = {}

    def noting():
        try:
            return work()
        finally:
            kept.update(log._snapshots)

    try:
        return sound(log, noting)
    finally:
        log._snapshots = kept


def put_in_memory(sound, log, snapshot):
    sound(log, Snapshot.of(snapshot.position, snapshot.format, [*snapshot.parts, b"more"]))


def commit_anyway(sound, log, *, inner):
    log._connection.execute("COMMIT")


def nameless(open_log):
    held = {}

    def opened(name, **options):
        return held.setdefault("log", open_log("log", **options))

    return opened


def forgetful(open_log):
    numbers = count()
    return lambda name, **options: open_log(f"log-{next(numbers)}", **options)


def zoneless(open_log):
    return lambda name, zone=None, **options: open_log(name, **options)


def knowing_all(open_log):
    return lambda name, registry, **options: open_log(name, registry=Registry(EVENTS), **options)


def no_lock(sound, log, work, **size):
    return work()


def taking_all(sound, log, **how):
    sound(log, **how)
    log._foreign = ()


def nothing(*_):
    pass


FAULTS = [
    ("a_new_log_stands_at_zero", "head", lambda sound, log: sound(log) or 1),
    (
        "positions_are_dense_and_a_batch_stands_together",
        "append",
        lambda sound, log, one, *, after: attrs.evolve(sound(log, one, after=after), first=after),
    ),
    ("two_logs_know_nothing_of_each_other", "open_log", nameless),
    ("a_fact_comes_back_as_it_was", "read", changed(fact=without_null)),
    ("what_is_personal_may_be_gone", "read", changed(fact=lambda one: None if holds_redacted(one.fact) else one.fact)),
    ("the_envelope_comes_back_with_each_fact", "read", changed(occurred_at=occurrence)),
    ("a_fact_may_have_happened_at_any_time", "append", out_of_range),
    (
        "appending_elsewhere_than_at_the_head_is_a_conflict",
        "append",
        lambda sound, log, one, *, after: sound(log, one, after=log.head()),
    ),
    ("a_key_with_the_same_content_gives_the_first_receipt", "append", appending(key=nothing)),
    ("a_key_with_other_content_is_refused", "append", reused_in_silence),
    ("keys_are_told_apart_to_the_letter", "append", appending(key=lambda one: one.key.strip())),
    ("a_refused_append_does_not_use_up_its_key", "append", used_up),
    ("a_type_that_the_log_was_not_opened_with_is_refused", "append", appending(facts=known_ones)),
    (
        "a_fact_that_could_not_be_read_again_is_refused",
        "__init__",
        taking_all,
    ),
    ("recorded_time_never_goes_backwards", "append", forgetting_the_time),
    ("what_was_recorded_before_keeps_its_instant", "append", appending(recorded_at=nothing)),
    ("a_log_begins_with_the_instant_of_what_was_recorded_before", "append", appending(recorded_at=never_early)),
    ("what_is_appended_under_the_lock_stays", "locked", always_undone),
    ("what_is_appended_under_a_lock_that_raises_goes", "locked", no_lock),
    ("the_error_of_what_is_done_under_the_lock_comes_out_of_it", "locked", hiding_errors),
    ("a_refusal_under_the_lock_leaves_the_rest", "append", undoing_all),
    ("locks_nest", "locked", one_level),
    ("other_threads_wait_for_the_lock", "locked", open_door),
    ("nobody_else_sees_what_the_lock_may_take_back", "locked", open_door),
    ("threads_append_one_after_the_other", "append", losing_some),
    ("threads_with_one_key_append_once", "append", appending(key=nothing)),
    ("load_appends_wherever_the_log_stands", "load", load_without_keys),
    ("load_appends_all_or_none", "load", load_one_by_one),
    ("a_batch_of_a_thousand_facts", "append", appending(facts=lambda one: one.facts[:999])),
    ("a_large_fact", "append", small_facts_only),
    ("any_history_is_as_plain_lists_tell_it", "position_at", lambda sound, log, at: min(3, sound(log, at))),
    (
        "reading_takes_a_range_of_positions",
        "read",
        lambda sound, log, *, until, **a: sound(log, until=until or 99, **a),
    ),
    ("reading_by_type", "read", lambda sound, log, *, types, **asked: sound(log, **asked)),
    ("reading_by_what_facts_name", "read", lambda sound, log, *, about, **asked: sound(log, **asked)),
    ("what_is_named_later_is_found_too", "read", remembering_answers),
    (
        "what_is_personal_is_not_to_be_found_by",
        "read",
        lambda sound, log, *, about, **asked: sound(log, about=["h"] if about == ["p"] else about, **asked),
    ),
    (
        "a_text_that_is_no_id_and_a_name_of_no_type_find_nothing",
        "read",
        lambda sound, log, *, about, **asked: sound(log, about=None if about == [""] else about, **asked),
    ),
    ("what_is_no_position_and_no_collection_of_texts_is_malformed", "read", lambda sound, log, **_: sound(log)),
    ("a_reader_sees_the_log_as_it_stood_when_it_began", "read", late),
    ("readers_do_not_disturb_each_other", "read", one_cursor),
    ("a_long_log_is_read_from_end_to_end", "read", lambda sound, log, **asked: islice(sound(log, **asked), 1_000)),
    ("the_position_at_an_instant", "position_at", lambda sound, log, at: sound(log, at) // 4 * 4),
    ("the_last_of_several_batches_at_one_instant", "position_at", lambda sound, log, at: min(sound(log, at), 1)),
    ("a_follower_catches_up_and_stops", "follow", lambda sound, log, *, stop, after=0: islice(log.read(), 1_000)),
    ("a_follower_that_has_caught_up_waits_for_more", "follow", lambda sound, log, **_: log.read()),
    ("a_follower_misses_nothing_whoever_appends", "follow", skipping_some),
    (
        "a_follower_begins_again_where_it_was",
        "follow",
        lambda sound, log, *, after: sound(log, after=after and after // 3 * 3),
    ),
    ("a_follower_stops_when_it_is_told", "follow", giving_up),
    (
        "a_snapshot_comes_back_as_it_was",
        "put",
        lambda sound, log, one: sound(log, attrs.evolve(one, parts=(b"".join(one.parts),))),
    ),
    ("the_newest_snapshot_at_or_before_a_position", "get", oldest),
    ("a_snapshot_takes_the_place_of_one_at_its_position", "put", first_put_stays),
    ("a_snapshot_that_is_dropped_is_gone", "drop", nothing),
    (
        "a_snapshot_is_kept_as_it_is_given",
        "put",
        lambda sound, log, one: sound(log, Snapshot.of(one.position, one.format, one.parts)),
    ),
    ("no_snapshot_is_left_of_what_the_lock_took_back", "locked", keeping_snapshots),
    ("a_log_has_the_zone_it_was_made_with", "open_log", zoneless),
    ("a_sound_log_has_no_faults", "faults", lambda sound, log: iter([Fault(position=1, what="seen in vain")])),
    ("a_closed_log_answers_nothing", "close", nothing),
    ("a_follower_of_a_log_that_is_closed_ends", "close", nothing),
]
STORED_FAULTS = [
    ("what_was_appended_is_there_when_it_is_opened_again", "open_log", forgetful),
    ("it_goes_on_where_it_stood", "_stamp", lambda sound, log, one: sound(log, one) + 1),
    ("a_key_is_kept_for_ever", "_keyed", lambda sound, log, keys: []),
    ("what_a_lock_took_back_is_not_there", "_roll_back", commit_anyway),
    ("snapshots_are_there_when_it_is_opened_again", "put", put_in_memory),
    ("a_zone_is_fixed_when_the_log_is_made", "open_log", zoneless),
    ("a_type_that_is_not_known_any_more_is_said_to_be_so", "open_log", knowing_all),
    ("a_later_release_reads_what_this_one_wrote", "read", changed(index=lambda one: 0)),
    ("a_store_finds_its_own_damage", "faults", lambda sound, log: iter(())),
    ("what_one_appends_the_other_sees", "open_log", forgetful),
    ("the_other_waits_for_the_lock", "locked", no_lock),
    ("the_other_sees_nothing_that_the_lock_may_take_back", "locked", no_lock),
    ("one_follows_what_others_append", "follow", skipping_some),
    ("the_lock_makes_look_and_append_one_step", "open_log", forgetful),
]


def promises_of(suite):
    return sorted(name.removeprefix("test_") for name in dir(suite) if name.startswith("test_"))


def broken(kind, method, how):
    """Make a kind of log whose method is another one, built on the sound one."""
    sound = getattr(kind, method)
    return type("Broken", (kind,), {method: lambda self, *args, **options: how(sound, self, *args, **options)})


def run(suite, name, open_log):
    """Run one test of a suite, with each of its parameters, as pytest would."""
    test = getattr(suite(), f"test_{name}")
    marks = [mark for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
    for values in [{mark.args[0]: value} for mark in marks for value in mark.args[1]] or [{}]:
        clock, logs = ManualClock(), []

        def opened(name="log", *, events=None, clock=clock, logs=logs, **zone):
            logs.append(open_log(name, registry=events or Registry(EVENTS), clock=clock, **zone))
            return logs[-1]

        def edit(name, old, new, logs=logs):
            with closing(sqlite3.connect(logs[-1]._path.with_stem(name), isolation_level=None)) as connection:
                connection.execute("UPDATE events SET body = replace(body, ?, ?)", (old, new))

        given = {name: value.values[0] if isinstance(value, PARAM) else value for name, value in values.items()}
        given |= {"clock": clock, "opened": opened, "open_log": open_log, "edit": edit}
        wanted = inspect.signature(test).parameters
        try:
            test(**{name: given[name] if name in given else opened() for name in wanted})
        finally:
            for log in logs:
                log.close()


@pytest.fixture
def opener(tmp_path):
    """Make an `open_log` of a kind of log, which may have a fault."""
    numbers = count()

    def make(kind, method="", how=None):
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        kind = broken(kind, method, how) if method not in ("", "open_log") else kind

        def open_log(name, **options):
            return kind(**options) if issubclass(kind, MemoryLog) else kind(folder / f"{name}.db", **options)

        return how(open_log) if method == "open_log" else open_log

    return make


@pytest.fixture
def fails(monkeypatch):
    """See that a test of a suite fails for a log, and does so because of the log."""

    def see(suite, name, open_log):
        # Whoever waits in vain does so for a short time, and nobody looks for the smallest failing history.
        for module in ("bench", "appending", "reading", "storing"):
            monkeypatch.setattr(f"wis_engine.testing.{module}.PATIENCE_SECONDS", SOON_SECONDS)
        quick = partial(settings, phases=[Phase.generate])
        monkeypatch.setattr("wis_engine.testing.contract.settings", quick)
        with pytest.raises(BaseException) as caught:  # noqa: PT011 - a failed assertion, an error, or one that did not come
            run(suite, name, open_log)
        assert not isinstance(caught.value, (TypeError, NameError, AttributeError, KeyboardInterrupt)), caught.value

    return see


def test_each_test_has_its_fault():
    assert sorted({name for name, _, _ in FAULTS}) == promises_of(LogContract)
    assert sorted({name for name, _, _ in STORED_FAULTS}) == promises_of(Storing)
    assert set(promises_of(StoredLogContract)) == {*promises_of(LogContract), *promises_of(Storing)}


@pytest.mark.parametrize(("name", "method", "how"), FAULTS, ids=[name for name, _, _ in FAULTS])
def test_a_fault_is_found(opener, fails, name, method, how):
    run(LogContract, name, opener(MemoryLog))
    fails(LogContract, name, opener(MemoryLog, method, how))


@pytest.mark.parametrize(("name", "method", "how"), STORED_FAULTS, ids=[name for name, _, _ in STORED_FAULTS])
def test_a_fault_of_a_stored_log_is_found(opener, fails, name, method, how):
    run(StoredLogContract, name, opener(SqliteLog))
    fails(StoredLogContract, name, opener(SqliteLog, method, how))
