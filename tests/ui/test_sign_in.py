"""The first minutes, sign-in and sign-out as HTTP."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from data.config import Config, use_config
from data.database import now as the_time
from data.database import reading, unit
from domain.shop import people, sessions, staff
from domain.shop import shop as shops
from tests.cast import PASSWORD, Cast
from tests.ui.doors import client, credentials, open_for_business
from ui.entrance import local


@pytest.fixture
def open_shop(cast: Cast) -> Cast:
    open_for_business(cast)
    return cast


def test_a_new_shop_leads_every_page_to_the_welcome(shop_db: Path) -> None:
    visitor = client()
    for path in ("/", "/customers", "/marketing/campaigns/7"):
        answer = visitor.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/welcome")
    assert visitor.get("/sign-in").headers["location"] == "/welcome"


def test_the_welcome_ends_with_an_open_shop(shop_db: Path) -> None:
    visitor = client()
    first = visitor.post("/welcome", data={"name": "Olive", "email": "o@bloom.example", "password": PASSWORD})
    assert first.status_code == 303
    assert "welcome-shop-form" in visitor.get("/welcome").text
    facts = {
        "shop_name": "Bloom",
        "timezone": "Europe/Paris",
        "country": "FR",
        "sender_email": "o@bloom.example",
    }
    visitor.post("/welcome/shop", data=facts)
    assert "welcome-choice-form" in visitor.get("/welcome").text
    assert visitor.post("/welcome/choice", data={"choice": "empty"}).headers["location"] == "/marketing"
    assert visitor.get("/welcome").headers["location"] == "/marketing"
    with reading() as session:
        shop = shops.read(session)
        assert (shop.ready, shop.name, shop.country, shop.sender_name) == (True, "Bloom", "FR", "Bloom")


def test_every_wrong_field_of_the_shop_is_told_at_once(shop_db: Path) -> None:
    visitor = client()
    visitor.post("/welcome", data={"name": "Olive", "email": "o@bloom.example", "password": PASSWORD})
    answer = visitor.post("/welcome/shop", data={"timezone": "Mars", "sender_email": "nobody"})
    assert answer.status_code == 422
    for sentence in ("Please give the shop", "This time zone is not known", "does not look like an email"):
        assert sentence in answer.text


def test_there_is_no_second_owner_by_the_welcome(open_shop: Cast) -> None:
    answer = client().post("/welcome", data={"name": "Eve", "email": "eve@x.example", "password": PASSWORD})
    assert answer.headers["location"] == "/welcome"
    with reading() as session:
        assert people.by_email(session, "eve@x.example") is None


def test_nobody_but_the_owner_describes_an_unfinished_shop(cast: Cast) -> None:
    stranger, sal = client(), client()
    facts = {"shop_name": "Mine", "timezone": "UTC", "sender_email": "x@y.example"}
    stranger.post("/welcome/shop", data=facts)
    sal.post("/sign-in", data=credentials("sal"))
    assert sal.post("/welcome/shop", data=facts).headers["location"] == "/welcome"
    assert sal.post("/welcome/choice", data={"choice": "sample"}).headers["location"] == "/welcome"
    with reading() as session:
        assert shops.read(session).name == ""


def test_the_cookie_is_out_of_reach_for_scripts_and_new_each_time(open_shop: Cast) -> None:
    visitor = client()
    first = visitor.post("/sign-in", data=credentials("sal"))
    header = first.headers["set-cookie"].lower()
    assert "httponly" in header
    assert "samesite=lax" in header
    assert "secure" not in header
    old = visitor.cookies[sessions.COOKIE]
    visitor.post("/sign-in", data=credentials("sal"))
    assert visitor.cookies[sessions.COOKIE] != old
    with reading() as session:
        assert sessions.actor_for(session, old, the_time()) is None


def test_behind_https_the_cookie_is_secure(open_shop: Cast, tmp_path: Path) -> None:
    use_config(Config(data=tmp_path, base_url="https://mail.marlow.example"))
    answer = client().post("/sign-in", data=credentials("sal"))
    assert "secure" in answer.headers["set-cookie"].lower()
    assert answer.headers["strict-transport-security"]


def test_sign_out_ends_the_session_itself(open_shop: Cast) -> None:
    visitor = client()
    visitor.post("/sign-in", data=credentials("sal"))
    token = visitor.cookies[sessions.COOKIE]
    answer = visitor.post("/sign-out")
    assert answer.headers["location"] == "/sign-in"
    assert sessions.COOKIE not in visitor.cookies
    with reading() as session:
        assert sessions.actor_for(session, token, the_time()) is None


def test_a_session_ends_by_itself_a_week_unused_or_a_month_old(open_shop: Cast) -> None:
    visitor, began = client(), the_time()
    visitor.post("/sign-in", data=credentials("sal"))
    token = visitor.cookies[sessions.COOKIE]

    def is_known(day: float) -> bool:
        with reading() as session:
            return sessions.actor_for(session, token, began + timedelta(days=day)) is not None

    assert is_known(6.9)
    assert not is_known(7.1)
    for day in (6, 12, 18, 24, 29):
        assert is_known(day)
        with unit() as session:
            sessions.touch(session, token, began + timedelta(days=day))
    assert is_known(29.9)
    assert not is_known(30.1)
    with time_machine.travel(began + timedelta(days=31), tick=False):
        assert "sign-in-form" in visitor.get("/sign-in").text


def test_sign_out_needs_a_post(open_shop: Cast) -> None:
    visitor = client()
    visitor.post("/sign-in", data=credentials("sal"))
    assert visitor.get("/sign-out").status_code == 405
    with reading() as session:
        assert sessions.actor_for(session, visitor.cookies[sessions.COOKIE], the_time()) is not None


def test_an_unknown_person_reads_the_same_as_a_wrong_password(open_shop: Cast) -> None:
    wrong = client("198.51.100.1").post("/sign-in", data=credentials("sal", "wrong"))
    unknown = client("198.51.100.2").post(
        "/sign-in", data={"email": "sal@shop.example2", "password": "wrong"}
    )
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.text.replace("sal@shop.example2", "").replace(
        "sal@shop.example", ""
    ) == unknown.text.replace("sal@shop.example2", "")


def test_guessing_is_slowed_down_and_the_right_password_waits_too(open_shop: Cast) -> None:
    visitor = client()
    answers = [visitor.post("/sign-in", data=credentials("sal", f"guess {n}")).status_code for n in range(7)]
    assert answers == [401] * 5 + [429] * 2
    held = visitor.post("/sign-in", data=credentials("sal"))
    assert held.status_code == 429
    assert "Too many tries" in held.text
    with time_machine.travel(the_time() + timedelta(minutes=16), tick=False):
        assert client().post("/sign-in", data=credentials("sal")).status_code == 303


def test_somebody_turned_off_cannot_sign_in(open_shop: Cast) -> None:
    with unit() as session:
        staff.change(session, open_shop.sal.user_id or 0, by=open_shop.olive, active=False, now=the_time())
    assert client().post("/sign-in", data=credentials("sal")).status_code == 401


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)",
        "evil", "", "/sign-out", "/a\r\nSet-Cookie: x=y", "/\tevil",
    ],
)  # fmt: skip
def test_after_sign_in_nobody_is_led_elsewhere(open_shop: Cast, wanted: str) -> None:
    answer = client().post("/sign-in", data=credentials("sal") | {"next": wanted})
    assert answer.headers["location"] == "/marketing"


def test_a_page_of_the_shop_is_where_one_goes_after_sign_in() -> None:
    assert local("/customers?tag=gold") == "/customers?tag=gold"


def test_what_was_typed_is_shown_as_text(open_shop: Cast) -> None:
    answer = client().post("/sign-in", data={"email": '"><script>alert(1)</script>', "password": "x"})
    assert "<script>alert" not in answer.text
