"""Several mail accounts: their order, how each of them fares, and a sheet to set one up."""

from collections.abc import Awaitable, Callable, Sequence

from data.database import now, unit
from domain.shop import mail_accounts
from domain.shop.mail_accounts import Wish
from domain.shop.people import Actor
from ui.frame import current_actor
from ui.parts.basics import box, button, icon_button, pill, put, text
from ui.parts.dialogs import ask, confirm, sheet
from ui.parts.feedback import io, refusals_to, toast
from ui.parts.mail_form import MailForm
from ui.parts.mail_known import Known, limits_in_words
from ui.shell import something_new

HELP = "The first one is used. While it has trouble the next goes on, and later the first is tried again."

Redraw = Callable[[], Awaitable[None]]


class AccountList:
    def __init__(self, accounts: Sequence[Known], redraw: Redraw) -> None:
        self.accounts, self.redraw = accounts, redraw
        with box("hb-card", "section", testid="mail-accounts"), box("pad hb-stack"):
            with box():
                text("Mail accounts", "hb-card-title", "h2")
                text(HELP, "hb-help")
            for place, known in enumerate(accounts):
                self._line(place, known)
            with box("hb-row wrap"):
                button("Add another account", self.add, icon="plus", testid="mail-add")
                box("grow")
                button("Back to practice mode", self.practise, kind="ghost", testid="mail-forget")

    def _line(self, place: int, known: Known) -> None:
        with put(box("hb-statusline", testid=f"mail-account-{place}"), role="group", aria_label=known.label):
            with box():
                with box("hb-row wrap"):
                    text(f"{place + 1}. {known.label}", "strong")
                    pill(known.state, known.tone, testid=f"mail-state-{place}")
                text(_where(known), "muted small")
                text(known.story, "hb-help", testid=f"mail-story-{place}")
            button("Change", lambda: self.change(known), small=True, testid=f"mail-change-{place}")
            with box("hb-row"):
                up = icon_button("up", "Move up", lambda: self.move(known, True), testid=f"mail-up-{place}")
                down = icon_button(
                    "down", "Move down", lambda: self.move(known, False), testid=f"mail-down-{place}"
                )
                gone = icon_button(
                    "trash", "Remove", lambda: self.remove(known), testid=f"mail-remove-{place}"
                )
        # The keyboard goes along with the account that moved, and not with its old place in the order.
        put(up, data_place=f"up-{known.id}", data_then=f"down-{known.id}")
        put(down, data_place=f"down-{known.id}", data_then=f"up-{known.id}")
        put(gone, data_place=f"remove-{known.id}", data_then="mail-add")
        up.set_enabled(place > 0)
        down.set_enabled(place < len(self.accounts) - 1)

    async def add(self) -> None:
        await add_account(self.redraw)

    async def change(self, known: Known) -> None:
        if await AccountSheet(known).asked():
            toast("Saved")
            await self.redraw()

    async def move(self, known: Known, up: bool) -> None:
        by = await current_actor()
        await io(_move, known.id or 0, up, by)
        await self.redraw()

    async def remove(self, known: Known) -> None:
        by = await current_actor()
        sure = await confirm(
            f"Remove {known.label}?",
            f"The account and its password are forgotten. {self._who_goes_on(known)}",
            confirm_label="Remove",
            kind="danger",
        )
        if sure:
            await io(_remove, known.id or 0, by)
            await self.redraw()

    def _who_goes_on(self, without: Known) -> str:
        others = [one.label for one in self.accounts if one.id != without.id]
        return f"{others[0]} goes on." if len(others) == 1 else "The others go on."

    async def practise(self) -> None:
        await back_to_practice(self.redraw)


class AccountSheet:
    """One account beside others: a new one, or one that is known."""

    def __init__(self, known: Known) -> None:
        with sheet(known.label or "Add a mail account", wide=True) as self.dialog:
            self.form = MailForm(known, named=True)
            with box("actions"):
                button("Send a test to myself", self.form.test, icon="send", testid="mail-test")
                box("grow")
                button("Cancel", lambda: self.dialog.submit(False))
                button("Save" if known.id else "Add", self.save, kind="primary", testid="mail-save")

    async def asked(self) -> bool:
        return bool(await ask(self.dialog))

    async def save(self) -> None:
        by = await current_actor()
        self.form.form.clear()
        with refusals_to(self.form.wrong):
            await io(save_account, self.form.wish(), by)
            self.dialog.submit(True)


async def add_account(redraw: Redraw) -> None:
    await current_actor()
    if await AccountSheet(Known()).asked():
        toast("Added. It goes on when the accounts before it have trouble.")
        await redraw()


async def back_to_practice(redraw: Redraw) -> None:
    by = await current_actor()
    sure = await confirm(
        "Back to practice mode?",
        "Every mail account is forgotten, with its password. From then on messages land in the Practice inbox again.",
        confirm_label="Back to practice mode",
    )
    if sure:
        await io(_forget, by)
        something_new.emit()
        await redraw()


def save_account(wish: Wish, by: Actor) -> None:
    with unit() as session:
        if wish.id is None:
            mail_accounts.add(session, wish, by=by, now=now())
        else:
            mail_accounts.change(session, wish.id, wish, by=by, now=now())


def _where(known: Known) -> str:
    place = [known.host if known.name else "", known.username, limits_in_words(known.limits)]
    return " · ".join(filter(None, place)) or f"Port {known.port}"


def _move(account_id: int, up: bool, by: Actor) -> None:
    with unit() as session:
        mail_accounts.move(session, account_id, up=up, by=by, now=now())


def _remove(account_id: int, by: Actor) -> None:
    with unit() as session:
        mail_accounts.remove(session, account_id, by=by, now=now())


def _forget(by: Actor) -> None:
    with unit() as session:
        mail_accounts.forget(session, by=by, now=now())
