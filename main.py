"""Handbill: reads the settings, mounts the doors, starts the worker. `python main.py --help` lists the commands."""

import gc
import getpass
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from sqlalchemy.exc import DatabaseError

from data.config import BadSetting, Config, read_config, use_config
from data.database import close_database, now, open_database, unit
from data.migrate import migrate as migrate_database
from data.secrets import use_keys
from domain import tables as tables  # all of them are known before the first is used
from domain.refusal import Refusal

app = typer.Typer(
    help="Marketing campaigns that a small shop can trust.", no_args_is_help=True, add_completion=False
)
user = typer.Typer(help="The people who may sign in.", no_args_is_help=True)
app.add_typer(user, name="user")


@app.command()
def serve() -> None:
    """Start the shop: pages, API, worker and, in practice mode, its own mail catcher."""
    config = open_shop()
    _require_free_port(config)
    import uvicorn

    from ui.doors import build

    _say(f"Handbill is open at {config.public_url}")
    uvicorn.run(
        build(_lifespan(config)),
        host=config.host,
        port=config.port,
        log_level="warning",
        timeout_graceful_shutdown=5,
        server_header=False,
        access_log=False,  # nobody reads it at this level, and it would be put together for every request
    )


@app.command()
def worker() -> None:
    """Only send: a second process beside `serve`, on the same data folder."""
    config = open_shop()
    stopping = threading.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: stopping.set())
    with _working(config):
        _say("Handbill's worker is running")
        stopping.wait()
    _close_shop()


@app.command()
def migrate() -> None:
    """Bring the database to this version's shape. `serve` and `worker` do it by themselves."""
    config = _config()
    with _storage_in_words(config):
        done = migrate_database(open_database(config.database_file))
        if done:
            _hold_overdue()
    _say("The database is up to date." if not done else "The database was brought up to date.")


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The zip file to write, outside the data folder.")],
) -> None:
    """Copy the database and the secret into one zip file; the shop may stay open meanwhile."""
    config = _config()
    if not config.database_file.exists():
        _stop(f"There is no database at {config.database_file} yet.")
    from data.backup import backup as write_backup

    try:
        size = write_backup(config.database_file, config.data / "secret", file)
    except OSError as problem:
        _stop(f"The backup could not be written: {problem.strerror}.")
    _say(f"Everything is in {file} ({size / 1e6:.1f} MB). Keep it where only you can read it.")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A zip file that `backup` wrote.")],
) -> None:
    """Put a backup in the place of the shop, while Handbill is stopped; what was there is kept beside it."""
    config = _config()
    from data.backup import NotRestored
    from data.backup import restore as put_back

    os.umask(0o077)
    suffix = f".before-{now():%Y%m%d-%H%M%S}"
    try:
        aside = put_back(file, config.database_file, config.data / "secret", suffix=suffix)
    except NotRestored as problem:
        _stop(str(problem))
    except OSError as problem:
        _stop(f"The backup could not be restored: {problem.strerror}.")
    _say(
        "The shop is as it was in the backup. Sends and schedules that it was in the middle of wait until the owner "
        "confirms on any page that this is the shop now."
    )
    for path in aside:
        _say(f"What was there before is kept in {path}.")


@app.command("import")
def import_list(
    file: Annotated[Path, typer.Argument(help="A table with headings: CSV, XLSX or ODS.")],
    take: Annotated[
        bool, typer.Option("--take", help="Write it into the book; otherwise only look.")
    ] = False,
    basis: Annotated[str, typer.Option(help="Why the shop may write to these people; kept as proof.")] = "",
    kind: Annotated[
        str, typer.Option(help="What one row is: customers, order, appointment ...")
    ] = "customers",
    dates: Annotated[str | None, typer.Option(help="day_first or month_first.")] = None,
    numbers: Annotated[str | None, typer.Option(help="comma or point.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Which one of a workbook.")] = None,
    add_unknown: Annotated[
        bool, typer.Option("--add-unknown", help="Records of new people add them.")
    ] = False,
    refused: Annotated[Path | None, typer.Option(help="Where to write the rows that were refused.")] = None,
    whatsapp_how: Annotated[
        str, typer.Option(help="How they agreed to WhatsApp; without it nobody is opted in.")
    ] = "",
    whatsapp_day: Annotated[str, typer.Option(help="When, as 2026-05-31; of several days the first.")] = "",
    whatsapp_words: Annotated[str, typer.Option(help="The words they saw.")] = "",
    whatsapp_everybody: Annotated[
        bool, typer.Option("--whatsapp-everybody", help="Everybody agreed, not only who is marked.")
    ] = False,
) -> None:
    """Bring a list into the customer book; without --take it is only looked at. The shop may stay open meanwhile."""
    open_shop()
    from ui import terminal

    agreed = {
        "how": whatsapp_how,
        "day": whatsapp_day,
        "words": whatsapp_words,
        "everybody": whatsapp_everybody,
    }
    meant = {
        "dates": dates,
        "numbers": numbers,
        "sheet": sheet,
        "add_unknown": add_unknown,
        "whatsapp": {name: value for name, value in agreed.items() if value},
    }
    wish = terminal.Wish(kind, {name: value for name, value in meant.items() if value}, take, basis, refused)
    try:
        for line in terminal.bring(file, wish, by=_command_line()):
            _say(line)
    except Refusal as refusal:
        _stop(refusal.sentence)
    finally:
        _close_shop()


@app.command("read-mail")
def read_mail(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE...", help="Messages as files; without any, one on standard input."),
    ] = None,
    take: Annotated[
        bool, typer.Option("--take", help="Write it into the shop's books too; the shop may stay open.")
    ] = False,
) -> None:
    """Say what returned mail means: one line of JSON for each message. A mail server may pipe bounces in."""
    from domain.results.returned.box import messages
    from domain.results.returned.printed import as_line
    from domain.results.returned.reader import read_mail as read_returned

    if take:
        open_shop()
    unread = False
    for file in files or ["-"]:
        try:
            raw = _contents(file)
        except (OSError, ValueError) as problem:
            print(
                f"{file!r} could not be read: {getattr(problem, 'strerror', None) or problem}.",
                file=sys.stderr,
            )
            unread = True
            continue
        for message in messages(raw):
            _say(as_line(file, read_returned(message)))
            if take:
                _take_mail(message)
    if take:
        _close_shop()
    if unread:
        raise typer.Exit(2)


def _take_mail(message: bytes) -> None:
    """What can't be written now is for the mail server to bring again (EX_TEMPFAIL)."""
    from sqlalchemy.exc import SQLAlchemyError

    from domain.results import collected

    try:
        with unit() as session:
            collected.take(session, collected.read([message]), now=now())
    except SQLAlchemyError as problem:
        print(f"It could not be written into the books: {problem}.", file=sys.stderr)
        raise typer.Exit(75) from None


def _contents(file: str) -> bytes:
    """At most 100 MB; what a pipe brings beyond is taken and dropped, so that the mail server sees no broken pipe."""
    if file != "-":
        with open(file, "rb") as opened:
            return opened.read(LONGEST_BOX)
    raw = sys.stdin.buffer.read(LONGEST_BOX)
    while sys.stdin.buffer.read(1_000_000):
        pass
    return raw


LONGEST_BOX = 100_000_000  # bytes


@user.command("add")
def add_user(
    email: Annotated[str, typer.Option(help="What they sign in with.")],
    role: Annotated[str, typer.Option(help="owner, manager, salesperson, workshop or accountant.")],
    name: Annotated[str, typer.Option(help="As shown to others; by default the part before the @.")] = "",
    password: Annotated[str | None, typer.Option(help="Asked for where it is left out.")] = None,
) -> None:
    """Add somebody who may sign in."""
    open_shop()
    from domain.shop import people, staff

    chosen = password if password is not None else getpass.getpass("Password: ")
    if role not in people.ROLES_FOR_PEOPLE:
        _stop(f"There is no role called {role}. Choose one of: {', '.join(people.ROLES_FOR_PEOPLE)}.")
    try:
        with unit() as session:
            added = staff.add(
                session,
                email=email,
                name=name or email.partition("@")[0],
                role=people.Role(role),
                password=chosen,
                by=_command_line(),
                now=now(),
            )
    except Refusal as refusal:
        _stop(refusal.sentence)
    _say(f"{added.name} can sign in with {added.email}.")


def open_shop() -> Config:
    """Settings, keys, database, the shop's first rows. A bad setting ends the program with one sentence."""
    os.umask(0o077)  # customers' addresses are nobody else's business on this machine
    config = use_config(_config())
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    with _storage_in_words(config):
        use_keys(config.master_secret(), config.secrets_of_before())
        if migrate_database(open_database(config.database_file)):
            _hold_overdue()
        _furnish(config)
    from jobs.queue import open_queue

    open_queue(config.database_file)
    return config


def _close_shop() -> None:
    """The last one out folds the write-ahead log back into the database file."""
    from jobs.queue import close_queue

    close_queue()
    close_database()


def _furnish(config: Config) -> None:
    """What every shop has from the first day; done again at each start, and harmless then."""
    from domain.audience import segments
    from domain.book import records, statuses
    from domain.shop import people, shop
    from jobs import fence

    with unit() as session:
        fence.look(session, now())
        shop.kept(session)
        statuses.ensure_usual(session)
        records.ensure_usual_kinds(session)
        segments.ensure_system(session, now())
        if config.owner_email and not people.there_is_an_owner(session):
            _hire_owner(session, config)


def _hold_overdue() -> None:
    """A schedule whose time passed before an update does not fire by itself at the first start after it."""
    from domain.sending import restoring

    with unit() as session:
        restoring.hold_overdue(session, restoring.DURING_UPDATE, now=now())


def _hire_owner(session: Any, config: Config) -> None:
    """The owner from the environment; the welcome pages are then skipped."""
    from domain.shop import people, shop

    try:
        owner = people.found_shop_owner(
            session,
            email=config.owner_email,
            name=config.owner_email.partition("@")[0].capitalize(),
            password=config.owner_password.get_secret_value(),
            now=now(),
        )
    except Refusal as refusal:
        _stop(f"HANDBILL_OWNER_EMAIL, HANDBILL_OWNER_PASSWORD: {refusal.sentence}")
    mine = owner.as_actor("command")
    if not shop.read(session).name:
        shop.change(
            session,
            {"name": "My shop", "sender_name": "My shop", "sender_email": owner.email},
            by=mine,
            now=now(),
        )
    shop.open_doors(session, by=mine)


def _lifespan(config: Config) -> Any:
    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        from jobs import practice_whatsapp

        with _catching(), practice_whatsapp.running(config), _working(config):
            _spare_what_stays()
            yield
        _close_shop()

    return lifespan


def _spare_what_stays() -> None:
    """What was loaded at the start never goes: looking it through for garbage stops all pages for 0.17 s each time."""
    gc.collect()
    gc.freeze()


@contextmanager
def _working(config: Config) -> Iterator[None]:
    """The worker, unless HANDBILL_WORKERS=0 leaves the sending to other processes."""
    from jobs.queue import queue
    from jobs.worker import Worker

    if not config.workers:
        yield
        return
    with Worker(queue(), config.data, threads=config.workers):
        yield


@contextmanager
def _catching() -> Iterator[None]:
    """Practice mode's mail catcher, on loopback."""
    from data.catcher import Catcher, CaughtMail
    from domain.message import practice
    from domain.shop import shop

    def store(mail: CaughtMail) -> None:
        with unit() as session:
            for recipient in mail.recipients:
                practice.keep(
                    session, sender=mail.sender, recipient=recipient, raw=mail.raw, now=mail.received_at
                )

    def announce(port: int | None) -> None:
        with unit() as session:
            shop.kept(session).practice_port = port

    catcher = Catcher()
    catcher.start(store)
    announce(catcher.port)
    try:
        yield
    finally:
        catcher.stop()
        announce(None)


def _require_free_port(config: Config) -> None:
    with socket.socket(socket.AF_INET6 if ":" in config.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((config.host, config.port))
        except OSError as problem:
            _stop(
                f"Handbill can't listen on {config.host}, port {config.port} ({problem.strerror}). "
                "Perhaps it is already running; otherwise set HANDBILL_PORT to another number."
            )


@contextmanager
def _storage_in_words(config: Config) -> Iterator[None]:
    """A full disk, or a file that is no database: one sentence instead of a stack trace."""
    try:
        yield
    except DatabaseError as problem:
        _stop(f"Handbill can't use its database {config.database_file} ({problem.orig}).")
    except OSError as problem:
        _stop(f"Handbill can't use its data folder {config.data} ({problem.strerror}).")


def _config() -> Config:
    try:
        return read_config()
    except BadSetting as problem:
        _stop(str(problem))


def _command_line() -> Any:
    """Whoever may start a program on this machine may do what the owner may."""
    from domain.shop.people import Actor, Role

    return Actor(None, "Command line", Role.OWNER, via="command")


def _say(sentence: str) -> None:
    print(sentence, flush=True)


def _stop(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise typer.Exit(2)


if __name__ == "__main__":
    app()
