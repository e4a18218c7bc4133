"""Profiles of Hypothesis: the same draws for everyone, more of them at night."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile("dev", max_examples=50, stateful_step_count=30, deadline=None, derandomize=True)
settings.register_profile("ci", max_examples=200, stateful_step_count=50, deadline=None, derandomize=True)
settings.register_profile(
    "nightly", max_examples=2000, stateful_step_count=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("WIS_PROFILE", "dev"))
