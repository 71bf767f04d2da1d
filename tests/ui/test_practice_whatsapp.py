"""Practice: what is sent lies on a phone of Handbill's own, and what one does there reaches the shop by its real door."""

import time
from collections.abc import Callable, Iterator

import httpx
import pytest
from sqlalchemy import select

from data.config import Config, use_config
from data.config import config as settings
from data.database import now as present
from data.database import reading, unit
from data.whatsapp_twin import Twin
from domain.audience.reach import WHATSAPP_REACH
from domain.book import consent, customers, proof, search
from domain.book.consent import LeftOut
from domain.book.customers import Customer
from domain.book.message_types import MessageType
from domain.ledger import received, windows
from domain.ledger.deliveries import Delivery, Heard
from domain.ledger.events import Event
from domain.message import practice_messages, whatsapp_templates
from domain.message.practice_messages import PracticeMessage
from domain.refusal import Refusal
from domain.results import connections
from domain.results.incoming import IncomingEvent
from domain.sending.dispatches import Dispatch
from domain.shop import whatsapp, whatsapp_reach
from jobs import practice_whatsapp
from jobs import whatsapp as jobs
from tests.cast import Cast
from tests.twins.open_door import open_door
from tests.twins.whatsapp import ANNA, KEYS, add_anna, marked, send_to
from tests.ui.doors import open_for_business

BEN = "+441632960002"
PROGRAM = httpx.Client(verify=False, headers={"Connection": "close"})


@pytest.fixture
def config(shop_db: object) -> Iterator[Config]:
    """Of a shop whose door for reports stands open on this computer."""
    with open_door() as port:
        yield Config(port=port)


@pytest.fixture
def twin(config: Config, cast: Cast) -> Iterator[Twin]:
    open_for_business(cast)
    with practice_whatsapp.running(config):
        running = practice_whatsapp.twin()
        assert running is not None
        running.manners.sent = running.manners.delivered = running.manners.failed = 0.0
        yield running


@pytest.fixture
def anna(twin: Twin, cast: Cast) -> int:
    with unit() as session:
        anna = add_anna(session, by=cast.olive, now=present())
        consent.grant(session, anna, "whatsapp", "marketing", how="staff", now=present(), by=cast.olive)
        return anna


@pytest.fixture
def letter(anna: int) -> int:
    with unit() as session:
        return send_to(session, [anna], now=present())[0]


def send(twin: Twin, letter: int) -> PracticeMessage:
    """As the channel does; gives what lies on her phone."""
    message = {
        "messaging_product": "whatsapp", "to": ANNA, "type": "template", "biz_opaque_callback_data": marked(letter),
        "template": {"name": "open_on_sunday", "language": {"code": "en"}},
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {twin.account.access_token}"}
    where = f"{twin.url}/v24.0/{twin.account.phone_number_id}/messages"
    assert PROGRAM.post(where, json=message, headers=headers).status_code == 200
    with reading() as session:
        [newest] = practice_messages.chat(session, ANNA)
        return newest


def wait_until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def heard(letter: int) -> Heard | None:
    with reading() as session:
        return session.get_one(Delivery, letter).heard


def why(anna: int) -> str | None:
    with reading() as session:
        asked = consent.why_left_out(WHATSAPP_REACH, MessageType.MARKETING)
        return session.scalar(select(asked).where(Customer.id == anna))


def test_a_message_lies_on_the_phone_and_is_reported_as_delivered(twin: Twin, letter: int) -> None:
    row = send(twin, letter)
    assert (row.template, row.shown["body"][:16], row.status) == (
        "open_on_sunday",
        "We are open this",
        "taken",
    )
    wait_until(lambda: heard(letter) is Heard.DELIVERED)
    with reading() as session:
        [chat] = practice_messages.chats(session)
        assert (chat.number, chat.unseen) == (ANNA, 1)


def test_one_can_read_it_write_back_and_stop(twin: Twin, cast: Cast, letter: int, anna: int) -> None:
    row = send(twin, letter)
    practice_whatsapp.read(row.id, by=cast.sal)
    practice_whatsapp.write(ANNA, "Is there coffee?", by=cast.sal)
    assert twin.flush()
    with reading() as session:
        assert session.scalars(select(Event.rule)).all() == ["read_receipt"]
        assert [one.words for one in received.of(session, anna)] == ["Is there coffee?"]
        assert windows.open_until(session, anna, now=present()) is not None
        assert [one.from_shop for one in practice_messages.chat(session, ANNA)] == [True, False]
        assert practice_messages.read(session, row.id).status == "read"
    practice_whatsapp.write(ANNA, "STOP", by=cast.sal)
    assert twin.flush()
    assert why(anna) == LeftOut.OPTED_OUT


def test_one_can_stop_in_the_app_and_let_a_message_fail(
    twin: Twin, cast: Cast, letter: int, anna: int
) -> None:
    row = send(twin, letter)
    practice_whatsapp.fail(row.id, 131049, by=cast.sal)
    practice_whatsapp.prefer(ANNA, "stop", by=cast.sal)
    assert twin.flush()
    assert why(anna) == LeftOut.OPTED_OUT
    with reading() as session:
        assert (
            practice_messages.read(session, row.id).status,
            practice_messages.read(session, row.id).code,
        ) == ("failed", 131049)
    twin.clock = lambda: (
        time.time() + 2
    )  # the platform tells whole seconds, and of two words in one the no counts
    practice_whatsapp.prefer(ANNA, "resume", by=cast.sal)
    assert twin.flush()
    assert why(anna) is None


def test_after_a_restart_the_phones_are_as_they_were(
    config: Config, cast: Cast, twin: Twin, letter: int
) -> None:
    row = send(twin, letter)
    practice_whatsapp.write(ANNA, "Hello", by=cast.olive)
    assert twin.flush()
    with practice_whatsapp.running(config):
        again = practice_whatsapp.twin()
        assert again is not None
        assert again is not twin
        assert ANNA[1:] in again.desk.windows
        practice_whatsapp.read(row.id, by=cast.olive)
        assert again.flush()
    with reading() as session:
        assert session.scalars(select(Event.kind)).all() == ["opened"]


def test_once_the_shop_has_a_number_of_its_own_practice_is_not_believed(
    twin: Twin, cast: Cast, letter: int
) -> None:
    with unit() as session:
        connections.change(session, "whatsapp", dict(KEYS), by=cast.olive, now=present())
    twin.post.again = ()
    send(twin, letter)
    assert twin.flush()
    assert len(twin.post.lost) == 2
    with reading() as session:
        assert session.scalars(select(IncomingEvent.id)).all() == []


def test_a_phone_is_found_by_its_number_by_its_owner_and_by_what_was_said(cast: Cast) -> None:
    said = {ANNA: "We are open", BEN: "100% gold", "+4930123456": "Offen"}
    with unit() as session:
        add_anna(session, by=cast.olive, now=present())
        for number, words in said.items():
            shown = {"body": words}
            practice_messages.keep(
                session, number=number, from_shop=True, message_id=number, shown=shown, now=present()
            )
    found = {
        words: [one.number for one in _found(words)]
        for words in ("", "anna", "0001", "0044 1632", "030 12", "100%", "0%0", "OPEN", "+49")
    }
    assert found == {
        "": ["+4930123456", BEN, ANNA], "anna": [ANNA], "0001": [ANNA], "0044 1632": [BEN, ANNA], "030 12": ["+4930123456"],
        "100%": [BEN], "0%0": [], "OPEN": [ANNA], "+49": ["+4930123456"],
    }  # fmt: skip
    with reading() as session:
        assert practice_messages.phones(session) == (3, 3)


def _found(words: str) -> list[practice_messages.Chat]:
    with reading() as session:
        theirs = search.phones(session, words, 10) if words else []
        return practice_messages.chats(session, search=words, of=theirs)


def go_live(cast: Cast) -> None:
    """With a number of the shop's own; the platform does not answer just then."""
    use_config(settings().model_copy(update={"whatsapp_api_url": "http://127.0.0.1:9"}))
    jobs.save(KEYS, by=cast.olive)


def test_what_was_practised_does_not_count_for_the_shops_own_number(
    twin: Twin, cast: Cast, letter: int, anna: int
) -> None:
    with unit() as session:
        session.get_one(Dispatch, session.get_one(Delivery, letter).dispatch_id).practice = True
        ben = customers.create(session, {"first_name": "Ben", "phone": BEN}, by=cast.olive, now=present()).id
        whatsapp.kept(session, now=present())
        whatsapp.turns(session, [ANNA], now=present())
    row = send(twin, letter)
    practice_whatsapp.write(ANNA, "STOP", by=cast.olive)
    twin.clock = lambda: time.time() + 2  # the platform tells whole seconds
    practice_whatsapp.fail(row.id, 131026, by=cast.olive)
    practice_whatsapp.prefer(BEN, "resume", by=cast.olive)
    assert twin.flush()
    assert (why(anna), why(ben)) == (LeftOut.BAD_ADDRESS, None)
    with reading() as session:
        assert session.get_one(Customer, anna).wa_user_id
        assert windows.open_until(session, anna, now=present())
    go_live(cast)
    assert (why(anna), why(ben)) == (None, LeftOut.NO_YES)
    with reading() as session:
        assert session.get_one(Customer, anna).wa_user_id is None
        assert windows.open_until(session, anna, now=present()) is None
        assert (whatsapp_templates.every(session), whatsapp_reach.used(session, now=present())) == ([], 0)
        said = {(one.how, one.allowed) for one in proof.history(session, anna)}
        assert said == {("staff", True), ("practice_reply", False)}, "the proof keeps what it saw"


def test_whom_the_shop_really_wrote_to_counts_again_after_a_detour_through_practice(
    cast: Cast, twin: Twin
) -> None:
    go_live(cast)
    with unit() as session:
        anna = add_anna(session, by=cast.olive, now=present())
        send_to(session, [anna], now=present())
    jobs.forget(cast.olive)
    with reading() as session:
        assert whatsapp_reach.used(session, now=present()) == 0
    go_live(cast)
    with reading() as session:
        assert whatsapp_reach.used(session, now=present()) == 1


def test_a_no_from_a_practice_phone_lets_a_stranger_in_again(twin: Twin, cast: Cast) -> None:
    practice_whatsapp.write(ANNA, "STOP", by=cast.olive)
    assert twin.flush()
    go_live(cast)
    with unit() as session:
        anna = add_anna(session, by=cast.olive, now=present())
        consent.grant(session, anna, "whatsapp", "marketing", how="staff", now=present(), by=cast.olive)
    assert why(anna) is None


def test_a_template_is_paused_and_approved_again_as_the_platform_does_it(twin: Twin, cast: Cast) -> None:
    jobs.refresh()
    for status in ("PAUSED", "APPROVED"):
        practice_whatsapp.turn_template("open_on_sunday", "en", status, by=cast.olive)
        assert twin.flush()
        with reading() as session:
            row = whatsapp_templates.find(session, "open_on_sunday", "en")
            assert row is not None
            assert row.status == status
    with pytest.raises(Refusal):
        practice_whatsapp.turn_template("open_on_sunday", "en", "PAUSED", by=cast.sal)


def test_where_it_does_not_run_one_is_told_so(cast: Cast) -> None:
    with pytest.raises(Refusal, match="is not running"):
        practice_whatsapp.write(ANNA, "Hello", by=cast.olive)
