"""What comes out of a match: a proposal, and the plan that `solve` makes of it.

A plan is a value: pools with their members, shares and grants, the chains they
use, why each other need is not served, and a certificate. Its digest covers all
of it; the ids of its pools and chains follow from the digest.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final, Self

import attrs
from attrs import field, frozen
from attrs import validators as v

from wis_engine.errors import Malformed, PlanError
from wis_engine.matching.basis import Basis
from wis_engine.matching.certificate import Certificate
from wis_engine.matching.collect import as_tuple
from wis_engine.matching.explain import Explanation
from wis_engine.matching.problem import Problem
from wis_engine.matching.proof import Proof
from wis_engine.matching.rules import Rule
from wis_engine.matching.split import Split
from wis_engine.plain import dump, from_plain, to_plain
from wis_engine.shapes import between, checked_id, exactly, natural, positive, tuple_of
from wis_engine.values import SLOTS_A_DAY, Cents, Minutes, Occurrence, Period, PriceTier, WeekSlots, occurrences

ID_HEX: Final = 12
DRIFT_MAX_PPM: Final = 20_000


def _text(instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    """Validate a text that can be written as UTF-8 (attrs validator)."""
    try:
        str(value).encode()
    except UnicodeEncodeError:
        raise Malformed(f"{type(instance).__name__}.{attribute.name}: not a text") from None


@frozen(kw_only=True)
class Placement:
    """One pool as a strategy proposes it.

    Parameters
    ----------
    offers
        One offer; or one for each step of a chain, in order.
    offsets
        When each step begins, in half-hours after the first.
    starts
        Where in the week the sessions begin; None when nothing has a time.
    """

    needs: tuple[str, ...] = field(converter=as_tuple, validator=tuple_of(checked_id))
    offers: tuple[str, ...] = field(converter=as_tuple, validator=tuple_of(checked_id))
    offsets: tuple[int, ...] = field(default=(0,), converter=as_tuple, validator=tuple_of(between(0, SLOTS_A_DAY)))
    starts: WeekSlots | None = field(default=None, validator=v.optional(exactly(WeekSlots)))


@frozen(kw_only=True)
class Proposal:
    """Who goes with what, in any order; the rest is worked out by `solve`.

    Attributes
    ----------
    complete
        The strategy looked at every plan and this is one of the best. The
        certificate repeats it of `exact` alone.
    proofs
        Prices that prove bounds, level after level from the first; for levels
        that are left out `solve` finds quick ones.
    """

    placements: tuple[Placement, ...] = field(converter=as_tuple, validator=tuple_of(exactly(Placement)))
    complete: bool = field(default=False, validator=exactly(bool))
    proofs: tuple[Proof, ...] = field(default=(), converter=as_tuple, validator=tuple_of(exactly(Proof)))


@frozen(kw_only=True)
class Grant:
    """What one budget pays of a share."""

    budget: str = field(validator=checked_id)
    cents: Cents = field(validator=positive)


@frozen(kw_only=True)
class Member:
    """One need in a pool: its price, its share, who pays it, and what it would cost alone.

    Attributes
    ----------
    price_cents
        Its own price in this pool, over all steps, without the opening.
    share_cents
        Its part of the price of the pool, by the split of the plan; grants and
        household pay it.
    alone_cents
        The cheapest way to be served alone, the opening included, within the
        need's limit or not; where nobody serves one alone, and in a chain, the
        price for one at this pool's offers.
    tiers
        The price tiers reached, in the order of the steps that have one.
    """

    need: str = field(validator=checked_id)
    price_cents: Cents = field(validator=natural)
    share_cents: Cents = field(validator=natural)
    household_cents: Cents = field(validator=natural)
    alone_cents: Cents = field(validator=natural)
    grants: tuple[Grant, ...] = ()
    tiers: tuple[PriceTier, ...] = ()

    @property
    def saving_cents(self) -> Cents:
        """What being together spares; below zero when going alone would be cheaper."""
        return self.alone_cents - self.share_cents


@frozen(kw_only=True)
class Link:
    """One step of a chain: which offer, how long, and when after the start of the first."""

    service: str
    offer: str = field(validator=checked_id)
    supplier: str
    offset_slots: int = field(validator=natural)
    minutes: Minutes = field(validator=positive)


@frozen(kw_only=True)
class PlanChain:
    """Offers of different suppliers, one after the other on the same day.

    Pools that use the same chain name the same id: no two chains of a plan are
    alike.
    """

    id: str
    steps: tuple[Link, ...]


@frozen(kw_only=True)
class PlanPool:
    """Needs served together, by one offer or one chain.

    Attributes
    ----------
    offer, chain
        Exactly one of them is given.
    starts, period
        When: the weekly pattern and the dates; None when nothing has a time.
        Where neither members nor offers have dates the period is `ANY_WEEK`.
    session_minutes
        From the beginning of a session to its end.
    host
        The need at whose place a mobile offer meets; empty when nobody hosts.
    core
        No part of the group would pay less by itself, alone or together at the
        same offers.
    members
        By id of the need, which `check` asks for.
    """

    id: str
    service: str
    offer: str | None = None
    chain: str | None = None
    starts: WeekSlots | None = None
    period: Period | None = None
    session_minutes: Minutes = field(validator=positive)
    sessions: int = field(validator=positive)
    host: str = ""
    opening_cents: Cents = field(validator=natural)
    price_cents: Cents = field(validator=natural)
    core: bool = field(validator=exactly(bool))
    members: tuple[Member, ...]

    @property
    def needs(self) -> tuple[str, ...]:
        """Ids of the needs, in order."""
        return tuple(member.need for member in self.members)

    @property
    def shares(self) -> dict[str, Cents]:
        """What each need's place costs: together the price of the pool."""
        return {member.need: member.share_cents for member in self.members}

    @property
    def grants(self) -> dict[str, dict[str, Cents]]:
        """What each budget pays of each share."""
        return {member.need: {grant.budget: grant.cents for grant in member.grants} for member in self.members}

    @property
    def alone_cents(self) -> dict[str, Cents]:
        """What each need would cost alone."""
        return {member.need: member.alone_cents for member in self.members}

    def occurrences(self, closed: AbstractSet[dt.date] = frozenset()) -> tuple[Occurrence, ...]:
        """Dated sessions of the pool; `closed` are the closed days of the problem."""
        if self.starts is None or self.period is None:
            return ()
        return occurrences(self.starts, self.session_minutes, self.period, self.sessions, closed)


@frozen(kw_only=True)
class Setting:
    """One parameter of the strategy, as JSON text."""

    name: str = field(validator=_text)
    value: str = field(validator=_text)


@frozen(kw_only=True)
class Since:
    """What a plan that was matched again has of the one before.

    Attributes
    ----------
    plan
        Digest of the plan before.
    move_minutes
        What moving a need that has a place counted, in covered minutes by their
        weights; None moved nobody.
    kept
        How many pools have the same members, offers and times as before.
    moved
        Needs that had a place, still ask for one, and have another now or none,
        by id.
    base_gap_ppm
        Gap on the first level when the whole was solved last.
    """

    plan: str
    move_minutes: int | None = field(default=None, validator=v.optional(natural))
    kept: int = field(validator=natural)
    moved: tuple[str, ...] = field(converter=as_tuple, validator=tuple_of(checked_id))
    base_gap_ppm: int = field(validator=natural)


@frozen(kw_only=True)
class Plan:
    """The outcome of a match, with its proof.

    Attributes
    ----------
    problem
        Digest of the problem it answers.
    strategy, settings, seed, effort
        How it was made; the same again, with the same split, gives the same plan.
    stopped
        The step at which somebody ended the search; where it is not None the
        same again need not give the same plan.
    split
        How the price of each pool is shared.
    unmatched
        One explanation for each need that is in no pool, by id.
    basis
        What it was made from, thing by thing.
    since
        What it has of the plan before; None when the whole was solved.
    digest
        SHA-256 of everything else.
    """

    problem: str
    strategy: str = field(validator=_text)
    settings: tuple[Setting, ...] = ()
    seed: int = field(validator=natural)
    effort: int = field(validator=natural)
    stopped: int | None = field(default=None, validator=v.optional(natural))
    split: Split = field(default=Split.EQUAL, validator=exactly(Split))
    pools: tuple[PlanPool, ...]
    chains: tuple[PlanChain, ...] = ()
    unmatched: tuple[Explanation, ...]
    certificate: Certificate
    basis: Basis = Basis()
    since: Since | None = None
    digest: str = ""

    @property
    def id(self) -> str:
        """First twelve digits of the digest."""
        return self.digest[:ID_HEX]

    @property
    def covered(self) -> frozenset[str]:
        """Ids of the needs that are served."""
        return frozenset(member.need for pool in self.pools for member in pool.members)

    @property
    def base_gap_ppm(self) -> int:
        """Gap on the first level when the whole was solved last."""
        return self.certificate.levels[0].gap_ppm if self.since is None else self.since.base_gap_ppm

    @property
    def drift_ppm(self) -> int:
        """How much further from its bound the first level is than when the whole was solved last, in millionths."""
        return max(0, self.certificate.levels[0].gap_ppm - self.base_gap_ppm)

    @property
    def full_solve_advised(self) -> bool:
        """Whether matching again has drifted so far that the whole should be solved."""
        return self.drift_ppm > DRIFT_MAX_PPM

    def check(self, problem: Problem) -> None:
        """Raise `PlanError` when the plan breaks a rule of its problem, its certificate or its digest.

        The rules are read again from the problem, without the code that made
        the plan; the digest comes last, so that a broken rule is named.

        The digest alone covers: the strategy, its settings, seed and effort,
        where it was stopped, what it has of a plan before;
        the order of pools, chains and explanations; that `exact` looked at every plan; and
        of a need left out that passes the filters, what stands in its way.
        Whoever seals a plan anew can change these.

        Raises
        ------
        PlanError
            With the rule that is broken.
        Malformed
            What is given is no problem.
        """
        from wis_engine.matching.check import check_plan  # noqa: PLC0415 - the check reads plans and is defined on them

        check_plan(self, problem)

    def explain(self, need: str) -> Explanation:
        """Say what a need got, or why it got nothing; raise `PlanError` for an id that is not in the plan."""
        for explanation in self.unmatched:
            if explanation.need == need:
                return explanation
        for pool in self.pools:
            for member in pool.members:
                if member.need == need:
                    return self._got(pool, member)
        raise PlanError(Rule.NEEDS, f"no need {need} in this plan")

    def _got(self, pool: PlanPool, member: Member) -> Explanation:
        chain = next((chain for chain in self.chains if chain.id == pool.chain), None)
        return Explanation(
            need=member.need,
            served=True,
            pool=pool.id,
            offers=(pool.offer or "",) if chain is None else tuple(step.offer for step in chain.steps),
            people=len(pool.members),
            core=pool.core,
            share_cents=member.share_cents,
            household_cents=member.household_cents,
            saving_cents=member.saving_cents,
            grants_cents=sum(grant.cents for grant in member.grants),
            tiers=member.tiers,
        )

    def to_dict(self) -> dict[str, Any]:
        """Turn into plain data for JSON."""
        plain: dict[str, Any] = to_plain(self)
        return plain

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Self:
        """Read what `to_dict` gave; raise `Malformed` for anything else. Does not check the plan."""
        return from_plain(data, cls)

    def sealed(self) -> Self:
        """Give the plan its digest, and its pools and chains their ids."""
        digest = content_digest(self)
        names = dict(zip(_ids(self), numbered(digest, len(self.pools) + len(self.chains)), strict=True))
        return attrs.evolve(
            self,
            digest=digest,
            pools=tuple(
                attrs.evolve(
                    pool, id=names[pool.id], chain=None if pool.chain is None else names.get(pool.chain, pool.chain)
                )
                for pool in self.pools
            ),
            chains=tuple(attrs.evolve(chain, id=names[chain.id]) for chain in self.chains),
        )


def _ids(plan: Plan) -> list[str]:
    return [pool.id for pool in plan.pools] + [chain.id for chain in plan.chains]


def numbered(digest: str, count: int) -> list[str]:
    """Ids that a digest gives: pools from 1 on, then chains."""
    return [f"{digest[:ID_HEX]}-{number}" for number in range(1, count + 1)]


def content_digest(plan: Plan) -> str:
    """Hash everything in a plan but the digest and the ids that follow from it.

    Where a pool names its chain, the number of the chain counts.
    """
    data = to_plain(plan)
    del data["digest"]
    places = {name: place for place, name in enumerate(_ids(plan), start=1)}
    for pool in data["pools"]:
        pool["id"] = places[pool["id"]]
        pool["chain"] = None if pool["chain"] is None else places.get(pool["chain"], pool["chain"])
    for chain in data["chains"]:
        chain["id"] = places[chain["id"]]
    return hashlib.sha256(dump(data)).hexdigest()
