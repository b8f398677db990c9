"""Shards on a real Dask cluster: results in order, user code guarded as it is here, workers that die."""

import os
import signal
import socket
import subprocess

import numpy as np
import pytest

from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.analytic.runner import running
from gradcheck_rnn.analytic.sources import loaded_sources
from gradcheck_rnn.cluster import client
from gradcheck_rnn.cluster.client import connected
from gradcheck_rnn.errors import UsageError
from tests.analytic.adapters import RIGHT, RIGHT_GRADIENTS, code, point
from tests.cli.counting import COUNTING, THROUGH_LOSS, calls
from tests.cli.running import COMMAND, CONFIGS, PATIENCE, clean_environment
from tests.cli.test_signals import wait_for
from tests.cluster.tasks import end_worker, end_worker_once, total, user_loss

SHORT = 1.5  # seconds that a hanging call gets


# the batch says how
MISBEHAVING = (
    """
import ctypes, time

def loss(parameters, batch):
    which = int(batch.tokens[0])
    return [lambda: time.sleep(60), lambda: ctypes.string_at(0), lambda: {}["key"]][which]()
"""
    + RIGHT_GRADIENTS
)


@pytest.fixture(scope="module")
def cluster(scheduler):
    with connected(scheduler) as cluster:
        yield cluster


def sources_of(user) -> dict[str, str]:
    with running(user, workers=1) as runner:
        return runner.run(loaded_sources)


def refused(address) -> str:
    with pytest.raises(UsageError) as caught, connected(address):
        pass
    (mistake,) = caught.value.mistakes
    assert mistake.help
    return mistake.message


# --- results


def test_results_come_in_the_order_of_the_arguments(cluster, tmp_path):
    user = code(tmp_path, RIGHT)
    spread = cluster.of_code(user, sources_of(user))
    assert list(spread(user_loss, [(k,) for k in range(40)])) == [14.0 + k for k in range(40)]


def test_tasks_that_share_a_point_have_their_own_other_arguments(cluster):
    """Ten tasks at one point of 16 MB, and one at another."""
    here, there = (Point({"W": np.ones(2_000_000 + k)}, point().batch) for k in range(2))
    arguments = [*((here, k) for k in range(10)), (there, 0.0)]
    assert list(cluster.spread(total, arguments)) == [*(2e6 + k for k in range(10)), 2_000_001.0]


def test_nobody_waits_for_the_shards_of_a_spread_that_is_left(cluster):
    results = cluster.spread(total, [(point(), k) for k in range(100)])
    assert next(results) == 0.0
    results.close()
    assert list(cluster.spread(total, [(point(), 1.0)])) == [1.0]


# --- workers that die


def test_a_worker_that_dies_costs_no_result(cluster, tmp_path):
    assert list(cluster.spread(end_worker_once, [(tmp_path, k) for k in range(20)])) == list(range(20))
    assert (tmp_path / "ended").exists()


@pytest.mark.campaign  # processes are started again and again
def test_a_shard_that_ends_every_worker_ends_the_check(cluster):
    with pytest.raises(UserCodeError) as caught:
        list(cluster.spread(end_worker, [(1,)]))
    assert (caught.value.finding.kind, caught.value.finding.term) == ("crashed", "cluster")
    assert "one shard has ended every worker that ran it" in caught.value.finding.message


# --- user code


@pytest.mark.campaign  # processes are started again and again
def test_user_code_that_misbehaves_there_has_the_finding_that_it_has_here(cluster, tmp_path):
    user = code(tmp_path, MISBEHAVING, timeout=SHORT)
    spread = cluster.of_code(user, sources_of(user))
    for number, kind in enumerate(["timed-out", "crashed", "raised"]):
        with pytest.raises(UserCodeError) as there:
            list(spread(user_loss, [(0.0, number)]))
        with running(user, workers=1) as runner, pytest.raises(UserCodeError) as here:
            runner.run(user_loss, 0.0, number)
        assert there.value.finding == here.value.finding
        assert (there.value.finding.kind, there.value.finding.location.line) == (kind, 6)


def test_other_code_on_a_worker_is_refused_before_anything_runs(cluster, tmp_path):
    user = code(tmp_path, "from pathlib import Path\nPath(__file__).with_name('ran').touch()\n" + RIGHT)
    sources = {str(user.path): "another digest", str(tmp_path / "none.py"): "a digest"}
    with pytest.raises(UsageError, match=r"adapter\.py, .*none\.py, or has others"):
        cluster.of_code(user, sources)
    assert not (tmp_path / "ran").exists()


def test_a_described_net_gives_the_report_that_it_gives_here(cluster, run_here):
    here = run_here("check", CONFIGS / "elman.yaml")
    assert run_here("check", CONFIGS / "elman.yaml", "--cluster", cluster.address).out == here.out


def test_a_whole_check_there_gives_the_report_that_it_gives_here_though_a_worker_is_killed(
    cluster, adapter, tmp_path, run_here
):
    config, arguments = adapter(COUNTING, more=THROUGH_LOSS), ("--output-format", "json", "--set", "check.entries=15")
    here = run_here("check", config, *arguments)
    begun, victim = calls(tmp_path), next(iter(cluster.client.run(os.getpid).values()))
    process = subprocess.Popen(
        [*COMMAND, "check", str(config), *arguments, "--cluster", cluster.address],
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    wait_for(lambda: calls(tmp_path) > begun + 200 or process.poll() is not None)
    assert process.poll() is None
    os.kill(victim, signal.SIGKILL)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out.decode()) == (here.code, here.out)
    assert all(line.startswith(b"about ") for line in err.splitlines())


# --- addresses and versions


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("127.0.0.1:1", "no Dask scheduler answers there: Timed out"),
        ("here", "no Dask scheduler answers there: missing port number in address 'here'"),
        ("http://127.0.0.1:1", "no Dask scheduler answers there: unknown address scheme 'http'"),
    ],
)
def test_an_address_where_no_scheduler_answers_is_refused(scheduler, monkeypatch, address, told):
    monkeypatch.setattr(client, "PATIENCE", SHORT)
    assert refused(address).startswith(f"cannot use the cluster `{address}`: {told}")


def test_a_server_that_says_nothing_is_refused(scheduler, monkeypatch):
    monkeypatch.setattr(client, "PATIENCE", SHORT)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert "no Dask scheduler answers there" in refused(f"127.0.0.1:{silent.getsockname()[1]}")


def test_the_address_of_a_worker_is_refused(cluster):
    worker = next(iter(cluster.client.nthreads()))
    assert refused(worker).endswith("no Dask scheduler answers there, but a Worker")


@pytest.mark.parametrize("package", ["gradcheck_rnn.cluster.client", "numpy"])
def test_workers_with_another_version_are_refused(scheduler, monkeypatch, package):
    monkeypatch.setattr(f"{package}.__version__", "0.0.9")
    assert refused(scheduler).endswith(", and here is 0.0.9")
