"""A community that lives by drawn lots: scenarios, runs that can be stopped, and many of them compared."""

from wis_engine.simulation.comparison import Comparison, Difference, compare
from wis_engine.simulation.divergence import Divergence, causes, diverge
from wis_engine.simulation.ensembles import Ensemble, ensemble, sweep
from wis_engine.simulation.matchday import MatchDay
from wis_engine.simulation.run import Run, simulate
from wis_engine.simulation.scenario import Scenario
from wis_engine.simulation.what_ifs import WhatIf, firms_join, supplier_leaves, what_if

__all__ = [
    "Comparison",
    "Difference",
    "Divergence",
    "Ensemble",
    "MatchDay",
    "Run",
    "Scenario",
    "WhatIf",
    "causes",
    "compare",
    "diverge",
    "ensemble",
    "firms_join",
    "simulate",
    "supplier_leaves",
    "sweep",
    "what_if",
]
