"""A community that lives by drawn lots: scenarios, the year of the project card, runs that can be stopped."""

from wis_engine.simulation.matchday import MatchDay
from wis_engine.simulation.run import Run, simulate
from wis_engine.simulation.scenario import Scenario

__all__ = ["MatchDay", "Run", "Scenario", "simulate"]
