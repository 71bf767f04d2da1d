"""Pause, go on and stop, and what the screens say of a send that waits, as Olive sees them."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from data.database import now, reading, unit
from data.mail_account import Security
from domain.ledger import deliveries
from domain.sending import calendar, campaigns, dispatches, endings, launches, standstill
from domain.sending.dispatches import Dispatch, DispatchState, Hold
from domain.sending.launches import Press
from domain.shop import limits, mail, people
from domain.shop import shop as shops
from domain.shop.people import Actor
from tests.browser.conftest import Open, SignIn
from tests.browser.server import PASSWORD, Server, email_of
from tests.twins.smtp_server import ScriptedServer
from ui.parts import holds

LONDON = ZoneInfo("Europe/London")
EVENING = {"type": "tags", "tags": ["VIP evening"]}
OWNER = {"HANDBILL_OWNER_EMAIL": email_of("olive"), "HANDBILL_OWNER_PASSWORD": PASSWORD}
PEOPLE = 40
SLOW = 0.15  # seconds before each answer of the mail server


@pytest.fixture
def olive(shop: Server) -> Actor:
    return somebody("olive")


@pytest.fixture
def under_way(olive: Actor) -> Iterator[tuple[int, int, str]]:
    """A campaign and its launch in mid send, a third of it done; the rest was put off to a day that no worker sees."""
    name = f"Early doors {uuid4().hex[:6]}"
    campaign_id = drafted(olive, name)
    with unit() as session:
        press = Press(undo=timedelta(minutes=10))
        dispatch_id = launches.launch(session, campaign_id, press, by=olive, now=now()).id
        for change in (
            "UPDATE deliveries SET state = 'sent', settled_at = next_at WHERE state = 'queued' AND id % 3 = 0",
            "UPDATE deliveries SET state = 'deferred', next_at = '2999-01-01 00:00:00.000000' WHERE state = 'queued'",
        ):
            session.execute(text(f"{change} AND dispatch_id = :d"), {"d": dispatch_id})
        session.execute(text("UPDATE dispatches SET state = 'sending' WHERE id = :d"), {"d": dispatch_id})
    yield campaign_id, dispatch_id, name
    with unit() as session:
        if dispatches.get(session, dispatch_id).is_running:
            endings.stop(session, dispatch_id, by=olive, now=now())


class Rules:
    """What makes a send wait, set up for real: the clock of the shop looks after every hold."""

    def until(self, why: Hold) -> datetime:
        moment = now()
        with unit() as session:
            if why is Hold.QUIET:
                shop = shops.kept(session)
                shop.quiet_from = _minute(moment - timedelta(hours=1))
                shop.quiet_until = _minute(moment + timedelta(hours=9))
                return calendar.quiet_until(shop.quiet, LONDON, moment) or moment
            per_hour, per_day = (1, None) if why is Hold.HOUR else (None, 1)
            kept = mail.MailSettings(
                host="127.0.0.1",
                port=9,
                security=Security.NONE,
                per_hour=per_hour,
                per_day=per_day,
                updated_at=moment,
            )
            session.add(kept)
            session.flush()
            limits.grant(session, kept.id, kept.limits, 1, now=moment)
            return limits.room(session, kept.id, kept.limits, now=moment).until or moment

    def lift(self) -> None:
        with unit() as session:
            shop = shops.kept(session)
            shop.quiet_from = shop.quiet_until = None
            for kept in mail.every(session):
                limits.forget(session, kept.id)
                session.delete(kept)


def _minute(moment: datetime) -> int:
    here = moment.astimezone(LONDON)
    return here.hour * 60 + here.minute


@pytest.fixture
def rules(shop: Server) -> Iterator[Rules]:
    made = Rules()
    yield made
    made.lift()


@pytest.fixture
def slow_shop(new_shop: Callable[..., Server]) -> Iterator[tuple[Server, httpx.Client, ScriptedServer]]:
    """A shop of its own whose mail server takes its time, and a program of Olive's that speaks to it."""
    with ScriptedServer(delay=SLOW) as server:
        shop = new_shop(**OWNER, HANDBILL_SMTP_URL=f"smtp://127.0.0.1:{server.port}?security=none")
        with httpx.Client(base_url=f"{shop.url}/api/marketing/", timeout=30) as program:
            who = {"email": email_of("olive"), "password": PASSWORD}
            token = program.post(f"{shop.url}/api/auth/login", json=who).json()["accessToken"]
            program.headers["Authorization"] = f"Bearer {token}"
            for number in range(PEOPLE):
                person = {"firstName": f"Ana {number}", "email": f"ana{number}@x.example"}
                assert program.post("customers", json=person).status_code == 201
            facts = {"postalAddress": "4 Market Row", "senderEmail": email_of("olive")}
            assert program.put("settings/shop", json=facts).status_code == 200
            yield shop, program, server


def test_a_pause_holds_the_mail_and_go_on_brings_it_to_its_end(
    slow_shop: tuple[Server, httpx.Client, ScriptedServer], open_page: Open
) -> None:
    shop, program, server = slow_shop
    content = {"name": "Pearls", "subject": "Come by", "textBody": "Come in."}
    number = program.post("campaigns", json=content).json()["id"]
    page = open_page(base_url=shop.url)
    page.context.request.post(
        f"{shop.url}/sign-in",
        form={"email": email_of("olive"), "password": PASSWORD},
        headers={"Origin": shop.url},
        max_redirects=0,
    )
    page.goto(f"/marketing/campaigns/{number}")
    assert program.post(f"campaigns/{number}/launch").status_code == 202
    page.reload()
    page.get_by_test_id("pause").click()
    expect(page.get_by_test_id("toast")).to_have_text("Paused. What is already on its way still arrives.")
    expect(page.get_by_test_id("status")).to_have_text("Paused")
    expect(page.get_by_test_id("held")).to_contain_text("Paused by")
    page.wait_for_timeout(
        2_000
    )  # what the owner was promised; from then on the server's own list stands still
    so_far = len(server.received)
    page.goto("/marketing")
    bar = page.get_by_test_id("undo-bar")
    expect(bar).to_contain_text("Paused by")
    expect(bar.get_by_test_id("moving-figures")).to_have_text(f"{so_far} of {PEOPLE}")
    assert len(server.received) == so_far < PEOPLE
    bar.get_by_test_id("bar-go-on").click()
    expect(bar).to_contain_text("Sending “Pearls”")
    page.goto(f"/marketing/campaigns/{number}")
    expect(page.get_by_test_id("status")).to_have_text("Sent", timeout=40_000)
    expect(page.get_by_test_id("details")).to_contain_text(
        re.compile(r"Paused\s*By .+, from \d\d:\d\d to \d\d:\d\d")
    )
    written = [one.recipient for one in server.received]
    assert len(written) == len(set(written)) == PEOPLE


def test_whoever_pauses_is_named_on_every_screen(page: Page, under_way: tuple[int, int, str]) -> None:
    campaign_id, dispatch_id, name = under_way
    page.goto(f"/marketing/campaigns/{campaign_id}")
    page.get_by_test_id("pause").click()
    expect(page.get_by_test_id("held")).to_contain_text(
        re.compile(r"Paused by Olive.*\d+ of \d+ done, \d+ to go")
    )
    expect(page.get_by_test_id("pause")).to_have_count(0)
    expect(page.get_by_test_id("progress-left")).to_have_text(re.compile(r"^\d+ to go$"))
    expect(page.get_by_test_id(f"moving-{dispatch_id}")).to_contain_text("Paused by Olive")
    for path, room in (
        ("/marketing", "last-sends"),
        ("/marketing/campaigns", "campaigns"),
        ("/marketing/sends", "sends"),
    ):
        page.goto(path)
        row = page.get_by_test_id(room).locator("a.hb-rowcard, tbody tr").filter(has_text=name)
        expect(row).to_contain_text("Paused by Olive")
        expect(row).to_contain_text(re.compile(r"\d+ (of \d+|people to go)"))
        expect(row.locator(".hb-pill")).to_have_text("Paused")
    page.goto(f"/marketing/sends/{dispatch_id}")
    expect(page.get_by_test_id("held")).to_contain_text("Paused by Olive")
    page.get_by_test_id("go-on").click()
    expect(page.get_by_test_id("status")).to_have_text("Sending")
    expect(page.get_by_test_id("held")).to_have_count(0)
    expect(page.get_by_test_id("details")).to_contain_text("By Olive Marlow, from")


def test_a_paused_send_is_stopped_for_good(page: Page, under_way: tuple[int, int, str]) -> None:
    campaign_id, dispatch_id, _ = under_way
    page.goto(f"/marketing/campaigns/{campaign_id}")
    page.get_by_test_id("pause").click()
    page.get_by_test_id("go-on").wait_for()
    page.get_by_test_id("stop").click()
    expect(page.get_by_test_id("cancel")).to_have_text("Keep it paused")
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("launch-error")).to_contain_text("Stopped by Olive")
    expect(page.get_by_test_id("go-on")).to_have_count(0)
    with reading() as session:
        stopped = dispatches.get(session, dispatch_id)
        assert (stopped.state, deliveries.books(session, dispatch_id).queued) == (DispatchState.STOPPED, 0)


def test_a_question_stays_open_while_the_page_behind_it_moves_on(
    page: Page, under_way: tuple[int, int, str]
) -> None:
    campaign_id, dispatch_id, _ = under_way
    for path in (f"/marketing/campaigns/{campaign_id}", f"/marketing/sends/{dispatch_id}"):
        page.goto(path)
        page.get_by_test_id("stop").click()
        expect(page.get_by_test_id("confirm")).to_be_visible()
        with unit() as session:
            standstill.pause(session, dispatch_id, by=somebody("max"), now=now())
        expect(page.get_by_test_id("go-on")).to_be_attached()  # the page behind is another one by now
        page.get_by_test_id("cancel").click()
        expect(page.get_by_test_id("dialog")).to_have_count(0)
        with unit() as session:
            standstill.resume(session, dispatch_id, by=somebody("max"), now=now())


def test_a_page_that_is_open_shows_by_itself_what_somebody_else_pressed(
    page: Page, under_way: tuple[int, int, str]
) -> None:
    campaign_id, dispatch_id, _ = under_way
    page.goto(f"/marketing/campaigns/{campaign_id}")
    expect(page.get_by_test_id("pause")).to_be_visible()
    with unit() as session:
        standstill.pause(session, dispatch_id, by=somebody("max"), now=now())
    expect(page.get_by_test_id("held")).to_contain_text("Paused by Max")
    expect(page.get_by_test_id("go-on")).to_be_visible()
    with unit() as session:
        standstill.resume(session, dispatch_id, by=somebody("max"), now=now())
    expect(page.get_by_test_id("pause")).to_be_visible()


def test_who_may_not_send_reads_it_and_can_press_nothing(
    page: Page, under_way: tuple[int, int, str], olive: Actor, sign_in: SignIn
) -> None:
    campaign_id, dispatch_id, _ = under_way
    with unit() as session:
        standstill.pause(session, dispatch_id, by=olive, now=now())
    sign_in(page, "sal")
    for path in (f"/marketing/campaigns/{campaign_id}", f"/marketing/sends/{dispatch_id}"):
        page.goto(path)
        expect(page.get_by_test_id("held")).to_contain_text("Paused by Olive")
        expect(page.get_by_test_id(f"moving-{dispatch_id}")).to_contain_text("Paused by Olive")
        for forbidden in ("go-on", "bar-go-on", "pause", "bar-pause", "stop"):
            expect(page.get_by_test_id(forbidden)).to_have_count(0)


@pytest.mark.parametrize(
    ("why", "cause"),
    [
        (Hold.QUIET, "Waiting for the end of your quiet hours"),
        (Hold.HOUR, "The mail account’s limit for an hour is used up"),
        (Hold.DAY, "The mail account’s limit for a day is used up"),
    ],
)
def test_a_send_that_waits_says_why_and_until_when(
    page: Page, under_way: tuple[int, int, str], rules: Rules, why: Hold, cause: str
) -> None:
    campaign_id, dispatch_id, _ = under_way
    hold(dispatch_id, why, rules.until(why))
    goes_on = holds.goes_on(told(dispatch_id), LONDON, now())
    page.goto(f"/marketing/campaigns/{campaign_id}")
    expect(page.get_by_test_id("status")).to_have_text("Waiting")
    expect(page.get_by_test_id("held")).to_contain_text(cause)
    expect(page.get_by_test_id("held")).to_contain_text(f"{goes_on[0].upper()}{goes_on[1:]}.")
    expect(page.get_by_test_id("progress-left")).to_have_text(re.compile(r"^\d+ to go$"))
    expect(page.get_by_test_id(f"moving-{dispatch_id}")).to_contain_text(f"{cause}: {goes_on}.")
    expect(page.get_by_test_id("details")).to_contain_text(re.compile(r"Waits\s*For the .*, since \d\d:\d\d"))
    expect(page.get_by_test_id("pause")).to_be_visible()
    rules.lift()
    with unit() as session:
        standstill.let_go_on(session, dispatch_id, now=now())
    expect(page.get_by_test_id("held")).to_have_count(0)
    expect(page.get_by_test_id("status")).to_have_text("Sending")


def test_the_keyboard_stays_where_it_pressed(page: Page, under_way: tuple[int, int, str]) -> None:
    campaign_id, _, _ = under_way
    page.goto(f"/marketing/campaigns/{campaign_id}")
    page.get_by_test_id("pause").press("Enter")
    expect(page.get_by_test_id("go-on")).to_be_focused()
    page.get_by_test_id("go-on").press("Enter")
    expect(page.get_by_test_id("pause")).to_be_focused()
    page.get_by_test_id("stop").press("Enter")
    expect(page.get_by_test_id("cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("dialog")).to_have_count(0)
    expect(page.get_by_test_id("stop")).to_be_focused()


def test_after_a_stop_the_keyboard_stands_on_the_line_that_tells_it(
    page: Page, under_way: tuple[int, int, str]
) -> None:
    campaign_id, dispatch_id, _ = under_way
    page.goto(f"/marketing/campaigns/{campaign_id}")
    page.get_by_test_id("stop").press("Enter")
    page.get_by_test_id("confirm").press("Enter")
    expect(page.get_by_test_id("launch-error")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_test_id("send-rest")).to_be_focused()
    page.goto(f"/marketing/sends/{dispatch_id}")
    expect(page.get_by_test_id("ending")).to_contain_text("Stopped by Olive")


def test_a_send_that_has_not_begun_is_stopped_without_a_word_about_mail_on_its_way(
    page: Page, olive: Actor
) -> None:
    campaign_id = drafted(olive)
    with unit() as session:
        dispatch_id = launches.launch(
            session, campaign_id, Press(undo=timedelta(minutes=10)), by=olive, now=now()
        ).id
    page.goto(f"/marketing/sends/{dispatch_id}")
    expect(page.get_by_test_id("details")).not_to_contain_text("% of recipients")
    page.get_by_test_id("stop").press("Enter")
    expect(page.get_by_test_id("dialog")).to_contain_text("Nobody was written to yet")
    expect(page.get_by_test_id("dialog")).not_to_contain_text("on its way")
    page.get_by_test_id("confirm").press("Enter")
    expect(page.get_by_test_id("ending")).to_contain_text("Called back in time")
    expect(page.get_by_test_id("ending")).to_be_focused()
    page.goto(f"/marketing/campaigns/{campaign_id}")
    expect(page.get_by_test_id("called-back")).to_be_visible()


def test_after_send_the_keyboard_stands_on_the_new_page(page: Page, olive: Actor) -> None:
    page.goto(f"/marketing/campaigns/{drafted(olive)}")
    page.get_by_test_id("send-now").press("Enter")
    page.get_by_test_id("confirm").press("Enter")
    expect(page.get_by_test_id("progress").or_(page.get_by_test_id("ending")).first).to_be_focused()


def test_after_a_restore_going_on_is_asked_first(page: Page, under_way: tuple[int, int, str]) -> None:
    campaign_id, dispatch_id, _ = under_way
    with unit() as session:
        restored = "UPDATE dispatches SET state = 'paused', held_for = 'restored' WHERE id = :d"
        session.execute(text(restored), {"d": dispatch_id})
    page.goto(f"/marketing/campaigns/{campaign_id}")
    expect(page.get_by_test_id("held")).to_contain_text("Paused, because the shop was restored from a copy")
    expect(page.get_by_test_id("held")).to_contain_text("Some of these people may have got it since")
    for press in ("go-on", "bar-go-on"):
        page.get_by_test_id(press).click()
        expect(page.get_by_test_id("dialog")).to_contain_text("a second time")
        page.get_by_test_id("cancel").click()
        expect(page.get_by_test_id("dialog")).to_have_count(0)
    with reading() as session:
        assert dispatches.get(session, dispatch_id).state is DispatchState.PAUSED
    page.get_by_test_id("go-on").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("status")).to_have_text("Sending")


def test_on_a_phone_the_bar_and_the_buttons_fit(
    phone: Page, under_way: tuple[int, int, str], rules: Rules
) -> None:
    campaign_id, dispatch_id, _ = under_way
    hold(dispatch_id, Hold.QUIET, rules.until(Hold.QUIET))
    phone.goto(f"/marketing/campaigns/{campaign_id}")
    line = phone.get_by_test_id(f"moving-{dispatch_id}")  # the send of another test may be on its way too
    line.get_by_test_id("bar-pause").click()
    expect(line).to_contain_text("Paused by Olive")
    for path in (f"/marketing/campaigns/{campaign_id}", "/customers"):
        phone.goto(path)
        expect(line.get_by_test_id("bar-go-on")).to_be_visible()
        assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")


def somebody(who: str) -> Actor:
    with reading() as session:
        user = people.by_email(session, email_of(who))
        assert user is not None
        return user.as_actor("page")


def drafted(by: Actor, name: str = "Early doors") -> int:
    content = {"name": name, "subject": "We open early", "text_body": "Come in.", "audience": EVENING}
    with unit() as session:
        return campaigns.create(session, content, by=by, now=now()).id


def hold(dispatch_id: int, why: Hold, until: datetime) -> None:
    with unit() as session:
        standstill.hold(session, dispatch_id, why, until, now=now())


def told(dispatch_id: int) -> Dispatch:
    with reading() as session:
        return dispatches.get(session, dispatch_id)
