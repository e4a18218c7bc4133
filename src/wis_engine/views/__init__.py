"""Read models: one question each, answered from the facts."""

from typing import Final

from wis_engine.views.budget import Budget
from wis_engine.views.indicators import Indicators
from wis_engine.views.view import View
from wis_engine.views.vouchers import Vouchers

VIEWS: Final[dict[str, type[View]]] = {"indicators": Indicators, "budget": Budget, "vouchers": Vouchers}
"""The views by their names."""

__all__ = ["VIEWS", "Budget", "Indicators", "View", "Vouchers"]
