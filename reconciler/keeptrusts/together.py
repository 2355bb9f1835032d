"""Several reads at once: all of them succeed, or the first error stands for all and the others are given up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

import anyio
from anyio.abc import TaskGroup

_Result = TypeVar("_Result")
_Item = TypeVar("_Item")


class Eventual(Generic[_Result]):
    """What a read will have returned once its block has ended."""

    def __init__(self) -> None:
        self._results: list[_Result] = []

    @property
    def value(self) -> _Result:
        return self._results[0]

    async def fill(self, read: Callable[[], Awaitable[_Result]]) -> None:
        self._results.append(await read())


class Together:
    """Starts reads inside an `together()` block."""

    def __init__(self, group: TaskGroup) -> None:
        self._group = group

    def start(self, read: Callable[[], Awaitable[_Result]]) -> Eventual[_Result]:
        """Start `read`; its value is there when the block has ended."""
        eventual: Eventual[_Result] = Eventual()
        self._group.start_soon(eventual.fill, read)
        return eventual


@asynccontextmanager
async def together() -> AsyncIterator[Together]:
    """Open a block that ends when every read started in it has; the first error ends it at once."""
    try:
        async with anyio.create_task_group() as group:
            yield Together(group)
    except BaseExceptionGroup as errors:
        raise _first(errors) from None


async def for_each(items: Iterable[_Item], read: Callable[[_Item], Awaitable[None]], *, workers: int) -> None:
    """Call `read` for every item, at most `workers` at a time."""
    waiting = iter(items)

    async def work() -> None:
        for item in waiting:
            await read(item)

    async with together() as block:
        for _ in range(workers):
            block.start(work)


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
