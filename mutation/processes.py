"""One new process for each run, forked from one that has all libraries imported and nothing of the project."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, Any, TypeVar

from mutation.running import BrokenRunError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerContext

T = TypeVar("T")


def _answer(function: Callable[..., object], given: tuple[Any, ...], answer: "Connection") -> None:
    try:
        answer.send(function(*given))
    except BrokenRunError as error:
        answer.send(error)
    except Exception as error:
        answer.send(BrokenRunError(f"{type(error).__name__}: {error}"))


class Processes:
    """Runs functions in processes of their own, several side by side."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._context: ForkServerContext = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["mutation.preload"])

    def results(self, runs: Sequence[tuple[Callable[..., T], tuple[Any, ...]]]) -> Iterator[T]:
        """Call functions with what they are given, begun in this order; gives what they give, as they are done.

        Raises `BrokenRunError` if one of them does, or fails otherwise.
        """
        with ThreadPoolExecutor(self._count) as threads:
            under_way = [threads.submit(self._run, function, given) for function, given in runs]
            try:
                for done in as_completed(under_way):
                    yield done.result()
            finally:
                threads.shutdown(cancel_futures=True)

    def _run(self, function: Callable[..., T], given: tuple[Any, ...]) -> T:
        answers, answer = self._context.Pipe(duplex=False)
        process = self._context.Process(target=_answer, args=(function, given, answer))
        process.start()
        answer.close()
        try:
            result: T | BrokenRunError = answers.recv()
        except EOFError:
            result = BrokenRunError("a process ended by itself")
        finally:
            process.kill()
            process.join()
            answers.close()
        if isinstance(result, BrokenRunError):
            raise result
        return result
