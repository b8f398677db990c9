"""What differences of the user's own loss cost, foretold before a check begins with them."""

from math import ceil, prod

from gradcheck_rnn.analytic.cores import usable_cores
from gradcheck_rnn.cells.catalogue import CUSTOM
from gradcheck_rnn.model.draw import probe_net
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.numeric.black_box import Cost
from gradcheck_rnn.pipeline.user.user_point import UserPoint

# entries of each parameter that are named as enough for a sample
SAMPLE = 100


def foretell(at: UserPoint, cost: Cost, *, confirming: bool) -> None:
    """Tell what the differences of the user's loss take at both points, where `cost` is that of the configured one.

    The points of a screened check are told of one by one: its probe may be all of the work, or none; what it takes
    entry by entry is only told of the probe.
    """
    if (at.name == "probe") != at.plan.screens:
        return
    entries, seconds, points = cost.entries, cost.seconds, "at one point"
    if at.plan.screens:
        points = f"at the {at.name} point"
    elif at.plan.settings.check.probe:
        probe = probe_net(at.user.net, reducible=at.user.facts.sizes_may_vary)
        # the loss goes through the sequence step by step
        longer = probe.sizes.length / at.user.net.sizes.length
        same = confirming or at.user.roles is None or at.plan.only is not None
        of_probe = cost.entries if same else _entries(at, probe)
        entries, seconds = entries + of_probe, seconds + of_probe * cost.seconds_per_entry * longer
        points = "at two points"
    workers = at.user.runner.workers
    faster = _faster(at, usable_cores(), confirming=confirming)
    looks = "directions and entries" if confirming else "entries"
    at.plan.foresee(_words(f"{entries} {looks} {points}", cost, workers), seconds / workers, faster)


def foretell_screen(at: UserPoint, cost: Cost, tasks: int, *, confirming: bool) -> None:
    """Tell what the directions and entries of a screen take at one point, looked at in so many tasks of one length."""
    workers = min(at.user.runner.workers, tasks)
    looks = f"{cost.entries} directions{'' if confirming else ' and entries'} at the {at.name} point"
    faster = _faster(at, min(usable_cores(), tasks), confirming=confirming)
    at.plan.foresee(_words(looks, cost, workers), cost.seconds * ceil(tasks / workers) / tasks, faster)


def _words(looks: str, cost: Cost, workers: int) -> str:
    calls = f"{cost.calls} to {cost.most_calls}" if cost.most_calls > cost.calls else str(cost.calls)
    return (
        f"{looks}, {calls} calls of your loss each, {1e3 * cost.seconds_per_call:.2g} ms a call, on {workers} "
        f"{'process' if workers == 1 else 'processes'}"
    )


def _entries(at: UserPoint, net: Net) -> int:
    """Entries that are checked at a point of the sizes of a described net."""
    most = at.plan.settings.check.entries
    sizes = [prod(shape) for shape in net.shapes.values()]
    return sum(min(size, most) for size in sizes) if isinstance(most, int) else sum(sizes)


def _faster(at: UserPoint, useful: int, *, confirming: bool) -> list[str]:
    """What would take less time; so many processes would all have something to do."""
    check, found = at.plan.settings.check, []
    if confirming:
        found.append("check.loss: described")
    elif check.entries is None or (isinstance(check.entries, int) and check.entries > SAMPLE):
        found.append(f"check.entries: {SAMPLE} or screen")
    if at.user.runner.workers < useful:
        found.append(f"--workers {useful}")
    if not at.user.facts.has_losses:
        found.append("losses(parameter_sets, batch) in the adapter")
    if check.loss == "user":
        found.append("check.loss: auto")
    elif at.forward.problem is None and at.plan.settings.model.cell != CUSTOM:
        found.append("a configuration that describes your loss")
    return found
