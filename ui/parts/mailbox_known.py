"""The inbox for returned mail as the settings page tells of it; its password never comes here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from data.config import config
from data.database import now, reading
from domain.shop import mail, mailbox
from domain.shop import shop as shops
from domain.shop.mailbox import MailboxSettings
from ui.mail_recipes import READ_BY_IMAP, recipe_of
from ui.parts.mail_known import clock, ended
from ui.words import counted


@dataclass(frozen=True)
class Known:
    """`way` says what must lead there: its tone and sentences."""

    is_set: bool = False
    address: str = ""
    host: str = ""
    port: int = 993
    security: str = "tls"
    username: str = ""
    folder: str = "INBOX"
    marks_read: bool = False
    moves_to: str = ""
    state: tuple[str, str, str] = ("", "", "")  # tone, title, sentence
    way: tuple[str, str] = ("", "")


def known() -> Known:
    with reading() as session:
        row = mailbox.kept(session)
        shop = shops.read(session)
        accounts = mail.every(session)
        moment = now()
    if row is None:
        return Known(address=shop.reply_to or shop.sender_email)
    fixed = config().fixed_mail_account
    host = fixed.host if fixed else accounts[0].host if accounts else ""
    return Known(
        True,
        row.address,
        row.host,
        row.port,
        row.security,
        row.username,
        row.folder,
        row.marks_read,
        row.moves_to,
        _state(row, lambda at: clock(at, shop.zone, moment)),
        _way(row.address, shop.sender_email, shop.reply_to or shop.sender_email, host),
    )


def _state(row: MailboxSettings, told: Callable[[datetime], str]) -> tuple[str, str, str]:
    if row.last_error:
        since = f" Last read: {told(row.visited_at)}." if row.visited_at else ""
        sentence = f"{ended(row.last_error)}{since} Next try: {told(row.due_at)}."
        return "bad", "The inbox can't be read", sentence
    if row.visited_at is None:
        return "info", "The inbox is read in a moment", "From then on every few minutes."
    return (
        "good",
        "Handbill reads this inbox",
        f"Every few minutes. Last read: {told(row.visited_at)}.{_left_out(row)}",
    )


def _left_out(row: MailboxSettings) -> str:
    if not row.left_out:
        return ""
    many = counted(row.left_out, "message was", "messages were")
    return f" {many} left out, because the server hung up each time; nothing is lost there."


def _way(address: str, sender: str, answers: str, host: str) -> tuple[str, str]:
    """Undelivered mail goes to the sender, unless a provider keeps it; answers where the message asks for them."""
    recipe = recipe_of(host)
    keeps = recipe is not None and recipe not in READ_BY_IMAP.values()
    sentences, is_open = [], False
    if keeps and recipe is not None:
        sentences.append(
            f"{recipe.label} keeps undelivered mail to itself and tells of it under Delivery reports."
        )
    elif not _same(sender, address):
        is_open = True
        sentences.append(
            f"Undelivered mail goes back to the sender, {sender or 'who is not set yet'}. Let that mailbox forward it to "
            f"{address}, or write from {address} (Settings, Shop)."
        )
    if not _same(answers, address):
        is_open = True
        sentences.append(
            f"Answers go to {answers or 'nobody yet'}. Forward them, or set “Replies go to” to {address} (Settings, Shop)."
        )
    if not sentences:
        return "good", f"Undelivered mail and answers go to {address}, which is this inbox."
    return ("warn" if is_open else "good"), " ".join(sentences)


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()
