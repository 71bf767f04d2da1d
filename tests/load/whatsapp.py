"""How fast messages go by WhatsApp, seen at the platform: `python -m tests.load.whatsapp [--quick]`.

The platform is the twin, a process of its own that refuses the first message too many, as the real one does. What counts
is when messages were there: how many a second, how many in the fullest second wherever it begins, and how many refused.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.load.sink import Sink
from tests.load.watcher import PROJECT, Watcher

MESSAGES, LETTERS = 2_000, 5_000
A_SECOND = 80  # messages, as the platform allows
AT_MOST = 300.0  # seconds for one send
TEMPLATE = {"template": {"name": "open_on_sunday", "language": "en"}}
TICKS = os.sysconf("SC_CLK_TCK")
Dispatches = Sequence[int]


@dataclass(slots=True)
class Seen:
    """At the platform. Moments are seconds since 1970, `seconds` the messages in each second from the first one on.

    `settled`: when as many had come as go in a second; these come at once, and would flatter the pace.
    """

    taken: int
    people: int
    refused: dict[str, int]  # by the code of the platform
    first: float
    settled: float
    last: float
    fullest: int
    seconds: list[int]
    cpu: float

    @property
    def steady(self) -> float:
        """Messages a second, from then on."""
        took = self.last - self.settled
        return (self.taken - A_SECOND) / took if took > 0 else float("nan")


def main(share: int) -> None:
    messages = MESSAGES // share
    print(f"{messages:,} messages, {A_SECOND} a second at most; load average {os.getloadavg()[0]:.1f}")
    one_send("one worker", messages, workers=1)
    one_send("two workers", messages, workers=2)
    one_send("two workers, 50 ms away", messages, "--delay", "50", workers=2)
    two_sends(messages)
    beside_email(LETTERS // share, messages // 2)


def one_send(title: str, messages: int, *options: str, workers: int) -> None:
    with shop_with(messages, *options) as shop:
        with shop.at_work(workers):
            cpu, begun = shop.cpu(), time.monotonic()
            shop.until_over([shop.press(range(messages))])
            took, cpu = time.monotonic() - begun, shop.cpu() - cpu
        print_seen(title, shop.twin.seen())
        print(f"    CPU of the workers, ms a message  {cpu / messages * 1000:8.2f}, over {took:.0f} s in all")


def two_sends(messages: int) -> None:
    with shop_with(messages) as shop, shop.at_work(2):
        halves = [range(messages // 2), range(messages // 2, messages)]
        shop.until_over([shop.press(half) for half in halves])
        print_seen("two sends at once, two workers", shop.twin.seen())


def beside_email(letters: int, messages: int) -> None:
    """Each alone, then both at once, by one worker."""
    alone = email_rate(letters, 0), email_rate(0, messages)
    both = email_rate(letters, messages)
    print(f"  {letters:,} letters and {messages:,} messages at once, one worker")
    print(f"    letters a second, alone and both  {alone[0][0]:8.0f} {both[0]:8.0f}")
    print(f"    messages a second, alone and both {alone[1][1]:8.1f} {both[1]:8.1f}")


def email_rate(letters: int, messages: int) -> tuple[float, float]:
    """Letters and messages a second."""
    with Sink() as sink, shop_with(max(letters, messages), smtp_port=sink.port) as shop:
        with shop.at_work(1):
            sends = [shop.press_letters(range(letters))] if letters else []
            sends += [shop.press(range(messages))] if messages else []
            shop.until_over(sends)
        return sink.seen().steady, shop.twin.seen().steady


def print_seen(title: str, seen: Seen) -> None:
    print(f"  {title}")
    print(
        f"    messages a second, steady         {seen.steady:8.1f}   ({_spread(seen.seconds[:-1])} in each)"
    )
    print(f"    in the fullest second             {seen.fullest:8}")
    told = ", ".join(f"{code} {number} times" for code, number in seen.refused.items()) or "none"
    print(f"    refused                           {told:>8}; {seen.taken:,} taken, {seen.people:,} people")


def _spread(seconds: list[int]) -> str:
    return f"{min(seconds)} to {max(seconds)}" if seconds else "not one whole second"


# The platform, a process of its own


class Platform(Watcher[Seen]):
    def __init__(self, *options: str) -> None:
        super().__init__(Seen, "tests.load.whatsapp", "--twin", *options)
        self.url = self.said


def run_twin(delay: float) -> None:
    """Until SIGTERM; then what it saw."""
    from data.whatsapp_twin import Act, Twin

    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    twin = Twin()
    twin.account.tier = "TIER_UNLIMITED"
    twin.manners.sent = twin.manners.delivered = twin.manners.failed = None
    if delay:
        twin.act = lambda _: Act(takes=True, waits=delay)
    refused: Counter[str] = Counter()
    _count_refusals(twin, refused)
    with twin:
        print(twin.url, flush=True)
        signal.sigwait([signal.SIGTERM])
        cpu = time.process_time()
    print(json.dumps(asdict(_seen(twin, refused, cpu))), flush=True)


def _count_refusals(twin: Any, refused: "Counter[str]") -> None:
    answer = twin.desk.answer

    def counted(asked: Any) -> Any:
        answered = answer(asked)
        if asked.method == "POST" and answered.sent is None and asked.path.endswith("/messages"):
            refused[str(answered.body["error"]["code"])] += 1
        return answered

    twin.desk.__class__.answer = staticmethod(counted)


def _seen(twin: Any, refused: "Counter[str]", cpu: float) -> Seen:
    moments = sorted(one.at for one in twin.sent)
    first, last = (moments[0], moments[-1]) if moments else (0.0, 0.0)
    settled = moments[A_SECOND - 1] if len(moments) >= A_SECOND else last
    fullest = max((bisect_left(moments, at + 1.0) - i for i, at in enumerate(moments)), default=0)
    seconds = Counter(int(at - first) for at in moments)
    each = [seconds[number] for number in range(int(last - first) + 1)]
    return Seen(
        len(moments),
        len({one.number for one in twin.sent}),
        dict(refused),
        first,
        settled,
        last,
        fullest,
        each,
        cpu,
    )


# The shop


@dataclass(slots=True)
class Shop:
    folder: Path
    twin: Platform
    settings: dict[str, str]
    olive: Any
    people: list[int]
    workers: list["subprocess.Popen[bytes]"]

    @contextmanager
    def at_work(self, many: int) -> Iterator[None]:
        command = [sys.executable, str(PROJECT / "main.py"), "worker"]
        try:
            for _ in range(many):
                self.workers.append(
                    subprocess.Popen(
                        command,
                        cwd=PROJECT,
                        env={**os.environ, **self.settings},
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.PIPE,
                        stderr=subprocess.DEVNULL,
                    )
                )
            for one in self.workers:
                assert one.stdout
                one.stdout.readline()
            yield
        finally:
            for one in self.workers:
                one.terminate()
            for one in self.workers:
                one.wait(40)
            self.workers.clear()

    def cpu(self) -> float:
        """Seconds that the workers have worked."""
        return sum(_cpu_of(one.pid) for one in self.workers)

    def press(self, which: range) -> int:
        return self._press(
            {"channel": "whatsapp", "subject": "", "text_body": "", "content": TEMPLATE}, which
        )

    def press_letters(self, which: range) -> int:
        from tests.load.shop import BODY

        return self._press({"subject": "{{ firstName }}, the autumn collection", "html_body": BODY}, which)

    def _press(self, content: dict[str, Any], which: range) -> int:
        from data.database import now, unit
        from domain.sending import campaigns
        from domain.sending.launches import Press
        from jobs import sending

        audience = {"type": "manual", "customerIds": [self.people[one] for one in which]}
        with unit() as session:
            facts = {"name": "Autumn", "audience": audience, **content}
            campaign = campaigns.create(session, facts, by=self.olive, now=now()).id
        return sending.send_now(campaign, Press(), self.olive).id

    def until_over(self, sends: Dispatches) -> None:
        from data.database import reading
        from domain.sending import dispatches
        from domain.sending.dispatches import DispatchState

        until = time.monotonic() + AT_MOST
        while time.monotonic() < until:
            with reading() as session:
                if all(dispatches.get(session, one).state is not DispatchState.SENDING for one in sends):
                    return
            time.sleep(0.2)
        raise TimeoutError("the send did not end")


@contextmanager
def shop_with(customers: int, *options: str, smtp_port: int = 9) -> Iterator[Shop]:
    from data.database import close_database
    from tests.load import shop

    with ExitStack() as open_ones:
        folder = Path(open_ones.enter_context(tempfile.TemporaryDirectory()))
        twin = open_ones.enter_context(Platform(*options))
        os.environ["HANDBILL_WHATSAPP_API_URL"] = twin.url
        olive = shop.open_shop(folder, smtp_port)
        open_ones.callback(close_database)
        settings = {
            name: os.environ[name]
            for name in ("HANDBILL_DATA", "HANDBILL_SMTP_URL", "HANDBILL_WHATSAPP_API_URL")
        }
        shop.write_in(customers)
        yield Shop(folder, twin, settings, olive, _reachable(olive), [])


def _reachable(olive: Any) -> list[int]:
    """Everybody has a number and has said yes; the account is the twin's."""
    from sqlalchemy import select, update

    from data.database import now, unit
    from data.whatsapp_twin import Account
    from domain.book import consent
    from domain.book.customers import Customer
    from domain.book.suppressions import fingerprint
    from domain.results import connections
    from jobs import whatsapp

    account = Account()
    keys = ("phone_number_id", "business_account_id", "access_token", "app_secret", "verify_token")
    with unit() as session:
        connections.change(
            session, "whatsapp", {name: getattr(account, name) for name in keys}, by=olive, now=now()
        )
        people = list(session.scalars(select(Customer.id).order_by(Customer.id)))
        for number, one in enumerate(people):
            phone = f"+4917000{number:05}"
            told = {"phone": phone, "phone_key": phone, "phone_hash": fingerprint(phone)}
            session.execute(update(Customer).where(Customer.id == one).values(**told))
            consent.grant(session, one, "whatsapp", "marketing", how="form", now=now())
    whatsapp.refresh()
    return people


def _cpu_of(pid: int) -> float:
    """Linux tells; elsewhere it is not known."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / TICKS


if __name__ == "__main__":
    given = argparse.ArgumentParser()
    given.add_argument("--quick", action="store_true", help="a fifth of everything")
    given.add_argument("--twin", action="store_true", help="be the platform")
    given.add_argument("--delay", type=float, default=0, help="milliseconds until the platform answers")
    told = given.parse_args()
    if told.twin:
        run_twin(told.delay / 1000)
    else:
        main(5 if told.quick else 1)
