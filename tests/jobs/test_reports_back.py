"""From a message on the wire to the report about it, and back to its row: by what the message itself carries."""

from datetime import timedelta
from email import message_from_bytes, policy

from sqlalchemy import select

from data.database import now, reading, unit
from domain.channels.email import read_mark
from domain.ledger.deliveries import Delivery, Heard, State
from domain.results import feedback
from domain.results.providers import sendgrid, ses
from jobs import clock
from tests.jobs.conftest import Desk
from tests.twins.providers import from_sendgrid, notification, sendgrid_event, ses_bounce
from tests.twins.smtp_server import ScriptedServer


def test_a_message_names_itself_and_a_report_that_repeats_it_finds_its_row(desk: Desk) -> None:
    desk.write_in("Ana", "Ben")
    with desk.mail_server(ScriptedServer()) as server:
        dispatch = desk.press(desk.campaign())
        desk.until_over(dispatch)
    mails = {one.recipient: message_from_bytes(one.body, policy=policy.default) for one in server.received}
    rows = {address: line.id for address, line in desk.lines(dispatch).items()}
    for address, mail in mails.items():
        assert read_mark(mail["X-Handbill-Mark"]) == read_mark(mail["Message-ID"]) == (rows[address], 1)
    ana, ben = (mails[f"{name}@example.org"] for name in ("ana", "ben"))
    by_mark = from_sendgrid(
        [sendgrid_event("delivered", "ana@example.org", "1", mark=ana["X-Handbill-Mark"])], now()
    )
    bounce = ses_bounce("ben@example.org")
    bounce["mail"]["headers"] = [{"name": "Message-ID", "value": ben["Message-ID"]}]
    with unit() as session:
        feedback.apply(session, sendgrid.read(by_mark.body), now=now())
        feedback.apply(session, ses.read(notification(bounce, now()).body), now=now())
    assert heard() == {"ana@example.org": Heard.DELIVERED, "ben@example.org": Heard.BOUNCED}
    assert desk.books(dispatch).sent == 2


def test_a_row_in_doubt_of_which_something_was_heard_is_settled_by_the_clock(desk: Desk) -> None:
    desk.write_in("Ana")
    with desk.mail_server(ScriptedServer()):
        dispatch = desk.press(desk.campaign())
        desk.until_over(dispatch)
    with unit() as session:
        row = session.scalars(select(Delivery)).one()
        row.state, row.heard, row.heard_at = State.UNKNOWN, Heard.DELIVERED, now() - timedelta(minutes=1)
    clock.settle_proved(now())
    assert (desk.books(dispatch).sent, desk.books(dispatch).not_sure) == (1, 0)


def heard() -> dict[str | None, Heard | None]:
    with reading() as session:
        return dict(tuple(one) for one in session.execute(select(Delivery.address_key, Delivery.heard)))
