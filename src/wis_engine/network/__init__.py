"""What the facts add up to: entities, links, accounts, and the questions that guards ask."""

from wis_engine.network.network import Network

__all__ = ["Network"]
