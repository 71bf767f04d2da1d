"""What stands in a message by WhatsApp: gaps filled for each person, headers, buttons, and what is known before Send."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from data.config import Config, use_config
from data.database import now, reading, unit
from data.whatsapp_twin import Act, Twin
from data.whatsapp_twin.templates import Template
from domain.audience.audience import Audience
from domain.ledger import received, windows
from domain.ledger.deliveries import State
from domain.ledger.replies import explain
from domain.ledger.targets import of as targets_of
from domain.refusal import Refusal
from domain.sending import preview, whatsapp_forecast
from domain.shop import shop as shops
from domain.shop import whatsapp, whatsapp_prices
from jobs import whatsapp as jobs
from tests.jobs.conftest import Desk
from tests.jobs.whatsapp_desk import READY, SUNDAY, Counter, connect, counter, worker

ANA, BEN, USA = "+491700000001", "+491700000002", "+12025550101"
PUBLIC = "https://shop.example"


def offer(url: str) -> Template:
    """Everything that can stand in one template."""
    return Template(
        "everything", "en", "MARKETING",
        [
            {"type": "HEADER", "format": "IMAGE"},
            {"type": "BODY", "text": "Hello {{first_name}}, your {{piece}} waits."},
            {"type": "FOOTER", "text": "Reply STOP and we stop."},
            {"type": "BUTTONS", "buttons": [
                {"type": "URL", "text": "Look", "url": url},
                {"type": "QUICK_REPLY", "text": "Not now"},
                {"type": "COPY_CODE", "text": "Copy code"},
                {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+15550783881"},
            ]},
        ],
        "1", parameter_format="NAMED",
    )  # fmt: skip


FILLED: dict[str, Any] = {
    "template": {"name": "everything", "language": "en"},
    "header": {"link": "https://shop.example/ring.jpg"},
    "body": [
        {"name": "first_name", "field": "first_name", "fallback": "there"},
        {"name": "piece", "field": "attrs.piece", "fallback": "ring"},
    ],
    "buttons": [
        {"index": 0, "text": "spring/rings"},
        {"index": 1, "text": "not-now"},
        {"index": 2, "field": "attrs.code", "fallback": "WELCOME"},
    ],
}


OWN = {"piece": "ring", "code": "SPRING"}  # fields of the shop


@pytest.fixture
def shop(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    monkeypatch.setattr("domain.shop.whatsapp_reach.BETWEEN", timedelta(0))
    with Twin() as twin:
        twin.account.per_person = 0.0
        twin.desk.templates["everything", "en"] = offer("https://shop.example/{{1}}")
        with counter(desk, twin) as found:
            yield found


def shown(shop: Counter, number: str) -> Any:
    return next(one.shown for one in shop.twin.sent if "+" + one.number == number)


def test_header_named_gaps_and_buttons_are_filled_for_each_person(shop: Counter) -> None:
    shop.know(ANA, attrs={"piece": "silver\nchain\t with     a  clasp", "code": "ANA10"})
    shop.know(BEN, first_name="")
    dispatch = shop.press(FILLED)
    with worker(shop.desk.folder):
        assert shop.desk.until_over(dispatch).sent == 2
    ana, ben = shown(shop, ANA), shown(shop, BEN)
    assert (ana.media, ana.link) == ("image", "https://shop.example/ring.jpg")
    assert ana.body == "Hello Ana001, your silver chain with a clasp waits."
    assert ben.body == "Hello there, your ring waits."
    assert ana.buttons[0] == ("URL", "Look", "https://shop.example/spring/rings")
    assert ana.buttons[1][2] == "not-now"
    assert (ana.buttons[2][2], ben.buttons[2][2]) == ("ANA10", "WELCOME")


def test_a_link_of_each_persons_own_is_counted_and_leads_on(shop: Counter) -> None:
    use_config(Config(data=shop.desk.folder, whatsapp_api_url=shop.twin.url, base_url=PUBLIC))
    with unit() as session:
        shops.change(session, {"measured": ["marketing"]}, by=shop.desk.cast.olive, now=now())
    shop.twin.desk.templates["everything", "en"] = offer(f"{PUBLIC}/t/c/{{{{1}}}}")
    jobs.refresh()
    shop.know(ANA, BEN, attrs=OWN)
    link = "https://rings.example/spring?a=1"
    dispatch = shop.press({**FILLED, "buttons": [{"index": 0, "link": link}, FILLED["buttons"][2]]})
    with worker(shop.desk.folder):
        shop.desk.until_over(dispatch)
    ways = {shown(shop, one).buttons[0][2] for one in (ANA, BEN)}
    assert len(ways) == 2
    assert all(re.fullmatch(rf"{PUBLIC}/t/c/[\w-]{{32}}", one) for one in ways)
    with reading() as session:
        assert targets_of(session, dispatch) == {link: 0}


def test_a_link_through_the_shop_needs_a_template_that_begins_there(shop: Counter) -> None:
    shop.know(ANA, attrs=OWN)
    with pytest.raises(Refusal, match="only the end of its address"):
        shop.press({**FILLED, "buttons": [{"index": 0, "link": "https://rings.example/"}]})


def test_whoever_leaves_a_gap_gets_nothing_and_the_others_do(shop: Counter) -> None:
    shop.know(ANA, BEN)
    shop.know(USA, first_name="")
    body = [{"name": "1", "field": "first_name"}, *READY["body"][1:]]
    dispatch = shop.press({**READY, "body": body})
    with worker(shop.desk.folder):
        books = shop.desk.until_over(dispatch)
    line = shop.desk.lines(dispatch)[USA]
    assert (books.sent, books.failed, line.state) == (2, 1, State.FAILED)
    assert line.reply == "This person has nothing in the field first_name."
    assert explain(line.code, line.reply).cause == "not_written"


def test_what_becomes_too_long_for_one_person_is_told(shop: Counter) -> None:
    shop.know(ANA, first_name="A" * 1_100)
    dispatch = shop.press(READY)
    with worker(shop.desk.folder):
        shop.desk.until_over(dispatch)
    line = shop.desk.lines(dispatch)[ANA]
    assert (line.code, line.reason) == (132005, "too_long")
    assert shop.twin.sent == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"header": {}}, "Give the address of the picture"),
        ({"header": {"link": "ring.jpg"}}, "Give the address of the picture"),
        ({"body": []}, "Choose what stands at {{first_name}}"),
        ({"buttons": [{"index": 0, "text": "x"}]}, "fills the button “Copy code”"),
        ({"body": [{"name": "first_name", "field": "attrs.nobody"}]}, "no field called attrs.nobody"),
    ],
)
def test_what_nothing_fills_is_named_before_the_launch(
    shop: Counter, changed: dict[str, Any], said: str
) -> None:
    shop.know(ANA, attrs={"piece": "ring", "code": "A"})
    with pytest.raises(Refusal) as refused:
        shop.press({**FILLED, **changed})
    assert said in refused.value.sentence


def test_free_words_go_only_to_who_wrote_within_a_day(shop: Counter) -> None:
    """In the words of the shop, to Ana, who has just written; Ben has not."""
    [ana, _] = shop.know(ANA, BEN)
    shop.twin.say(ANA, "Is my ring ready?")
    with unit() as session:
        hears(session, ana)
    content = {"text": "Dear {{ firstName }}, it is.\nCome in."}
    with reading() as session:
        draft = preview.drafted(session, {"content": content, "message_type": "marketing"})
        told = whatsapp_forecast.forecast(session, draft, Audience(), now=now())
    assert (told.people, told.closed, told.cost.amount) == (2, 1, 0)
    assert any("1 person has not written to you within 24 hours" in one for one in told.doubts)
    dispatch = shop.press(content)
    with worker(shop.desk.folder):
        books = shop.desk.until_over(dispatch)
    assert (books.sent, books.failed, books.skipped) == (1, 0, 1)
    assert shown(shop, ANA).body == "Dear Ana001, it is.\nCome in."
    line = shop.desk.lines(dispatch)[BEN]
    assert (line.state, line.code, line.reason) == (State.SKIPPED, None, "window_closed")
    assert len(shop.twin.sent) == 1, "nobody at WhatsApp was asked about Ben"


def hears(session: Any, customer: int) -> None:
    received.keep(
        session, "w1", customer, delivery_id=None, subject="", words="Is my ring ready?",
        day_began=now() - timedelta(hours=1), now=now(), channel="whatsapp", opens_window=True,
    )  # fmt: skip
    assert windows.open_until(session, customer, now=now()) is not None


def test_before_send_one_learns_for_whom_there_is_room_who_would_miss_it_and_what_it_costs(
    shop: Counter,
) -> None:
    shop.twin.account.tier = "TIER_3"
    connect(shop.desk, shop.twin)
    shop.know(ANA, BEN, "+491700000003", "+491700000004", attrs=OWN)
    shop.know(USA, first_name="", last_name="Miller")
    body = [{"name": "first_name", "field": "first_name"}, FILLED["body"][1]]
    content = {**FILLED, "body": body}
    with reading() as session:
        draft = preview.drafted(session, {"content": content, "message_type": "marketing"})
        told = whatsapp_forecast.forecast(session, draft, Audience(), now=now())
    assert (told.people, told.new, told.room, told.later, told.days, told.in_usa) == (5, 5, 3, 2, 2, 1)
    [missing] = told.missing
    assert (missing.field, missing.people, missing.names) == ("first_name", 1, ("Miller",))
    assert len(missing.who) == 1, "there is a way to the card of each who is named"
    prices = whatsapp_prices.listed()
    wanted = 4 * prices.by_code["49"]["marketing"] + prices.by_code["1"]["marketing"]
    assert (told.cost.amount, told.cost.as_of) == (wanted, prices.as_of)
    said = " ".join(told.doubts)
    assert "reaches 3 different people in 24 hours; this needs 5. Send 3 today and 2 tomorrow?" in said
    assert "no marketing to the USA" in said
    assert "the field “first name” is empty: Miller" in said
    assert "about 0.58 US dollars" in said


def test_the_question_before_send_says_it_too(shop: Counter) -> None:
    shop.know(USA)
    campaign = shop.campaign(SUNDAY)
    with reading() as session:
        asked = preview.of_campaign(session, campaign, now=now())
    assert any("no marketing to the USA" in one for one in asked.doubts)


def test_the_number_and_its_templates_are_looked_up_page_by_page(shop: Counter) -> None:
    for number in range(250):
        name = f"more_{number:03}"
        body = [{"type": "BODY", "text": "Come in."}]
        shop.twin.desk.templates[name, "en"] = Template(name, "en", "UTILITY", body, str(number))
    synced = jobs.refresh_now(shop.desk.cast.olive)
    assert (synced.there, synced.new, synced.gone) == (len(shop.twin.desk.templates), 250, 0)
    with reading() as session:
        row = whatsapp.number(session)
        assert row is not None
        assert (row.shown, row.quality, row.reach) == ("+1 555-078-3881", "GREEN", 2_000)


def test_an_hour_later_they_are_looked_up_again_by_themselves(shop: Counter) -> None:
    with unit() as session:
        assert not jobs.is_outdated(session)
        row = whatsapp.kept(session, now=now())
        row.synced_at = now() - timedelta(minutes=61)
        session.flush()
        assert jobs.is_outdated(session)
    with worker(shop.desk.folder):
        shop.desk.until(is_up_to_date)


def is_up_to_date() -> bool:
    with reading() as session:
        return not jobs.is_outdated(session)


def test_a_field_that_the_platform_has_given_up_keeps_nothing_else_from_the_shop(shop: Counter) -> None:
    shop.twin.account.shown_number = "+1 555 000"
    gone = b'{"error": {"message": "(#100) Tried accessing nonexisting field (messaging_limit_tier)", "code": 100}}'
    shop.twin.act = lambda asked: (
        Act(status=400, body=gone) if "messaging_limit_tier" in asked.query.get("fields", "") else None
    )
    jobs.refresh_now(shop.desk.cast.olive)
    with reading() as session:
        row = whatsapp.number(session)
        assert row is not None
        assert (row.shown, row.reach) == ("+1 555 000", 2_000), "what was known of its reach stays"


def test_a_look_that_fails_forgets_nothing(shop: Counter) -> None:
    shop.twin.account.is_expired = True
    with pytest.raises(Refusal, match="does not accept the shop’s access"):
        jobs.refresh_now(shop.desk.cast.olive)
    shop.know(ANA)
    assert shop.campaign(SUNDAY)
    with reading() as session:
        row = whatsapp.number(session)
        assert row is not None
        assert "access" in row.sync_error
        assert row.shown
