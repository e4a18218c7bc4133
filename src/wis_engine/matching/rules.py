"""The words for what a plan must respect and for why a need is not served."""

from enum import StrEnum


class Rule(StrEnum):
    """What a plan must respect; `PlanError.rule` is one of these."""

    PROBLEM = "problem"
    NEEDS = "needs"
    OPTION = "option"
    TIME = "time"
    PERIOD = "period"
    PLACE = "place"
    CHAIN = "chain"
    GROUP = "group"
    CAPACITY = "capacity"
    SESSIONS_AT_ONCE = "sessions-at-once"
    OVERLAP = "overlap"
    PRICE = "price"
    SHARES = "shares"
    LIMIT = "limit"
    BUDGET = "budget"
    CERTIFICATE = "certificate"
    DIGEST = "digest"


class Unserved(StrEnum):
    """Why a need is in no pool: a filter no offer passed, else what stood in the way.

    The first seven are filters in their order; an offer falls at the first it
    does not pass. The others are said of needs that some offer could serve.
    """

    SERVICE = "service"
    PERIOD = "period"
    DISTANCE = "distance"
    TIME = "time"
    PRICE = "price"
    ELIGIBILITY = "eligibility"
    CHAIN = "chain"
    CAPACITY = "capacity"
    BUDGET = "budget"
    GROUP = "group"
    OVERLAP = "overlap"
    STRATEGY = "strategy"
