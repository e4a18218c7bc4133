"""One tree of errors: what went wrong, whether it was applied, what to do.

Every error that leaves the library is a `WisError`. Each leaf says in its
attributes what a program needs (`code`, `retryable`, `outcome`, its data) and
in `str()` what a person needs: one line, with ids and positions, never a
personal value. An error passes its arguments to `Exception`, so that it can be
copied and sent to another process.
"""

from enum import StrEnum
from typing import ClassVar, NoReturn


class Outcome(StrEnum):
    """What became of the batch that raised."""

    NOT_APPLIED = "not_applied"
    APPLIED = "applied"
    UNKNOWN = "unknown"


class WisError(Exception):
    """Root of every error of this library."""

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False
    outcome: ClassVar[Outcome] = Outcome.NOT_APPLIED


class Refused(WisError):
    """History makes the fact impossible.

    Attributes
    ----------
    reason
        Member of a chapter's `StrEnum`, such as `over-voucher`.
    detail
        What the guard measured (an id, a number, a state); never personal.
    fact
        Index of the refused fact in its batch; None outside a batch.
    """

    code = "refused"

    def __init__(self, reason: StrEnum, detail: object = None) -> None:
        self.reason = reason
        self.detail = detail
        self.fact: int | None = None
        super().__init__(reason, detail)

    def __str__(self) -> str:
        """One line: where in the batch, why, and what was measured."""
        where = "" if self.fact is None else f"fact {self.fact} "
        measured = "" if self.detail is None else f" ({self.detail})"
        return f"{where}refused: {self.reason}{measured}"


def refuse(reason: StrEnum, detail: object = None) -> NoReturn:
    """Raise `Refused`; an expression, so that guards read `x or refuse(...)`."""
    raise Refused(reason, detail)


class Malformed(WisError):
    """Input that is no event, no problem or no value: type, shape or limit."""

    code = "malformed"


class Conflict(WisError):
    """Someone appended after the position that the caller named."""

    code = "conflict"

    def __init__(self, after: int, head: int) -> None:
        self.after = after
        self.head = head
        super().__init__(after, head)

    def __str__(self) -> str:
        """One line: where the caller stood, where the log stands."""
        return f"conflict: asked to append after position {self.after}, the log stands at {self.head}"


class KeyReused(WisError):
    """An idempotency key came back with other content."""

    code = "key-reused"

    def __init__(self, key: str, first: int) -> None:
        self.key = key
        self.first = first
        super().__init__(key, first)

    def __str__(self) -> str:
        """One line: which key, and where it stands."""
        return f"key reused: {self.key!r} already stands at position {self.first} with other content"


class StorageUnavailable(WisError):
    """The store could not be reached or written; nothing was written."""

    code = "storage-unavailable"
    retryable = True


class Busy(StorageUnavailable):
    """Another writer held the store for longer than the wait allowed."""

    code = "busy"


class Full(StorageUnavailable):
    """No space is left for the store to grow."""

    code = "full"


class ReadOnly(StorageUnavailable):
    """The store was opened, or lies on a medium, that cannot be written."""

    code = "read-only"
    retryable = False


class ConnectionLost(StorageUnavailable):
    """The store went away before anything was written."""

    code = "connection-lost"


class LogClosed(StorageUnavailable):
    """Whoever holds the log has closed it; open it again."""

    code = "closed"
    retryable = False


class OutcomeUnknown(WisError):
    """The commit was sent and no answer came; retry with the same key."""

    code = "outcome-unknown"
    retryable = True
    outcome = Outcome.UNKNOWN


class IntegrityError(WisError):
    """What is stored is damaged: order, content or chain."""

    code = "integrity"


class FormatError(WisError):
    """The log is newer, older or other than this release reads; untouched."""

    code = "format"


class PrivacyError(WisError):
    """The keys of sealed fields are missing or unreadable."""

    code = "privacy"


class PlanError(WisError):
    """A plan breaks a constraint of its problem or its own digest.

    Attributes
    ----------
    rule
        Short name of the broken rule, such as `capacity`.
    what
        Where the plan breaks it, in words.
    """

    code = "plan"

    def __init__(self, rule: str, what: str) -> None:
        self.rule = rule
        self.what = what
        super().__init__(rule, what)

    def __str__(self) -> str:
        """One line: which rule, and where."""
        return f"plan breaks «{self.rule}»: {self.what}"


class StrategyError(WisError):
    """Unknown strategy, or a parameter it does not take."""

    code = "strategy"
