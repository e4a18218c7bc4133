"""What goes out to other systems and comes in from them."""

from wis_engine.interop.cloudevents import SOURCE, export_events
from wis_engine.interop.intake import Diagnostic, Imported, import_events

__all__ = ["SOURCE", "Diagnostic", "Imported", "export_events", "import_events"]
