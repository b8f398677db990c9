"""How fast the numeric gradient of every entry is, beside other tools and beside the machine's matrix product.

`python -m tests.benchmarks.speed --size M --peer naive`; see README.md beside this file.
"""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from subprocess import CalledProcessError
from typing import Any

import click

from tests.benchmarks import accuracy, cold
from tests.benchmarks.processes import SideFailed, side
from tests.benchmarks.side import ACCURACY, DGEMM, PEERS, Request
from tests.benchmarks.table import Comparison, Row, lines, spread
from tests.benchmarks.workloads import CELLS, LAYOUTS, SIZES, Workload

REPEAT = {"S": 15, "M": 5, "L": 3, "XL": 3}
OURS, WHOLE, ONE_WORKER = "ours", "whole", "1 worker"
WHAT = {
    OURS: "every entry, central differences with their errors",
    WHOLE: "all of a check: both points, the analytic gradients, the verdicts, what the check could see",
    ONE_WORKER: "ours with one worker on one core",
}


def compare(workload: Workload, beside: Sequence[str], *, workers: int, repeat: int, budget: float) -> Comparison:
    """Let our side, the matrix product and the sides of these names take turns."""
    requests = {name: Request(name, workload, workers, budget) for name in (OURS, DGEMM, *beside)}
    if ONE_WORKER in beside:
        requests[ONE_WORKER] = Request(OURS, workload, 1, budget)
    with ExitStack() as running:
        sides = {name: running.enter_context(side(request)) for name, request in requests.items()}
        turns = [{name: each.turn() for name, each in sides.items()} for _ in range(repeat)]
        ready = {name: each.ready for name, each in sides.items()}
    rates = [turn[DGEMM]["gflops"] for turn in turns]
    reached = [ready[OURS]["gflop"] / turn[OURS]["seconds"] for turn in turns]
    return Comparison(
        workload=workload,
        workers=workers,
        repeat=repeat,
        entries=ready[OURS]["entries"],
        tokens=ready[OURS]["tokens"],
        gflop=ready[OURS]["gflop"],
        gflops=spread(reached),
        share=spread([each / max(rate.values()) for each, rate in zip(reached, rates, strict=True)]),
        dgemm={shape: spread([rate[shape] for rate in rates]) for shape in rates[0]},
        rss=ready[OURS]["peak_rss"],
        peak_rss=turns[-1][OURS]["peak_rss"],
        rows=tuple(_row(name, turns, ready[name]) for name in (OURS, *beside)),
    )


def _row(name: str, turns: Sequence[dict[str, Any]], ready: dict[str, Any]) -> Row:
    return Row(
        side=name,
        seconds=spread([turn[name]["seconds"] for turn in turns]),
        extrapolated=any(turn[name]["extrapolated"] for turn in turns),
        what=WHAT.get(name) or ready["what"],
        ratio=None if name == OURS else spread([turn[name]["seconds"] / turn[OURS]["seconds"] for turn in turns]),
    )


@click.command()
@click.option("--size", type=click.Choice(list(SIZES)), default="S", show_default=True)
@click.option("--cell", type=click.Choice(CELLS), default="tanh", show_default=True)
@click.option("--layout", type=click.Choice(LAYOUTS), default="column", show_default=True)
@click.option("--peer", "peers", type=click.Choice(list(PEERS)), multiple=True, help="Repeatable; none: ours alone.")
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Threads and cores.")
@click.option("--repeat", type=click.IntRange(min=1), help="Turns of each side; the default depends on the size.")
@click.option("--budget", type=float, default=10.0, show_default=True, help="Seconds after which a peer is aborted.")
@click.option("--whole", is_flag=True, help="Time all of a check, too.")
@click.option("--scaling", is_flag=True, help="Time our side with one worker, too.")
@click.option("--cold", "is_cold", is_flag=True, help="Time whole processes instead, on all cores.")
@click.option("--accuracy", "is_accuracy", is_flag=True, help="Compare with the complex step instead.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(
    size: str,
    cell: str,
    layout: str,
    peers: tuple[str, ...],
    workers: int,
    repeat: int | None,
    budget: float,
    whole: bool,
    scaling: bool,
    is_cold: bool,
    is_accuracy: bool,
    as_json: bool,
) -> None:
    """Measure our side and peers on the same cores, in turns."""
    workload, repeat = Workload(size, cell, layout), repeat or REPEAT[size]
    found: Any
    try:
        if is_cold:
            times = cold.measure(workload, repeat=repeat)
            found, text = {name: asdict(each) for name, each in times.items()}, cold.lines(workload, times)
        elif is_accuracy:
            with side(Request(ACCURACY, workload, workers, budget)) as running:
                found = running.turn()["deviations"]
            text = accuracy.lines(found)
        else:
            beside = [*([WHOLE] if whole else []), *([ONE_WORKER] if scaling else []), *peers]
            comparison = compare(workload, beside, workers=workers, repeat=repeat, budget=budget)
            found, text = asdict(comparison), lines(comparison)
    except (SideFailed, CalledProcessError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(json.dumps(found) if as_json else "\n".join(text))


if __name__ == "__main__":
    main()
