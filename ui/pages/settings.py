"""The shop's own facts: what customers read at the foot of a message, and the clock it keeps."""

from dataclasses import asdict, dataclass

import sqlalchemy as sql

from data.database import now, reading, unit
from domain import sample
from domain.book.customers import Customer
from domain.shop import mailbox
from domain.shop import shop as shops
from domain.shop.people import Actor, Right
from ui import places
from ui.frame import Nav, Page, current_actor
from ui.pages import (
    account,
    mail_account,
    measuring,
    reports,
    sending_rules,
    shop_words,
    sign_up,
    statuses,
    whatsapp_settings,
)
from ui.parts.basics import box, button, card, text
from ui.parts.colour_field import ColourField
from ui.parts.dialogs import confirm
from ui.parts.feedback import io, refusals_to, toast
from ui.parts.inputs import Field, Form, select, text_area, text_input
from ui.parts.no_reply import NoReply
from ui.parts.settings_room import settings_room
from ui.words import people

TO_THE_SENDER = "Left empty, they go to the sender."
READ_HERE = f"{TO_THE_SENDER} Handbill reads this inbox: an answer stands on the customer's page."


@dataclass
class Facts:
    name: str
    postal_address: str
    timezone: str
    country: str
    sender_name: str
    sender_email: str
    reply_to: str
    colour: str


async def build(by: Actor) -> None:
    """Who may not change the shop finds their own account here."""
    if not by.may(Right.MANAGE_SHOP):
        await account.build(by)
        return
    facts = await io(_facts)
    samples = await io(_samples)
    with settings_room(by, "/settings"):
        ShopForm(facts, await io(_inbox))
        if samples:
            _sample_card(samples)


class ShopForm:
    def __init__(self, facts: Facts, inbox: str) -> None:
        self.inbox = inbox
        with card("The shop", "Your customers see this at the foot of every message."):
            self.name = Field("Name of the shop")
            with self.name.body:
                name = text_input(facts.name, label="Name of the shop", testid="shop-name")
            self.address = Field(
                "Postal address", "The law asks for it in every marketing message.", testid="address-field"
            )
            with self.address.body:
                address = text_area(
                    facts.postal_address, label="Postal address", height=84, testid="postal-address"
                )
            with box("hb-two"):
                self.zone = Field("Time zone", "Schedules and times on screen follow it.")
                with self.zone.body:
                    zone = select(
                        _zones(facts.timezone),
                        facts.timezone,
                        label="Time zone",
                        searchable=True,
                        testid="timezone",
                    )
                self.country = Field("Country", "For phone numbers without a code.")
                with self.country.body:
                    country = select(
                        places.countries(), facts.country, label="Country", searchable=True, testid="country"
                    )
            self.colour = ColourField(facts.colour, facts.name)
        with card("The usual sender", "A campaign may choose another."):
            with box("hb-two"):
                self.sender_name = Field("Sender's name", "Shown in the inbox.")
                with self.sender_name.body:
                    sender_name = text_input(facts.sender_name, label="Sender's name", testid="sender-name")
                self.sender_email = Field("Sender's email address")
                with self.sender_email.body:
                    sender_email = text_input(
                        facts.sender_email,
                        label="Sender's email address",
                        kind="email",
                        testid="sender-email",
                    )
            answers = facts.reply_to or facts.sender_email
            is_read = bool(inbox) and answers.casefold() == inbox.casefold()
            self.reply_to = Field("Replies go to", READ_HERE if is_read else TO_THE_SENDER, optional=True)
            with self.reply_to.body:
                reply_to = text_input(facts.reply_to, label="Replies go to", kind="email", testid="reply-to")
            self.no_reply = NoReply(answers, inbox)
        self.form = Form(
            {
                "name": self.name,
                "postal_address": self.address,
                "timezone": self.zone,
                "country": self.country,
                "sender_name": self.sender_name,
                "sender_email": self.sender_email,
                "reply_to": self.reply_to,
                "colour": self.colour.field,
            }
        )
        self.inputs = {
            "name": name,
            "postal_address": address,
            "timezone": zone,
            "country": country,
            "sender_name": sender_name,
            "sender_email": sender_email,
            "reply_to": reply_to,
            "colour": self.colour.typed,
        }
        with box("hb-row end"):
            button("Save", self.save, kind="primary", testid="save-shop")

    async def save(self) -> None:
        by = await current_actor()
        self.form.clear()
        typed = Facts(**{name: made.value or "" for name, made in self.inputs.items()})
        with refusals_to(self.form.wrong):
            await io(_save, typed, by)
            self.no_reply.look(typed.reply_to.strip() or typed.sender_email.strip(), self.inbox)
            toast("Saved")


def _sample_card(count: int) -> None:
    with card(
        "Sample customers", f"{people(count)} in your book came with the sample shop.", testid="sample-card"
    ) as inside:

        async def take_away() -> None:
            by = await current_actor()
            if await _is_sure():
                gone = await io(_remove_sample, by)
                inside.clear()
                with inside:
                    text(f"{people(gone)} left your book. Templates and drafts stayed.", testid="sample-gone")

        with box("hb-row"):
            button("Take them away", take_away, icon="trash", testid="remove-sample")


async def _is_sure() -> bool:
    return await confirm(
        "Take the sample customers away?",
        "They leave your book. Your own customers, and all templates and drafts, stay.",
        confirm_label="Take them away",
        kind="danger",
        icon="trash",
    )


def _zones(present: str) -> list[str]:
    """A zone that came in by the API may be one that the list does not name."""
    return [*places.zones(), *([] if present in places.zones() else [present])]


def _facts() -> Facts:
    with reading() as session:
        shop = shops.read(session)
        return Facts(
            shop.name,
            shop.postal_address,
            shop.timezone,
            shop.country,
            shop.sender_name,
            shop.sender_email,
            shop.reply_to,
            shop.colour,
        )


def _inbox() -> str:
    """The one that Handbill reads by itself, so that answers to it are heard."""
    with reading() as session:
        return mailbox.address(session)


def _save(typed: Facts, by: Actor) -> None:
    with unit() as session:
        shops.change(session, asdict(typed), by=by, now=now())


def _samples() -> int:
    with reading() as session:
        theirs = sql.and_(Customer.source == "sample", Customer.deleted_at.is_(None))
        return session.scalar(sql.select(sql.func.count()).where(theirs)) or 0


def _remove_sample(by: Actor) -> int:
    with unit() as session:
        return sample.remove_sample(session, by=by, now=now())


PAGES = [
    Page("/settings", "Settings", build, nav=Nav("Shop", "gear", "Settings")),
    *mail_account.PAGES,
    *reports.PAGES,
    *whatsapp_settings.PAGES,
    *sending_rules.PAGES,
    *measuring.PAGES,
    *sign_up.PAGES,
    *statuses.PAGES,
    *shop_words.PAGES,
    *account.PAGES,
]
