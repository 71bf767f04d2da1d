"""Writing a campaign and a bulk email, as Olive does it."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select, update

from data.database import now, reading, unit
from domain.audience import audience as audiences
from domain.audience import segments
from domain.audience.audience import Audience, Count, Who
from domain.audience.reach import EMAIL_REACH
from domain.book.message_types import MessageType
from domain.book.person import Customer
from domain.ledger.deliveries import Delivery, State
from domain.message import templates
from domain.sending import campaigns, endings, launches
from domain.sending.campaigns import Campaign, Status
from domain.sending.dispatches import Dispatch
from domain.sending.launches import Press
from domain.shop import people
from domain.shop.people import Actor
from tests.browser.server import Server, email_of

NEW = "/marketing/campaigns/new"
EDIT = re.compile(r"/marketing/campaigns/\d+/edit$")
SignIn = Callable[[Page, str], None]


def test_a_draft_is_kept_by_itself_and_the_address_follows(page: Page) -> None:
    page.goto(NEW)
    page.get_by_test_id("name").fill("Pearl evening")
    page.get_by_test_id("text-body").fill("Come and see the pearls.")
    expect(page.get_by_test_id("saved")).to_have_text(re.compile(r"^Saved \d\d:\d\d$"))
    expect(page).to_have_url(EDIT)
    assert kept("Pearl evening").text_body == "Come and see the pearls."
    assert kept("Pearl evening").status is Status.DRAFT


def test_the_form_is_not_rebuilt_when_the_draft_gets_its_address(page: Page) -> None:
    page.goto(NEW)
    page.get_by_test_id("name").fill("Same form")
    page.get_by_test_id("subject").click()
    expect(page).to_have_url(EDIT)
    page.keyboard.type("still typing")
    expect(page.get_by_test_id("subject")).to_have_value("still typing")
    expect(page.get_by_test_id("title")).to_have_text("New Campaign")


def test_a_reload_finds_what_was_typed(page: Page) -> None:
    page.goto(NEW)
    page.get_by_test_id("name").fill("Kept over a reload")
    page.get_by_test_id("subject").fill("Ring cleaning week")
    choose_tag(page, "gold")
    expect(page).to_have_url(EDIT)
    wait_until_kept("Kept over a reload", lambda one: one.audience == {"type": "tags", "tags": ["gold"]})
    page.reload()
    expect(page.get_by_test_id("subject")).to_have_value("Ring cleaning week")
    expect(page.get_by_test_id("tag-gold")).to_have_attribute("aria-pressed", "true")


def test_going_away_at_once_keeps_the_last_words(page: Page) -> None:
    page.goto(NEW)
    page.get_by_test_id("name").fill("Left in a hurry")
    page.get_by_test_id("text-body").fill("The last words.")
    expect(page.frame_locator("[data-testid=preview]").get_by_text("The last words.")).to_be_visible()
    page.get_by_role("link", name="Sends", exact=True).click()
    expect(page.get_by_test_id("text-body")).to_have_count(0)
    wait_until_kept("Left in a hurry", lambda one: one.text_body == "The last words.")


def test_a_campaign_without_a_name_is_asked_for_one_beside_the_field(page: Page) -> None:
    page.goto(NEW)
    page.get_by_test_id("subject").fill("No name yet")
    expect(page.get_by_test_id("name-field-wrong")).to_be_hidden()
    page.get_by_test_id("save-draft").click()
    expect(page.get_by_test_id("name-field-wrong")).to_have_text(
        "Give the campaign a name. Only your team sees it."
    )


def test_words_typed_before_the_name_are_kept_too(page: Page) -> None:
    page.goto(NEW)
    page.get_by_test_id("subject").fill("Before the name")
    expect(page).to_have_url(EDIT)
    assert kept("Before the name").subject == "Before the name"


def test_the_preview_is_the_letter_of_a_chosen_customer(page: Page) -> None:
    person = somebody()
    page.goto(NEW)
    page.get_by_test_id("subject").fill("For {{ firstName }}")
    page.get_by_test_id("text-body").fill("Dear {{ firstName }} {{ lastName }}, come by.")
    page.get_by_test_id("preview-choose").click()
    page.get_by_test_id("preview-search").fill(person.email or "")
    page.get_by_test_id(f"preview-search-{person.id}").click()
    expect(page.get_by_test_id("preview-subject")).to_have_text(f"For {person.first_name}")
    letter = page.frame_locator("[data-testid=preview]")
    expect(letter.get_by_text(f"Dear {person.first_name} {person.last_name}, come by.")).to_be_visible()
    expect(letter.get_by_text("4 Market Row")).to_be_visible()


def test_the_preview_runs_nothing_and_fetches_nothing(page: Page, shop: Server) -> None:
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(NEW)
    page.get_by_test_id("body-html_body").click()
    page.get_by_test_id("html-body").fill(
        f'<p onclick="x()">Look</p><img src="{shop.url}/outside.png" alt="A ring"><script>parent.bad = 1</script>'
    )
    letter = page.frame_locator("[data-testid=preview]")
    expect(letter.get_by_text("Look")).to_be_visible()
    expect(page.get_by_test_id("preview-note")).to_contain_text("Pictures from the web are not loaded here.")
    expect(page.get_by_test_id("preview")).to_have_attribute("sandbox", "")
    assert "script" not in (page.get_by_test_id("preview").get_attribute("srcdoc") or "")
    assert not [url for url in fetched if "outside.png" in url]


def test_a_broken_field_is_shown_beside_the_body_with_line_and_column(page: Page) -> None:
    page.goto(NEW)
    page.get_by_test_id("text-body").fill("Dear you,\n{{ firstName | shout }}")
    wrong = page.get_by_test_id("text_body-field-wrong")
    expect(wrong).to_contain_text("line 2, column")
    expect(wrong).to_contain_text("there is no filter called shout")
    page.get_by_test_id("text-body").fill("Dear you,\n{{ firstName }}")
    expect(wrong).to_be_hidden()


def test_a_merge_field_goes_to_the_cursor(page: Page) -> None:
    page.goto(NEW)
    page.get_by_test_id("text-body").fill("Dear , hello")
    for _ in ", hello":
        page.keyboard.press("ArrowLeft")
    page.get_by_test_id("field-First name").click()
    page.keyboard.type("!")
    expect(page.get_by_test_id("text-body")).to_have_value('Dear {{ firstName | default: "there" }}!, hello')


def test_a_template_fills_subject_and_body_and_asks_before_it_replaces_words(page: Page) -> None:
    letter = a_template()
    page.goto(NEW)
    page.get_by_test_id("subject").fill("My own words")
    pick_template(page, letter.name)
    page.get_by_test_id("cancel").click()
    expect(page.get_by_test_id("subject")).to_have_value("My own words")
    pick_template(page, letter.name)
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("subject")).to_have_value(letter.subject)
    expect(page.get_by_test_id("html-body")).to_have_value(letter.html_body)


def test_the_count_is_the_domain_s_own_with_its_reasons(page: Page) -> None:
    page.goto(NEW)
    choose_tag(page, "gold")
    choose_tag(page, "silver")
    found = counted(Audience(Who.TAGS, tags=("gold", "silver")))
    assert found.left_out, "the sample shop should leave somebody out"
    expect(page.get_by_test_id("count")).to_have_text(f"{found.reachable:,}")
    expect(page.get_by_test_id("count-why")).to_have_text(found.sentence())
    expect(page.get_by_test_id("goes-to")).to_have_text(f"Goes to {found.reachable} people")


def test_operational_messages_reach_those_who_opted_out_of_offers(page: Page) -> None:
    page.goto(NEW)
    more = counted(Audience(), MessageType.OPERATIONAL)
    assert more.reachable > counted(Audience()).reachable
    page.get_by_test_id("type-operational").click()
    expect(page.get_by_test_id("count")).to_have_text(f"{more.reachable:,}")


def test_arrows_choose_who_gets_it(page: Page) -> None:
    page.goto(NEW)
    page.get_by_test_id("audience-all").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_test_id("audience-segment")).to_have_attribute("aria-checked", "true")
    expect(page.get_by_test_id("audience-segment")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_test_id("audience-all")).to_have_attribute("aria-checked", "true")


def test_people_are_picked_one_by_one_from_the_keyboard(page: Page) -> None:
    person = somebody()
    page.goto(NEW)
    page.get_by_test_id("audience-manual").click()
    expect(page.get_by_test_id("goes-to")).to_have_text("Choose at least one person")
    page.get_by_test_id("add-person").fill(person.email or "")
    expect(page.get_by_test_id(f"add-person-{person.id}")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id(f"person-{person.id}")).to_contain_text(person.shown_name)
    expect(page.get_by_test_id("count")).to_have_text("1")
    page.get_by_test_id(f"person-{person.id}").click()
    expect(page.get_by_test_id("count")).to_have_text("0")


def test_the_picker_says_why_a_person_is_out(page: Page) -> None:
    person = somebody(Customer.marketing_opt_out)
    page.goto(NEW)
    page.get_by_test_id("why").click()
    page.get_by_test_id("why-search").fill(person.email or "")
    page.get_by_test_id(f"why-search-{person.id}").click()
    expect(page.get_by_test_id("verdict")).to_contain_text(person.shown_name)
    expect(page.get_by_test_id("verdict")).to_contain_text("Opted out")


def test_a_count_that_fails_leaves_the_old_figure_with_the_reason(page: Page) -> None:
    with unit() as session:
        made = segments.create(
            session, name="Soon gone", rule={"all": [{"tag": "gold"}]}, by=olive(), now=now()
        )
        segment_id = made.id
    page.goto(f"{NEW}?segment={segment_id}")
    figure = f"{counted(Audience(Who.SEGMENT, segment_ids=(segment_id,))).reachable:,}"
    expect(page.get_by_test_id("count")).to_have_text(figure)
    with unit() as session:
        segments.delete(session, segment_id, used_by=[], by=olive(), now=now())
    page.get_by_test_id("type-newsletter").click()
    expect(page.get_by_test_id("count-box")).to_contain_text("This could not be counted")
    expect(page.get_by_test_id("count-why")).to_contain_text("was deleted")
    expect(page.get_by_test_id("count")).to_have_text(figure)


def test_sending_says_number_audience_and_names_and_then_launches_once(page: Page) -> None:
    found = counted(Audience(Who.TAGS, tags=("corporate",)))
    page.goto(NEW)
    write(page, "Corporate gifts")
    choose_tag(page, "corporate")
    expect(page.get_by_test_id("count")).to_have_text(f"{found.reachable}")
    page.get_by_test_id("send-now").click()
    dialog = page.get_by_test_id("dialog")
    expect(dialog).to_contain_text(f"Send to {found.reachable} people?")
    expect(dialog).to_contain_text("Anyone tagged corporate")
    expect(dialog).to_contain_text(re.compile(r"\w+, \w+ and \d+ others"))
    expect(dialog).to_contain_text("2 seconds to undo")
    page.get_by_test_id("confirm").click()
    expect(page).to_have_url(re.compile(r"/marketing/campaigns/\d+$"))
    assert [one.expected for one in launched("Corporate gifts")] == [found.reachable]


def test_keep_editing_sends_nothing(page: Page) -> None:
    page.goto(NEW)
    write(page, "Second thoughts")
    page.get_by_test_id("send-now").click()
    page.get_by_test_id("cancel").click()
    expect(page.get_by_test_id("dialog")).to_be_hidden()
    assert kept("Second thoughts").status is Status.DRAFT
    assert not launched("Second thoughts")


def test_what_keeps_a_message_from_leaving_is_said_beside_it(page: Page) -> None:
    page.goto(NEW)
    page.get_by_test_id("name").fill("Not ready")
    page.get_by_test_id("send-now").click()
    expect(page.get_by_test_id("subject-field-wrong")).to_contain_text("Write a subject line first")
    page.get_by_test_id("subject").fill("Ready?")
    page.get_by_test_id("send-now").click()
    expect(page.get_by_test_id("text_body-field-wrong")).to_contain_text("The message has no text yet")


def test_an_audience_of_nobody_is_refused_at_the_audience(page: Page) -> None:
    person = somebody(Customer.marketing_opt_out)
    page.goto(f"{NEW}?customer={person.id}")
    write(page, "For nobody")
    page.get_by_test_id("send-now").click()
    expect(page.get_by_test_id("audience-wrong")).to_contain_text("No recipients found for this campaign")
    assert kept("For nobody").status is Status.DRAFT


def test_after_a_launch_that_reached_some_the_rest_is_the_main_choice(page: Page) -> None:
    campaign_id, everyone = partly_reached("Half sent")
    page.goto(f"/marketing/campaigns/{campaign_id}/edit")
    page.get_by_test_id("send-now").click()
    expect(page.get_by_test_id("confirm")).to_contain_text(f"Send to the remaining {everyone - 1}")
    expect(page.get_by_test_id("reached-before")).to_contain_text("1 person got this campaign already")
    page.get_by_test_id("send-all-again").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("dialog")).to_contain_text('This is not "again" yet')
    page.get_by_test_id("typed").fill("again")
    page.get_by_test_id("confirm").click()
    expect(page).to_have_url(re.compile(r"/marketing/campaigns/\d+$"))
    assert [one.only_remaining for one in launched("Half sent")] == [True, False]


def test_a_schedule_is_kept_and_taken_back_to_draft(page: Page) -> None:
    page.goto(NEW)
    write(page, "For next year")
    expect(page.get_by_test_id("schedule-send")).to_be_hidden()
    day = f"{now() + timedelta(days=30):%Y-%m-%d}"
    page.get_by_test_id("date").fill(day)
    page.get_by_test_id("time").fill("09:30")
    page.get_by_test_id("schedule-send").click()
    page.get_by_test_id("confirm").click()
    expect(page).to_have_url(re.compile(r"/marketing/campaigns/\d+$"))
    campaign = kept("For next year")
    assert (campaign.status, campaign.scheduled_wall) == (Status.SCHEDULED, f"{day}T09:30")
    page.goto(f"/marketing/campaigns/{campaign.id}/edit")
    page.get_by_test_id("back-to-draft").click()
    expect(page.get_by_test_id("name")).to_have_value("For next year")
    assert kept("For next year").status is Status.DRAFT


def test_a_moment_that_has_passed_is_refused_at_the_date(page: Page) -> None:
    page.goto(NEW)
    write(page, "Too late")
    page.get_by_test_id("date").fill("2020-01-01")
    page.get_by_test_id("time").fill("09:00")
    page.get_by_test_id("schedule-send").click()
    expect(page.get_by_test_id("day-field-wrong")).to_contain_text("That moment has passed")
    assert kept("Too late").status is Status.DRAFT


def test_a_time_that_the_clocks_skip_is_said_while_choosing(page: Page) -> None:
    page.goto(NEW)
    page.get_by_test_id("date").fill("2027-03-28")
    page.get_by_test_id("time").fill("01:30")
    expect(page.get_by_test_id("when")).to_contain_text("01:30 does not exist on that day")


def test_two_people_at_one_draft_lose_nothing(page: Page) -> None:
    page.goto(NEW)
    write(page, "Shared draft")
    expect(page).to_have_url(EDIT)
    wait_until_kept("Shared draft", lambda one: bool(one.text_body))
    campaign_id = kept("Shared draft").id
    with unit() as session:
        campaigns.change(session, campaign_id, {"subject": "Max was here"}, by=olive(), now=now())
    page.get_by_test_id("text-body").fill("Olive goes on writing.")
    expect(page.get_by_test_id("conflict")).to_contain_text("Changed there: subject")
    expect(page.get_by_test_id("text-body")).to_have_value("Olive goes on writing.")
    assert kept("Shared draft").subject == "Max was here"
    page.get_by_test_id("keep-copy").click()
    expect(page.get_by_test_id("name")).to_have_value("Shared draft (my version)")
    expect(page.get_by_test_id("text-body")).to_have_value("Olive goes on writing.")


def test_what_was_launched_is_not_open_for_changes(page: Page) -> None:
    campaign_id, _ = partly_reached("Gone out", undone=False)
    page.goto(f"/marketing/campaigns/{campaign_id}/edit")
    expect(page.get_by_test_id("locked")).to_contain_text("Cannot edit a sent or sending campaign")


def test_a_bulk_email_goes_once_and_leaves_no_campaign(page: Page) -> None:
    page.goto("/marketing/bulk-email")
    expect(page.get_by_test_id("name")).to_have_count(0)
    expect(page.get_by_test_id("date")).to_have_count(0)
    page.get_by_test_id("subject").fill("Only this once")
    page.get_by_test_id("text-body").fill("We are closed on Monday.")
    choose_tag(page, "corporate")
    page.get_by_test_id("send-now").click()
    page.get_by_test_id("confirm").click()
    expect(page).to_have_url(re.compile(r"/marketing/sends/\d+$"))
    with reading() as session:
        sends = session.scalars(select(Dispatch).where(Dispatch.subject == "Only this once")).all()
        in_list = session.scalar(
            select(func.count()).select_from(Campaign).where(Campaign.subject == "Only this once")
        )
    assert [(one.campaign_id, one.name) for one in sends] == [(None, "Untitled — Only this once")]
    assert in_list == 0


def test_bulk_sms_leads_to_whatsapp_with_its_explanation(page: Page) -> None:
    page.goto("/marketing/bulk-sms")
    expect(page).to_have_url(re.compile("/marketing/whatsapp-campaigns"))
    expect(page.get_by_test_id("came-from-sms")).to_contain_text("part of WhatsApp campaigns")


@pytest.mark.parametrize("path", [NEW, "/marketing/campaigns/1/edit", "/marketing/bulk-email"])
def test_a_salesperson_can_not_write_campaigns(
    page: Page, sign_in: SignIn, console: list[str], path: str
) -> None:
    sign_in(page, "sal")
    page.goto(path)
    expect(page.get_by_test_id("refused")).to_be_visible()
    expect(page.get_by_test_id("send-now")).to_have_count(0)
    console.clear()  # the browser may note that the answer is a refusal


def test_on_a_phone_the_preview_is_behind_a_switch_and_nothing_sticks_out(phone: Page) -> None:
    phone.goto(NEW)
    phone.get_by_test_id("text-body").fill("For a small screen")
    expect(phone.get_by_test_id("preview-card")).to_be_hidden()
    phone.get_by_test_id("show-preview").click()
    letter = phone.frame_locator("[data-testid=preview]")
    expect(letter.get_by_text("For a small screen")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.get_by_test_id("show-write").click()
    expect(phone.get_by_test_id("send-now")).to_be_visible()


def test_what_is_typed_beside_the_text_view_is_there_on_the_way_back(page: Page) -> None:
    page.goto(NEW)
    page.get_by_test_id("preview-as-text").click()
    page.get_by_test_id("text-body").fill("Typed meanwhile")
    expect(page.get_by_test_id("preview-text")).to_contain_text("Typed meanwhile")
    page.get_by_test_id("preview-as-desktop").click()
    letter = page.frame_locator("[data-testid=preview]")
    expect(letter.get_by_text("Typed meanwhile")).to_be_visible()


def write(page: Page, name: str) -> None:
    page.get_by_test_id("name").fill(name)
    page.get_by_test_id("subject").fill(f"About {name}")
    page.get_by_test_id("text-body").fill('Dear {{ firstName | default: "friend" }}, come by.')


def choose_tag(page: Page, tag: str) -> None:
    page.get_by_test_id("audience-tags").click()
    page.get_by_test_id(f"tag-{tag}").click()
    expect(page.get_by_test_id(f"tag-{tag}")).to_have_attribute("aria-pressed", "true")


def pick_template(page: Page, name: str) -> None:
    page.get_by_test_id("template").click()
    page.get_by_role("option", name=name).click()


def olive() -> Actor:
    with reading() as session:
        found = people.by_email(session, email_of("olive"))
        assert found is not None
        return found.as_actor("page")


def somebody(*where: Any) -> Customer:
    """A customer with an address that works, or who fits."""
    fitting = where or (
        Customer.marketing_opt_out.is_(False), Customer.email_trouble.is_(None), Customer.company == "",
    )  # fmt: skip
    with reading() as session:
        asked = select(Customer).where(Customer.email_key.is_not(None), Customer.first_name != "", *fitting)
        return session.scalars(asked.order_by(Customer.id)).first() or pytest.fail("nobody fits")


def a_template() -> templates.Template:
    with reading() as session:
        return templates.every(session, by=olive())[0]


def counted(audience: Audience, message_type: MessageType = MessageType.MARKETING) -> Count:
    with reading() as session:
        return audiences.count(session, audience, EMAIL_REACH, message_type, now=now())


def kept(name: str) -> Campaign:
    with reading() as session:
        return session.scalars(select(Campaign).where(Campaign.name == name)).one()


def wait_until_kept(name: str, fits: Callable[[Campaign], bool]) -> None:
    """The draft is kept a moment after the last change."""
    end = now() + timedelta(seconds=15)
    while now() < end:
        with reading() as session:
            found = session.scalars(select(Campaign).where(Campaign.name == name)).one_or_none()
            if found and fits(found):
                return
    pytest.fail(f"{name} was not kept")


def launched(name: str) -> list[Dispatch]:
    with reading() as session:
        return list(session.scalars(select(Dispatch).where(Dispatch.name == name).order_by(Dispatch.id)))


def partly_reached(name: str, *, undone: bool = True) -> tuple[int, int]:
    """A campaign whose first launch reached one person before it ended; its id and how many it is for."""
    audience = Audience(Who.TAGS, tags=("corporate",))
    with unit() as session:
        fields = {"name": name, "subject": name, "text_body": "Hello", "audience": audience.as_json()}
        campaign = campaigns.create(session, fields, by=olive(), now=now())
        dispatch = launches.launch(session, campaign.id, Press(timedelta(hours=1)), by=olive(), now=now())
        if undone:
            endings.undo(session, dispatch.id, by=olive(), now=now())
            first = select(func.min(Delivery.id)).where(
                Delivery.dispatch_id == dispatch.id, Delivery.state == State.CANCELLED
            )
            session.execute(
                update(Delivery).where(Delivery.id == first.scalar_subquery()).values(state=State.SENT)
            )
        return campaign.id, counted(audience).reachable
