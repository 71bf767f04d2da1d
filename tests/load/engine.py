"""How fast a campaign goes from the press to a mail server on this machine: `python -m tests.load.engine [--quick]`.

Everything is included: claim, snapshot, ledger, compile, SMTP, results. Each send is a process of its own, the sink
another one. Compare within one run only: machines are noisy, and both share the same cores.
"""

import argparse
import os
import statistics
from collections.abc import Callable

from tests.load import postfix
from tests.load.one_send import Measured, measure
from tests.load.postfix import Postfix
from tests.load.sink import Seen, Sink

RECIPIENTS, MANY = 20_000, 100_000
ROUNDS = 3  # of ours; the yardstick's lie between them
FEWEST = 200  # recipients of a send over all ten connections
FAR = ["--delay", "20"]  # milliseconds
FAR_ONES = {
    "PIPELINING": (6_000, FAR),
    "CHUNKING": (15_000, [*FAR, "--chunking"]),
    "neither": (1_500, [*FAR, "--no-pipelining"]),
}
Ours = list[tuple[Measured, Seen]]


def main(share: int) -> None:
    ours = print_no_latency(RECIPIENTS // share)
    print_far(share)
    many = ours_at(MANY // share)
    print_many(ours, many)


# No latency, beside Postfix's smtp-source


def print_no_latency(recipients: int) -> Ours:
    tools = postfix.found()
    print(f"{recipients:,} recipients, 10 connections, no latency; {load()}")
    ours, theirs = side_by_side(recipients, tools)
    for name, figure in LINES.items():
        print_line(name, [figure(*one) for one in ours])
    print(f"  a message on the wire        {ours[-1][1].body_size:,} bytes")
    print(f"  books                        {ours[-1][0].books}")
    print(f"  at the sink                  {ours[-1][1].messages:,}, {ours[-1][1].people:,} people")
    if tools is None:
        print(
            "  Postfix's smtp-source is not installed, so there is no ratio (HANDBILL_BENCH_POSTFIX may name it)"
        )
        return ours
    print_ratios("our sink", [seen.steady for _, seen in ours], theirs)
    print_at_smtp_sink(recipients, tools, ours[-1][1].body_size)
    return ours


LINES: dict[str, Callable[[Measured, Seen], float]] = {
    "messages a second, steady": lambda _, seen: seen.steady,
    "press to rows written, s": lambda one, _: one.launched - one.pressed,
    "press to first message, s": lambda one, seen: seen.first - one.pressed,
    "press to last message, s": lambda one, seen: seen.last - one.pressed,
    "press to books closed, s": lambda one, _: one.ended - one.pressed,
    "CPU s per 1,000": lambda one, _: (one.cpu_launch + one.cpu_sending) / one.recipients * 1000,
    "  of which the launch": lambda one, _: one.cpu_launch / one.recipients * 1000,
    "  of which the sending": lambda one, _: one.cpu_sending / one.recipients * 1000,
    "the sink's own, per 1,000": lambda _, seen: seen.cpu / seen.messages * 1000,
    "memory before, MB": lambda one, _: one.memory_before,
    "memory added at the peak, MB": lambda one, _: one.memory_added,
}


def side_by_side(recipients: int, tools: Postfix | None) -> tuple[Ours, dict[str, list[float]]]:
    """Ours, theirs, ours, theirs, ours, each into a sink of its own."""
    ours: Ours = []
    theirs: dict[str, list[float]] = {name: [] for name in KEEPS}
    for number in range(ROUNDS):
        ours.append(ours_at(recipients))
        if tools is not None and number < ROUNDS - 1:
            for name, keeps in KEEPS.items():
                theirs[name].append(theirs_at(tools, recipients, ours[-1][1].body_size, keeps=keeps))
    return ours, theirs


KEEPS = {"smtp-source": False, "smtp-source -d": True}


def print_at_smtp_sink(recipients: int, tools: Postfix, body_size: int) -> None:
    """It tells nothing about its messages: ours are told by the books, theirs by the time of the whole run."""
    ours: list[float] = []
    theirs: dict[str, list[float]] = {name: [] for name in KEEPS}
    for number in range(ROUNDS):
        with tools.listening() as port:
            ours.append(measure(port, recipients).by_books)
            for name, keeps in KEEPS.items() if number < ROUNDS - 1 else []:
                theirs[name].append(recipients / tools.send(port, recipients, body_size, keeps=keeps))
    print_line("into Postfix's smtp-sink", ours)
    print_ratios("smtp-sink", ours, theirs)


def print_ratios(where: str, ours: list[float], theirs: dict[str, list[float]]) -> None:
    for name, rates in theirs.items():
        print_line(f"{name}, {where}", rates)
        print(f"    ours over theirs           {statistics.median(ours) / statistics.median(rates):10.2f}")


# A server at a distance, and a long list


def print_far(share: int) -> None:
    for name, (recipients, options) in FAR_ONES.items():
        one, seen = ours_at(max(recipients // share, FEWEST), *options)
        print(f"20 ms to the server and back, {name}; {one.recipients:,} recipients; {load()}")
        print_line("messages a second, steady", [seen.steady])
        print_line("CPU s per 1,000, sending", [LINES["  of which the sending"](one, seen)])


def print_many(few: Ours, many: tuple[Measured, Seen]) -> None:
    print(f"{many[0].recipients:,} recipients; {load()}")
    for name, figure in LINES.items():
        print_line(name, [figure(*many)])
    usual = statistics.median(one.memory_added for one, _ in few)
    print(f"  for {few[0][0].recipients:,} it was{usual:29.1f} MB")
    print(f"  books                        {many[0].books}")


def ours_at(recipients: int, *options: str) -> tuple[Measured, Seen]:
    with Sink(*options) as sink:
        measured = measure(sink.port, recipients)
        return measured, sink.seen()


def theirs_at(tools: Postfix, messages: int, length: int, *, keeps: bool) -> float:
    with Sink() as sink:
        tools.send(sink.port, messages, length, keeps=keeps)
        return sink.seen().steady


def print_line(name: str, figures: list[float]) -> None:
    """The median, and all of them where there are several."""
    median = statistics.median(figures)
    digits = 0 if median >= 500 else 1 if median >= 20 else 3
    each = f"   ({', '.join(f'{one:,.{digits}f}' for one in figures)})" if len(figures) > 1 else ""
    print(f"  {name:<30}{median:10,.{digits}f}{each}", flush=True)


def load() -> str:
    return f"load average {os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    given = argparse.ArgumentParser()
    given.add_argument("--quick", action="store_true", help="a tenth of everything")
    main(10 if given.parse_args().quick else 1)
