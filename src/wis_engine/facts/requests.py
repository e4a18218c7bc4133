"""The life of a request: a need asked for through a channel, answered."""

from enum import StrEnum
from typing import ClassVar

import attrs
from attrs import field

from wis_engine.errors import refuse
from wis_engine.facts.base import Event, fresh, id_field, known
from wis_engine.network import Network
from wis_engine.network.guidance import AccessMode, Request, RequestState
from wis_engine.network.promises import NeedState
from wis_engine.shapes import exactly
from wis_engine.values import Channel, NeedId, RequestId


class Reason(StrEnum):
    """Why a fact of this chapter is refused."""

    NEED_OVER = "need-over"
    REQUEST_WAITING = "request-waiting"
    ALREADY_ANSWERED = "already-answered"


@attrs.frozen(kw_only=True)
class ServiceRequested(Event):
    """A service was asked for: the need says which, `channel` where, `mode` whether by hand or digitally.

    A pool is asked for by a request for each of its needs.
    """

    name: ClassVar[str] = "service-requested"

    request: RequestId = id_field()
    need: NeedId = id_field()
    channel: Channel = field(validator=exactly(Channel))
    mode: AccessMode = field(validator=exactly(AccessMode))

    def check(self, network: Network) -> None:
        """Refuse for a need that is over, or of which a request waits for its answer."""
        fresh(network, self.request)
        need = known(network.needs, self.need)
        if need.state not in (NeedState.OPEN, NeedState.POOLED):
            refuse(Reason.NEED_OVER, need.state)
        for name in network.links.targets(self.need, "asks"):
            if network.requests[RequestId(name)].state is RequestState.WAITING:
                refuse(Reason.REQUEST_WAITING, name)

    def apply(self, network: Network) -> None:
        """Put the request."""
        network.put(Request(id=self.request, need=self.need, channel=self.channel, mode=self.mode))


@attrs.frozen(kw_only=True)
class RequestAnswered(Event):
    """A request was accepted or rejected; what is asked for and not accepted cannot be booked."""

    name: ClassVar[str] = "request-answered"

    request: RequestId = id_field()
    accepted: bool = field(validator=exactly(bool))

    def check(self, network: Network) -> None:
        """Refuse a second answer."""
        state = known(network.requests, self.request).state
        if state is not RequestState.WAITING:
            refuse(Reason.ALREADY_ANSWERED, state)

    def apply(self, network: Network) -> None:
        """Accept or reject."""
        network.put(network.requests[self.request].answered(accepted=self.accepted))


def is_accepted(network: Network, need: NeedId) -> bool:
    """Say whether a need may be booked: some request was accepted, or nobody asked by one."""
    states = [network.requests[RequestId(name)].state for name in network.links.targets(need, "asks")]
    return not states or RequestState.ACCEPTED in states
