"""The shop's account at a mail server: until one is saved here, the shop practises. Others may go on for it."""

from collections.abc import Sequence

from nicegui import ui

from data.config import config
from data.mail_account import MailAccount
from domain.shop.limits import Limits
from domain.shop.people import Actor, Right
from ui.frame import Page, current_actor
from ui.parts.basics import alert, box, button, card, facts
from ui.parts.dialogs import confirm
from ui.parts.feedback import io, refusals_to, toast
from ui.parts.mail_accounts import AccountList, Redraw, add_account, back_to_practice, save_account
from ui.parts.mail_form import MailForm
from ui.parts.mail_known import Known, known_accounts, limits_in_words
from ui.parts.mail_test import Outcome, fixed_test
from ui.parts.mailbox_card import MailboxCard
from ui.parts.server_fields import PROTECTION
from ui.parts.settings_room import settings_room
from ui.shell import something_new


async def build(by: Actor) -> None:
    with settings_room(by, "/settings/mail"):
        room = box("full hb-stack")
        inbox = MailboxCard()
    await _draw(room)
    await inbox.draw()


async def _draw(room: ui.element) -> None:
    """Once more from the start, after the shop went live, back to practice mode, or changed its accounts."""

    async def redraw() -> None:
        await _draw(room)

    fixed, accounts = config().fixed_mail_account, await io(known_accounts)
    room.clear()
    with room:
        if fixed is not None:
            _live(fixed.host)
            FixedCard(fixed)
            return
        _standing(accounts)
        if len(accounts) > 1:
            AccountList(accounts, redraw)
        else:
            SingleAccount(accounts[0] if accounts else Known(), redraw)


def _standing(accounts: Sequence[Known]) -> None:
    """In a sentence: where messages go now."""
    if not accounts:
        alert(
            "Practice mode",
            "Nothing leaves this machine: messages land in the Practice inbox. "
            "Save a mail account below when you are ready for real customers.",
            testid="mail-practice",
        )
        return
    awake = [one for one in accounts if not one.rests] or accounts
    if awake[0].troubled:
        alert("The mail server makes trouble", awake[0].story, tone="bad", testid="mail-trouble")
    elif awake[0] is not accounts[0]:
        told = f"{accounts[0].label} had trouble, so messages go out through {awake[0].label} just now."
        alert("Another account goes on", told, tone="warn", testid="mail-stands-in")
    else:
        _live(awake[0].label, awake[0].story)


def _live(through: str, story: str = "") -> None:
    alert(
        "The shop is live",
        f"Messages go out through {through}. {story}".strip(),
        tone="good",
        testid="mail-live",
    )


class FixedCard:
    def __init__(self, fixed: MailAccount) -> None:
        with card(
            "Mail account",
            "It was set by whoever runs this machine (HANDBILL_SMTP_URL), so it can't be changed here.",
        ):
            pairs = [
                ("Mail server", fixed.host),
                ("Port", str(fixed.port)),
                ("Protection", PROTECTION[fixed.security]),
                ("User name", fixed.username or "none"),
                ("At most", limits_in_words(Limits(**config().fixed_mail_limits)) or "no limit"),
            ]
            facts(pairs, left=True, testid="mail-fixed")
            self.outcome = Outcome()
            with box("hb-row"):
                button("Send a test to myself", self.test, icon="send", testid="mail-test")

    async def test(self) -> None:
        by = await current_actor()
        await self.outcome.of(await io(fixed_test, by))


class SingleAccount:
    """No account yet, or one: nothing here speaks of an order."""

    def __init__(self, known: Known, redraw: Redraw) -> None:
        self.saved, self.redraw = known.id is not None, redraw
        with card("Mail account", "Your mail provider's help pages call these the SMTP settings."):
            self.form = MailForm(known, named=False)
            with box("hb-row wrap"):
                button("Send a test to myself", self.form.test, icon="send", testid="mail-test")
                box("grow")
                if self.saved:
                    button("Back to practice mode", self.practise, kind="ghost", testid="mail-forget")
                button("Save", self.save, kind="primary", testid="mail-save")
        if self.saved:
            with card("A second account", "It goes on when this one has trouble."), box("hb-row"):
                button("Add a second account", self.add, icon="plus", testid="mail-add")

    async def save(self) -> None:
        by = await current_actor()
        self.form.form.clear()
        with refusals_to(self.form.wrong):
            wish = self.form.wish()
            if not self.saved and not await _wants_to_go_live():
                return
            await io(save_account, wish, by)
            something_new.emit()
            toast("Saved. The shop is live.")
            await self.redraw()

    async def add(self) -> None:
        await add_account(self.redraw)

    async def practise(self) -> None:
        await back_to_practice(self.redraw)


async def _wants_to_go_live() -> bool:
    return await confirm(
        "Leave practice mode?",
        "From now on messages go to your customers' own addresses.",
        confirm_label="Go live",
        cancel_label="Not yet",
    )


PAGES = [Page("/settings/mail", "Mail account", build, right=Right.MANAGE_SHOP)]
