"""What is PostgreSQL's own: communities beside each other, connections that are lost, what its errors mean."""

import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psycopg
import pytest

from wis_engine.errors import (
    Conflict,
    FormatError,
    IntegrityError,
    Malformed,
    StorageUnavailable,
)
from wis_engine.facts import NeedWithdrawn
from wis_engine.facts.base import redacted
from wis_engine.log import follow, postgres, sql
from wis_engine.log.log import Batch, Snapshot
from wis_engine.log.postgres import FEW, LOOKS

PATIENCE = 60


def withdrawn(*names):
    return [NeedWithdrawn(need=name) for name in names]


def many(count):
    return withdrawn(*(f"n-{number}" for number in range(count)))


def needs(log, **how):
    return [one.fact.need for one in log.read(**how)]


def claimed(log):
    """A claim on a slot."""
    return Batch(facts=tuple(withdrawn("slot")), occurred_at=log._clock(), actor="w")


# Communities beside each other


def test_communities_have_heads_keys_snapshots_and_zones_of_their_own(opened_postgres, batch, community_name):
    one = opened_postgres()
    two = opened_postgres(f"{community_name}-two", zone="Europe/London")
    for number in range(3):
        one.append(batch(*withdrawn(f"one-{number}"), key=f"k-{number}"), after=number)
        two.append(batch(*withdrawn(f"two-{number}", "x"), key=f"k-{number}"), after=2 * number)
    one.put(Snapshot.of(2, "form", [b"one"]))
    two.put(Snapshot.of(3, "form", [b"two"]))
    one.drop(3)

    assert (one.head(), two.head()) == (3, 6)
    assert (one.zone, two.zone) == ("Europe/Rome", "Europe/London")
    assert needs(one) == ["one-0", "one-1", "one-2"]
    assert needs(two, about=["x"]) == ["x"] * 3
    assert needs(one, about=["x"]) == []
    assert (one.get().parts, two.get().parts) == ((b"one",), (b"two",))
    assert one.receipt("k-2", batch(*withdrawn("one-2")).content).first == 3
    assert two.receipt("k-2", batch(*withdrawn("two-2", "x")).content).first == 5


def test_a_lock_on_one_community_stops_no_other(opened_postgres, batch, community_name):
    one, two = opened_postgres(), opened_postgres(f"{community_name}-two")

    def work():
        one.append(batch(*withdrawn("a")), after=0)
        assert two.append(batch(*withdrawn("b")), after=0).last == 1

    one.locked(work)
    assert needs(one) == ["a"]


@pytest.mark.parametrize("name", ["", "a b", 'a"b', "x" * 65, 7])
def test_a_community_has_an_id_for_a_name(opened_postgres, name):
    with pytest.raises(Malformed):
        opened_postgres(name)


def test_a_log_outlives_its_object(filled_postgres, opened_postgres, batch, clock):
    filled_postgres.close()
    clock.move(-3_600)
    log = opened_postgres()
    assert needs(log) == ["a", "b", "c"]
    assert log.append(batch(*withdrawn("a", "b"), key="k"), after=0).repeated
    assert log.append(batch(*withdrawn("d")), after=3).recorded_at > clock.now


def test_another_time_zone_than_it_was_made_with_is_refused(filled_postgres, opened_postgres):
    with pytest.raises(Malformed, match="Europe/Rome"):
        opened_postgres(zone="Europe/London")
    assert opened_postgres(zone="Europe/Rome").zone == opened_postgres(mode="r").zone == "Europe/Rome"


# Writing


@pytest.mark.parametrize("count", [1, FEW, FEW + 1, 1_000])
def test_few_facts_and_many_get_in_alike(opened_postgres, batch, count):
    log = opened_postgres()
    receipt = log.append(batch(*many(count), key="k"), after=0)
    assert (receipt.first, receipt.last) == (1, count)
    log.locked(lambda: log.append(batch(*many(count)), after=count))
    assert [one.fact for one in log.read()] == many(count) * 2
    assert needs(log, about=["n-0"]) == ["n-0"] * 2
    assert log.append(batch(*many(count), key="k"), after=0).repeated


@pytest.mark.parametrize("count", [1, FEW + 1])
def test_whatever_the_size_a_conflict_appends_nothing(filled_postgres, batch, count):
    with pytest.raises(Conflict):
        filled_postgres.append(batch(*many(count)), after=2)
    assert filled_postgres.append(batch(*withdrawn("d")), after=3).last == 4


def test_public_and_personal_pieces_stand_in_columns_of_their_own(opened_postgres, batch, examples, community_name):
    log = opened_postgres()
    log.append(batch(*examples.values()), after=0)
    rows = log._connection.execute(
        "SELECT name, body, personal, subject, chain FROM wis_engine.events WHERE community = %s AND name = ANY(%s)",
        [community_name, ["household-formed", "consent-given"]],
    ).fetchall()
    found = {row[0]: row[1:] for row in rows}
    assert found["consent-given"] == (
        '{"household":"h-1","purpose":"special-data","text_version":"1"}',
        None,
        None,
        None,
    )
    body, personal, subject, chain = found["household-formed"]
    assert ("per-1" in body, b"per-1" in personal, subject, chain) == (False, True, "h-1", None)
    log._connection.execute("UPDATE wis_engine.events SET personal = NULL WHERE community = %s", [community_name])
    assert [one.fact for one in log.read()] == [redacted(fact) for fact in examples.values()]


def test_eight_writers_racing_for_a_hundred_slots_claim_a_hundred(opened_postgres):
    logs = [opened_postgres() for _ in range(8)]

    def claim(log):
        taken = 0
        while (head := log.head()) < 100:
            with suppress(Conflict):
                log.append(claimed(log), after=head)
                taken += 1
        return taken

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(claim, logs)) == 100
    assert [one.position for one in logs[0].read()] == list(range(1, 101))


def test_eight_writers_that_lock_before_they_look_claim_a_hundred(opened_postgres):
    logs = [opened_postgres() for _ in range(8)]

    def take(log):
        head = log.head()
        return head < 100 and log.append(claimed(log), after=head)

    def claim(log):
        taken = 0
        while log.locked(lambda: take(log)):
            taken += 1
        return taken

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(claim, logs)) == 100
    assert [one.position for one in logs[0].read()] == list(range(1, 101))


def test_lock_and_look_in_one_statement_would_claim_too_many(database):
    claim = """
        WITH locked AS MATERIALIZED (SELECT pg_advisory_xact_lock(1))
        INSERT INTO slots SELECT 1 FROM locked WHERE (SELECT count(*) FROM slots) < 1
    """
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with psycopg.connect(database, autocommit=True) as one, psycopg.connect(database, autocommit=True) as two:
        one.execute("CREATE TABLE slots (x int)")
        one.execute("BEGIN")
        one.execute(claim)
        with ThreadPoolExecutor() as threads:
            other = threads.submit(two.execute, claim)
            while one.execute(waiting).fetchone() == (0,):
                pass
            one.execute("COMMIT")
            other.result(PATIENCE)
        assert one.execute("SELECT count(*) FROM slots").fetchone() == (2,)


# Followers


def test_a_follower_is_woken(opened_postgres, batch, monkeypatch):
    monkeypatch.setattr(postgres, "WAIT_SECONDS", 10 * PATIENCE)
    log, reader = opened_postgres(), opened_postgres(mode="r")
    seen = queue.SimpleQueue()
    done = threading.Event()

    def follow():
        for one in reader.follow(stop=done.is_set):
            seen.put(one.fact.need)

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    for number in range(3):
        log.append(batch(*withdrawn(f"n-{number}")), after=number)
        assert seen.get(timeout=PATIENCE) == f"n-{number}"
    done.set()
    log.locked(lambda: log.append(batch(*withdrawn("last")), after=3))
    assert seen.get(timeout=PATIENCE) == "last"
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_a_follower_lets_its_connection_go(opened_postgres, batch, edit_postgres):
    log = opened_postgres()
    log.append(batch(*withdrawn("a")), after=0)
    rounds = iter([False, False, True])
    assert [one.position for one in log.follow(stop=lambda: next(rounds))] == [1]
    listening = f"SELECT FROM pg_stat_activity WHERE query LIKE 'LISTEN%{postgres._channel(log._name)}%'"
    for _ in range(1_000):
        if edit_postgres(listening) == 0:
            return
    raise AssertionError("it still listens")


def test_a_follower_whose_ear_was_cut_off_goes_on(opened_postgres, batch, edit_postgres):
    log = opened_postgres()
    channel = postgres._channel(log._name)
    rounds = []

    def stop():
        rounds.append(None)
        if len(rounds) == 2:
            edit_postgres(
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%{channel}%'"
            )
            log.append(batch(*withdrawn("a")), after=0)
        return len(rounds) == 5

    assert [one.fact.need for one in log.follow(stop=stop)] == ["a"]


def test_a_follower_whose_connections_are_lost_goes_on_and_misses_nothing(opened_postgres, batch, kill, monkeypatch):
    monkeypatch.setattr(follow, "WAIT_SECONDS", 0.01)
    monkeypatch.setattr(sql, "PAGE", 2)
    monkeypatch.setattr(postgres, "_IN_ORDER", "ORDER BY position LIMIT 2")
    writer, log = opened_postgres(), opened_postgres(mode="r")
    writer.append(batch(*many(5)), after=0)
    seen = []
    for one in log.follow(stop=lambda: len(seen) == 7):
        seen.append((one.position, one.fact.need))
        if len(seen) in (1, 4, 5):
            kill(log)
        if len(seen) == 5:
            writer.append(batch(*withdrawn("x", "y")), after=5)
    assert seen == [*enumerate((f"n-{number}" for number in range(5)), 1), (6, "x"), (7, "y")]


def test_a_follower_gives_up_when_the_server_stays_away(filled_postgres, monkeypatch):
    monkeypatch.setattr(follow, "WAIT_SECONDS", 0)
    looks = []

    def gone(*_, **__):
        looks.append(None)
        raise StorageUnavailable("no server")

    monkeypatch.setattr(postgres, "connect", gone)
    filled_postgres._connection.close()
    with pytest.raises(StorageUnavailable, match="no server"):
        list(filled_postgres.follow())
    assert len(looks) == LOOKS + 1


def test_a_follower_stops_when_told_though_the_server_is_away(filled_postgres, monkeypatch):
    def gone(*_, **__):
        raise StorageUnavailable("no server")

    monkeypatch.setattr(postgres, "connect", gone)
    filled_postgres._connection.close()
    assert list(filled_postgres.follow(stop=lambda: True)) == []


def test_a_follower_without_a_second_connection_looks_now_and_then(filled_postgres, batch, monkeypatch):
    monkeypatch.setattr(postgres, "WAIT_SECONDS", 0)

    def none_left(*_, **__):
        raise StorageUnavailable("no connection left")

    monkeypatch.setattr(postgres, "connect", none_left)
    rounds = []

    def stop():
        rounds.append(None)
        if len(rounds) == 2:
            filled_postgres.append(batch(*withdrawn("d")), after=3)
        return len(rounds) == 3

    assert [one.position for one in filled_postgres.follow(after=3, stop=stop)] == [4]


# Damage


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM wis_engine.events WHERE position = 3",
        "DELETE FROM wis_engine.batches WHERE first = 3",
        "UPDATE wis_engine.communities SET head = 2 WHERE true",
    ],
)
def test_a_last_batch_that_is_not_whole_is_seen_at_once(filled_postgres, opened_postgres, damage, edit_postgres):
    assert edit_postgres(f"{damage} AND community = '{filled_postgres._name}'") == 1
    with pytest.raises(IntegrityError):
        opened_postgres()


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM wis_engine.events WHERE position = 1",
        "DELETE FROM wis_engine.batches WHERE first = 1",
        "UPDATE wis_engine.events SET body = '[]' WHERE position = 2",
        "UPDATE wis_engine.events SET personal = 'x' WHERE position = 2",
    ],
)
def test_damage_further_back_is_seen_when_it_is_read(filled_postgres, opened_postgres, damage, edit_postgres):
    assert edit_postgres(f"{damage} AND community = '{filled_postgres._name}'") == 1
    log = opened_postgres()
    assert log.head() == 3
    with pytest.raises(IntegrityError):
        needs(log)


def test_facts_that_this_release_does_not_know_are_of_another_format(filled_postgres, edit_postgres):
    edit_postgres(
        f"UPDATE wis_engine.events SET version = 9 WHERE position = 2 AND community = '{filled_postgres._name}'"
    )
    with pytest.raises(FormatError):
        needs(filled_postgres)


def test_a_community_that_was_taken_away_is_damage(filled_postgres, batch, edit_postgres):
    edit_postgres(f"DELETE FROM wis_engine.communities WHERE community = '{filled_postgres._name}'")
    for use in (filled_postgres.head, lambda: filled_postgres.append(batch(*withdrawn("d")), after=3)):
        with pytest.raises(IntegrityError):
            use()
