"""The audit log and what was deleted, in the browser: found by a word, told in full, put back, and gone for good."""

from datetime import timedelta

from playwright.sync_api import Page, expect

from data.database import now, unit
from domain.audience.audience import Audience
from domain.sending import campaigns, endings, launches, preview
from domain.sending.launches import Press
from domain.shop import people
from tests.browser.conftest import SignIn
from tests.browser.server import email_of


def a_campaign(name: str, who: str, *, deleted: bool = False) -> int:
    with unit() as session:
        user = people.by_email(session, email_of(who))
        assert user is not None
        by = user.as_actor("page")
        number = campaigns.create(session, {"name": name, "subject": "Opals"}, by=by, now=now()).id
        if deleted:
            campaigns.delete(session, number, by=by, now=now())
    return number


def a_one_shot() -> int:
    """Called back before anything left."""
    with unit() as session:
        user = people.by_email(session, email_of("max"))
        assert user is not None
        by = user.as_actor("page")
        draft = preview.drafted(session, {"subject": "Opals", "text_body": "Come and see."})
        everybody, press = Audience.parse({"type": "all"}), Press(undo=timedelta(minutes=5))
        made = launches.launch_one_shot(
            session, draft, everybody, press, channel_name="email", by=by, now=now()
        )
        return endings.undo(session, made.id, by=by, now=now()).id


def test_who_did_what_is_found_by_a_word_and_by_a_person_and_told_in_full(page: Page) -> None:
    a_campaign("A lantern night", "max")
    a_campaign("A lantern walk", "olive")
    page.goto("/settings/audit")
    page.get_by_test_id("audit-search").fill("lantern")
    expect(page.get_by_test_id("audit-count")).to_have_text("2 entries.")
    page.get_by_test_id("audit-person").click()
    page.get_by_role("option", name="Max").click()
    expect(page.get_by_test_id("audit-count")).to_have_text("1 entry.")
    page.reload()  # the address holds the question
    expect(page.get_by_test_id("audit-count")).to_have_text("1 entry.")
    page.get_by_role("button", name="More about: Max made the campaign “A lantern night”").click()
    expect(page.get_by_test_id("audit-facts")).to_contain_text("Max, Manager")
    expect(page.get_by_test_id("audit-changes")).to_contain_text("A lantern night")
    page.get_by_test_id("audit-about").click()
    expect(page.get_by_test_id("audit-all")).to_be_visible()


def test_what_was_deleted_is_put_back_or_removed_for_good(page: Page) -> None:
    back = a_campaign("Put me back", "max", deleted=True)
    a_campaign("Never again", "max", deleted=True)
    page.goto(f"/marketing/sends/{a_one_shot()}")
    page.get_by_test_id("more").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("deleted")).to_contain_text("This one-shot is deleted")
    page.goto("/settings/deleted")
    expect(page.get_by_test_id("deleted-table")).to_contain_text("One-shot")
    page.get_by_test_id("purge-after").click()
    page.get_by_role("option", name="Never").click()
    expect(page.get_by_test_id("deleted-table")).to_contain_text("Never by itself")
    page.get_by_test_id("purge-after").click()
    page.get_by_role("option", name="After 90 days").click()
    expect(page.get_by_test_id("deleted-table")).not_to_contain_text("Never by itself")
    page.get_by_role("button", name="Put back Put me back").click()
    expect(page.get_by_role("button", name="Put back Put me back")).to_have_count(0)
    page.get_by_test_id("purge").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_text('This is not "remove" yet.')).to_be_visible()
    page.get_by_test_id("typed").fill("remove")
    page.get_by_test_id("confirm").click()
    expect(page.get_by_text("Nothing is deleted")).to_be_visible()
    page.goto(f"/marketing/campaigns/{back}")
    expect(page.get_by_test_id("title")).to_have_text("Put me back")


def test_a_draft_of_ones_own_is_removed_at_once(page: Page, sign_in: SignIn) -> None:
    number = a_campaign("Only an idea", "max")
    sign_in(page, "max")
    page.goto(f"/marketing/campaigns/{number}")
    page.get_by_test_id("more").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_test_id("for-good").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("toast")).to_contain_text("Removed for good")
    with unit() as session:
        campaign = session.get(campaigns.Campaign, number)
        assert campaign is not None
        assert (campaign.subject, campaign.purged_at is None) == ("", False)
