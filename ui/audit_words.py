"""The audit log in plain words: a sentence for every action, and what was changed from what to what.

A new action gets its words here; a test goes through the whole program and asks for them.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from domain.sending.trail import Line
from domain.shop.audit import AuditEntry
from domain.shop.people import Role
from domain.shop.refused import ACTION as REFUSED
from ui.words import ROLE, counted, moment_in_full, number

UNKNOWN: Final = "…"  # what was noted is gone, as with somebody who was erased
MOST_LISTED: Final = 12
VIA: Final[Mapping[str, str]] = {
    "page": "on a page",
    "api": "by a program",
    "command": "from the command line",
    "form": "on the sign-up form",
    "clock": "by itself",
}
KIND: Final[Mapping[str, str]] = {
    "campaign": "campaign", "dispatch": "send", "delivery": "message", "customer": "customer", "segment": "segment",
    "template": "template", "group": "group", "import": "import", "staff": "person", "mail": "mail account",
    "api_token": "access token",
}  # fmt: skip
FIELDS: Final[Mapping[str, str]] = {
    "marketing_opt_out": "Wants no marketing", "email_trouble": "Trouble with the address", "html_body": "Message",
    "text_body": "Plain text", "attrs": "Own fields", "preheader": "Preview line", "active_at": "Last heard of",
    "is_active": "Counts as active", "has_end": "Has an end", "readOnly": "Only reads", "other_id": "The other card",
    "dispatch": "Send number", "rows": "Messages", "to": "To", "why": "Why", "at": "When", "zone": "Time zone",
    "per_second": "Most a second", "per_hour": "Most an hour", "per_day": "Most a day", "starts_at": "Begins",
    "per_connection": "Most on one connection", "ends_at": "Ends", "parent": "Under", "key": "Word",
    "different_from": "Not the same as card", "into": "Now on card", "counted": "Messages counted",
    "purge_after": "Days until what is deleted goes", "one_shots": "One-shots",
    "also": "Send number on WhatsApp", "also_recipients": "Recipients on WhatsApp", "also_channel": "Other channel",
    "goes": "Goes to", "after_days": "Days later", "right": "What they tried", "where": "Where",
}  # fmt: skip


class Noted:
    """The facts of one entry as its sentence needs them. What is not there any more is told as such."""

    def __init__(self, line: Line) -> None:
        self.subject = _quoted(line.subject) if line.subject else _by_number(line)
        self.before: Mapping[str, Any] = defaultdict(lambda: UNKNOWN, line.entry.before or {})
        self.after: Mapping[str, Any] = defaultdict(lambda: UNKNOWN, line.entry.after or {})

    def count(self, name: str, one: str, many: str = "") -> str:
        value = self.after[name] if name in self.after else self.before[name]
        if isinstance(value, list):
            value = len(value)
        return counted(value, one, many) if isinstance(value, int) else f"{UNKNOWN} {many or one + 's'}"


Says = str | Callable[[Noted], str]


def _launched(noted: Noted) -> str:
    rest = "those not reached yet, " if noted.after["to"] == "remaining" else ""
    beside = (
        f", and on WhatsApp to {noted.count('also_recipients', 'person', 'people')}"
        if "also" in noted.after
        else ""
    )
    return f"sent {noted.subject} to {rest}{noted.count('recipients', 'recipient')}{beside}"


def _asked(noted: Noted) -> str:
    people = noted.count("recipients", "person", "people")
    return f"sent {noted.subject} on to WhatsApp, to {people} whom the email did not reach or who had not opened it"


def _opted(noted: Noted) -> str:
    wants = "wants no marketing" if noted.after["out"] is True else "may get marketing again"
    return f"noted that {noted.subject} {wants}"


def _wish(noted: Noted) -> str:
    wants = "wants" if noted.after["allowed"] is True else "wants no"
    return f"noted that {noted.subject} {wants} {noted.after['type']} by {noted.after['channel']}"


def _let_go(noted: Noted) -> str:
    instead = noted.after["replacement"]
    return f"took away {_quoted(noted.before['label'])}" + (
        f" and put {_quoted(instead)} in its place" if instead not in (None, UNKNOWN) else ""
    )


def _purged(noted: Noted) -> str:
    sorts = ("campaigns", "one_shots", "templates", "segments")
    gone = [noted.count(sort, sort.replace("_", "-")[:-1]) for sort in sorts if noted.after[sort]]
    return f"removed for good what was deleted: {', '.join(gone)}"


SAYS: Final[Mapping[str, Says]] = {
    "campaign.created": "made the campaign {subject}",
    "campaign.changed": "changed the campaign {subject}",
    "campaign.deleted": "deleted the campaign {subject}",
    "campaign.put_back": "put the deleted campaign {subject} back",
    "template.put_back": "put the deleted template {subject} back",
    "segment.put_back": "put the deleted segment {subject} back",
    "one_shot.deleted": "deleted the one-shot {subject}",
    "one_shot.put_back": "put the deleted one-shot {subject} back",
    "campaign.purged": "removed a draft for good",
    "campaign.launched": _launched,
    "one_shot.launched": _launched,
    "campaign.also_changed": "changed what {subject} also says on WhatsApp",
    "campaign.asked": _asked,
    "campaign.nobody_asked": "found nobody to send {subject} on to by WhatsApp",
    "campaign.ask_cancelled": "took back the day on which {subject} was to go on to WhatsApp",
    "campaign.scheduled": "scheduled the campaign {subject}",
    "campaign.unscheduled": "took {subject} back to draft",
    "campaign.tried": "sent a test of {subject} to {after[to]}",
    "dispatch.undone": "called back {subject} before anything left",
    "dispatch.stopped": "stopped {subject}",
    "dispatch.paused": "paused {subject}",
    "dispatch.resumed": "let {subject} go on",
    "dispatch.held": "held {subject} back for a while",
    "dispatch.went_on": "went on with {subject}",
    "dispatch.retried": lambda noted: f"tried {noted.count('queued', 'message')} of {noted.subject} again",
    "dispatch.counted_as_sent": lambda noted: f"counted {noted.count('counted', 'message')} of {noted.subject} as sent",
    "delivery.resent": "sent one message again, to {after[address]}",
    "delivery.counted_as_sent": "counted the message to {subject} as sent",
    "template.created": "made the template {subject}",
    "template.changed": "changed the template {subject}",
    "template.deleted": "deleted the template {subject}",
    "segment.created": "made the segment {subject}",
    "segment.changed": "changed the segment {subject}",
    "segment.deleted": "deleted the segment {subject}",
    "group.created": "made the group {subject}",
    "group.changed": "changed the group {subject}",
    "group.deleted": "deleted the group {subject}",
    "group.filled": lambda noted: f"put {noted.count('added', 'person', 'people')} into the group {noted.subject}",
    "group.thinned": lambda noted: f"took {noted.count('removed', 'person', 'people')} out of the group {noted.subject}",
    "tag.renamed": "renamed the tag “{before[name]}” to “{after[name]}”",
    "tag.merged": "made the tag “{before[name]}” one with “{after[name]}”",
    "tag.deleted": "took away the tag “{before[name]}”",
    "customer.created": "added the customer {subject}",
    "customer.changed": "changed the customer {subject}",
    "customer.deleted": "deleted the customer {subject}",
    "customer.merged": "made {subject} one with another card",
    "customer.merged_away": "closed the card {subject}, now part of another",
    "customer.told_apart": "noted that {subject} is not the same person as another card",
    "customer.erased": "erased everything about a customer",
    "customer.address_erased": "erased an address that {subject} had once",
    "customer.opt_out": _opted,
    "customer.preference": _wish,
    "customer.exported": "took away all that is known about {subject}",
    "customer.proof_drawn": "drew the proof of consent of {subject}",
    "customers.exported": "took the customer book away as a file",
    "record.added": "added a record for {subject}",
    "record.changed": "changed a record of {subject}",
    "record.deleted": "deleted a record of {subject}",
    "import.started": "began to bring in the list {subject}",
    "import.done": lambda noted: f"brought in the list {noted.subject}: {noted.count('added', 'new customer')}",
    "import.failed": "could not bring in the whole list {subject}",
    "import.undone": lambda noted: f"took the list {noted.subject} back: {noted.count('removed', 'customer')} removed",
    "sample.opened": lambda noted: f"put {noted.count('customers', 'sample customer')} into the book",
    "sample.removed": lambda noted: f"took {noted.count('customers', 'sample customer')} out of the book",
    "shop.changed": "changed the shop’s settings",
    "mail.saved": "saved the mail account {subject}",
    "mail.removed": "removed the mail account {subject}",
    "mail.arranged": "changed the order of the mail accounts",
    "mailbox.saved": "saved the inbox for returned mail, {after[address]}",
    "mailbox.removed": "removed the inbox for returned mail, {before[address]}",
    "provider.saved": "set up reports from {after[provider]}",
    "whatsapp.words": "changed the words that stop and start messages by WhatsApp",
    "provider.removed": "stopped reports from {before[provider]}",
    "statuses.saved": "changed the customer statuses",
    "category.added": "added the category “{after[key]}”",
    "category.renamed": "renamed the category “{before[label]}” to “{after[label]}”",
    "category.ordered": "changed the order of the categories",
    "category.nested": "moved the category “{before[key]}”",
    "category.deleted": _let_go,
    "staff member.added": "added “{after[key]}” to those who serve customers",
    "staff member.renamed": "renamed “{before[label]}”, who serves customers, to “{after[label]}”",
    "staff member.ordered": "changed the order of those who serve customers",
    "staff member.deleted": _let_go,
    "record_kind.added": "added the kind of record “{after[label]}”",
    "record_kind.changed": "changed the kind of record “{before[key]}”",
    "record_kind.ordered": "changed the order of the kinds of records",
    "record_kind.deleted": "took away the kind of record “{before[label]}”",
    "own_field.defined": "added the field “{after[label]}”",
    "own_field.changed": "changed the field “{after[label]}”",
    "own_field.ordered": "changed the order of the fields",
    "own_field.deleted": "took away the field “{before[label]}”",
    "installation.adopted": "took this computer for the shop’s own",
    "installation.confirmed": "said that this is the shop, and not a copy",
    "installation.fenced": "stopped all sending, because this may be a copy of the shop",
    "staff.added": "added {subject} to the staff",
    "staff.changed": "changed the account of {subject}",
    "password.changed": "changed their own password",
    "sign_in.failed": "could not sign in",
    "permission.refused": "tried to {after[right]} and was refused",
    "api_token.made": "made the access token {subject}",
    "api_token.revoked": "ended the access token {subject}",
    "audit.exported": "took this log away as a file",
    "purge.done": _purged,
}  # fmt: skip


def said(line: Line) -> str:
    """Without who did it: "changed the customer “Ana Berg”". An action nobody gave words to is told as it is called."""
    says, noted = SAYS.get(line.entry.action), Noted(line)
    if says is None:
        return f"{_in_words(line.entry.action)} {noted.subject}".strip()
    if callable(says):
        return says(noted)
    return says.format(subject=noted.subject, before=noted.before, after=noted.after)


def sentence(line: Line) -> str:
    return f"{who(line.entry)} {said(line)}"


def who(entry: AuditEntry) -> str:
    return entry.actor_name or ROLE.get(entry.actor_role, "Somebody")


def standing(entry: AuditEntry) -> str:
    """The role they had then; who could not sign in has none."""
    if entry.actor_id is None:
        return "" if entry.actor_role == Role.CLOCK else ROLE.get(entry.actor_role, entry.actor_role)
    return ROLE.get(entry.actor_role, entry.actor_role)


def way(entry: AuditEntry) -> str:
    """How it came in, and from where."""
    through = VIA.get(entry.via, entry.via)
    return f"{through}, from {entry.address}" if entry.address else through


def changes(entry: AuditEntry, zone: ZoneInfo) -> list[tuple[str, str, str]]:
    """What was noted: (field, before, after), those first that have both. Empty words where there was none."""
    before, after = entry.before or {}, entry.after or {}
    names = [*after, *(name for name in before if name not in after)]
    found = [(_in_words(n), _value(before.get(n), zone), _value(after.get(n), zone)) for n in names]
    return [row for row in found if row[1] != row[2]]


def in_short(entry: AuditEntry, zone: ZoneInfo, most: int = 2) -> str:
    """The first changes on one line: "Name: Ana → Anna". Else only at which door somebody was refused."""
    if entry.action == REFUSED and entry.after:
        return str(entry.after.get("where", ""))
    if not (entry.before and entry.after):
        return ""
    both = [row for row in changes(entry, zone) if row[1] or row[2]]
    shown = [f"{name}: {_cut(old) or 'nothing'} → {_cut(new) or 'nothing'}" for name, old, new in both[:most]]
    more = [f"and {number(len(both) - most)} more"] if len(both) > most else []
    return ", ".join([*shown, *more])


def _quoted(name: Any) -> str:
    return f"“{name}”"


def _by_number(line: Line) -> str:
    if line.entry.subject_id is None:
        return ""
    return f"{KIND.get(line.kind or '', 'number')} {line.entry.subject_id}"


def _in_words(name: str) -> str:
    told = FIELDS.get(name) or name.replace("_", " ").replace(".", " ")
    return told[:1].upper() + told[1:]


def _cut(value: str, most: int = 40) -> str:
    return value if len(value) <= most else f"{value[: most - 1]}…"


def _value(value: Any, zone: ZoneInfo) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return number(value)
    if isinstance(value, dict):
        return "; ".join(f"{_in_words(str(name))}: {_value(part, zone)}" for name, part in value.items())
    if isinstance(value, list):
        return _list(value, zone)
    return _moment(str(value), zone)


def _list(value: list[Any], zone: ZoneInfo) -> str:
    shown = [_value(one, zone) for one in value[:MOST_LISTED]]
    more = [f"and {number(len(value) - MOST_LISTED)} more"] if len(value) > MOST_LISTED else []
    return ", ".join([*shown, *more])


def _moment(value: str, zone: ZoneInfo) -> str:
    """A moment as it was noted for machines is told on the shop's clock."""
    if "T" not in value or len(value) > 40:
        return value
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    return moment_in_full(moment, zone) if moment.tzinfo else value
