"""Run the benchmarks that are named, or all."""

import sys

from benchmarks import assignment, classic, ensemble, graph, importing, record, rematch, threads

BENCHMARKS = {
    "assignment": assignment,
    "classic": classic,
    "ensemble": ensemble,
    "graph": graph,
    "import": importing,
    "record": record,
    "rematch": rematch,
    "threads": threads,
}


def main(names: list[str]) -> int:
    unknown = sorted(set(names) - BENCHMARKS.keys())
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(sorted(BENCHMARKS))}", file=sys.stderr)
        return 2
    for name in names or sorted(BENCHMARKS):
        print(f"## {name}\n")
        BENCHMARKS[name].main()
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
