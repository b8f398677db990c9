"""The process that runs user code beside a Dask worker, under the same guards as on the caller's machine.

A Dask worker must not run it itself: it has threads, and user code its globals; a call that hangs would keep the
worker for ever, a crash would end it, and what is printed would come out between the worker's own lines. So the worker
starts this process, which is asked through a socket:

    python -m gradcheck_rnn.cluster.guard SOCKET

The first request is a `Charge`, and then come parcels with the shared values that they need. Each is answered by what
came of it, pickled: a value and None, or None and an exception.
"""

import contextlib
import pickle
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection

from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.runner import running
from gradcheck_rnn.analytic.session import Session
from gradcheck_rnn.analytic.worker import Runner
from gradcheck_rnn.cluster.charge import Charge, OtherSourcesError
from gradcheck_rnn.cluster.parcel import Unpacker

# seconds without a request after which the check must be over, and nobody can be told otherwise
IDLE = 60.0


def serve(connection: Connection) -> None:
    """Answer requests until there is no one left to ask."""
    charge: Charge = pickle.loads(connection.recv_bytes())
    with running(charge.code, workers=1) as runner:
        connection.send_bytes(_outcome(lambda: _load(runner, charge)))
        # the process of user code has been forked: from here on there may be threads
        requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=_take_in, args=(connection, requests), daemon=True).start()
        unpacker = Unpacker()
        with contextlib.suppress(queue.Empty):
            while True:
                request = requests.get(timeout=IDLE)
                connection.send_bytes(_outcome(lambda: _run(runner, unpacker, request)))  # noqa: B023  # called at once


def _load(runner: Runner, charge: Charge) -> None:
    charge.refuse_other_sources()
    runner.run(_loaded)


def _loaded(_session: Session) -> None:
    """Task: nothing but what comes before it, loading user code."""


def _run(runner: Runner, unpacker: Unpacker, request: bytes) -> object:
    task, arguments = unpacker.unpacked(*pickle.loads(request))
    return runner.run(task, *arguments)


def _outcome(step: Callable[[], object]) -> bytes:
    try:
        return pickle.dumps((step(), None), pickle.HIGHEST_PROTOCOL)
    except (UserCodeError, OtherSourcesError) as error:
        return pickle.dumps((None, error), pickle.HIGHEST_PROTOCOL)
    except Exception:  # a bug of ours: told in words, for not every exception can travel
        return pickle.dumps((None, RuntimeError(traceback.format_exc())), pickle.HIGHEST_PROTOCOL)


def _take_in(connection: Connection, requests: "queue.SimpleQueue[bytes]") -> None:
    """Read requests; when the worker has gone, end what is under way."""
    with contextlib.suppress(EOFError, OSError):
        while True:
            requests.put(connection.recv_bytes())
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever the worker was started with
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        serve(Connection(int(sys.argv[1])))
