"""The matcher: from a frozen problem to a proved plan. It knows no log and no entities."""

from wis_engine.matching.beside import Alternative, Rival, Why, next_best, rival_of
from wis_engine.matching.blocking import BlockingPair, blocking_pairs
from wis_engine.matching.certificate import Certificate, Level
from wis_engine.matching.chains import Discovery, discover_chains
from wis_engine.matching.changes import Change, Remedy
from wis_engine.matching.exact import Exact
from wis_engine.matching.explain import Explanation
from wis_engine.matching.fairness import Fairness, Measure, Share, fairness, gini_ppm
from wis_engine.matching.flow import Flow
from wis_engine.matching.gains import Gain
from wis_engine.matching.nearest import NearestMiss, nearest_miss, nearest_misses
from wis_engine.matching.opportunities import Agreement, Opportunities, next_agreements, opportunities
from wis_engine.matching.plan import Placement, Plan, PlanChain, PlanPool, Proposal
from wis_engine.matching.planning import EFFORT, solve
from wis_engine.matching.problem import Budget, Commitment, Diagnostic, Drawn, Need, Offer, Option, Problem, Step
from wis_engine.matching.progress import Progress, Watch
from wis_engine.matching.rules import Rule, Unserved
from wis_engine.matching.split import Split
from wis_engine.matching.stable import Criterion, Stable
from wis_engine.matching.strategies import ByFirm, ByZone, Greedy, Strategy

__all__ = [
    "EFFORT",
    "Agreement",
    "Alternative",
    "BlockingPair",
    "Budget",
    "ByFirm",
    "ByZone",
    "Certificate",
    "Change",
    "Commitment",
    "Criterion",
    "Diagnostic",
    "Discovery",
    "Drawn",
    "Exact",
    "Explanation",
    "Fairness",
    "Flow",
    "Gain",
    "Greedy",
    "Level",
    "Measure",
    "NearestMiss",
    "Need",
    "Offer",
    "Opportunities",
    "Option",
    "Placement",
    "Plan",
    "PlanChain",
    "PlanPool",
    "Problem",
    "Progress",
    "Proposal",
    "Remedy",
    "Rival",
    "Rule",
    "Share",
    "Split",
    "Stable",
    "Step",
    "Strategy",
    "Unserved",
    "Watch",
    "Why",
    "blocking_pairs",
    "discover_chains",
    "fairness",
    "gini_ppm",
    "nearest_miss",
    "nearest_misses",
    "next_agreements",
    "next_best",
    "opportunities",
    "rival_of",
    "solve",
]
