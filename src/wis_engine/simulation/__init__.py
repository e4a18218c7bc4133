"""A community that lives by drawn lots: scenarios, runs that can be stopped, and many of them compared."""

from wis_engine.simulation.ensembles import Ensemble, ensemble, sweep
from wis_engine.simulation.matchday import MatchDay
from wis_engine.simulation.run import Run, simulate
from wis_engine.simulation.scenario import Scenario

__all__ = ["Ensemble", "MatchDay", "Run", "Scenario", "ensemble", "simulate", "sweep"]
