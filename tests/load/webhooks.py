"""How many reports of a provider a second: `python -m tests.load.webhooks [--seconds 60] [--rate 500]`.

A real server; posts of one signed event each over connections that stay open, first at the wanted pace, then as fast as
they are taken. Meanwhile somebody looks at the list of customers. At the end every event that was answered with 200 is
looked for in the database.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, select

from data.database import close_database, now, reading, unit
from domain.audience.audience import Audience
from domain.book.message_types import MessageType
from domain.channels.channel import Draft
from domain.channels.email import links, mark
from domain.ledger.deliveries import Delivery, State
from domain.results import connections
from domain.results.incoming import IncomingEvent
from domain.sending import launches
from domain.sending.launches import Press
from domain.shop import people
from domain.shop.people import Actor
from tests.browser.server import PASSWORD, Server, email_of, furnish, started
from tests.load.shop import write_in
from tests.twins.providers import Sent, from_sendgrid, sendgrid_event, sendgrid_keys

LETTERS, LINES, FLAT_OUT = 5_000, 64, 5.0  # messages, connections, seconds
LOOK_EVERY = 0.25  # seconds between two looks at a page
KINDS = ("processed", "delivered", "open", "click")


@dataclass(slots=True)
class Told:
    taken: int = 0
    refused: int = 0
    took: list[float] = field(default_factory=list)  # seconds from post to answer


def main(seconds: float, rate: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        owner = {"HANDBILL_OWNER_EMAIL": email_of("olive"), "HANDBILL_OWNER_PASSWORD": PASSWORD}
        with started(Path(name), owner) as server:
            furnish(server)
            address = opened()
            letters = sent()
            asyncio.run(measured(server, address, letters, seconds, rate))
            close_database()


async def measured(
    server: Server, address: str, letters: list[tuple[int, str]], seconds: float, rate: int
) -> None:
    print(f"load average {os.getloadavg()[0]:.1f}")
    async with httpx.AsyncClient(base_url=server.url, follow_redirects=True) as eyes:
        await eyes.post("/sign-in", data={"email": email_of("olive"), "password": PASSWORD})
        alone = await looks(eyes, 5.0)
        print(f"a page, nobody reports          {in_words(alone)}")
        posts = posted(letters, int(seconds * rate))
        told, meanwhile = Told(), asyncio.create_task(looks(eyes, seconds))
        began = time.monotonic()
        await asyncio.gather(*(line(server, address, posts, told, pace=(began, rate)) for _ in range(LINES)))
        lasted = time.monotonic() - began
        print(f"a page meanwhile                {in_words(await meanwhile)}")
        print(
            f"reports at {rate}/s for {seconds:.0f} s       {told.taken / lasted:.0f}/s, {in_words(told.took)}"
        )
        flat_out, began, cpu = Told(), time.monotonic(), processor_time(server)
        more = posted(letters, 100_000, began_at=1_000_000)
        await asyncio.gather(
            *(line(server, address, more, flat_out, until=began + FLAT_OUT) for _ in range(LINES))
        )
        print(f"as fast as they are taken       {flat_out.taken / (time.monotonic() - began):.0f}/s")
        cost = (processor_time(server) - cpu) / max(1, flat_out.taken)
        print(
            f"the server's processor time     {cost * 1000:.2f} ms a report, enough for {1 / cost:.0f}/s on one core"
        )
    taken = told.taken + flat_out.taken
    print(
        f"taken {taken}, refused {told.refused + flat_out.refused}, in the books {in_the_books()}, lost {taken - in_the_books()}"
    )


def opened() -> str:
    with unit() as session:
        by = olive(session)
        there = connections.change(session, "sendgrid", sendgrid_keys(), by=by, now=now()).address
    return there[there.index("/webhooks/") :]


def olive(session: object) -> Actor:
    user = people.by_email(session, email_of("olive"))  # type: ignore[arg-type]
    assert user is not None
    return user.as_actor("command")


def sent() -> list[tuple[int, str]]:
    """Messages that went out, written into the ledger as if they had."""
    write_in(LETTERS)
    draft = Draft(
        MessageType.OPERATIONAL,
        "Marlow",
        "hello@marlow.example",
        "",
        "Rings",
        "",
        "",
        "Look.",
        "Marlow",
        "4 Row",
    )
    with unit() as session:
        audience = Audience.parse({"type": "all"})
        dispatch = launches.launch_one_shot(
            session, draft, audience, Press(), channel_name="email", by=olive(session), now=now()
        )
        session.query(Delivery).filter(Delivery.state == State.QUEUED).update({"state": State.SENT})
        dispatch.finished_at = now()
        rows = session.execute(select(Delivery.id, Delivery.address_key).where(Delivery.state == State.SENT))
        return [(number, str(address)) for number, address in rows]


def posted(letters: list[tuple[int, str]], most: int, *, began_at: int = 0) -> Iterator[Sent]:
    """Signed as they go out, so that none is old."""
    for place in range(most):
        number, address = letters[place % len(letters)]
        ours = mark(links(), number, 1)
        kind = KINDS[place // len(letters) % len(KINDS)]
        said: dict[str, Any] = {"sg_message_id": f"m{number}.filter1", "at": int(now().timestamp())}
        event = sendgrid_event(kind, address, f"n{began_at + place}", mark=ours, **said)
        yield from_sendgrid([event], now())


async def line(
    server: Server,
    address: str,
    posts: Iterator[Sent],
    told: Told,
    *,
    pace: tuple[float, int] | None = None,
    until: float = float("inf"),
) -> None:
    """One connection that stays open. Bytes by hand: a client library would cost more than the server."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    for post in posts:
        if time.monotonic() > until:
            break
        if pace is not None:
            began, rate = pace
            due = began + (told.taken + told.refused) / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        at = time.monotonic()
        writer.write(in_bytes(address, post))
        status = await answered(reader)
        told.took.append(time.monotonic() - at)
        told.taken += status == 200
        told.refused += status != 200
    writer.close()


def in_bytes(address: str, post: Sent) -> bytes:
    headers = {"host": "127.0.0.1", "content-length": str(len(post.body)), **post.headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {address} HTTP/1.1\r\n{head}\r\n".encode() + post.body


async def answered(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        (int(one.split(b":")[1]) for one in head.lower().split(b"\r\n") if one.startswith(b"content-length")),
        0,
    )
    await reader.readexactly(length)
    return int(head.split(b" ", 2)[1])


async def looks(eyes: httpx.AsyncClient, seconds: float) -> list[float]:
    took, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        at = time.monotonic()
        answer = await eyes.get("/customers")
        assert answer.status_code == 200, answer.status_code
        assert answer.url.path == "/customers", answer.url.path
        took.append(time.monotonic() - at)
        await asyncio.sleep(LOOK_EVERY)
    return took


def processor_time(server: Server) -> float:
    """Seconds, of all its threads."""
    told = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def in_words(took: list[float]) -> str:
    return f"{statistics.median(took) * 1000:.0f} ms median, {sorted(took)[int(len(took) * 0.95)] * 1000:.0f} ms for 95 in 100"


def in_the_books() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(IncomingEvent)) or 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=int, default=500)
    asked = parser.parse_args()
    main(asked.seconds, asked.rate)
