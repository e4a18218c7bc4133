"""The public names as an app sees them: checked by mypy, never run."""

import datetime as dt
from typing import assert_type

import wis_engine as wis
from wis_engine.bridge import LeftOut
from wis_engine.matching import Plan, Problem, Proposal, solve


class Nobody:
    """A strategy by hand: anything that can be called so."""

    def __call__(self, problem: Problem, *, seed: int, effort: int) -> Proposal:
        """Propose nothing."""
        del problem, seed, effort
        return Proposal(placements=())


def use(at: dt.datetime) -> None:
    """Go once round."""
    with wis.Community.open("memory:") as community:
        assert_type(community, wis.Community)
        firm = next(iter(community.network.firms))
        receipt = community.record(wis.FirmLeft(firm=firm), at=at, key="k")
        assert_type(receipt, wis.Receipt)
        plan = community.match(Nobody(), seed=1)
        assert_type(plan, Plan)
        assert_type(solve(community.problem(), "greedy"), Plan)
        assert_type([recorded.fact for recorded in community.events(about="f")], list[wis.Event | None])
        assert_type(next(community.follow(types=[wis.FirmLeft])), wis.Recorded)
        assert_type(community.verify(deep=True), wis.Verification)
        assert_type(community.as_of(1).branch(), wis.Community)
        assert_type(community.left_out().get("need"), LeftOut | None)
        assert_type(community.sessions("pool"), tuple[tuple[wis.Occurrence, ...], ...])
