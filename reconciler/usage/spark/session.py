"""Spark behind Ibis: started or connected to, made strict, with errors in our words."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pyarrow as pa
from ibis.expr.types import Table

from reconciler.redaction import hide
from reconciler.usage.engine import Columns
from reconciler.usage.engine_names import CONNECT, require_remote
from reconciler.usage.spark.driver import started
from reconciler.usage.spark.refusals import explaining, require_answer
from reconciler.usage.spark.workers import watched

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Work = Callable[[Iterable[pa.RecordBatch]], Iterable[pa.RecordBatch]]

_STRICT = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.session.timeZone": "UTC",
}
"""An amount that does not fit is an error, never null and never rounded; a moment is one of UTC."""

_RETRIES = 6
"""With waits that grow from 50 ms fourfold they last a minute, and those of Spark itself ten."""


class Spark:
    """One session, and the views that a reading makes in it."""

    def __init__(self, session: SparkSession) -> None:
        self.session = session
        self._before = {name: session.conf.get(name, None) for name in _STRICT}
        self._set(_STRICT)
        self.ibis = ibis.pyspark.connect(session)
        self._prefix = f"kt_budgets_{uuid.uuid4().hex[:12]}"
        self._views: list[str] = []
        self._kept: list[DataFrame] = []

    def frame(self, query: Table) -> DataFrame:
        return self.session.sql(self.ibis.compile(query))

    def view(self, name: str, frame: DataFrame) -> Table:
        """Return a data frame as a table."""
        self._views.append(f"{self._prefix}_{len(self._views)}_{name}")
        frame.createOrReplaceTempView(self._views[-1])
        return self.ibis.table(self._views[-1])

    def keep(self, name: str, query: Table) -> Table:
        """Return what is worked out once, and then lies on the disks of the workers."""
        return self._keep(name, self.frame(query))

    def made(self, name: str, rows: Sequence[tuple[Any, ...]], schema: str, function: Work, result: pa.Schema) -> Table:
        """Return, kept, what workers make of `rows`, each by itself."""
        from pyspark.sql.pandas.types import from_arrow_schema

        frame = self.session.createDataFrame(list(rows), schema).repartition(len(rows))
        return self._keep(name, frame.mapInArrow(function, from_arrow_schema(result, prefer_timestamp_ntz=True)))

    def _keep(self, name: str, frame: DataFrame) -> Table:
        from pyspark.storagelevel import StorageLevel

        self._kept.append(frame.persist(StorageLevel.DISK_ONLY))
        return self.view(name, self._kept[-1])

    def values(self, name: str, rows: Sequence[tuple[Any, ...]], schema: str) -> Table:
        return self.view(name, self.session.createDataFrame(list(rows), schema))

    def columns(self, query: Table) -> Columns:
        """Return the result as plain numpy columns; days as datetime64[D], moments in microseconds."""
        result = self.frame(query).toArrow()
        return {name: _plain(result.column(name)) for name in result.column_names}

    def tuples(self, query: Table) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.frame(query).collect()]

    def number(self, table: Table) -> int:
        return int(self.tuples(table.aggregate(n=table.count()))[0][0])

    def forget(self) -> None:
        """Leave nothing in the session: no events, no views, no settings."""
        for frame in reversed(self._kept):
            frame.unpersist()
        for view in self._views:
            self.session.catalog.dropTempView(view)
        self._views.clear()
        self._kept.clear()
        self._set(self._before)

    def _set(self, settings: Mapping[str, str | None]) -> None:
        for name, value in settings.items():
            if value is None:
                self.session.conf.unset(name)
            else:
                self.session.conf.set(name, value)


def _plain(column: Any) -> np.ndarray[Any, Any]:
    values: np.ndarray[Any, Any] = column.to_numpy()
    return values.astype("datetime64[us]") if values.dtype == "datetime64[ns]" else values


@contextmanager
def connected(engine: str) -> Iterator[Spark]:
    """Yield the Spark that `engine` names, in whose session nothing is left afterwards.

    `spark` is the one that the environment describes, else this machine; `spark://…`, `sc://…`, `local[N]` and `yarn`
    are addresses. A session of this process is used as it is, and goes on.

    Raises UsageError where the extra or Java is missing, where no server answers, and where Spark does not do what it
    is asked.
    """
    with explaining(engine):
        session, is_ours = _session(engine)
        spark = Spark(session)
        try:
            with watched(session) if is_ours else nullcontext():
                yield spark
            spark.forget()
        except BaseException:
            with suppress(Exception):
                if is_ours:
                    _ask_again(session, 0)
                spark.forget()
            raise
        finally:
            if is_ours:
                session.stop()


def _session(engine: str) -> tuple[SparkSession, bool]:
    from pyspark.sql import SparkSession

    active = SparkSession.getActiveSession()
    if active is not None:
        return active, False
    remote = engine if engine.startswith(CONNECT) else os.environ.get("SPARK_REMOTE", "") if engine == "spark" else ""
    if remote:
        require_remote(remote)
        for parameter in remote.split(";")[1:]:
            hide(parameter.partition("=")[2])
        require_answer(remote)
        session = SparkSession.builder.appName("kt-budgets").remote(remote).getOrCreate()
        _ask_again(session, _RETRIES)
        return session, True
    return started(engine), True


def _ask_again(session: SparkSession, times: int) -> None:
    """Let a client of Spark Connect ask a server that is silent so often again."""
    if type(session).__module__ == "pyspark.sql.connect.session":
        from pyspark.sql.connect.client.retries import DefaultPolicy

        remote: Any = session
        remote.client.set_retry_policies([DefaultPolicy(max_retries=times)])
