"""What goes out to other systems and comes in from them."""

from wis_engine.interop.cloudevents import SOURCE, export_events
from wis_engine.interop.frames import frame
from wis_engine.interop.intake import Diagnostic, Imported, import_events
from wis_engine.interop.spreadsheets import OwnData, Sheet, read_spreadsheets

__all__ = [
    "SOURCE",
    "Diagnostic",
    "Imported",
    "OwnData",
    "Sheet",
    "export_events",
    "frame",
    "import_events",
    "read_spreadsheets",
]
