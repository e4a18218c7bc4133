"""The matcher: from a frozen problem to a proved plan. It knows no log and no entities."""

from wis_engine.matching.certificate import Certificate, Level
from wis_engine.matching.chains import Discovery, discover_chains
from wis_engine.matching.exact import Exact
from wis_engine.matching.explain import Explanation
from wis_engine.matching.plan import Placement, Plan, PlanChain, PlanPool, Proposal
from wis_engine.matching.planning import EFFORT, solve
from wis_engine.matching.problem import Budget, Commitment, Diagnostic, Drawn, Need, Offer, Option, Problem, Step
from wis_engine.matching.rules import Rule, Unserved
from wis_engine.matching.strategies import ByFirm, ByZone, Greedy, Strategy

__all__ = [
    "EFFORT",
    "Budget",
    "ByFirm",
    "ByZone",
    "Certificate",
    "Commitment",
    "Diagnostic",
    "Discovery",
    "Drawn",
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
    "Rule",
    "Step",
    "Strategy",
    "Unserved",
    "discover_chains",
    "solve",
]
