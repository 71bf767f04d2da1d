"""Practice mode's WhatsApp: it runs beside the pages, keeps what it is given, and what one does on its phones reaches the
shop by the same door as the platform's own reports."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Final

from data.config import Config
from data.database import now, reading, unit
from data.whatsapp_twin import Sent, Shown, Twin
from domain.message import practice_messages
from domain.message.practice_messages import PracticeMessage
from domain.refusal import Kind, Refusal
from domain.shop import provider_keys, shop, whatsapp_practice
from domain.shop.people import Actor, Right

log = logging.getLogger(__name__)

REMEMBERS: Final = 200  # messages; what lies on the phones stands in the database
OFF: Final = "The practice WhatsApp is not running here. Start Handbill again and try once more."
_running: Twin | None = None


@contextmanager
def running(config: Config) -> Iterator[None]:
    """While the pages are open. Should it not start, everything else does."""
    global _running
    with reading() as session:
        name = shop.read(session).name
    twin = Twin(account=whatsapp_practice.account(name), store=_keep, keeps=REMEMBERS)
    try:
        twin.start()
    except (OSError, TimeoutError):
        log.exception("The practice WhatsApp could not start")
        yield
        return
    _remember(twin)
    twin.report_to(_door(config), ask=False)
    _announce(twin.port)
    _running = twin
    try:
        yield
    finally:
        _running = None
        twin.stop()
        _announce(None)


def write(number: str, words: str, *, by: Actor) -> None:
    """They write to the shop. `number` with its +."""
    by.require(Right.VIEW)
    twin = _twin()
    _kept_from_them(number, words, twin.say(number, words))


def press(row_id: int, words: str, *, by: Actor) -> None:
    """They press a button of this message that answers by itself."""
    by.require(Right.VIEW)
    twin, row = _twin(), _row(row_id)
    _kept_from_them(row.number, words, twin.press(_sent(row), words))


def prefer(number: str, wish: str, *, by: Actor) -> None:
    """They `stop` or `resume` marketing in the app."""
    by.require(Right.VIEW)
    _twin().prefer(number, wish)


def read(row_id: int, *, by: Actor) -> None:
    by.require(Right.VIEW)
    twin, row = _twin(), _row(row_id)
    twin.read(_sent(row))
    _note(row_id, "read")


def fail(row_id: int, code: int, *, by: Actor) -> None:
    by.require(Right.VIEW)
    twin, row = _twin(), _row(row_id)
    twin.fail(_sent(row), code)
    _note(row_id, "failed", code)


def turn_template(name: str, language: str, status: str, *, by: Actor) -> None:
    """The platform pauses a template, or approves it again. What is being sent with it stands still, or may go on."""
    by.require(Right.EDIT_CAMPAIGNS)
    twin = _twin()
    if (name, language) in twin.desk.templates:
        twin.set_template(name, language, status)


def twin() -> Twin | None:
    """None where it does not run in this process."""
    return _running


def _twin() -> Twin:
    if _running is None:
        raise Refusal("twin_off", OFF, Kind.CONFLICT)
    return _running


def _door(config: Config) -> str:
    """On this computer, whatever the shop's address is from outside."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(config.host, config.host)
    shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"http://{shown}:{config.port}/webhooks/whatsapp/{provider_keys.secret('whatsapp', 1)}"


def _announce(port: int | None) -> None:
    with unit() as session:
        shop.kept(session).practice_whatsapp_port = port


def _remember(twin: Twin) -> None:
    """Whoever wrote before the restart may still be answered freely."""
    with reading() as session:
        latest = practice_messages.latest_from_them(session)
    twin.desk.windows |= {number.lstrip("+"): at.timestamp() for number, at in latest.items()}


def _keep(sent: Sent) -> None:
    with unit() as session:
        practice_messages.keep(
            session,
            number=f"+{sent.number}" if sent.number else sent.user_id,
            from_shop=True,
            message_id=sent.id,
            shown=asdict(sent.shown),
            now=datetime.fromtimestamp(sent.at, UTC),
            mark=sent.mark,
            user_id=sent.user_id,
            template=sent.template,
            language=sent.language,
            category=sent.category,
            code=sent.fails,
        )


def _kept_from_them(number: str, words: str, message_id: str) -> None:
    with unit() as session:
        practice_messages.keep(
            session, number=number, from_shop=False, message_id=message_id, shown=asdict(Shown(body=words)), now=now()
        )  # fmt: skip


def _row(row_id: int) -> PracticeMessage:
    with reading() as session:
        return practice_messages.read(session, row_id)


def _note(row_id: int, status: str, code: int = 0) -> None:
    with unit() as session:
        practice_messages.note(session, row_id, status, code=code)


def _sent(row: PracticeMessage) -> Sent:
    """As the twin had it, also when it was started anew since."""
    number = row.number.lstrip("+") if row.number.startswith("+") else ""
    return Sent(
        row.message_id, number, row.user_id, row.mark, "template", row.category, Shown(), row.template, row.language, {},
        row.at.timestamp(),
    )  # fmt: skip
