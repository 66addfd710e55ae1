"""One new process for each run, forked from one that has all libraries imported and nothing of the project."""

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, Any, TypeVar

from mutation.running import Broken, Noticed, Result

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerContext

T = TypeVar("T")

_PATIENCE_SECONDS = 300
"""For a run that waits, and so does not use up its time of work."""

TIME_OUT = "time-out"


def _answer(function: Callable[..., Result], given: tuple[Any, ...], answer: "Connection") -> None:
    try:
        answer.send(function(*given))
    except Exception as error:
        answer.send(Broken(f"{type(error).__name__}: {error}"))


class Processes:
    """Runs functions in processes of their own, several side by side."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._context: ForkServerContext = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["mutation.preload"])

    def results(
        self, runs: Sequence[tuple[T, Callable[..., Result], tuple[Any, ...]]]
    ) -> Iterator[tuple[T, Result, float]]:
        """Call functions with what they are given, begun in this order; gives each with its result and its seconds."""
        with ThreadPoolExecutor(self._count) as threads:
            under_way = {threads.submit(self._run, function, given): key for key, function, given in runs}
            try:
                for done in as_completed(under_way):
                    yield under_way[done], *done.result()
            finally:
                threads.shutdown(cancel_futures=True)

    def _run(self, function: Callable[..., Result], given: tuple[Any, ...]) -> tuple[Result, float]:
        started = time.monotonic()
        answers, answer = self._context.Pipe(duplex=False)
        process = self._context.Process(target=_answer, args=(function, given, answer), daemon=True)
        process.start()
        answer.close()
        try:
            result: Result = answers.recv() if answers.poll(_PATIENCE_SECONDS) else Noticed(TIME_OUT)
        except EOFError:
            process.join()
            if process.exitcode == -signal.SIGXCPU:
                result = Noticed(TIME_OUT)
            else:
                result = Broken(f"the process ended by itself, with {process.exitcode}")
        finally:
            process.kill()
            process.join()
            answers.close()
        return result, time.monotonic() - started
