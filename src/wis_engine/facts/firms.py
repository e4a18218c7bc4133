"""The way of a firm into the network: approached, its sheets completed, bound by a network agreement."""

from enum import StrEnum
from typing import Any, ClassVar

import attrs
from attrs import field

from wis_engine.errors import Malformed, refuse
from wis_engine.facts.base import Event, fresh, id_field, known
from wis_engine.network import Network
from wis_engine.network.parties import Firm, FirmStage
from wis_engine.network.partners import NetworkAgreement, NetworkAgreementKind
from wis_engine.network.sizes import LinkedFirm, Sheet
from wis_engine.shapes import between, checked_id, exactly, natural, short_text, tuple_of
from wis_engine.values import Cents, FirmId, NetworkAgreementId, require_distinct


class Reason(StrEnum):
    """Why a fact of this chapter is refused."""

    OTHER_STAGE = "other-stage"
    YEAR_COMPLETED = "year-completed"
    YEAR_NOT_BEGUN = "year-not-begun"
    FIRM_NOT_MEMBER = "firm-not-member"
    ALREADY_BOUND = "already-bound"
    NOT_BOUND = "not-bound"


def before_joining(instance: object, _attribute: object, value: FirmStage) -> None:
    """Validate a stage that comes before joining, which is a fact of its own (attrs validator)."""
    if type(value) is not FirmStage or value is FirmStage.JOINED:
        raise Malformed(f"{type(instance).__name__}.stage: not one before joining")


@attrs.frozen(kw_only=True)
class FirmApproached(Event):
    """A firm came one step nearer: it was contacted, was sensitised, said that it is interested."""

    name: ClassVar[str] = "firm-approached"

    firm: FirmId = id_field()
    title: str = field(validator=short_text)
    stage: FirmStage = field(validator=before_joining)

    def check(self, network: Network) -> None:
        """Refuse any but the next stage; the first one is for a firm that nobody knows."""
        if self.firm not in network.firms:
            fresh(network, self.firm)
        expected = network.firms[self.firm].stage.next if self.firm in network.firms else FirmStage.CONTACTED
        if self.stage is not expected:
            refuse(Reason.OTHER_STAGE, expected)

    def apply(self, network: Network) -> None:
        """Put the firm, or move it on."""
        firm = network.firms.get(self.firm) or Firm(id=self.firm, title=self.title, member=False)
        network.put(firm.replace(title=self.title, stage=self.stage))


@attrs.frozen(kw_only=True)
class FirmSheetCompleted(Event):
    """A firm said what it was in one year; its class by the rules of the European Union is computed from that.

    `awu_hundredths` are annual work units. `linked` are the firms that hold
    this one, or that it holds, with their shares and figures.
    """

    name: ClassVar[str] = "firm-sheet-completed"

    firm: FirmId = id_field()
    year: int = field(validator=between(1970, 9997))
    awu_hundredths: int = field(validator=natural)
    turnover_cents: Cents = field(validator=natural)
    balance_cents: Cents = field(validator=natural)
    linked: tuple[LinkedFirm, ...] = field(default=(), validator=tuple_of(exactly(LinkedFirm)))

    def check(self, network: Network) -> None:
        """Refuse a year twice, or one that has not begun."""
        firm = known(network.firms, self.firm)
        if self.year > network.today.year:
            refuse(Reason.YEAR_NOT_BEGUN, self.year)
        if any(sheet.year == self.year for sheet in firm.sheets):
            refuse(Reason.YEAR_COMPLETED, self.year)

    def apply(self, network: Network) -> None:
        """Add the sheet."""
        sheet = Sheet(
            year=self.year,
            awu_hundredths=self.awu_hundredths,
            turnover_cents=self.turnover_cents,
            balance_cents=self.balance_cents,
            linked=self.linked,
        )
        network.put(network.firms[self.firm].completed(sheet))


def several_firms(instance: object, attribute: "attrs.Attribute[Any]", value: tuple[FirmId, ...]) -> None:
    """Validate who signs: two firms or more, nobody twice (attrs validator)."""
    tuple_of(checked_id)(instance, attribute, value)
    if len(value) < 2:  # noqa: PLR2004 - one alone is no network
        raise Malformed("NetworkAgreementSigned.firms: one alone is no network")
    require_distinct(value, "NetworkAgreementSigned.firms")


@attrs.frozen(kw_only=True)
class NetworkAgreementSigned(Event):
    """Firms of the community signed an agreement among themselves."""

    name: ClassVar[str] = "network-agreement-signed"

    network_agreement: NetworkAgreementId = id_field()
    kind: NetworkAgreementKind = field(validator=exactly(NetworkAgreementKind))
    firms: tuple[FirmId, ...] = field(validator=several_firms)

    def check(self, network: Network) -> None:
        """Refuse a firm that is no member."""
        fresh(network, self.network_agreement)
        for firm in self.firms:
            _check_member(network, firm)

    def apply(self, network: Network) -> None:
        """Put the agreement and bind its firms."""
        network.put(NetworkAgreement(id=self.network_agreement, agreement_kind=self.kind))
        for firm in self.firms:
            network.link(self.network_agreement, "binds", firm)


def _check_member(network: Network, firm: FirmId) -> None:
    if not known(network.firms, firm).member:
        refuse(Reason.FIRM_NOT_MEMBER, firm)


@attrs.frozen(kw_only=True)
class NetworkAgreementJoined(Event):
    """One more firm signed a network agreement."""

    name: ClassVar[str] = "network-agreement-joined"

    network_agreement: NetworkAgreementId = id_field()
    firm: FirmId = id_field()

    def check(self, network: Network) -> None:
        """Refuse a firm that is no member, or is bound already."""
        known(network.network_agreements, self.network_agreement)
        _check_member(network, self.firm)
        if network.links.is_open(self.network_agreement, "binds", self.firm):
            refuse(Reason.ALREADY_BOUND, self.firm)

    def apply(self, network: Network) -> None:
        """Bind the firm."""
        network.link(self.network_agreement, "binds", self.firm)


@attrs.frozen(kw_only=True)
class NetworkAgreementLeft(Event):
    """A firm is no longer bound by a network agreement."""

    name: ClassVar[str] = "network-agreement-left"

    network_agreement: NetworkAgreementId = id_field()
    firm: FirmId = id_field()

    def check(self, network: Network) -> None:
        """Refuse for a firm that is not bound."""
        known(network.network_agreements, self.network_agreement)
        known(network.firms, self.firm)
        if not network.links.is_open(self.network_agreement, "binds", self.firm):
            refuse(Reason.NOT_BOUND, self.firm)

    def apply(self, network: Network) -> None:
        """Let the firm go."""
        network.unlink(self.network_agreement, "binds", self.firm)
