"""One's own account: the password, the browsers one is signed in with, and tokens for programs."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from nicegui import ui

from data.database import now, reading, unit
from domain.shop import people, sessions, staff, tokens
from domain.shop import shop as shops
from domain.shop.people import Actor
from ui.frame import Page, current_actor
from ui.parts.basics import box, button, card, facts, text
from ui.parts.dialogs import ask, confirm, sheet
from ui.parts.feedback import io, leave_for_sign_in, refusals_to, toast
from ui.parts.inputs import Field, Form, checkbox, text_input
from ui.parts.settings_room import settings_room
from ui.words import ROLE, when


@dataclass(frozen=True)
class Token:
    id: int
    name: str
    says: str


async def build(by: Actor) -> None:
    email = await io(_email, by)
    tokens = await io(_tokens, by)
    with settings_room(by, "/settings/account"):
        with card("My account"):
            facts(
                [("Name", by.name), ("Email", email), ("Role", ROLE[by.role])],
                left=True,
                testid="account-facts",
            )
        PasswordCard()
        _browsers_card()
        TokenCard(tokens)


class PasswordCard:
    def __init__(self) -> None:
        with card("Password", "A new one signs you out in every other browser."):
            with box("hb-two"):
                current = Field("Present password")
                with current.body:
                    self.current = text_input(
                        label="Present password",
                        kind="password",
                        autocomplete="current-password",
                        testid="current-password",
                    )
                new = Field("New password", "15 characters or more are best, 8 are the least.")
                with new.body:
                    self.new = text_input(
                        label="New password",
                        kind="password",
                        autocomplete="new-password",
                        testid="new-password",
                    )
            self.form = Form({"current": current, "password": new})
            with box("hb-row end"):
                button("Change password", self.change, kind="primary", testid="change-password")

    async def change(self) -> None:
        by = await current_actor()
        self.form.clear()
        with refusals_to(self.form.wrong):
            await io(_change_password, by, self.current.value or "", self.new.value or "", _own_token())
            self.current.set_value("")
            self.new.set_value("")
            toast("Your password is changed")


def _browsers_card() -> None:
    with (
        card(
            "Where you are signed in",
            "A lost phone, or a computer you no longer use: end every session at once, this one too.",
        ),
        box("hb-row"),
    ):
        button("Sign out everywhere", _sign_out_everywhere, icon="logout", testid="sign-out-everywhere")


async def _sign_out_everywhere() -> None:
    by = await current_actor()
    sure = await confirm(
        "Sign out everywhere?",
        "Every browser and app that is signed in with your account has to sign in again. Access tokens stay.",
        confirm_label="Sign out everywhere",
    )
    if sure:
        await io(_end_all, by)
        leave_for_sign_in(ui.context.client)


class TokenCard:
    """Tokens let a program do what their maker may do."""

    def __init__(self, tokens: list[Token]) -> None:
        with card(
            "Access tokens",
            "For a program, such as a till or a website, that works with Handbill in your name.",
        ):
            self.room = box("hb-stack tight", testid="tokens")
            with box("hb-row"):
                button("Make a token", self.make, icon="key", testid="make-token")
        self.draw(tokens)

    def draw(self, tokens: list[Token]) -> None:
        self.room.clear()
        self.room.visible = bool(tokens)
        with self.room:
            for token in tokens:
                with box("hb-row apart"):
                    with box("grow"):
                        text(token.name, "strong clip")
                        text(token.says, "hb-help")
                    button(
                        "Revoke", lambda one=token: self.revoke(one), small=True, testid=f"revoke-{token.id}"
                    )

    async def make(self) -> None:
        by = await current_actor()
        wanted = await _ask_for_token()
        if wanted is None:
            return
        name, read_only = wanted
        secret = await io(_make_token, by, name, read_only)
        self.draw(await io(_tokens, by))
        await _show_token(secret)

    async def revoke(self, token: Token) -> None:
        by = await current_actor()
        sure = await confirm(
            f"Revoke {token.name}?",
            "The program that uses it is turned away from now on.",
            confirm_label="Revoke",
            kind="danger",
        )
        if sure:
            await io(_revoke, by, token.id)
            self.draw(await io(_tokens, by))
            toast("Revoked")


async def _ask_for_token() -> tuple[str, bool] | None:
    with sheet("Make an access token") as dialog:
        field = Field("What is it for?")
        with field.body:
            name = text_input(label="What is it for?", placeholder="Website", testid="token-name")
        only = checkbox("It may only read", True, testid="token-read-only")

        def go() -> None:
            if (name.value or "").strip():
                dialog.submit((name.value.strip(), bool(only.value)))
            else:
                field.wrong("Please give it a name, so that you know it again.")

        with box("actions"):
            button("Cancel", lambda: dialog.submit(None))
            button("Make it", go, kind="primary", testid="token-go")
    found: tuple[str, bool] | None = await ask(dialog)
    return found


async def _show_token(secret: str) -> None:
    with sheet("Copy this token now") as dialog:
        text("It is shown this one time only. Whoever has it can work in your name.", "body", "p")
        text(secret, "hb-code", testid="token-secret")
        with box("actions"):
            button("Copy", lambda: ui.clipboard.write(secret), icon="copy")
            button("I have it", lambda: dialog.submit(True), kind="primary", testid="token-done")
    await ask(dialog)


def _own_token() -> str:
    return ui.context.client.request.cookies.get(sessions.COOKIE, "")


def _email(by: Actor) -> str:
    with reading() as session:
        user = session.get(people.User, by.user_id)
        return user.email if user else ""


def _tokens(by: Actor) -> list[Token]:
    moment = now()
    with reading() as session:
        zone = shops.read(session).zone
        return [
            Token(one.id, one.name, _says(one, zone, when(one.created_at, zone, moment)))
            for one in tokens.api_tokens(session, by)
        ]


def _says(token: tokens.ApiToken, zone: ZoneInfo, made: str) -> str:
    return f"{'May only read' if token.read_only else f'May do what a {token.role} may'} · made {made}"


def _change_password(by: Actor, current: str, new: str, keep: str) -> None:
    with unit() as session:
        staff.change_own_password(session, by, current=current, new=new, now=now(), keep=keep)


def _end_all(by: Actor) -> None:
    with unit() as session:
        sessions.end_all(session, by.user_id or 0, now=now())


def _make_token(by: Actor, name: str, read_only: bool) -> str:
    with unit() as session:
        return tokens.make_api_token(session, name, by=by, now=now(), read_only=read_only)


def _revoke(by: Actor, token_id: int) -> None:
    with unit() as session:
        tokens.revoke_api_token(session, token_id, by=by, now=now())


PAGES = [Page("/settings/account", "My account", build)]
