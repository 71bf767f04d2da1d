"""How fast a campaign goes from the press to a mail server on this machine: `python -m tests.load.engine [recipients]`.

The sink is a process of its own. Everything is included: claim, snapshot, ledger, compile, SMTP, results.
"""

import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from sqlalchemy import insert

import main as handbill
from data.database import now, reading, unit
from domain.book.consent import fingerprint
from domain.book.customers import Customer
from domain.ledger import deliveries
from domain.sending import campaigns
from domain.sending.launches import Press
from domain.shop import people, shop
from domain.shop.people import Actor
from jobs import sending
from jobs.queue import queue
from jobs.worker import Worker

PROJECT = Path(__file__).parents[2]
PARAGRAPH = "<p>Every ring in the collection is made by hand in our workshop, and finished to order.</p>\n"
BODY = '<p>Dear {{ firstName | default: "friend" }} {{ lastName }},</p>\n' + PARAGRAPH * 55
AT_MOST = 300.0  # seconds


def main(recipients: int) -> None:
    with tempfile.TemporaryDirectory() as folder, Sink() as sink:
        olive = open_shop(Path(folder), sink.port)
        write_in(recipients)
        campaign_id = write_campaign(olive)
        with Worker(queue(), Path(folder)):
            time.sleep(1.0)  # the worker's own start is not the send's
            report(recipients, sink, lambda: sending.send_now(campaign_id, Press(), olive).id)


def report(recipients: int, sink: "Sink", press: "Press_") -> None:
    before, peak_before, pressed = cpu_seconds(), peak_megabytes(), time.monotonic()
    watch = threading.Thread(target=sink.watch_for_first, daemon=True)
    watch.start()
    dispatch_id = press()
    launched = time.monotonic() - pressed
    books = wait_for_end(dispatch_id)
    took = time.monotonic() - pressed
    watch.join(1)
    first = sink.first - pressed if sink.first else float("nan")
    print(f"{recipients:,} recipients over 10 connections, load average {os.getloadavg()[0]:.1f}")
    print(f"  press to rows written    {launched:8.2f} s")
    print(f"  press to first message   {first:8.2f} s")
    print(f"  press to last message    {took:8.2f} s")
    print(
        f"  messages a second        {recipients / took:8.0f}   (all) {recipients / (took - launched):8.0f}   (sending)"
    )
    print(f"  CPU s per 1,000          {(cpu_seconds() - before) / recipients * 1000:8.3f}")
    print(f"  memory added at the peak {peak_megabytes() - peak_before:8.0f} MB")
    print(f"  books                    {books}")
    print(f"  at the sink              {sink.count():,}")


Press_ = type(lambda: 0)


def wait_for_end(dispatch_id: int) -> deliveries.Books:
    until = time.monotonic() + AT_MOST
    while time.monotonic() < until:
        with reading() as session:
            books = deliveries.books(session, dispatch_id)
        if not books.queued:
            return books
        time.sleep(0.1)
    raise TimeoutError("the send did not end")


class Sink:
    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.record = Path(self.folder.name) / "received"
        self.first = 0.0
        command = [
            sys.executable,
            "-m",
            "tests.twins.smtp_server",
            "--port",
            "0",
            "--record",
            str(self.record),
        ]
        self.process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.port = int(self.process.stdout.readline().split()[-1])

    def __enter__(self) -> "Sink":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(10)
        self.folder.cleanup()

    def watch_for_first(self) -> None:
        until = time.monotonic() + AT_MOST
        while not self.first and time.monotonic() < until:
            if self.record.exists() and self.record.stat().st_size:
                self.first = time.monotonic()
            time.sleep(0.002)

    def count(self) -> int:
        return len(self.record.read_text().split())


def open_shop(folder: Path, port: int) -> Actor:
    os.environ |= {
        "HANDBILL_DATA": str(folder),
        "HANDBILL_SMTP_URL": f"smtp://127.0.0.1:{port}?security=none",
    }
    handbill.open_shop()
    with unit() as session:
        owner = people.found_shop_owner(
            session, email="olive@marlow.example", name="Olive", password="correct horse battery", now=now()
        )
        olive = owner.as_actor("command")
        facts = {"name": "Marlow", "postal_address": "1 High Street", "sender_email": "hello@marlow.example"}
        shop.change(session, facts, by=olive, now=now())
    return olive


def write_in(customers: int) -> None:
    moment = now()
    usual = {
        "active_at": moment,
        "created_at": moment,
        "updated_at": moment,
        "attrs": {},
        "last_name": "Müller",
    }
    with unit() as session:
        for start in range(0, customers, 10_000):
            addresses = [
                f"customer{i}@host{i % 97}.example" for i in range(start, min(start + 10_000, customers))
            ]
            rows = [
                {
                    "first_name": f"Anna {i % 700}",
                    "email": a,
                    "email_key": a,
                    "email_hash": fingerprint(a),
                    **usual,
                }
                for i, a in enumerate(addresses)
            ]
            session.execute(insert(Customer), rows)


def write_campaign(olive: Actor) -> int:
    content = {
        "name": "Autumn",
        "subject": "{{ firstName }}, the autumn collection is here",
        "html_body": BODY,
    }
    with unit() as session:
        return campaigns.create(session, content, by=olive, now=now()).id


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
