"""What the state machines share: a network that is told facts, and a model that says beforehand what happens.

The models are plain dicts and sets, written from what the facts promise and
without reading the network. A machine starts from the pilot.
"""

import datetime as dt

import stories
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from hypothesis.strategies import sampled_from
from strategies import pilot

from wis_engine.network import Network


def mostly(fitting, every):
    """Draw what fits most of the time, else anything."""
    return sampled_from([*sorted(fitting) * 4, *sorted(every)])


class Telling(RuleBasedStateMachine):
    """Tell a network facts one by one, check the model's verdict, and replay everything at the end."""

    beginning = ()

    def __init__(self):
        super().__init__()
        self.network = Network()
        self.now = stories.START
        self.told = []
        for fact in (*pilot(), *self.beginning):
            self.tell(fact, allowed=True)

    @property
    def today(self):
        return self.now.date()  # no test here is in the two hours between midnight in Milano and in UTC

    def tell(self, *facts, allowed):
        """Record a batch; it must be admitted when the model allows it, refused without a trace when not."""
        before = self.network.digest()
        reason = stories.refusal(self.network, *facts, at=self.now)
        assert (reason is None) is allowed, reason
        if allowed:
            self.told += [(self.now, fact) for fact in facts]
        else:
            assert self.network.digest() == before

    @rule(days=sampled_from([7, 30, 1]))
    def wait(self, days):
        self.now = (self.now + dt.timedelta(days=days)).replace(hour=20)

    @invariant()
    def is_sound(self):
        assert self.network.check() == ()

    def teardown(self):
        again = Network()
        for at, fact in self.told:
            stories.replay(again, [fact], at)
        assert again.digest() == self.network.digest()
