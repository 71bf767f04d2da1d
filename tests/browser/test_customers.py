"""The customer book, as Olive and Sal use it."""

import csv
import io
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from data.database import now, reading, unit
from domain.audience.audience import Audience, Who
from domain.book import customers, groups, reach
from domain.book.person import Customer
from domain.book.proof import Consent
from domain.ledger import communications
from domain.ledger.deliveries import State
from domain.sending import campaigns, launches
from domain.sending.launches import Press
from domain.shop import people, staff
from domain.shop.people import Actor
from tests.browser.server import PASSWORD, Server, email_of

SignIn = Callable[[Page, str], None]
ONE = re.compile(r"/customers/\d+$")
LIST = "Email,First name,Last name,Ring size,Tags\n"


def test_search_finds_somebody_while_it_is_typed(page: Page) -> None:
    write_down(first_name="Zephyrine", last_name="Quill", email="zephyrine@quill.example")
    page.goto("/customers")
    page.get_by_test_id("customer-search").fill("zephy quil")
    expect(names(page)).to_have_text(["Zephyrine Quill"])
    names(page).click()
    expect(page.get_by_test_id("title")).to_have_text("Zephyrine Quill")


def test_going_back_finds_the_list_as_it_was(page: Page) -> None:
    write_down(first_name="Backward", last_name="Looker", email="backward@looker.example")
    page.goto("/customers")
    page.get_by_test_id("customer-search").fill("backward")
    expect(names(page)).to_have_count(1)
    names(page).click()
    expect(page).to_have_url(ONE)
    page.go_back()
    expect(names(page)).to_have_text(["Backward Looker"])
    expect(page.get_by_test_id("customer-search")).to_have_value("backward")


def test_the_list_is_narrowed_by_status_and_tag(page: Page) -> None:
    write_down(first_name="Tagged", last_name="Twice", status="vip", tags=["only here"])
    write_down(first_name="Tagged", last_name="Once", status="lead", tags=["only here"])
    page.goto("/customers")
    choose(page, "tag-filter", re.compile("^only here"))
    expect(names(page)).to_have_text(["Tagged Once", "Tagged Twice"])
    choose(page, "status-filter", "VIP")
    expect(names(page)).to_have_text(["Tagged Twice"])


def test_the_list_is_narrowed_to_a_group(page: Page) -> None:
    inside = write_down(first_name="Inside", last_name="Circle")
    write_down(first_name="Outside", last_name="Circle")
    with unit() as session:
        group = groups.create(session, "Inner circle", by=olive(), now=now())
        groups.add_members(session, group.id, [inside], by=olive(), now=now())
    page.goto("/customers?search=circle")
    expect(names(page)).to_have_count(2)
    choose(page, "group-filter", "Inner circle")
    expect(names(page)).to_have_text(["Inside Circle"])


def test_pages_are_turned_forward_and_back(page: Page) -> None:
    page.goto("/customers")
    first = names(page).first.inner_text()
    expect(page.get_by_test_id("page-before")).to_be_disabled()
    page.get_by_test_id("page-next").click()
    expect(page.get_by_test_id("pager")).to_contain_text("51 to 100")
    expect(names(page).first).not_to_have_text(first)
    page.get_by_test_id("page-before").click()
    expect(names(page).first).to_have_text(first)


def test_nobody_fits_is_said(page: Page) -> None:
    page.goto("/customers?search=qqqqqqq")
    expect(page.get_by_test_id("nobody-fits")).to_be_visible()


def test_on_a_phone_people_are_cards(phone: Page) -> None:
    write_down(first_name="Pocket", last_name="Sized", email="pocket@sized.example")
    phone.goto("/customers?search=pocket sized")
    card = phone.locator(".hb-rowcard")
    expect(card).to_contain_text("pocket@sized.example")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    card.click()
    expect(phone.get_by_test_id("title")).to_have_text("Pocket Sized")


def test_a_customer_is_added_with_all_that_is_known(page: Page) -> None:
    page.goto("/customers/new")
    page.get_by_test_id("first_name").fill("Wilhelmina")
    page.get_by_test_id("last_name").fill("Oates")
    page.get_by_test_id("email").fill("wilhelmina@oates.example")
    choose(page, "status", "VIP")
    page.get_by_test_id("tags").fill("sapphires")
    page.get_by_test_id("tags").press("Enter")
    page.keyboard.press("Escape")
    choose(page, "birthday-day", "29")
    choose(page, "birthday-month", "February")
    page.get_by_test_id("notes").fill("Left-handed.")
    page.get_by_test_id("save").click()
    expect(page).to_have_url(ONE)
    expect(page.get_by_test_id("customer-dates")).to_contain_text("29 February")
    expect(page.get_by_test_id("customer-status")).to_have_text("VIP")
    saved = known("wilhelmina@oates.example")
    assert [tag.name for tag in saved.tags] == ["sapphires"]
    assert (saved.status, saved.notes, customers.birthday_of(saved)) == ("vip", "Left-handed.", "--02-29")


def test_faults_stand_beside_their_fields_and_nothing_typed_is_lost(page: Page) -> None:
    page.goto("/customers/new")
    page.get_by_test_id("first_name").fill("Fault")
    page.get_by_test_id("email").fill("fault@")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("email-field-wrong")).to_contain_text("is not an email address")
    page.get_by_test_id("email").fill("fault@fault.example")
    choose(page, "birthday-month", "May")
    page.get_by_test_id("save").click()
    expect(page.get_by_role("alert").filter(has_text="both the day and the month")).to_be_visible()
    expect(page.get_by_test_id("first_name")).to_have_value("Fault")
    with reading() as session:
        assert session.scalar(select(Customer.id).where(Customer.first_name == "Fault")) is None


def test_somebody_without_any_name_is_refused(page: Page) -> None:
    page.goto("/customers/new")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("first_name-field-wrong")).to_contain_text("at least a name")


def test_a_mistyped_address_is_asked_about_and_mended_by_a_press(page: Page) -> None:
    page.goto("/customers/new")
    page.get_by_test_id("email").fill("una@gmial.com")
    page.get_by_test_id("email").blur()
    page.get_by_test_id("did-you-mean").click()
    expect(page.get_by_test_id("email")).to_have_value("una@gmail.com")
    expect(page.get_by_test_id("did-you-mean")).to_have_count(0)


def test_an_address_that_somebody_has_already_is_allowed_and_said(page: Page) -> None:
    write_down(first_name="Elder", last_name="Sibling", email="family@sibling.example")
    page.goto("/customers/new")
    page.get_by_test_id("first_name").fill("Younger")
    page.get_by_test_id("email").fill("Family@sibling.example")
    page.get_by_test_id("email").blur()
    expect(page.get_by_test_id("same-address")).to_contain_text("Elder Sibling")
    page.get_by_test_id("save").click()
    expect(page).to_have_url(ONE)


def test_the_slower_of_two_editors_is_told(page: Page) -> None:
    someone = write_down(first_name="Contested", email="contested@both.example")
    page.goto(f"/customers/{someone}/edit")
    page.get_by_test_id("first_name").fill("Mine")
    with unit() as session:
        customers.change(session, someone, {"first_name": "Theirs"}, by=olive(), now=now())
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("form-wrong")).to_contain_text("Somebody else changed this customer")
    expect(page.get_by_test_id("first_name")).to_have_value("Mine")
    assert known("contested@both.example").first_name == "Theirs"


def test_editing_keeps_what_the_form_does_not_show(page: Page) -> None:
    dates = [{"kind": "wedding", "date": "2019-06-08"}]
    someone = write_down(first_name="Wed", email="wed@kept.example", attrs={"ring_size": 52}, dates=dates)
    page.goto(f"/customers/{someone}/edit")
    page.get_by_test_id("last_name").fill("Lock")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("customer-dates")).to_contain_text("8 June 2019")
    saved = known("wed@kept.example")
    assert (saved.last_name, saved.attrs) == ("Lock", {"ring_size": 52})


def test_trouble_with_an_address_is_shown_until_it_is_corrected(page: Page) -> None:
    someone = write_down(first_name="Returned", email="returned@sender.example")
    with unit() as session:
        reach.mark_address(session, someone, "bounced")
    page.goto(f"/customers/{someone}")
    expect(page.get_by_test_id("address-trouble")).to_contain_text("Mail to this address came back")
    page.get_by_test_id("mend-address").click()
    page.get_by_test_id("email").fill("found@sender.example")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("customer-facts")).to_contain_text("found@sender.example")
    expect(page.get_by_test_id("address-trouble")).to_have_count(0)


def test_a_no_is_taken_at_once_and_a_yes_needs_its_reason(page: Page) -> None:
    someone = write_down(first_name="Unsure", last_name="Person", email="unsure@person.example")
    page.goto(f"/customers/{someone}")
    page.get_by_test_id("opt-out").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("toast")).to_have_text(re.compile("gets no more marketing"))
    expect(page.get_by_test_id("opted-out")).to_be_visible()
    page.get_by_test_id("resubscribe").click()
    page.get_by_test_id("reason-save").click()
    expect(page.get_by_test_id("reason-wrong")).to_contain_text("asked to hear from you again")
    page.get_by_test_id("reason-input").fill("Asked at the till")
    page.get_by_test_id("reason-save").click()
    expect(page.get_by_test_id("opted-out")).to_have_count(0)
    page.get_by_test_id("tab-consent").click()
    history = page.get_by_test_id("consent-history").locator("li")
    expect(history.first).to_contain_text("Asked at the till")
    expect(history).to_have_count(2)
    with reading() as session:
        lines = session.scalars(select(Consent).where(Consent.customer_id == someone).order_by(Consent.id))
        assert [(line.allowed, line.by_name) for line in lines] == [
            (False, "Olive Marlow"),
            (True, "Olive Marlow"),
        ]


def test_what_was_sent_stands_with_its_outcome(page: Page) -> None:
    someone = write_down(first_name="Reached", last_name="Reader", email="reached@reader.example")
    out = write_down(first_name="Left", last_name="Out", email="left@out.example", marketing_opt_out=True)
    dispatch = send_to(someone, out)
    until(lambda: state_of(someone) is State.SENT)
    page.goto(f"/customers/{someone}")
    page.get_by_test_id("tab-communications").click()
    row = page.get_by_test_id("communications-table").locator("tbody tr")
    expect(row).to_contain_text("Pearls for some")
    expect(row).to_contain_text("Reached, your pearls are here")
    expect(row).to_contain_text("Sent")
    row.locator("a").click()
    expect(page).to_have_url(re.compile(rf"/marketing/(sends/{dispatch}|campaigns/\d+)"))
    page.goto(f"/customers/{out}?tab=communications")
    left_out = page.get_by_test_id("communications-table").locator("tbody tr")
    expect(left_out).to_contain_text("Skipped")
    expect(left_out).to_contain_text("Opted out of this kind of message.")


def test_a_customer_is_deleted_only_after_the_question(page: Page) -> None:
    someone = write_down(first_name="Going", last_name="Away", email="going@away.example")
    page.goto(f"/customers/{someone}")
    page.get_by_test_id("customer-menu").click()
    page.locator(".q-menu").get_by_text("Delete").click()
    page.get_by_test_id("cancel").click()
    expect(page.get_by_test_id("dialog")).to_have_count(0)
    page.get_by_test_id("customer-menu").click()
    page.locator(".q-menu").get_by_text("Delete").click()
    page.get_by_test_id("confirm").click()
    expect(page).to_have_url(re.compile("/customers$"))
    page.goto("/customers?search=going away")
    expect(page.get_by_test_id("nobody-fits")).to_be_visible()


def test_whoever_may_only_look_finds_nothing_to_press(
    page: Page, sign_in: SignIn, console: list[str]
) -> None:
    someone = write_down(first_name="Looked", last_name="At", email="looked@at.example")
    sign_in(page, "sal")
    page.goto("/customers")
    expect(names(page).first).to_be_visible()
    for name in ("add", "import"):
        expect(page.get_by_test_id(name)).to_have_count(0)
    page.goto(f"/customers/{someone}")
    expect(page.get_by_test_id("customer-facts")).to_be_visible()
    for name in ("edit", "customer-menu", "opt-out"):
        expect(page.get_by_test_id(name)).to_have_count(0)
    for path in ("/customers/new", f"/customers/{someone}/edit", "/customers/import"):
        page.goto(path)
        expect(page.get_by_test_id("refused")).to_be_visible()
    console.clear()  # three pages answered 403, and the browser says so


def test_a_form_left_open_refuses_whoever_may_no_longer_save(page: Page, sign_in: SignIn) -> None:
    with reading() as session:
        manager = people.by_email(session, email_of("max"))
        assert manager is not None
    sign_in(page, "max")
    page.goto("/customers/new")
    page.get_by_test_id("first_name").fill("Sneaked")
    try:
        set_role(manager.id, people.Role.SALESPERSON)
        page.get_by_test_id("save").click()
        expect(page.get_by_test_id("form-wrong")).to_contain_text("you may not edit customers")
    finally:
        set_role(manager.id, people.Role.MANAGER)
    with reading() as session:
        assert session.scalar(select(Customer.id).where(Customer.first_name == "Sneaked")) is None


def test_a_list_is_looked_at_first_and_then_taken(page: Page, tmp_path: Path) -> None:
    write_down(first_name="Here", last_name="Already", email="here@already.example")
    rows = "new@list.example,New,Listed,P,pearls\nbroken@,Bo,Burn,Q,\nhere@already.example,Here,Already,R,\n"
    page.goto("/customers/import")
    drop(page, tmp_path, (LIST + rows).encode())
    expect(figures(page)).to_have_text(["1", "0", "1", "1"])
    expect(page.get_by_test_id("rejected")).to_contain_text("'broken@' is not an email address")
    assert not is_known("new@list.example")
    page.get_by_test_id("import-go").click()
    expect(page.get_by_test_id("basis-field-wrong")).to_contain_text("why you may write to these people")
    choose(page, "column-3", re.compile("Keep as your own field"))
    expect(figures(page)).to_have_text(["1", "1", "0", "1"])
    page.get_by_test_id("basis").fill("Signed up at the till")
    page.get_by_test_id("import-go").click()
    expect(page.get_by_test_id("import-done")).to_be_visible()
    assert known("new@list.example").attrs == {"Ring size": "P"}
    assert known("here@already.example").attrs == {"Ring size": "R"}
    with page.expect_download() as download:
        page.get_by_test_id("download-rejected").click()
    left = list(csv.reader(io.StringIO(download.value.path().read_text("utf-8-sig"))))
    assert left[0][:3] == ["Row", "Why it was refused", "Email"]
    assert left[1][0] == "3"
    assert left[1][2:] == ["broken@", "Bo", "Burn", "Q", ""]


def test_wrong_letters_can_be_put_right(page: Page, tmp_path: Path) -> None:
    page.goto("/customers/import")
    drop(page, tmp_path, (LIST + "bogumil@wroc.example,Bogumił,Żak,,\n").encode("cp1250"))
    expect(page.get_by_test_id("columns")).to_be_visible()
    choose(page, "encoding", "Central Europe (Windows)")
    expect(page.get_by_test_id("columns")).to_contain_text("Bogumił")
    page.get_by_test_id("basis").fill("Customers of the shop")
    page.get_by_test_id("import-go").click()
    expect(page.get_by_test_id("import-done")).to_be_visible()
    assert known("bogumil@wroc.example").full_name == "Bogumił Żak"


def test_a_file_that_is_no_list_is_refused_and_another_can_follow(page: Page, tmp_path: Path) -> None:
    page.goto("/customers/import")
    drop(page, tmp_path, b"%PDF-1.7 not a list")
    expect(page.get_by_test_id("import-refused")).to_contain_text("This is a PDF")
    drop(page, tmp_path, b"Colour,Size\nred,4\n")
    expect(page.get_by_test_id("import-problem")).to_contain_text("The columns are: Colour, Size")
    expect(page.get_by_test_id("import-go")).to_be_disabled()


def test_two_columns_for_one_thing_are_refused_until_one_is_chosen(page: Page, tmp_path: Path) -> None:
    page.goto("/customers/import")
    drop(page, tmp_path, b"Email,Mobile,Telephone\ntwo@phones.example,+44 7700 900111,+44 7700 900112\n")
    choose(page, "column-2", "Phone number")
    expect(page.get_by_test_id("import-refused")).to_contain_text("Two columns are chosen for Phone number")
    expect(page.get_by_test_id("import-go")).to_be_disabled()
    choose(page, "column-1", "Leave out")
    expect(page.get_by_test_id("import-refused")).to_have_count(0)
    expect(page.get_by_test_id("import-go")).to_be_enabled()


def test_a_new_shop_is_shown_the_ways_to_begin(
    new_shop: Callable[..., Server], open_page: Callable[..., Page]
) -> None:
    server = new_shop(HANDBILL_OWNER_EMAIL=email_of("olive"), HANDBILL_OWNER_PASSWORD=PASSWORD)
    page = open_page(base_url=server.url)
    answer = page.context.request.post(
        f"{server.url}/sign-in",
        form={"email": email_of("olive"), "password": PASSWORD},
        headers={"Origin": server.url},
        max_redirects=0,
    )
    assert answer.status == 303
    page.goto("/customers")
    expect(page.get_by_test_id("no-customers")).to_be_visible()
    expect(page.get_by_test_id("add")).to_be_visible()
    page.get_by_test_id("open-sample").click()
    expect(names(page).first).to_be_visible()


@pytest.mark.parametrize("where", ["page", "phone"])
def test_a_narrowed_list_says_how_many_fit_and_is_taken_along_as_it_is(
    where: str, request: pytest.FixtureRequest
) -> None:
    page: Page = request.getfixturevalue(where)
    for first in ("Olga", "Orla"):
        write_down(first_name=first, last_name=f"Taken{where}", tags=[f"along {where}"])
    write_down(first_name="Left", last_name="Behind")
    page.goto("/customers")
    expect(page.get_by_test_id("customers-table")).to_be_visible()
    expect(page.get_by_test_id("fitting")).to_be_hidden()
    page.get_by_test_id("customer-search").fill(f"taken{where}")
    expect(page.get_by_test_id("fitting")).to_contain_text("2 people fit.")
    choose(page, "tag-filter", re.compile(f"along {where}"))
    expect(page).to_have_url(re.compile("tag=along"))
    these = page.get_by_test_id("export-these")
    expect(these).to_have_attribute("href", re.compile("tag=along"))
    expect(these).to_have_text("Export these 2")
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]
    with page.expect_download() as download:
        these.click()
    lines = download.value.path().read_text("utf-8-sig").splitlines()
    assert [line.split(",")[1] for line in lines] == ["First name", "Olga", "Orla"]
    page.get_by_test_id("customer-search").fill("nobody is called so")
    expect(page.get_by_test_id("nobody-fits")).to_be_visible()
    expect(page.get_by_test_id("fitting")).to_be_hidden()


def names(page: Page) -> Any:
    return page.get_by_test_id("customers-table").locator("a.hb-cell-name")


def figures(page: Page) -> Any:
    return page.locator(".hb-stat .v")


def choose(page: Page, testid: str, option: str | re.Pattern[str]) -> None:
    page.get_by_test_id(testid).click()
    page.get_by_role("option", name=option, exact=isinstance(option, str)).click()


def drop(page: Page, folder: Path, content: bytes) -> None:
    file = folder / "till list.csv"
    file.write_bytes(content)
    page.locator("[data-testid=import-file] input[type=file]").set_input_files(file)


def olive() -> Actor:
    with reading() as session:
        user = people.by_email(session, email_of("olive"))
        assert user is not None
        return user.as_actor("page")


def write_down(**fields: Any) -> int:
    with unit() as session:
        return customers.create(session, fields, by=olive(), now=now()).id


def known(email: str) -> Customer:
    with reading() as session:
        found = session.scalar(
            select(Customer.id).where(Customer.email == email, Customer.deleted_at.is_(None))
        )
        assert found is not None, f"{email} is not in the book"
        return customers.get(session, found)


def is_known(email: str) -> bool:
    with reading() as session:
        return session.scalar(select(Customer.id).where(Customer.email == email)) is not None


def set_role(user_id: int, role: people.Role) -> None:
    with unit() as session:
        staff.change(session, user_id, by=olive(), role=role, now=now())


def send_to(*customer_ids: int) -> int:
    """A campaign launched without an undo window; the shop's own worker takes it up."""
    audience = Audience(Who.MANUAL, customer_ids=customer_ids).as_json()
    words = {"subject": "{{ firstName }}, your pearls are here", "text_body": "Come and see."}
    with unit() as session:
        fields = {"name": "Pearls for some", "audience": audience, **words}
        campaign = campaigns.create(session, fields, by=olive(), now=now())
        return launches.launch(session, campaign.id, Press(), by=olive(), now=now()).id


def state_of(customer_id: int) -> State:
    with reading() as session:
        return communications.letters(session, customer_id)[0].state


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)
