# ruff: noqa: INP001 - a script of its own, in no package
"""Make `src/wis_engine/data/nil.json` from the city's polygons of the 88 NIL.

Run with the GeoJSON of dataset ds964 of the Comune di Milano as argument:

    python docs/data/build_nil.py nil_pgt_milano2030.geojson src/wis_engine/data/nil.json

Each vertex is rounded to the microdegree (0.11 m north, 0.08 m east), so that
no border moves by more than seven centimetres; no vertex is thinned out, but
those that fall on the one before are dropped. Centroids come from the full
polygons. A ring is one flat list: first vertex, then the step from each vertex
to the next, longitude before latitude, the closing vertex left out.
"""

import json
import sys
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

# The municipio in which the centroid of each NIL lies. The polygons of the municipi (dataset ds379) are not among
# our data: NOTICE says from what the table was made.
MUNICIPI = {
    1: (1, 2, 3, 4, 7, 8),
    2: (10, 12, 13, 16, 17, 19, 20),
    3: (18, 21, 22, 23, 24),
    4: (25, 26, 27, 28, 29, 30, 31, 32, 33, 35),
    5: (5, 6, 34, 36, 37, 38, 39, 40, 41, 42, 43, 85),
    6: (44, 45, 46, 47, 48, 49, 50, 52, 53, 86),
    7: (51, 54, 55, 56, 57, 58, 60, 61, 62, 63, 68, 87, 88),
    8: (59, 64, 65, 66, 67, 69, 70, 71, 72, 73, 74, 75, 76),
    9: (9, 11, 14, 15, 77, 78, 79, 80, 81, 82, 83, 84),
}
SHORT = {"PTA": "Porta", "P.TA": "Porta", "Q.RE": "Q.re", "QT": "QT", "XXII": "XXII", "S.": "S.", "NOLO": "NoLo"}
SMALL = {"DEL", "DEI", "DEGLI", "DELLE", "IL", "IN", "SUL"}
ACCENTS = {"CITTA'": "Città", "MONLUE'": "Monluè"}

Vertex = tuple[int, int]


def readable(name: str) -> str:
    """Turn «PTA ROMANA» into «Porta Romana»."""
    words = name.split()
    return " ".join(
        SHORT.get(word) or ACCENTS.get(word) or (word.lower() if at and word in SMALL else word.capitalize())
        for at, word in enumerate(words)
    )


def whole_ring(ring: list[list[float]]) -> list[Vertex]:
    """Round a ring to microdegrees; leave out repeated vertices and the closing one."""
    rounded = [(round(lon * 1_000_000), round(lat * 1_000_000)) for lon, lat in ring]
    kept = [rounded[0], *(here for before, here in pairwise(rounded) if here != before)]
    return kept[:-1] if kept[0] == kept[-1] else kept


def flat(ring: list[Vertex]) -> Iterator[int]:
    """First vertex, then steps."""
    yield from ring[0]
    for (lon, lat), (next_lon, next_lat) in pairwise(ring):
        yield next_lon - lon
        yield next_lat - lat


def centroid(rings: list[list[Vertex]]) -> tuple[int, int]:
    """Centroid of the area between the rings, in exact arithmetic: latitude, longitude."""
    doubled = east = north = 0
    for ring, sign in zip(rings, [1] + [-1] * (len(rings) - 1), strict=True):
        crosses = [
            (a[0] + b[0], a[1] + b[1], a[0] * b[1] - b[0] * a[1])
            for a, b in zip(ring, ring[1:] + ring[:1], strict=True)
        ]
        turn = sign if sum(cross for _, _, cross in crosses) > 0 else -sign
        doubled += turn * sum(cross for _, _, cross in crosses)
        east += turn * sum(lon * cross for lon, _, cross in crosses)
        north += turn * sum(lat * cross for _, lat, cross in crosses)
    return round(Fraction(north, 3 * doubled)), round(Fraction(east, 3 * doubled))


def main(source: Path, target: Path) -> None:
    """Convert and write, one zone a line."""
    municipio_of = {nil: municipio for municipio, nils in MUNICIPI.items() for nil in nils}
    features = json.loads(source.read_text(encoding="utf-8"))["features"]
    lines = []
    for feature in sorted(features, key=lambda feature: feature["properties"]["ID_NIL"]):
        nil = feature["properties"]["ID_NIL"]
        rings = [whole_ring(ring) for ring in feature["geometry"]["coordinates"]]
        zone = {
            "nil": nil,
            "name": readable(feature["properties"]["NIL"]),
            "municipio": municipio_of[nil],
            "centroid": centroid(rings),
            "rings": [list(flat(ring)) for ring in rings],
        }
        lines.append(json.dumps(zone, ensure_ascii=False, separators=(",", ":")))
    target.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
