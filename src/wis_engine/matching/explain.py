"""Why: what a served need got, and what stood in the way of the others."""

from attrs import field, frozen

from wis_engine.matching.rules import Unserved
from wis_engine.matching.words import Words, words
from wis_engine.shapes import checked_id, natural
from wis_engine.values import Cents, PriceTier


@frozen(kw_only=True)
class Fallen:
    """How many offers fell at one filter."""

    stage: Unserved
    offers: int = field(validator=natural)


@frozen(kw_only=True)
class Explanation:
    """What became of one need, as data and, by `text()` and `str()`, as a sentence.

    Attributes
    ----------
    reasons
        Of a need that is not served, nothing where nobody asked why, and else
        one of four things:

        - the filter that the offers came to that came farthest, where no offer
          passes all of them (`fallen` then counts where each fell), or `chain`
          where offers pass for every step and none join;
        - the fewest of `capacity`, `budget`, `group` and `overlap` that must be
          lifted together for it to find a place, all other pools as they are;
          of several sets of one size the first in this order, so that it is a
          remedy and need not be the only one;
        - `price` without `fallen`, where it finds none though all are lifted:
          no group brings its place down to its limit;
        - `strategy`, where nothing need be lifted.
    fallen
        How many offers fell at each filter, those at which none fell left out;
        for a need with steps, those of its first step that no offer can serve.
    short_by
        With the reason `group`, and only then: how many more alike needs would
        make a pool, 1 or more.
    core
        Of a need that is served: no part of its group would pay less by itself.
    """

    need: str = field(validator=checked_id)
    served: bool
    reasons: tuple[Unserved, ...] = ()
    fallen: tuple[Fallen, ...] = ()
    short_by: int = 0
    pool: str = ""
    offers: tuple[str, ...] = ()
    people: int = 0
    core: bool = False
    share_cents: Cents = 0
    household_cents: Cents = 0
    saving_cents: Cents = 0
    grants_cents: Cents = 0
    tiers: tuple[PriceTier, ...] = ()

    def __str__(self) -> str:
        """One plain sentence in English, without anything personal."""
        return self.text("en")

    def text(self, language: str = "it") -> str:
        """Say it in one sentence, in «it» or «en»; raise `Malformed` for another language."""
        say = words(language)
        return self._served(say) if self.served else self._unserved(say)

    def _served(self, say: Words) -> str:
        return say(
            "served.line",
            need=self.need,
            company=company(self.people, say),
            offers=say.then(self.offers),
            share=say.money(self.share_cents),
            saving=say("served.saving", money=say.money(self.saving_cents)) if self.saving_cents > 0 else "",
            grants=say("served.grants", money=say.money(self.grants_cents)) if self.grants_cents else "",
            apart="" if self.core or self.people == 1 else say("served.apart"),
        )

    def _unserved(self, say: Words) -> str:
        if not self.reasons:
            why = say("unserved.unasked")
        elif self.fallen or Unserved.SERVICE in self.reasons:
            counts = ", ".join(say.count(f"fallen.{one.stage}", one.offers) for one in self.fallen)
            why = say("unserved.filtered", counts=counts or say("unserved.empty"))
        else:
            why = say.both([self._because(reason, say) for reason in self.reasons])
        return say("unserved.line", need=self.need, why=why)

    def _because(self, reason: Unserved, say: Words) -> str:
        if reason is Unserved.GROUP and self.short_by:
            return say.count("unserved.short", self.short_by)
        return say(f"reason.{reason}")


def company(people: int, say: Words) -> str:
    """Say with how many others somebody is: «alone», «with 2 more»."""
    return say("say.alone") if people == 1 else say.count("say.with", people - 1)


def euro(cents: Cents) -> str:
    """Write an amount for people: «12.50 EUR»."""
    return f"{cents // 100}.{cents % 100:02d} EUR"
