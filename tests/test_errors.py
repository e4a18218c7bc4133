"""What every error has in common: it says what to do, and it survives a copy and a journey."""

import copy
import pickle

import pytest

import wis_engine as wis
from wis_engine import errors
from wis_engine.errors import Conflict, KeyReused, LogClosed, Outcome, PlanError, Refused, StorageUnavailable, WisError
from wis_engine.facts.membership import Reason
from wis_engine.values import Period


def tree(root):
    """List an error and all that inherit from it."""
    return [root, *(leaf for child in root.__subclasses__() for leaf in tree(child))]


ARGUMENTS = {
    Refused: (Reason.NOT_ENROLLED, Period.parse("2026-01-01/2026-02-01")),
    Conflict: (3, 5),
    KeyReused: ("sheet-17", 4),
    PlanError: ("capacity", "offer o1"),
}
WORDS = {
    Refused: "fact 2 refused: not-enrolled (2026-01-01/2026-02-01)",
    Conflict: "conflict: asked to append after position 3, the log stands at 5",
    KeyReused: "key reused: 'sheet-17' already stands at position 4 with other content",
    PlanError: "plan breaks «capacity»: offer o1",
}


def made(leaf):
    error = leaf(*ARGUMENTS.get(leaf, ("what happened",)))
    if leaf is Refused:
        error.fact = 2
    return error


@pytest.mark.parametrize("leaf", tree(WisError))
def test_an_error_travels_whole(leaf):
    error = made(leaf)
    pickled = [pickle.loads(pickle.dumps(error, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
    for came in (copy.copy(error), copy.deepcopy(error), *pickled):
        assert type(came) is leaf
        assert (vars(came), came.args, str(came), repr(came)) == (vars(error), error.args, str(error), repr(error))


@pytest.mark.parametrize("leaf", tree(WisError))
def test_an_error_says_one_line(leaf):
    assert str(made(leaf)) == WORDS.get(leaf, "what happened")


def test_every_code_is_of_one_leaf_and_every_leaf_is_public():
    leaves = tree(WisError)
    assert len({leaf.code for leaf in leaves}) == len(leaves)
    assert all(leaf.__module__ != errors.__name__ or getattr(wis, leaf.__name__) is leaf for leaf in leaves)


def test_what_a_retry_may_mend():
    for leaf in tree(WisError):
        assert leaf.retryable or leaf.outcome is Outcome.NOT_APPLIED
    assert {leaf.__name__ for leaf in tree(WisError) if leaf.retryable} == {
        "StorageUnavailable",
        "Busy",
        "Full",
        "ConnectionLost",
        "OutcomeUnknown",
    }


def test_a_closed_log_is_not_worth_a_retry(tmp_path):
    community = wis.Community.open(f"sqlite:///{tmp_path / 'log.db'}", clock=wis.system_clock)
    community.close()
    with pytest.raises(StorageUnavailable, match="was closed") as raised:
        community.record(wis.FirmJoined(firm="f", title="A firm", persons=1, ateco="01", nil=1))
    assert type(raised.value) is LogClosed
    assert not raised.value.retryable
