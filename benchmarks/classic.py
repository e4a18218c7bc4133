"""Generalized assignment and facilities with one source: `python -m benchmarks.classic [name ...]`.

Readers for the public text formats, generators by the published recipes, and
`optimal` beside HiGHS, each in a process of its own. An instance becomes a
`Problem` with explicit options: a job or a customer is a need, an agent or a
facility an offer, a use of capacity the minutes of an option and a cost its
price. All needs count the same, so that the plan covers as many as it can and
then costs as little as it can: the classic problem wherever it can be solved.

Sources. Formats: J. E. Beasley, «OR-Library», 1990 (`gap` and `cap`); Holmberg,
Rönnqvist and Yuan, «An exact algorithm for the capacitated facility location
problems with single sourcing», 1999. Classes A to D: Chu and Beasley, «A
genetic algorithm for the generalised assignment problem», 1997; E: Laguna,
Kelly, González-Velarde and Glover, «Tabu search for the multilevel generalized
assignment problem», 1995. Facilities: Cornuéjols, Sridharan and Thizy, «A
comparison of heuristics and relaxations for the capacitated plant location
problem», 1991.
"""

import json
import math
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

import attrs

from wis_engine.matching import Need, Offer, Option, Problem, solve

GAP_SIZES = ((5, 100), (10, 100), (20, 100), (10, 200), (20, 200))
FACILITY_SIZES = ((10, 50), (20, 50), (30, 150))
CLASSES = "ABCDE"
RATIOS = {"tight": 1.5, "loose": 3.0}
GOAL_PERCENT = 0.5
PEER_SECONDS = 30
EFFORT = 100


@attrs.frozen(kw_only=True)
class Instance:
    """What it costs and takes that an agent does a job, how much an agent has, and what it costs to begin with it."""

    costs: tuple[tuple[int, ...], ...]
    uses: tuple[tuple[int, ...], ...]
    capacities: tuple[int, ...]
    openings: tuple[int, ...]

    @property
    def agents(self) -> int:
        return len(self.capacities)

    @property
    def jobs(self) -> int:
        return len(self.costs[0])


# The public formats.


def read_gap(text: str) -> list[Instance]:
    """Read generalized assignment problems: sizes, costs and uses agent by agent, capacities.

    The number of problems may come first, as it does in some files and not in
    others: whichever reading takes up the whole text is right.
    """
    numbers = [int(word) for word in text.split()]
    for start, count in ((1, numbers[0] if numbers else 0), (0, None)):
        found = _gaps(numbers, start, count)
        if found:
            return found
    raise ValueError("no generalized assignment problems")


def _gaps(numbers: list[int], at: int, count: int | None) -> list[Instance]:
    found: list[Instance] = []
    while at + 1 < len(numbers):
        agents, jobs = numbers[at : at + 2]
        size, at = agents * jobs, at + 2
        end = at + 2 * size + agents
        if agents < 1 or jobs < 1 or end > len(numbers):
            return []
        found.append(
            Instance(
                costs=_rows(numbers[at : at + size], jobs),
                uses=_rows(numbers[at + size : at + 2 * size], jobs),
                capacities=tuple(numbers[end - agents : end]),
                openings=(0,) * agents,
            )
        )
        at = end
    return found if at == len(numbers) and count in (None, len(found)) else []


def _rows(numbers: Sequence[int], width: int) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(numbers[at : at + width]) for at in range(0, len(numbers), width))


def read_facilities(text: str, *, by_customer: bool, capacity: int | None = None) -> tuple[Instance, int]:
    """Read one facility location problem, and by how much its costs were multiplied to be whole.

    Parameters
    ----------
    by_customer
        `cap` files of the OR-Library: each customer with its demand and a row
        of costs. Else those of Holmberg: all demands, then a row of costs for
        each facility. Both begin with the sizes and, for each facility, its
        capacity and what it costs to open it.
    capacity
        What the word «capacity» stands for in some `cap` files.
    """
    words = [Decimal(capacity) if word == "capacity" and capacity else Decimal(word) for word in text.split()]
    facilities, customers = int(words[0]), int(words[1])
    if len(words) != 2 + 2 * facilities + customers * (1 + facilities):
        raise ValueError("no facility location problem")
    capacities, openings = words[2 : 2 + 2 * facilities : 2], words[3 : 3 + 2 * facilities : 2]
    rest = words[2 + 2 * facilities :]
    if by_customer:
        demands = rest[:: 1 + facilities]
        costs = [rest[1 + facility :: 1 + facilities] for facility in range(facilities)]
    else:
        demands = rest[:customers]
        costs = [rest[at : at + customers] for at in range(customers, len(rest), customers)]
    money = [*openings, *(cost for row in costs for cost in row)]
    scale = 10 ** max(0, *(-int(cost.as_tuple().exponent) for cost in money))
    made = Instance(
        costs=tuple(tuple(int(cost * scale) for cost in row) for row in costs),
        uses=(tuple(_whole(demand) for demand in demands),) * facilities,
        capacities=tuple(int(capacity) for capacity in capacities),
        openings=tuple(int(opening * scale) for opening in openings),
    )
    return made, scale


def _whole(number: Decimal) -> int:
    if number != int(number):
        raise ValueError("a demand is no whole number")
    return int(number)


# The published recipes.


def gap(kind: str, agents: int, jobs: int, seed: int = 0) -> Instance:
    """Draw a generalized assignment problem of one of the classes A to E."""
    rng = random.Random(f"{kind}-{agents}-{jobs}-{seed}")
    cells = [[_cell(rng, kind) for _ in range(jobs)] for _ in range(agents)]
    costs = tuple(tuple(cost for cost, _ in row) for row in cells)
    uses = tuple(tuple(use for _, use in row) for row in cells)
    if kind in "AB":
        loads = [0] * agents
        for job in range(jobs):
            cheapest = min(range(agents), key=lambda agent: (costs[agent][job], agent))
            loads[cheapest] += uses[cheapest][job]
        largest = 9 * jobs // agents + math.ceil(0.4 * max(loads))
        capacities = [largest if kind == "A" else largest * 7 // 10] * agents
    else:
        capacities = [8 * sum(row) // (10 * agents) for row in uses]
    return Instance(costs=costs, uses=uses, capacities=tuple(capacities), openings=(0,) * agents)


def _cell(rng: random.Random, kind: str) -> tuple[int, int]:
    """Draw cost and use."""
    if kind in "ABC":
        use = rng.randint(5, 25)
        return rng.randint(10, 50), use
    if kind == "D":
        use = rng.randint(1, 100)
        return 111 - use + rng.randint(-10, 10), use
    exact = 1 - 10 * math.log(1 - rng.random())
    return max(0, round(1_000 / exact - 10 * rng.random())), max(1, round(exact))


def facilities(count: int, customers: int, ratio: float, seed: int = 0) -> Instance:
    """Draw facilities and customers in a square; all capacities together are so many times the demand."""
    rng = random.Random(f"{count}-{customers}-{ratio}-{seed}")
    places = [(rng.random(), rng.random()) for _ in range(count + customers)]
    demands = [rng.randint(5, 35) for _ in range(customers)]
    drawn = [rng.randint(10, 160) for _ in range(count)]
    capacities = [math.ceil(ratio * sum(demands) * one / sum(drawn)) for one in drawn]
    openings = [rng.randint(0, 90) + round(rng.randint(100, 110) * math.sqrt(capacity)) for capacity in capacities]
    return Instance(
        costs=tuple(
            tuple(
                round(10 * demand * math.dist(here, there))
                for there, demand in zip(places[count:], demands, strict=True)
            )
            for here in places[:count]
        ),
        uses=(tuple(demands),) * count,
        capacities=tuple(capacities),
        openings=tuple(openings),
    )


def instances() -> dict[str, Callable[[], Instance]]:
    """All that the table has, by name, each drawn when it is called."""
    made: dict[str, Callable[[], Instance]] = {}
    for kind in CLASSES:
        for agents, jobs in GAP_SIZES:
            made[f"{kind} {agents}x{jobs}"] = lambda kind=kind, agents=agents, jobs=jobs: gap(kind, agents, jobs)
    for count, customers in FACILITY_SIZES:
        for name, ratio in RATIOS.items():
            made[f"facilities {count}x{customers} {name}"] = lambda count=count, customers=customers, ratio=ratio: (
                facilities(count, customers, ratio)
            )
    return made


def problem_of(made: Instance) -> Problem:
    """Write an instance as a problem whose needs count the same."""
    needs = [f"job-{job:04}" for job in range(made.jobs)]
    agents = [f"agent-{agent:03}" for agent in range(made.agents)]
    return Problem(
        needs=[Need(id=name, minutes=1) for name in needs],
        offers=[
            Offer(id=name, capacity_minutes=capacity, opening_cents=opening)
            for name, capacity, opening in zip(agents, made.capacities, made.openings, strict=True)
        ],
        options=[
            Option(need=need, offer=offer, minutes=use, price_cents=cost)
            for offer, costs, uses in zip(agents, made.costs, made.uses, strict=True)
            for need, cost, use in zip(needs, costs, uses, strict=True)
        ],
    )


# The two sides.


def by_us(made: Instance) -> dict[str, float]:
    plan = solve(problem_of(made), "optimal", effort=EFFORT)
    covered, household, _ = plan.certificate.levels
    return {"covered": covered.value, "cost": household.value, "bound": household.bound}


def by_highs(made: Instance) -> dict[str, float]:
    """Solve the classic problem, everybody served, until it is proved or the time is over."""
    import numpy as np  # noqa: PLC0415 - this side alone
    from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415 - same
    from scipy.sparse import coo_array  # noqa: PLC0415 - same

    agents, jobs = made.agents, made.jobs
    cells = agents * jobs
    agent, job = np.repeat(np.arange(agents), jobs), np.tile(np.arange(jobs), agents)
    opened = [one for one in range(agents) if made.openings[one]]
    uses = np.array(made.uses).ravel()
    once = coo_array((np.ones(cells), (job, np.arange(cells))), shape=(jobs, cells + agents))
    used = coo_array(
        (
            np.concatenate([uses, -np.array(made.capacities)]),
            (np.concatenate([agent, np.arange(agents)]), np.arange(cells + agents)),
        ),
        shape=(agents, cells + agents),
    )
    rows = [LinearConstraint(once.tocsr(), 1, 1), LinearConstraint(used.tocsr(), -np.inf, 0)]
    if opened:
        # A place only where the agent is opened: the stronger form.
        links = np.flatnonzero(np.isin(agent, opened))
        count = np.arange(len(links))
        where = np.tile(count, 2), np.concatenate([links, cells + agent[links]])
        signs = np.repeat([1.0, -1.0], len(links))
        rows.append(LinearConstraint(coo_array((signs, where), shape=(len(links), cells + agents)).tocsr(), -np.inf, 0))
    lowest = np.concatenate([np.zeros(cells), [float(one not in opened) for one in range(agents)]])
    found = milp(
        np.concatenate([np.array(made.costs).ravel(), made.openings]),
        integrality=np.ones(cells + agents),
        bounds=Bounds(lowest, 1),
        constraints=rows,
        options={"time_limit": PEER_SECONDS, "mip_rel_gap": 0.0},
    )
    if found.x is None:
        return {"covered": 0, "cost": 0, "bound": found.mip_dual_bound or 0, "proved": found.status == 2}
    return {"covered": jobs, "cost": round(found.fun), "bound": found.mip_dual_bound, "proved": found.status == 0}


SIDES = {"wis_engine": by_us, "HiGHS": by_highs}


def measure(side: str, name: str) -> dict[str, float]:
    """Solve one instance in this process."""
    made = instances()[name]()
    SIDES[side](gap("A", 2, 6))  # what is loaded is not counted
    start = time.process_time()
    answer = SIDES[side](made)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {**answer, "seconds": time.process_time() - start, "megabytes": megabytes}


def measured(side: str, name: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.classic", "--side", side, name]
    # The last line, since HiGHS 1.12 has one of its own that cannot be turned off.
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(printed.splitlines()[-1])


def lines(names: Sequence[str]) -> Iterator[str]:
    """Write the table, a line as soon as it is known."""
    heads = (
        "instance",
        "covered",
        "cost",
        "our bound",
        "HiGHS cost",
        "HiGHS bound",
        "over bound",
        "s",
        "HiGHS s",
        "goal",
    )
    yield f"| {' | '.join(heads)} |"
    yield f"| --- {'| ---: ' * (len(heads) - 2)}| --- |"
    for name in names:
        ours, peer = measured("wis_engine", name), measured("HiGHS", name)
        jobs = instances()[name]().jobs
        bound = max(ours["bound"], peer["bound"])
        over = 100 * (ours["cost"] - bound) / max(1, bound)
        reached = "reached" if ours["covered"] == jobs and over <= GOAL_PERCENT else "**not reached**"
        proved = "" if peer["proved"] else " (not proved)"
        yield (
            f"| {name} | {ours['covered']} of {jobs} | {ours['cost']:,} | {ours['bound']:,} "
            f"| {peer['cost']:,}{proved} | {peer['bound']:,.0f} "
            f"| {over:.2f} % | {ours['seconds']:.1f} | {peer['seconds']:.1f} | {reached} |"
        )


def main(names: Sequence[str] = ()) -> None:
    for line in lines(list(names) or list(instances())):
        print(line, flush=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--side", side, name]:
            print(json.dumps(measure(side, name)))
        case names:
            main(names)
