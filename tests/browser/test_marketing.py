"""The hub, the campaigns, the report of a send, the Practice inbox and the undo bar, as Olive sees them."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from data.database import now, reading, unit
from domain.audience.audience import Audience
from domain.book import customers
from domain.ledger import deliveries
from domain.message import practice
from domain.sending import calendar, campaigns, dispatches, endings, launches, preview, schedules
from domain.sending.campaigns import Status
from domain.sending.dispatches import DispatchState
from domain.sending.launches import Press
from domain.shop import people
from domain.shop.people import Actor
from tests.browser.conftest import SignIn
from tests.browser.server import Server, email_of

BODY = "<h1>Come by</h1><p>Dear {{ firstName | default: 'friend' }}, we open early.</p>"
EVENING = {"type": "tags", "tags": ["VIP evening"]}
LONG = timedelta(minutes=10)


@pytest.fixture
def olive(shop: Server) -> Actor:
    with reading() as session:
        user = people.by_email(session, email_of("olive"))
        assert user is not None
        return user.as_actor("page")


@pytest.fixture(autouse=True)
def still(shop: Server) -> Iterator[None]:
    """No test leaves a send that the next one's bar would show."""
    yield
    with unit() as session:
        session.execute(
            text(
                "UPDATE dispatches SET state = 'undone', finished_at = created_at WHERE state IN ('waiting', 'sending')"
            )
        )


def draft(by: Actor, **fields: object) -> tuple[int, str]:
    """A campaign to the VIP evening under a name nobody else uses."""
    name = f"Early doors {uuid4().hex[:6]}"
    content = {"name": name, "subject": "We open early", "html_body": BODY, "audience": EVENING} | fields
    with unit() as session:
        return campaigns.create(session, content, by=by, now=now()).id, name


def launched(by: Actor, campaign_id: int, press: Press) -> int:
    with unit() as session:
        return launches.launch(session, campaign_id, press, by=by, now=now()).id


FIRST_QUEUED = "(SELECT min(id) FROM deliveries WHERE dispatch_id = :d AND state = 'queued')"


def settle(dispatch_id: int, values: str, which: str = "1 = 1") -> None:
    """What a mail server's answers would have made of the rows that still wait."""
    with unit() as session:
        session.execute(
            text(f"UPDATE deliveries SET {values} WHERE dispatch_id = :d AND state = 'queued' AND {which}"),
            {"d": dispatch_id},
        )


def half_failed(by: Actor, campaign_id: int) -> int:
    """Every second one reached, then the mail account was refused."""
    dispatch_id = launched(by, campaign_id, Press(undo=LONG))
    settle(dispatch_id, "state = 'sent', settled_at = next_at, handed_at = next_at", "id % 2 = 0")
    with unit() as session:
        endings.fail(session, dispatch_id, "The mail server did not accept the password.", now=now())
        session.execute(text("UPDATE notices SET seen_at = at"))
    return dispatch_id


def sent(by: Actor, campaign_id: int) -> int:
    """Some refused, one never answered, the rest sent; closed as the engine would."""
    dispatch_id = launched(by, campaign_id, Press(undo=LONG))
    with reading() as session:
        first = deliveries.lines(session, dispatch_id, states=(deliveries.State.QUEUED,), limit=6)
    refused, doubtful = ",".join(str(one.id) for one in first[:5]), first[5].id
    settle(
        dispatch_id,
        "state = 'failed', reason = 'no_such_address', code = 550, reply = '5.1.1 No such user here', settled_at = next_at",
        f"id IN ({refused})",
    )
    settle(
        dispatch_id,
        "state = 'unknown', reason = 'no_answer', handed_at = next_at, settled_at = next_at, attempts = 1",
        f"id = {doubtful}",
    )
    settle(dispatch_id, "state = 'sent', code = 250, handed_at = next_at, settled_at = next_at")
    with unit() as session:
        session.execute(text("UPDATE dispatches SET state = 'sending' WHERE id = :d"), {"d": dispatch_id})
    with unit() as session:
        endings.conclude(session, dispatch_id, now=now())
    return dispatch_id


def open_mail(page: Page, subject: str) -> None:
    """Find the one mail with these words and open it. The list must have settled: a row drawn anew loses a press."""
    page.get_by_test_id("mail-search").fill(subject)
    expect(page.get_by_test_id("mail")).to_have_count(1)
    page.get_by_test_id("mail").click()
    expect(page.get_by_test_id("mail-subject")).to_be_visible()


def figure(page: Page, term: str) -> int:
    return int(page.get_by_test_id(f"count-{term}").inner_text().replace(",", ""))


def test_the_hub_leads_to_all_three_ways_of_sending(page: Page) -> None:
    page.goto("/marketing")
    expect(page.get_by_test_id("tile-bulk-email")).to_have_attribute(
        "href", re.compile("/marketing/bulk-email$")
    )
    expect(page.get_by_test_id("tile-whatsapp-campaigns")).to_contain_text("everybody who agreed")
    expect(page.get_by_test_id("tile-new")).to_contain_text("Create campaign")
    expect(page.get_by_test_id("upcoming")).to_be_visible()
    page.get_by_test_id("tile-new").click()
    expect(page).to_have_url(re.compile("/marketing/campaigns/new$"))


def test_a_press_is_counted_down_and_called_back_from_another_page(page: Page, olive: Actor) -> None:
    campaign_id, _ = draft(olive)
    page.goto("/marketing")
    dispatch_id = launched(olive, campaign_id, Press(undo=LONG))
    bar = page.get_by_test_id(f"moving-{dispatch_id}")
    expect(bar).to_contain_text("Sending to")
    expect(page.get_by_test_id("undo-seconds")).to_have_text(re.compile(r"^5\d\d s$"))
    bar.get_by_test_id("undo").click()
    expect(page.get_by_test_id("toast")).to_contain_text("Nobody was written to")
    expect(bar).to_have_count(0)
    with reading() as session:
        assert dispatches.get(session, dispatch_id).state is DispatchState.UNDONE
        assert campaigns.get(session, campaign_id).status is Status.DRAFT
    page.goto(f"/marketing/campaigns/{campaign_id}")
    expect(page.get_by_test_id("called-back")).to_be_visible()


def test_who_may_not_send_sees_the_bar_without_undo(page: Page, olive: Actor, sign_in: SignIn) -> None:
    campaign_id, _ = draft(olive)
    dispatch_id = launched(olive, campaign_id, Press(undo=LONG))
    sign_in(page, "sal")
    page.goto(f"/marketing/campaigns/{campaign_id}")
    expect(page.get_by_test_id(f"moving-{dispatch_id}")).to_contain_text("Sending to")
    expect(page.get_by_test_id("refresh")).to_be_visible()
    for forbidden in ("undo", "stop", "edit", "send-now", "more"):
        expect(page.get_by_test_id(forbidden)).to_have_count(0)


def test_send_is_watched_to_its_end_and_the_books_balance(page: Page, olive: Actor) -> None:
    campaign_id, _ = draft(olive)
    page.goto(f"/marketing/campaigns/{campaign_id}")
    expect(page.get_by_test_id("audience")).to_contain_text("would get it now")
    page.get_by_test_id("send-now").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("progress")).to_be_visible()
    expect(page.get_by_test_id("status")).to_have_text("Sent", timeout=40_000)
    expect(page.get_by_test_id("ending")).to_contain_text("Sent to")
    expect(page.get_by_test_id("progress")).to_be_hidden()
    terms = ("sent", "failed", "skipped", "cancelled", "not_sure")
    assert figure(page, "all") == sum(figure(page, term) for term in terms)
    assert figure(page, "sent") > 0
    page.get_by_test_id("term-skipped").click()
    expect(page.get_by_test_id("recipients-filter")).to_have_text("Only: skipped")
    expect(page.get_by_test_id("recipients-table").locator("tbody tr")).to_have_count(figure(page, "skipped"))
    expect(page.get_by_test_id("recipients-table")).to_contain_text("Opted out")


def test_a_figure_leads_to_its_people_and_to_the_servers_own_words(page: Page, olive: Actor) -> None:
    campaign_id, _ = draft(olive)
    sent(olive, campaign_id)
    page.goto(f"/marketing/campaigns/{campaign_id}")
    page.get_by_test_id("term-failed").click()
    rows = page.get_by_test_id("recipients-table").locator("tbody tr")
    expect(rows).to_have_count(5)
    expect(rows.first).to_contain_text("Nobody has this address.")
    expect(page.get_by_text("5.1.1 No such user here").first).to_be_hidden()
    rows.first.locator("summary").click()
    expect(rows.first.get_by_text("550 5.1.1 No such user here")).to_be_visible()
    expect(page.get_by_test_id("many-failed")).to_contain_text("5 with an address that nobody has")
    expect(page.get_by_test_id("not-sure")).to_contain_text("never sent again by themselves")
    page.get_by_test_id("term-not_sure").click()
    expect(rows).to_have_count(1)
    rows.first.locator("summary").click()
    expect(rows.first).to_contain_text("Message-ID <")


def test_recipients_are_found_by_name(page: Page, olive: Actor) -> None:
    campaign_id, _ = draft(olive)
    dispatch_id = sent(olive, campaign_id)
    with reading() as session:
        somebody = deliveries.lines(session, dispatch_id, limit=1)[0]
    page.goto(f"/marketing/campaigns/{campaign_id}")
    page.get_by_test_id("recipient-search").fill(somebody.address)
    rows = page.get_by_test_id("recipients-table").locator("tbody tr")
    expect(rows).to_have_count(1)
    expect(rows.first.locator("a.hb-cell-name")).to_have_attribute(
        "href", re.compile(f"/customers/{somebody.customer_id}$")
    )


def test_a_half_failed_send_goes_on_with_the_rest_and_nobody_gets_it_twice(page: Page, olive: Actor) -> None:
    campaign_id, _ = draft(olive)
    before = half_failed(olive, campaign_id)
    page.goto(f"/marketing/campaigns/{campaign_id}")
    expect(page.get_by_test_id("status")).to_have_text("Failed")
    expect(page.get_by_test_id("launch-error")).to_contain_text("did not accept the password")
    with reading() as session:
        reached = {
            line.address
            for line in deliveries.lines(session, before, states=(deliveries.State.SENT,), limit=500)
        }
        rest = deliveries.books(session, before).cancelled
    button = page.get_by_test_id("send-rest")
    expect(button).to_have_text(f"Send to the remaining {rest}")
    button.click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("status")).to_have_text("Sent", timeout=40_000)
    expect(page.get_by_test_id("launches")).to_contain_text("reached in all")
    with reading() as session:
        last = dispatches.of_campaign(session, campaign_id)[0]
        written = deliveries.lines(session, last.id, states=(deliveries.State.SENT,), limit=500)
        assert len(written) == rest
        assert not reached & {line.address for line in written}


def test_stop_leaves_the_rest_unwritten(page: Page, olive: Actor) -> None:
    campaign_id, _ = draft(olive)
    dispatch_id = launched(olive, campaign_id, Press(undo=LONG))
    settle(dispatch_id, "state = 'sent', settled_at = next_at", "id % 3 = 0")
    settle(dispatch_id, "state = 'handoff'", f"id = {FIRST_QUEUED}")
    settle(dispatch_id, "state = 'deferred', next_at = '2999-01-01 00:00:00.000000'")
    with unit() as session:
        session.execute(text("UPDATE dispatches SET state = 'sending' WHERE id = :d"), {"d": dispatch_id})
    page.goto(f"/marketing/campaigns/{campaign_id}")
    expect(page.get_by_test_id("progress")).to_be_visible()
    expect(page.get_by_test_id("moving-figures")).to_have_text(re.compile(r"^\d+ of \d+$"))
    page.get_by_test_id("stop").click()
    page.get_by_test_id("confirm").click()
    with unit() as session:
        answered = "UPDATE deliveries SET state = 'sent' WHERE dispatch_id = :d AND state = 'handoff'"
        session.execute(text(answered), {"d": dispatch_id})
    expect(page.get_by_test_id("launch-error")).to_contain_text("Stopped by Olive")
    expect(page.get_by_test_id("send-rest")).to_be_visible()
    expect(page.get_by_test_id("term-queued")).to_be_hidden()
    assert figure(page, "cancelled") > 0
    with reading() as session:
        assert dispatches.get(session, dispatch_id).state is DispatchState.STOPPED


def test_after_a_stop_the_page_waits_for_the_last_answer_by_itself(page: Page, olive: Actor) -> None:
    campaign_id, _ = draft(olive)
    dispatch_id = launched(olive, campaign_id, Press(undo=LONG))
    settle(dispatch_id, "state = 'handoff'", f"id = {FIRST_QUEUED}")
    settle(dispatch_id, "state = 'deferred', next_at = '2999-01-01 00:00:00.000000'")
    with unit() as session:
        session.execute(text("UPDATE dispatches SET state = 'sending' WHERE id = :d"), {"d": dispatch_id})
    page.goto(f"/marketing/campaigns/{campaign_id}")
    expect(page.get_by_test_id("progress")).to_be_visible()
    with unit() as session:
        endings.stop(session, dispatch_id, by=olive, now=now())
    expect(page.get_by_test_id("ending")).to_contain_text("Stopped by Olive")
    with unit() as session:
        session.execute(
            text(
                "UPDATE deliveries SET state = 'sent', settled_at = next_at WHERE dispatch_id = :d AND state = 'handoff'"
            ),
            {"d": dispatch_id},
        )
        endings.conclude(session, dispatch_id, now=now())
    expect(page.get_by_test_id("send-rest")).to_be_visible()


def test_a_schedule_is_shown_and_taken_back(page: Page, olive: Actor) -> None:
    campaign_id, _ = draft(olive)
    with unit() as session:
        day = (now() + timedelta(days=30)).strftime("%Y-%m-%dT10:00")
        when = calendar.appointment(day, ZoneInfo("Europe/London"), now=now())
        schedules.schedule(session, campaign_id, when, by=olive, now=now())
    page.goto(f"/marketing/campaigns/{campaign_id}")
    expect(page.get_by_test_id("status")).to_have_text("Scheduled")
    expect(page.get_by_test_id("schedule")).to_contain_text("at 10:00")
    expect(page.get_by_test_id("send-now")).to_be_visible()
    page.get_by_test_id("back-to-draft").click()
    expect(page.get_by_test_id("status")).to_have_text("Draft")
    expect(page.get_by_test_id("edit")).to_be_visible()


def test_the_list_filters_finds_copies_and_deletes(page: Page, olive: Actor) -> None:
    campaign_id, name = draft(olive)
    page.goto("/marketing/campaigns")
    page.get_by_test_id("search").fill(name)
    rows = page.get_by_test_id("campaigns").locator("tbody tr")
    expect(rows).to_have_count(1)
    page.get_by_test_id("pill-sent").click()
    expect(page.get_by_test_id("none-fits")).to_be_visible()
    page.get_by_test_id("pill-draft").click()
    expect(rows).to_have_count(1)
    page.get_by_test_id(f"more-{campaign_id}").click()
    page.get_by_test_id("row-duplicate").click()
    expect(page).to_have_url(re.compile(r"/marketing/campaigns/\d+/edit$"))
    page.goto("/marketing/campaigns")
    page.get_by_test_id("search").fill(name)
    expect(rows).to_have_count(2)
    page.get_by_test_id(f"more-{campaign_id}").click()
    page.get_by_test_id("row-delete").click()
    page.get_by_test_id("confirm").click()
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text(f"{name} (copy)")


def test_failed_launches_stand_under_their_own_pill(page: Page, olive: Actor) -> None:
    campaign_id, name = draft(olive)
    half_failed(olive, campaign_id)
    page.goto("/marketing/campaigns?pill=failed")
    row = page.get_by_test_id("campaigns").locator("tbody tr").filter(has_text=name)
    expect(row).to_contain_text("Failed")
    expect(row).to_contain_text("did not finish")


def test_last_month_is_answered(page: Page, olive: Actor) -> None:
    campaign_id, name = draft(olive)
    dispatch_id = sent(olive, campaign_id)
    last_month = (now().replace(day=1) - timedelta(days=10)).strftime("%Y-%m-%d %H:%M:%S.000000")
    page.goto("/marketing/campaigns?period=last")
    expect(page.get_by_test_id("month-said")).to_contain_text("Last month")
    expect(page.get_by_text(name)).to_have_count(0)
    with unit() as session:
        session.execute(
            text("UPDATE dispatches SET created_at = :t WHERE id = :d"), {"t": last_month, "d": dispatch_id}
        )
    page.reload()
    expect(page.get_by_test_id("month-said")).to_contain_text("went out in")
    expect(page.get_by_test_id("campaigns")).to_contain_text(name)


def test_a_one_shot_is_on_the_sends_page_and_becomes_a_campaign(page: Page, olive: Actor) -> None:
    subject = f"We close early {uuid4().hex[:6]}"
    with unit() as session:
        content = preview.drafted(session, {"subject": subject, "html_body": BODY})
        one = launches.launch_one_shot(
            session,
            content,
            Audience.parse(EVENING),
            Press(undo=LONG),
            channel_name="email",
            by=olive,
            now=now(),
        )
    page.goto("/marketing/sends")
    page.get_by_role("link", name=f"Untitled — {subject}").click()
    expect(page).to_have_url(re.compile(f"/marketing/sends/{one.id}$"))
    expect(page.get_by_test_id("status")).to_have_text("About to go")
    page.get_by_test_id("undo").click()
    expect(page.get_by_test_id("status")).to_have_text("Undone")
    page.get_by_test_id("promote").click()
    page.get_by_test_id("promote-entry").fill("Early closing")
    page.get_by_test_id("dialog").get_by_test_id("confirm").click()
    expect(page.get_by_test_id("title")).to_have_text("Early closing")
    expect(page.get_by_test_id("status")).to_have_text("Draft")


def test_the_list_of_recipients_is_taken_away_safely(page: Page, visitor: Page, olive: Actor) -> None:
    with unit() as session:
        sly = {"first_name": "=cmd|' /C calc'!A0", "email": f"sly.{uuid4().hex[:6]}@inbox.example"}
        person = customers.create(session, sly, by=olive, now=now())
    campaign_id, _ = draft(olive, audience={"type": "manual", "customerIds": [person.id]})
    dispatch_id = launched(olive, campaign_id, Press(undo=LONG))
    path = f"/marketing/sends/{dispatch_id}/recipients.csv"
    page.goto(f"/marketing/sends/{dispatch_id}")
    with page.expect_download() as taken:
        page.get_by_test_id("csv").click()
    rows = list(csv.DictReader(io.StringIO(taken.value.path().read_text("utf-8-sig"))))
    assert [row["Name"] for row in rows] == ["'=cmd|' /C calc'!A0"]
    answer = visitor.request.get(path, max_redirects=0)
    assert answer.status == 303
    assert "/sign-in" in answer.headers["location"]


def test_practice_mail_is_read_in_all_its_forms(page: Page, olive: Actor) -> None:
    subject = f"We open early {uuid4().hex[:6]}"
    with unit() as session:
        reader = {"first_name": "Rhea", "email": f"rhea.{uuid4().hex[:6]}@inbox.example"}
        rhea = customers.create(session, reader, by=olive, now=now())
    campaign_id, _ = draft(olive, subject=subject, audience={"type": "manual", "customerIds": [rhea.id]})
    launched(olive, campaign_id, Press())
    page.goto("/practice")
    page.get_by_test_id("mail-search").fill(subject)
    expect(page.get_by_test_id("mail")).to_have_count(1, timeout=40_000)
    expect(page.get_by_test_id("mail")).to_have_class(re.compile("is-new"))
    open_mail(page, subject)
    expect(page.get_by_test_id("mail-subject")).to_have_text(subject)
    letter = page.frame_locator("[data-testid=mail-html]")
    expect(letter.get_by_role("heading", name="Come by")).to_be_visible()
    expect(page.get_by_test_id("mail")).not_to_have_class(re.compile("is-new"))
    expect(page.get_by_test_id("mail-customer")).to_have_attribute(
        "href", re.compile(f"/customers/{rhea.id}$")
    )
    with page.context.expect_page() as opened:
        letter.get_by_role("link", name=re.compile("nsubscribe")).first.click()
    expect(opened.value).to_have_url(re.compile(r"/u/"))
    page.get_by_test_id("view-text").click()
    expect(page.get_by_test_id("mail-text")).to_contain_text("we open early")
    page.get_by_test_id("view-headers").click()
    expect(page.get_by_test_id("mail-headers")).to_contain_text(
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click"
    )


def test_a_hostile_practice_mail_can_do_nothing(page: Page, console: list[str]) -> None:
    word = uuid4().hex[:8]
    raw = (
        f"From: x@inbox.example\r\nTo: y@inbox.example\r\nSubject: {word}\r\nContent-Type: text/html\r\n\r\n"
        "<!-- <head> --><p>harmless</p><script>parent.document.title = 'taken'; document.title = 'ran'</script>"
        "<img src=x onerror=\"top.location='/sign-in'\">"
    )
    with unit() as session:
        practice.keep(
            session, sender="x@inbox.example", recipient="y@inbox.example", raw=raw.encode(), now=now()
        )
    page.goto("/practice")
    open_mail(page, word)
    expect(page.frame_locator("[data-testid=mail-html]").get_by_text("harmless")).to_be_visible()
    expect(page).to_have_url(re.compile("/practice$"))
    assert page.title().startswith("Practice inbox")
    assert any("script" in line.lower() for line in console), "the browser says that it blocked the script"
    console.clear()


def test_practice_mail_on_a_phone_is_one_thing_at_a_time(phone: Page, olive: Actor) -> None:
    with unit() as session:
        raw = b"From: a@b.example\r\nTo: c@d.example\r\nSubject: Small screen\r\n\r\nHello\r\n"
        practice.keep(session, sender="a@b.example", recipient="c@d.example", raw=raw, now=now())
    phone.goto("/practice")
    open_mail(phone, "Small screen")
    expect(phone.get_by_test_id("mail-text")).to_contain_text("Hello")
    expect(phone.get_by_test_id("mail").first).to_be_hidden()
    phone.get_by_test_id("mail-close").click()
    expect(phone.get_by_test_id("mail").first).to_be_visible()


def test_a_phone_shows_cards_and_no_page_is_wider_than_it(phone: Page, olive: Actor) -> None:
    campaign_id, name = draft(olive)
    sent(olive, campaign_id)
    for path in (
        "/marketing",
        "/marketing/campaigns",
        f"/marketing/campaigns/{campaign_id}",
        "/marketing/sends",
        "/practice",
    ):
        phone.goto(path)
        expect(phone.get_by_test_id("title")).to_be_visible()
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390, path
    phone.goto("/marketing/campaigns")
    expect(phone.locator(".hb-rowcard", has_text=name)).to_be_visible()


def test_emptying_the_inbox_asks_first_and_is_not_for_everybody(page: Page, sign_in: SignIn) -> None:
    with unit() as session:
        raw = b"From: a@b.example\r\nTo: c@d.example\r\nSubject: Keep\r\n\r\nHello\r\n"
        practice.keep(session, sender="a@b.example", recipient="c@d.example", raw=raw, now=now())
    sign_in(page, "sal")
    page.goto("/practice")
    expect(page.get_by_test_id("mail").first).to_be_visible()
    expect(page.get_by_test_id("empty-inbox")).to_have_count(0)
    sign_in(page, "max")
    page.goto("/practice")
    page.get_by_test_id("empty-inbox").click()
    page.get_by_test_id("cancel").click()
    expect(page.get_by_test_id("mail").first).to_be_visible()
    page.get_by_test_id("empty-inbox").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("inbox-empty")).to_be_visible()


def test_an_unknown_campaign_is_a_kind_404(page: Page, console: list[str]) -> None:
    for path in ("/marketing/campaigns/999999", "/marketing/sends/999999", "/marketing/campaigns/abc"):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 404
        expect(page.get_by_test_id("not-found")).to_be_visible()
    console.clear()
