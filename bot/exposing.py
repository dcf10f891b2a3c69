"""`/metrics`: what this process counted, and what the database said within the last ten seconds."""

from dataclasses import dataclass
from datetime import datetime

import structlog
from fastapi import APIRouter, Depends, Response
from sqlalchemy import Connection

from bot.aftercare import Aftercare
from bot.metrics_door import MetricsDoor
from handoff.load import Load, load
from store.errors import StoreError
from store.gauge import Gauge
from store.jobs import QueueDepth, depths

log = structlog.get_logger()
_FORMAT = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class _Watched:
    depths: list[QueueDepth]
    load: Load


def metrics(app: Aftercare) -> APIRouter:
    """The one route, for a process of any role. It answers while the database is away, too."""
    router, gauge, telegram = APIRouter(), Gauge(app.db, _read, clock=app.clock), app.telegram
    app.meters.follow(index=lambda: app.manual.version, polls=lambda: telegram is not None and telegram.polling.polls)

    @router.get("/metrics", include_in_schema=False, dependencies=[Depends(MetricsDoor(app.settings.metrics_token))])
    async def expose() -> Response:
        try:
            watched = await gauge.value()
        except StoreError as error:
            log.warning("metrics_without_database", error=type(error).__name__)
            app.meters.database(up=False, pool=app.db.pool())
        else:
            app.meters.database(up=True, pool=app.db.pool())
            app.meters.jobs(watched.depths)
            app.meters.load(watched.load)
        return Response(app.meters.exposition(), media_type=_FORMAT)

    return router


def _read(conn: Connection, now: datetime) -> _Watched:
    return _Watched(depths(conn, now=now), load(conn, now=now))
