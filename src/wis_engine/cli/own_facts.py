"""Facts of one's own that a command names, so that a log of an app can be read without the app."""

import os
import sys
from argparse import Namespace
from collections.abc import Iterable
from importlib import import_module
from typing import Any

from wis_engine.errors import Malformed
from wis_engine.facts import EVENTS
from wis_engine.facts.base import Event
from wis_engine.log.codec import Registry
from wis_engine.log.upcast import UPCASTS, Upcast


def own_facts(asked: Namespace) -> tuple[tuple[type[Event], ...], tuple[Upcast, ...]]:
    """Find the event types that a command names by `--events`, and their upcasts.

    Each name is that of a class, or of a list of classes and upcasts, in a
    module that Python finds from the folder where the command runs.

    Raises
    ------
    Malformed
        There is no such module or name, or something else stands there.
    """
    events: list[type[Event]] = []
    upcasts: list[Upcast] = []
    for place in asked.events or ():
        found = _found(place)
        for one in found if isinstance(found, Iterable) and not isinstance(found, (str, type)) else (found,):
            if isinstance(one, Upcast):
                upcasts.append(one)
            elif isinstance(one, type) and issubclass(one, Event):
                events.append(one)
            else:
                raise Malformed(f"--events {place}: no event type there, nor a list of them")
    return tuple(events), tuple(upcasts)


def registry_of(asked: Namespace) -> Registry:
    """Make the registry of a command: the engine's facts, and those that it names."""
    events, upcasts = own_facts(asked)
    return Registry((*EVENTS, *events), (*UPCASTS, *upcasts))


def _found(place: str) -> Any:  # noqa: ANN401 - whatever the module has
    module, _, name = place.partition(":")
    if not all(part.isidentifier() for part in (*module.split("."), name)):
        raise Malformed(f"--events {place}: not of the form MODULE:NAME")
    if (here := os.getcwd()) not in sys.path:  # noqa: PTH109 - a text, as the path of Python holds
        sys.path.append(here)
    try:
        held = import_module(module)
    except ModuleNotFoundError as error:
        raise Malformed(f"--events {place}: no module {error.name}") from None
    except Exception as error:
        raise Malformed(f"--events {place}: {module} cannot be imported ({type(error).__name__})") from error
    if not hasattr(held, name):
        raise Malformed(f"--events {place}: no {name} in {module}")
    return getattr(held, name)
