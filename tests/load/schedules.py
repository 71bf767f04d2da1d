"""How late a schedule fires in an idle shop: `python -m tests.load.schedules`. A worker in this process, no mail leaves."""

import tempfile
import time
from datetime import timedelta
from pathlib import Path

from data.database import now, reading, unit
from domain.sending import campaigns, dispatches
from domain.sending.campaigns import Status
from jobs.queue import queue
from jobs.worker import Worker
from tests.load.shop import open_shop, write_campaign, write_in
from tests.load.sink import Sink

TIMES, AHEAD = 8, 1.3  # seconds; not a multiple of the clock's tick
AT_MOST = 10.0


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Sink() as sink:
        olive = open_shop(Path(folder), sink.port)
        write_in(1)
        with Worker(queue(), Path(folder)):
            late = [lateness(write_campaign(olive)) for _ in range(TIMES)]
        shown = ", ".join(f"{seconds:.2f}" for seconds in late)
        print(f"late by (s): {shown}; worst {max(late):.2f}, never early: {min(late) >= 0}")


def lateness(campaign_id: int) -> float:
    """From the moment it was due to the launch on record, in seconds."""
    due = now() + timedelta(seconds=AHEAD)
    with unit() as session:
        campaign = campaigns.get(session, campaign_id)
        campaign.status, campaign.scheduled_at = Status.SCHEDULED, due
    until = time.monotonic() + AT_MOST
    while time.monotonic() < until:
        with reading() as session:
            launches = dispatches.of_campaign(session, campaign_id)
        if launches:
            return (launches[0].created_at - due).total_seconds()
        time.sleep(0.05)
    raise TimeoutError("the schedule never fired")


if __name__ == "__main__":
    main()
