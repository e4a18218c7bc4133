"""The story of a thing: its facts, and those of what belongs to it, told in order.

Of a need these are its pools, its engagements and the vouchers that paid; of
a household its needs and vouchers. The column `tells` of the table of
relations says what belongs to what. It is followed from fact to fact and not
through links: links close, stories do not.
"""

from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import Final

from wis_engine.facts import Event, PlanAdopted, Receipt, Recorded
from wis_engine.log.log import Log
from wis_engine.network import Network
from wis_engine.network.relations import RELATIONS

TELLS: Final = {
    kind: frozenset(
        [relation.target for relation in RELATIONS if relation.tells == "forward" and relation.source == kind]
        + [relation.source for relation in RELATIONS if relation.tells == "backward" and relation.target == kind]
    )
    for kind in sorted({kind for relation in RELATIONS for kind in (relation.source, relation.target)})
}
"""Kinds whose facts belong to the story of each kind."""


def story_of(
    about: str, log: Log, network: Network, *, types: Iterable[str] | None, after: int, until: int
) -> Iterator[Recorded]:
    """Read the facts of a story, up to a position; what belongs to it is found before this answers.

    A fact that names another thing of a kind in the story, one that the story
    does not tell of, belongs elsewhere, unless it names `about` itself.
    """
    told, kinds = _told(about, log, network, until)
    facts = log.read(after=after, until=until, types=types, about=sorted(told))
    return (one for one in facts if one.fact is not None and _belongs(one.fact, about, network, told, kinds))


def _told(about: str, log: Log, network: Network, until: int) -> tuple[set[str], set[str]]:
    """Gather the ids of a story, from fact to fact, and their kinds."""
    told, kinds, waiting = {about}, {network.kind(about) or ""}, [about]
    while waiting:
        name = waiting.pop()
        tells = TELLS.get(network.kind(name) or "", frozenset())
        kinds |= tells
        for recorded in log.read(until=until, about=[name]):
            names = () if recorded.fact is None else recorded.fact.about()
            new = [one for one in names if one not in told and network.kind(one) in tells]
            told.update(new)
            waiting += new
    return told, kinds


def _belongs(fact: Event, about: str, network: Network, told: set[str], kinds: set[str]) -> bool:
    names = fact.about()
    return about in names or all(one in told for one in names if network.kind(one) in kinds)


def adoption(log: Log, plan: str, key: str) -> Receipt | None:
    """Find the receipt of a plan that was adopted under a key, whatever happened to its pools since."""
    found = next((one for one in log.read(types=[PlanAdopted.name], about=[plan]) if one.key == key), None)
    if found is None:
        return None
    batch = takewhile(lambda one: one.batch == found.batch, log.read(after=found.position - 1))
    *_, last = batch
    return Receipt(first=found.batch, last=last.position, recorded_at=found.recorded_at, repeated=True)
