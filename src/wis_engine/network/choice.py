"""Which supplier a survey speaks for: quality for the euro, so that a choice can be explained."""

from collections.abc import Iterable
from fractions import Fraction

import attrs

from wis_engine.network.guidance import Survey
from wis_engine.network.network import Network
from wis_engine.values import AgreementId, Cents, SupplierId, SurveyId


@attrs.frozen(kw_only=True)
class Choice:
    """One supplier that was compared: what was found, its place, and whether it was chosen."""

    place: int
    supplier: SupplierId
    survey: SurveyId
    quality_percent: int
    price_cents: Cents
    chosen: bool


def ranked(surveys: Iterable[Survey]) -> list[Survey]:
    """Order surveys by quality for the price, best first, ties by id."""
    return sorted(surveys, key=lambda one: (-Fraction(one.score_sum, one.weight_sum * one.price_cents), one.id))


def choices(network: Network, agreement: AgreementId) -> tuple[Choice, ...]:
    """Say who was compared before an agreement was signed, best first; nobody when nothing was surveyed."""
    signed = network.agreements[agreement]
    order = ranked(network.surveys[name] for name in signed.surveys)
    return tuple(
        Choice(
            place=place,
            supplier=one.supplier,
            survey=one.id,
            quality_percent=one.quality_percent,
            price_cents=one.price_cents,
            chosen=one.supplier == signed.supplier,
        )
        for place, one in enumerate(order, 1)
    )
