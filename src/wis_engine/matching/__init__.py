"""From a frozen problem to a proved plan; knows no log and no entities."""

from wis_engine.matching.certificate import Certificate, Level
from wis_engine.matching.chains import discover_chains
from wis_engine.matching.exact import Exact
from wis_engine.matching.explain import Explanation
from wis_engine.matching.plan import Placement, Plan, PlanChain, PlanPool, Proposal
from wis_engine.matching.problem import Budget, Commitment, Need, Offer, Option, Problem, Step
from wis_engine.matching.solve import EFFORT, solve
from wis_engine.matching.strategies import ByFirm, ByZone, Greedy, Strategy

__all__ = [
    "EFFORT",
    "Budget",
    "ByFirm",
    "ByZone",
    "Certificate",
    "Commitment",
    "Exact",
    "Explanation",
    "Greedy",
    "Level",
    "Need",
    "Offer",
    "Option",
    "Placement",
    "Plan",
    "PlanChain",
    "PlanPool",
    "Problem",
    "Proposal",
    "Step",
    "Strategy",
    "discover_chains",
    "solve",
]
