"""Several mail accounts: one goes on when another has trouble, and only the owner sets them up."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from data.config import Config, use_config
from data.database import reading, unit
from data.mail_account import Security
from data.secrets import use_keys
from domain.refusal import Kind, Refusal
from domain.shop import limits, mail, mail_accounts, notices
from domain.shop.audit import AuditEntry
from domain.shop.limits import Limits
from domain.shop.mail_accounts import Wish
from domain.shop.shop import kept as kept_shop
from tests.cast import Cast

PLANTED = "Pl4nted-in-the-till"


def wish(host: str, **more: Any) -> Wish:
    facts: dict[str, Any] = {"port": 587, "security": "starttls", "username": "olive", "password": PLANTED}
    return Wish(host, **facts | more)


@pytest.fixture
def three(cast: Cast, now: datetime) -> list[int]:
    with unit() as session:
        return [
            mail_accounts.add(session, wish(f"{name}.example"), by=cast.olive, now=now).id
            for name in ("first", "second", "third")
        ]


def route_names(now: datetime) -> list[str]:
    with reading() as session:
        return [one.name for one in mail.routes(session, now=now)]


# Ways


def test_the_accounts_are_tried_in_their_order(three: list[int], cast: Cast, now: datetime) -> None:
    assert route_names(now) == ["first.example", "second.example", "third.example"]
    with unit() as session:
        mail_accounts.move(session, three[2], up=True, by=cast.olive, now=now)
        mail_accounts.move(session, three[0], up=True, by=cast.olive, now=now)
    assert route_names(now) == ["first.example", "third.example", "second.example"]


def test_a_way_knows_its_account_its_password_and_its_limits(cast: Cast, now: datetime) -> None:
    with unit() as session:
        given = wish("smtp.shop.example", name="The till", limits=Limits(per_second=14, per_connection=20))
        made = mail_accounts.add(session, given, by=cast.olive, now=now)
        (way,) = mail.routes(session, now=now)
    assert (way.account_id, way.name) == (made.id, "The till")
    assert (way.account.host, way.account.password) == ("smtp.shop.example", PLANTED)
    assert way.limits == Limits(14, None, None, 20)


def test_an_account_with_trouble_rests_and_comes_back(three: list[int], now: datetime) -> None:
    with unit() as session:
        mail.rest(session, three[0], "It was full.", until=now + timedelta(minutes=10), now=now)
    assert route_names(now) == ["second.example", "third.example"]
    assert route_names(now + timedelta(minutes=10)) == ["first.example", "second.example", "third.example"]


def test_where_all_rest_all_are_tried(three: list[int], now: datetime) -> None:
    with unit() as session:
        for number in three:
            mail.rest(session, number, "It was full.", until=now + timedelta(minutes=10), now=now)
    assert len(route_names(now)) == 3


def test_the_owner_is_told_once_that_another_account_goes_on(three: list[int], now: datetime) -> None:
    with unit() as session:
        for _ in range(3):
            mail.rest(session, three[0], "It was full.", until=now + timedelta(minutes=10), now=now)
        (told,) = notices.unseen(session)
    assert "first.example had trouble, so second.example goes on" in told.sentence
    assert told.link == "/settings/mail"


def test_a_success_ends_the_rest(three: list[int], now: datetime) -> None:
    with unit() as session:
        mail.rest(session, three[0], "It was full.", until=now + timedelta(minutes=10), now=now)
        mail.note_success(session, now, three[0])
        kept = mail.get(session, three[0])
        assert (kept.last_success_at, kept.last_error, kept.resting_until) == (now, "", None)
    assert route_names(now)[0] == "first.example"


def test_news_of_an_account_that_is_gone_is_no_fault(three: list[int], now: datetime) -> None:
    with unit() as session:
        for gone in (0, 99):
            mail.rest(session, gone, "It was full.", until=now + timedelta(minutes=10), now=now)
            mail.note_success(session, now, gone)
            mail.note_trouble(session, "It was full.", gone)
    assert len(route_names(now)) == 3


def test_practice_has_one_way_without_limits(cast: Cast, now: datetime) -> None:
    with unit() as session:
        with pytest.raises(Refusal) as refused:
            mail.routes(session, now=now)
        assert refused.value.code == "catcher_off"
        kept_shop(session).practice_port = 2525
        (way,) = mail.routes(session, now=now)
    assert (way.account_id, way.account.host, way.account.port, way.limits) == (
        0,
        "127.0.0.1",
        2525,
        Limits(),
    )


def test_the_environment_wins_and_brings_its_limits(three: list[int], tmp_path: Path, now: datetime) -> None:
    url = "smtp://olive:x@mail.example?security=tls&per_second=14&per_day=2000"
    use_config(Config(data=tmp_path, smtp_url=url))
    with reading() as session:
        (way,) = mail.routes(session, now=now)
    assert (way.account_id, way.name, way.account.security) == (0, "mail.example", Security.TLS)
    assert way.limits == Limits(per_second=14, per_day=2000)


def test_an_account_whose_password_can_not_be_read_is_passed_over(
    three: list[int], cast: Cast, now: datetime
) -> None:
    use_keys(b"another secret, as after a move of the files")
    with unit() as session:
        with pytest.raises(Refusal) as refused:
            mail.routes(session, now=now)
        assert refused.value.code == "secret_changed"
        mail_accounts.change(session, three[1], wish("second.example"), by=cast.olive, now=now)
    assert route_names(now) == ["second.example"]


# Setting up


def test_a_password_left_out_is_kept_and_lies_sealed(three: list[int], cast: Cast, now: datetime) -> None:
    with unit() as session:
        given = wish("first.example", password=None, name="The till")
        kept = mail_accounts.change(session, three[0], given, by=cast.olive, now=now)
        assert PLANTED not in kept.sealed_password
        assert mail.routes(session, now=now)[0].account.password == PLANTED


def test_a_change_lets_an_account_try_again(three: list[int], cast: Cast, now: datetime) -> None:
    with unit() as session:
        mail.rest(session, three[0], "Wrong password.", until=now + timedelta(hours=1), now=now)
        mail_accounts.change(session, three[0], wish("first.example"), by=cast.olive, now=now)
    assert route_names(now)[0] == "first.example"


def test_removing_the_last_one_leads_back_to_practice(three: list[int], cast: Cast, now: datetime) -> None:
    with unit() as session:
        for number in three:
            assert not mail.is_practice(session)
            mail_accounts.remove(session, number, by=cast.olive, now=now)
        assert mail.is_practice(session)


def test_a_new_account_inherits_nothing_from_a_removed_one(cast: Cast, now: datetime) -> None:
    with unit() as session:
        given = wish("smtp.shop.example", limits=Limits(per_day=5))
        old = mail_accounts.add(session, given, by=cast.olive, now=now).id
        limits.grant(session, old, given.limits, 5, now=now)
        mail_accounts.remove(session, old, by=cast.olive, now=now)
        new = mail_accounts.add(session, given, by=cast.olive, now=now).id
        assert limits.grant(session, new, given.limits, 5, now=now).granted == 5


def test_a_whole_list_is_put_in_place_of_the_old_one(three: list[int], cast: Cast, now: datetime) -> None:
    with unit() as session:
        wishes = [
            wish("fourth.example"),
            wish("third.example", id=three[2], password=None),
            wish("first.example", id=three[0], password=None, name="The till"),
        ]
        mail_accounts.replace(session, wishes, by=cast.olive, now=now)
        assert {one.account.password for one in mail.routes(session, now=now)} == {PLANTED}
    assert route_names(now) == ["fourth.example", "third.example", "The till"]
    with unit() as session:
        mail_accounts.replace(session, [], by=cast.olive, now=now)
        assert mail.is_practice(session)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"host": "smtp shop"}, "host"),
        ({"host": "a" * 254}, "host"),
        ({"port": 0}, "port"),
        ({"security": "maybe"}, "security"),
        ({"username": "o\nlive"}, "username"),
        ({"name": "n" * 61}, "name"),
        ({"limits": Limits(per_second=0)}, "per_second"),
        ({"limits": Limits(per_day=-5)}, "per_day"),
        ({"limits": Limits(per_hour=2**63)}, "per_hour"),
        ({"host": "Second.example"}, "host"),
    ],
)
def test_what_can_not_be_an_account_is_refused_beside_its_field(
    three: list[int], cast: Cast, now: datetime, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refusal) as refused, unit() as session:
        mail_accounts.change(
            session, three[0], wish(**{"host": "first.example"} | given), by=cast.olive, now=now
        )
    assert refused.value.details["field"] == field
    assert refused.value.sentence.endswith(".")
    assert route_names(now)[0] == "first.example"


def test_there_is_an_end_to_the_list(three: list[int], cast: Cast, now: datetime) -> None:
    with unit() as session:
        for number in range(mail_accounts.MOST - len(three)):
            mail_accounts.add(session, wish(f"{number}.example"), by=cast.olive, now=now)
        with pytest.raises(Refusal) as refused:
            mail_accounts.add(session, wish("one-more.example"), by=cast.olive, now=now)
    assert refused.value.code == "too_many_accounts"


def test_an_unknown_account_is_missing(three: list[int], cast: Cast, now: datetime) -> None:
    with unit() as session:
        for verb in _verbs(session, cast.olive, 99, now):
            with pytest.raises(Refusal) as refused:
                verb()
            assert refused.value.kind is Kind.MISSING


def test_nobody_but_the_owner_sets_up_mail(three: list[int], cast: Cast, now: datetime) -> None:
    with unit() as session:
        for person in (cast.max_, *cast.who_may_only_look()):
            for verb in [
                *_verbs(session, person, three[0], now),
                lambda by=person: mail_accounts.add(session, wish("mine.example"), by=by, now=now),
                lambda by=person: mail_accounts.replace(session, [], by=by, now=now),
                lambda by=person: mail_accounts.forget(session, by=by, now=now),
            ]:
                with pytest.raises(Refusal) as refused:
                    verb()
                assert refused.value.kind is Kind.FORBIDDEN
    assert len(route_names(now)) == 3


def test_each_step_is_in_the_audit_and_no_password_is(three: list[int], cast: Cast, now: datetime) -> None:
    with unit() as session:
        mail_accounts.move(session, three[0], up=False, by=cast.olive, now=now)
        mail_accounts.remove(session, three[0], by=cast.olive, now=now)
        entries = list(session.scalars(select(AuditEntry).order_by(AuditEntry.id)))
    assert [one.action for one in entries] == ["mail.saved"] * 3 + ["mail.arranged", "mail.removed"]
    assert PLANTED not in json.dumps([[one.before, one.after] for one in entries])


def _verbs(session: Any, by: Any, number: int, now: datetime) -> list[Callable[[], Any]]:
    return [
        lambda: mail_accounts.change(session, number, wish("mine.example"), by=by, now=now),
        lambda: mail_accounts.move(session, number, up=True, by=by, now=now),
        lambda: mail_accounts.remove(session, number, by=by, now=now),
    ]
