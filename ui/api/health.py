"""Is everything that works by itself at work?"""

from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import Field

from data.database import now, reading
from domain.channels import channel
from domain.ledger import deliveries
from domain.sending import workers
from domain.shop import mail
from jobs.queue import queue
from ui.api.door import SignedIn, Viewer
from ui.api.shapes import Moment, Told
from ui.api.version import VERSION

router = APIRouter(tags=["Health"], route_class=SignedIn)

SILENT_AFTER: Final = timedelta(seconds=30)


class Scheduler(Told):
    heartbeat_at: Moment | None
    lag_seconds: Annotated[
        float | None, Field(description="Since the last beat; one comes every five seconds.")
    ]


class Queue(Told):
    depth: int


class ChannelHealth(Told):
    connected: bool
    practice: bool
    last_success_at: Moment | None


class Health(Told):
    status: Annotated[str, Field(description="ok, or degraded: nobody is there to send.")]
    version: str
    scheduler: Scheduler
    queue: Queue
    channels: dict[str, ChannelHealth]


@router.get("/health")
def health(by: Viewer) -> Health:
    moment = now()
    with reading() as session:
        beat = workers.last_beat(session)
        practice = mail.is_practice(session)
        channels = {
            one.name: ChannelHealth(
                connected=one.is_connected(session),
                practice=practice and one.name == "email",
                last_success_at=deliveries.last_success(session, one.name),
            )
            for one in channel.every()
        }
    return Health(
        status="ok" if beat is not None and moment - beat <= SILENT_AFTER else "degraded",
        version=VERSION,
        scheduler=Scheduler(heartbeat_at=beat, lag_seconds=_lag(beat, moment)),
        queue=Queue(depth=queue().depth()),
        channels=channels,
    )


def _lag(beat: datetime | None, moment: datetime) -> float | None:
    return round(max(0.0, (moment - beat).total_seconds()), 1) if beat is not None else None
