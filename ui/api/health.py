"""Is everything that works by itself at work?"""

from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy.orm import Session

from data.database import now, reading
from domain.channels import channel
from domain.ledger import deliveries
from domain.sending import workers
from domain.shop import installation, mail
from jobs.queue import queue
from ui.api.door import SignedIn, Viewer
from ui.api.shapes import Moment, Told
from ui.version import VERSION

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


class InstallationHealth(Told):
    fenced: Annotated[
        bool, Field(description="Whether nothing is sent, because this may be a copy of the shop.")
    ]
    fenced_at: Moment | None = None
    copied_at: Annotated[Moment | None, Field(description="When the copy was last at work as the shop.")] = (
        None
    )
    why: Annotated[str | None, Field(description="For people, and how to go on.")] = None


class Health(Told):
    status: Annotated[
        str,
        Field(
            description="ok; degraded: nobody is there to send; fenced: this may be a copy, so nothing is sent."
        ),
    ]
    version: str
    scheduler: Scheduler
    queue: Queue
    channels: dict[str, ChannelHealth]
    installation: InstallationHealth


@router.get("/health")
def health(by: Viewer) -> Health:
    moment = now()
    with reading() as session:
        beat = workers.last_beat(session)
        practice = mail.is_practice(session)
        here = _installation(session)
        channels = {
            one.name: ChannelHealth(
                connected=one.is_connected(session),
                practice=practice if one.name == "email" else not one.is_connected(session),
                last_success_at=deliveries.last_success(session, one.name),
            )
            for one in channel.every()
        }
    return Health(
        status=_status(here, beat, moment),
        version=VERSION,
        scheduler=Scheduler(heartbeat_at=beat, lag_seconds=_lag(beat, moment)),
        queue=Queue(depth=queue().depth()),
        channels=channels,
        installation=here,
    )


def _status(here: InstallationHealth, beat: datetime | None, moment: datetime) -> str:
    if here.fenced:
        return "fenced"
    return "ok" if beat is not None and moment - beat <= SILENT_AFTER else "degraded"


def _installation(session: Session) -> InstallationHealth:
    here = installation.read(session)
    if here is None or here.fenced_at is None:
        return InstallationHealth(fenced=False)
    return InstallationHealth(
        fenced=True, fenced_at=here.fenced_at, copied_at=here.copied_at, why=installation.SENTENCE
    )


def _lag(beat: datetime | None, moment: datetime) -> float | None:
    return round(max(0.0, (moment - beat).total_seconds()), 1) if beat is not None else None
