"""Acting on what is said of a plan: the changed problem, matched again and checked."""

from wis_engine.matching import solve
from wis_engine.matching.proposing import proposal_of
from wis_engine.matching.standing import Standing


def matched_again(problem, plan, draft):
    """The plan that a draft is, made and checked like any other."""
    proposal = proposal_of(draft)

    def acting(_problem, *, seed, effort):
        return proposal

    again = solve(problem, acting, split=plan.split)
    again.check(problem)
    return again


def acted_on(problem, plan, change, needs):
    """The plan that stands on the changed problem, with the cheapest places for some needs."""
    standing = Standing.of(problem, plan).changed(change)
    standing.place(needs)
    return matched_again(change.applied(problem), plan, standing.draft)
