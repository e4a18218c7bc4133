"""What a plan was made from, thing by thing: enough to say later what has changed since.

A plan keeps a short hash of each need, offer and budget of its problem, with
all that bears on it alone. Two such lists side by side tell what is new, gone
or different, without the earlier problem.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final, NamedTuple

import attrs
from attrs import field, frozen

from wis_engine.matching.collect import as_tuple
from wis_engine.matching.problem import Problem
from wis_engine.plain import dump, to_plain

HEX: Final = 16


@frozen(kw_only=True)
class Basis:
    """Hashes of the things of a problem, each as «id hash», by id.

    Attributes
    ----------
    needs
        A need with its options, what its household holds of budgets, and when
        its beneficiary is promised to be elsewhere.
    offers
        An offer with what is promised of it.
    budgets
        A budget, without what single households hold of it.
    rest
        Hash of all that bears on everything: closed days, weights, and whether
        options are given.
    """

    needs: tuple[str, ...] = field(default=(), converter=as_tuple)
    offers: tuple[str, ...] = field(default=(), converter=as_tuple)
    budgets: tuple[str, ...] = field(default=(), converter=as_tuple)
    rest: str = ""


class Changes(NamedTuple):
    """What is new or different, what is gone, and whether a rule for all is another (`everything`)."""

    needs: frozenset[str]
    needs_gone: frozenset[str]
    offers: frozenset[str]
    offers_gone: frozenset[str]
    budgets: frozenset[str]
    everything: bool


@lru_cache(maxsize=2)
def basis_of(problem: Problem) -> Basis:
    """Hash the things of a problem one by one."""
    options: dict[str, list[Any]] = defaultdict(list)
    for option in problem.options or ():
        options[option.need].append((option.offer, option.minutes, option.price_cents))
    promised: dict[str, list[Any]] = defaultdict(list)
    elsewhere: dict[str, list[Any]] = defaultdict(list)
    for commitment in problem.commitments:
        dates = to_plain(commitment.occurrences)
        promised[commitment.offer].append((commitment.minutes, dates))
        for beneficiary in sorted(commitment.beneficiaries):
            elsewhere[beneficiary].append(dates)
    held: dict[str, list[Any]] = defaultdict(list)
    for budget in problem.budgets:
        for one in budget.drawn:
            held[one.household].append((budget.id, one.cents))
    return Basis(
        needs=tuple(
            _line(need.id, to_plain(need), options[need.id], elsewhere[need.beneficiary], held[need.household])
            for need in problem.needs
        ),
        offers=tuple(_line(offer.id, to_plain(offer), promised[offer.id]) for offer in problem.offers),
        budgets=tuple(_line(budget.id, to_plain(attrs.evolve(budget, drawn=()))) for budget in problem.budgets),
        rest=_hash(
            sorted(day.isoformat() for day in problem.closed_days),
            list(problem.priority_weights),
            problem.options is None,
        ),
    )


def changes(before: Basis, now: Basis) -> Changes:
    """Say what has changed from one problem to another."""
    needs, needs_gone = _changed(before.needs, now.needs)
    offers, offers_gone = _changed(before.offers, now.offers)
    budgets, budgets_gone = _changed(before.budgets, now.budgets)
    return Changes(needs, needs_gone, offers, offers_gone, budgets | budgets_gone, before.rest != now.rest)


def _changed(before: Iterable[str], now: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
    old, new = frozenset(before), frozenset(now)
    names = {line.split()[0] for line in new}
    return (
        frozenset(line.split()[0] for line in new - old),
        frozenset(name for line in old - new if (name := line.split()[0]) not in names),
    )


def _line(name: str, *told: object) -> str:
    return f"{name} {_hash(*told)}"


def _hash(*told: object) -> str:
    return hashlib.sha256(dump(list(told))).hexdigest()[:HEX]
