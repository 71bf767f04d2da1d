"""One message to one person, in words: what became of it, what was done with it, and what can be done about it."""

from datetime import datetime
from zoneinfo import ZoneInfo

from domain.channels.email import message_id
from domain.ledger import held, replies, whatsapp_errors
from domain.ledger.causes import TOLD, Cause
from domain.ledger.deliveries import Heard, Line, State
from domain.ledger.engagement import Engagement
from domain.sending.dispatches import Dispatch
from ui import channel_words, words
from ui.parts.tables import Row, pill_cell

WHY = {
    "no_such_address": "The mail server says that this address does not exist.",
    "refused": "The mail server refused the message.",
    "gave_up": "The mail server kept saying “later” for a day.",
    "later": "The mail server said “later”. Handbill tries again by itself.",
    "no_answer": "Handed over, but the mail server’s answer never came.",
    "worker_lost": "Handbill stopped while this message was being handed over.",
    "interrupted": "Handbill was interrupted while this message was being handed over.",
    "gone": "Deleted from the customer book after Send was pressed.",
    "address_changed": "The address was changed after Send was pressed.",
    "no_address": "Has no email address.",
    "bad_address": "Mail to this address came back, or it can’t be right.",
    "suppressed": "Not to be written to: this address complained or asked for no more.",
    "opted_out": "Opted out of this kind of message.",
    "not_asked": "Never said yes to messages by WhatsApp.",
    "enough": "Got enough marketing messages lately.",
    "cancelled": "The send ended before their turn came.",
    "duplicate": "Somebody else on the list has the same address.",
    "counted": "Counted as sent by somebody of the shop.",
    "proved": "Arrived: it was opened, answered, or reported as delivered.",
}

WHY_HEARD = {
    Heard.BOUNCED: "It came back: it can’t be delivered.",
    Heard.RETURNED: "It came back for now, for example from a full mailbox.",
    Heard.DELAYED: "Their server has not taken it yet.",
    Heard.COMPLAINED: "They called it spam. They are not written to again.",
}
WHATSAPP = "whatsapp"
BAD = (Heard.BOUNCED, Heard.RETURNED, Heard.COMPLAINED)

AFTER_THE_REPLY = {
    "no_such_address": "",
    "refused": "",
    "gave_up": " Handbill tried for a day.",
    "later": " Handbill tries again by itself.",
}
# What a second try can't do, and what would help. Where the address is the trouble a link says it.
NOT_AGAIN = {
    "gone": "Deleted from the customer book since.",
    "opted_out": "Has opted out since.",
    "suppressed": "Not to be written to by now.",
    "elsewhere": "Reached by another launch.",
    "taken": "The new address is on this send already.",
}
MENDED_BY_AN_ADDRESS = ("bad_address", "no_address")
ACTS = {State.FAILED: "Send again", State.CANCELLED: "Send now", State.UNKNOWN: "Decide"}

NAME = (
    '<a v-if="props.row.href" class="hb-cell-name clip" :href="props.row.href">{{ props.row.name }}</a>'
    '<span v-else class="hb-cell-name clip">{{ props.row.name }}</span>'
    '<div class="hb-cell-sub clip">{{ props.row.address }}</div>'
)
WORDS = (
    '<details v-if="props.row.said" class="hb-said"><summary>{{ props.row.saidBy }}</summary>'
    "<code>{{ props.row.said }}</code></details>"
)
ACT = (
    '<div v-if="props.row.act || props.row.hint || props.row.mend" class="hb-second">'
    '<q-btn v-if="props.row.act" no-caps unelevated class="hb-btn plain small" :data-testid="\'act-\' + props.row.id"'
    ' :data-then="props.row.then" :aria-label="props.row.act + \': \' + props.row.name" @click="() => $parent.$emit(\'act\', props.row.id)">'
    "{{ props.row.act }}</q-btn>"
    '<span v-if="props.row.hint" class="hb-cell-sub">{{ props.row.hint }}</span>'
    '<a v-if="props.row.mend" class="hb-link" :href="props.row.mend">Correct the address</a></div>'
)
DONE = (
    '<div v-if="props.row.opened" class="hb-did"><b>{{ props.row.openedAs }}</b> {{ props.row.opened }}</div>'
    '<div v-if="props.row.clicked" class="hb-did"><b>Clicked</b> {{ props.row.clicked }}</div>'
    '<div v-if="props.row.machines" class="hb-cell-sub">{{ props.row.machines }}</div>'
)
WHY_CELL = (
    f'<div class="hb-why"><span v-if="props.row.why">{{{{ props.row.why }}}}</span>{DONE}{WORDS}{ACT}</div>'
)
# Where a list is of many sends: which of them it was, and what it said.
SEND = (
    '<a class="hb-cell-name clip" :href="props.row.sendHref">{{ props.row.send }}</a>'
    '<div class="hb-cell-sub clip">{{ props.row.subject }}</div>'
)
PHONE = (
    '<div :class="\'hb-rowcard \' + props.row.tint"><div class="top"><div class="grow">'
    + NAME
    + "</div><span :data-place=\"'row-' + props.row.id\">"
    + pill_cell()
    + '</span></div><div v-if="props.row.sendHref">'
    + SEND
    + '</div><div class="facts"><span v-if="props.row.why">{{ props.row.why }}</span><span>{{ props.row.when }}</span></div>'
    + DONE
    + WORDS
    + ACT
    + "</div>"
)
STATE = (
    "<div :data-place=\"'row-' + props.row.id\">"
    + pill_cell()
    + '<div class="hb-cell-sub num">{{ props.row.when }}</div></div>'
)


def row(
    line: Line,
    dispatch: Dispatch,
    did: Engagement | None,
    hopes: dict[int, str | None],
    *,
    may_send: bool,
    zone: ZoneInfo,
    moment: datetime,
) -> Row:
    """`hopes` are those of `resending`, for whoever may send."""
    return (
        _row(line, dispatch, zone, moment)
        | _did(did, zone, moment)
        | {"openedAs": channel_words.of(dispatch.channel).opened}
        | {"tint": _tint(line, did)}
        | _second_try(line, hopes, may_send)
    )


def led_on(rows: list[Row], last: str) -> list[Row]:
    """Where the keyboard goes once a row's button is gone: to its state, or where the row left this list, to the next."""
    acts = [row["id"] for row in rows if row["act"]]
    nearest = dict(zip(acts, [*acts[1:], *acts[-2:-1]], strict=False))
    return [row | {"then": f"row-{row['id']} act-{nearest.get(row['id'], '')} {last}"} for row in rows]


def state_of(line: Line, channel: str = "email") -> words.Told:
    """What was heard of a message after it was sent says more than that it was sent."""
    if held.is_held_line(line):
        return channel_words.HELD
    if line.state is State.SENT and line.heard and line.heard in words.HEARD:
        return channel_words.of(channel).heard.get(line.heard, words.HEARD[line.heard])
    return words.told(words.DELIVERY, line.state)


def reason_of(line: Line, channel: str = "email") -> str:
    """In words; a reason nobody gave words to is better shown raw than hidden."""
    own = channel_words.of(channel).why
    if line.state is State.SENT and line.heard in WHY_HEARD:
        cause = line.heard_reason
        usual = own.get(line.heard, WHY_HEARD[line.heard])
        return TOLD[Cause(cause)].sentence if cause in list(Cause) else usual
    reason = line.reason or ("cancelled" if line.state is State.CANCELLED else "")
    if line.reply and (reason in AFTER_THE_REPLY or whatsapp_errors.by_words(line.code, line.reply)):
        return replies.explain(line.code, line.reply).sentence + AFTER_THE_REPLY.get(reason, "")
    return own.get(reason) or WHY.get(reason, reason.replace("_", " "))


def _row(line: Line, dispatch: Dispatch, zone: ZoneInfo, moment: datetime) -> Row:
    status, tone = state_of(line, dispatch.channel)
    said_by, said = _said(line, dispatch)
    at = line.heard_at if status != words.DELIVERY[State.SENT][0] and line.heard else line.at
    return {
        "id": line.id,
        "href": f"/customers/{line.customer_id}" if line.customer_id else "",
        "name": line.name or line.address or "No longer in the book",
        "address": line.address if line.name else "",
        "status": status,
        "tone": tone,
        "why": reason_of(line, dispatch.channel),
        "said": said,
        "saidBy": said_by,
        "when": words.when(at, zone, moment) if at else "",
    }


def _said(line: Line, dispatch: Dispatch) -> tuple[str, str]:
    """What can be looked up elsewhere: the server's words, or for a doubtful one the number of the message."""
    if line.state is State.UNKNOWN and dispatch.channel == WHATSAPP:
        heard = f" The connection ended with: {line.reply}" if line.reply else ""
        return "What helps", f"{channel_words.LOOK_AT_WHATSAPP}{heard}"
    if line.state is State.UNKNOWN:
        number = message_id(dispatch.from_email, dispatch.id, line.id, line.attempts)
        heard = f" The connection ended with: {line.reply}" if line.reply else ""
        return "What to look for", f"Message-ID {number} in the mail server’s log.{heard}"
    if line.state is State.SENT and line.heard in WHY_HEARD and line.heard_said:
        whose = "WhatsApp’s own words" if dispatch.channel == WHATSAPP else "Their server’s own words"
        return whose, line.heard_said
    if line.state in (State.FAILED, State.DEFERRED) and (line.reply or line.code):
        theirs = "WhatsApp’s own words" if dispatch.channel == WHATSAPP else "The server’s own words"
        whose = theirs if line.code else "What stood in the way"
        return whose, f"{line.code or ''} {line.reply or ''}".strip()
    return "", ""


def _did(done: Engagement | None, zone: ZoneInfo, moment: datetime) -> Row:
    if done is None:
        return {"opened": "", "clicked": "", "machines": ""}
    machines = [
        f"opened {times(done.machine_opens)}" if done.machine_opens else "",
        f"clicked {times(done.machine_clicks)}" if done.machine_clicks else "",
    ]
    said = " and ".join(filter(None, machines))
    return {
        "opened": _first(done.opened_at, done.opens, zone, moment),
        "clicked": _first(done.clicked_at, done.clicks, zone, moment),
        "machines": f"A machine {said}" if said else "",
    }


def _first(at: datetime | None, count: int, zone: ZoneInfo, moment: datetime) -> str:
    """Such as "Today, 10:12" and, where it was more than once, how often."""
    if at is None:
        return ""
    again = f", {times(count)}" if count > 1 else ""
    return f"{words.when(at, zone, moment)}{again}"


def times(count: int) -> str:
    return "once" if count == 1 else "twice" if count == 2 else f"{words.number(count)} times"


def _tint(line: Line, done: Engagement | None) -> str:
    """Beside the word, never instead of it."""
    if held.is_held_line(line):
        return ""
    if line.state is State.FAILED or (line.state is State.SENT and line.heard in BAD):
        return "is-bad"
    return "is-good" if done and done.opened_at else ""


def _second_try(line: Line, hopes: dict[int, str | None], may_send: bool) -> Row:
    """What can be done about this row, or why nothing can."""
    why_not = hopes.get(line.id)
    in_doubt = may_send and line.state is State.UNKNOWN  # a decision is always possible
    may = in_doubt or (line.id in hopes and why_not is None)
    mends = line.id in hopes and why_not in MENDED_BY_AN_ADDRESS and line.customer_id
    return {
        "act": ACTS[line.state] if may else "",
        "hint": NOT_AGAIN.get(why_not or "", ""),
        "mend": f"/customers/{line.customer_id}/edit" if mends else "",
    }
