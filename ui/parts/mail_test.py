"""A test to oneself: one real letter by an account that is perhaps not saved yet, and the mail server's own answer."""

from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime

from sqlalchemy.orm import Session

from data import smtp
from data.config import config
from data.database import now, reading
from data.mail_account import AccountTrouble, MailAccount
from data.smtp import Answer, Fate
from domain.book.message_types import MessageType
from domain.channels.channel import Draft
from domain.channels.email import letter, message_id
from domain.refusal import Refusal
from domain.shop import mail
from domain.shop import shop as shops
from domain.shop.people import Actor, Right, User
from ui.parts.basics import alert, box, put, text

CONNECT, COMMAND, FINAL = 15.0, 30.0, 60.0  # seconds; shorter than in a send, for somebody is waiting


@dataclass(frozen=True)
class Test:
    account: MailAccount
    sender: str
    recipient: str
    body: bytes


class Outcome:
    """What the mail server said to a test, in its own words."""

    def __init__(self) -> None:
        self.room = put(box("full", testid="mail-outcome"), aria_live="polite")
        self.room.visible = False

    async def of(self, test: Test) -> None:
        self.room.clear()
        self.room.visible = True
        with self.room:
            text(f"Asking {test.account.host} …", "hb-help")
        try:
            tone, title, body = told(
                await smtp.probe(test.account, test.sender, test.recipient, test.body), test
            )
        except AccountTrouble as trouble:
            tone, title, body = "bad", "The test did not go out", trouble.sentence
        if self.room.is_deleted:
            return
        self.room.clear()
        with self.room:
            alert(title, body, tone=tone, testid=f"mail-outcome-{tone}")


def told(answer: Answer, test: Test) -> tuple[str, str, str]:
    """Tone, title and sentence."""
    words = f"{answer.code} {answer.text}".strip() if answer.code else answer.text
    said = f"{test.account.host} said: {words}" if answer.code else words
    if answer.fate is Fate.ACCEPTED:
        return (
            "good",
            f"The mail server took the test for {test.recipient}",
            f"{_ended(said)} Look into that inbox, and into its spam folder.",
        )
    if answer.fate is Fate.DEFERRED:
        return "warn", "The mail server said: later", said
    if answer.fate is Fate.REFUSED:
        return "bad", "The mail server said no", said
    return "warn", "The mail server did not answer to the end", said


def _ended(said: str) -> str:
    return said if said.endswith((".", "!", "?")) else f"{said}."


def fixed_test(by: Actor) -> Test:
    fixed = config().fixed_mail_account
    if fixed is None:
        raise Refusal("no_account", "There is no mail account to test.")
    return a_test(fixed, fixed.password, by)


def a_test(tried: MailAccount, password: str | None, by: Actor, account_id: int | None = None) -> Test:
    """A real letter to whoever asks for it, from the shop's usual sender. Without a password: the account's kept one."""
    by.require(Right.MANAGE_SHOP)
    with reading() as session:
        shop = shops.read(session)
        user = session.get(User, by.user_id)
        if user is None or not shop.sender_email:
            raise Refusal("no_sender", "Say first from which address the shop writes: Settings, Shop.")
        draft = Draft(
            message_type=MessageType.OPERATIONAL,
            from_name=shop.sender_name,
            from_email=shop.sender_email,
            reply_to=shop.reply_to,
            subject=f"A test from {shop.name}",
            preheader="",
            html_body="",
            text_body="This is the test you asked for. If you can read it, the mail account works.",
            shop_name=shop.name,
            postal_address=shop.postal_address,
            colour=shop.colour,
        )
        account = replace(
            mail.with_kept_password(session, tried, password, account_id),
            timeout=CONNECT,
            command_timeout=COMMAND,
            final_timeout=FINAL,
        )
        return Test(account, shop.sender_email, user.email, _written(session, draft, user.email, now()))


def _written(session: Session, draft: Draft, recipient: str, moment: datetime) -> bytes:
    return letter(session, draft).render(
        {},
        address=recipient,
        unsubscribe_url="",
        message_id=message_id(draft.from_email, 0, 0, int(moment.timestamp() * 1000)),
        date=format_datetime(moment),
    )
