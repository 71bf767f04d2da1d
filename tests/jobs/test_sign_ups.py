"""The letter to somebody who signed up: it goes by the shop's mail account, again where that had trouble, and from no copy."""

from datetime import timedelta

from sqlalchemy import select, update

from data.config import Config, use_config
from data.database import now, reading, unit
from domain.book import sign_ups
from domain.book.sign_ups import MOST_TRIES, SignUp, Source
from domain.shop import installation, limits
from domain.shop.limits import Limits
from jobs import clock
from jobs.sign_ups import Postman, send_next
from tests.jobs.conftest import Desk
from tests.twins.smtp_server import ScriptedServer


def asked(name: str = "anna") -> int:
    with unit() as session:
        made = sign_ups.ask(
            session,
            first_name="Anna",
            email=f"{name}@berg.example",
            source=Source.COUNTER,
            address="198.51.100.7",
            now=now(),
        )
        assert made is not None
        return made.id


def waits(number: int) -> bool:
    with reading() as session:
        return session.scalars(select(SignUp.next_at).where(SignUp.id == number)).one() is not None


def test_a_worker_sends_it_once(desk: Desk) -> None:
    with desk.mail_server(ScriptedServer()) as server:
        number = asked()
        desk.until(lambda: not waits(number) and server.count == 1)
        assert not send_next()
    assert server.received[0].recipient == "anna@berg.example"
    letter = server.received[0].body.replace(b"=\r\n", b"")
    assert b"/join/" in letter
    assert b"List-Unsubscribe" not in letter
    assert b"Anna" not in letter  # no word of it is by whoever filled in the form


def test_a_server_in_trouble_is_tried_again_a_few_times(desk: Desk) -> None:
    number = asked()
    use_config(Config(data=desk.folder, smtp_url="smtp://127.0.0.1:9?security=none"))  # type: ignore[arg-type]
    tries = 0
    while waits(number):
        tries += send_next()
        assert not send_next()  # it rests
        with unit() as session:
            due = (
                update(SignUp).where(SignUp.next_at.is_not(None)).values(next_at=now() - timedelta(seconds=1))
            )
            session.execute(due)
    assert tries == MOST_TRIES


def test_letters_take_half_of_what_the_account_may_send_and_count_into_it(desk: Desk) -> None:
    with ScriptedServer() as server:
        limited(desk, server, per_hour=4)
        numbers = [asked(name) for name in ("anna", "bert", "cleo", "dora")]
        assert (send_next(), send_next(), send_next()) == (True, True, False)
        assert [waits(number) for number in numbers] == [False, False, True, True]
        assert server.count == 2
    with unit() as session:
        assert limits.room(session, 0, Limits(per_hour=4), now=now()).granted == 2
        rest = session.scalars(select(SignUp).where(SignUp.next_at.is_not(None))).all()
        assert {one.tries for one in rest} == {0}
        soon, late = timedelta(minutes=50), timedelta(minutes=70)
        assert all(soon < one.next_at - now() < late for one in rest if one.next_at)
        assert not sign_ups.is_due(session, now=now())


def test_a_letter_waits_where_campaigns_have_used_the_limit_up(desk: Desk) -> None:
    with ScriptedServer() as server:
        limited(desk, server, per_hour=4)
        with unit() as session:
            limits.grant(session, 0, Limits(per_hour=4), 4, now=now())
        number = asked()
        assert not send_next()
        assert waits(number)
        assert server.count == 0


def limited(desk: Desk, server: ScriptedServer, *, per_hour: int) -> None:
    url = f"smtp://127.0.0.1:{server.port}?security=none&per_hour={per_hour}"
    use_config(Config(data=desk.folder, smtp_url=url))  # type: ignore[arg-type]


def test_a_copy_of_the_shop_writes_to_nobody(desk: Desk) -> None:
    number = asked()
    with unit() as session:
        installation.put_up_fence(session, None, now=now())
    postman = Postman()
    clock.write_to_who_signed_up(postman)
    postman.stop()
    assert waits(number)
