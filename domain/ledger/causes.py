"""Why a message could not be delivered, in words for a shop owner, and what helps."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Cause(StrEnum):
    NO_SUCH_ADDRESS = "no_such_address"
    NO_SUCH_DOMAIN = "no_such_domain"
    MAILBOX_CLOSED = "mailbox_closed"
    MAILBOX_FULL = "mailbox_full"
    TOO_BIG = "too_big"
    LOOKS_LIKE_SPAM = "looks_like_spam"
    NOT_TRUSTED = "not_trusted"
    ON_A_BLOCK_LIST = "on_a_block_list"
    TOO_MANY = "too_many"
    USED_UP = "used_up"
    NOT_ALLOWED = "not_allowed"
    LINK_OR_FILE = "link_or_file"
    NOT_WANTED = "not_wanted"
    COME_BACK = "come_back"
    THEIR_TROUBLE = "their_trouble"
    REFUSED = "refused"
    NOT_WRITTEN = "not_written"
    # by WhatsApp
    NOT_ON_WHATSAPP = "not_on_whatsapp"
    WINDOW_CLOSED = "window_closed"
    HELD_BY_WHATSAPP = "held_by_whatsapp"
    STOPPED_THERE = "stopped_there"
    EXPERIMENT = "experiment"
    NOT_THIS_COUNTRY = "not_this_country"
    OWN_NUMBER = "own_number"
    NOT_ON_THE_LIST = "not_on_the_list"
    NO_NUMBER_THERE = "no_number_there"
    TOO_LONG = "too_long"
    TEMPLATE = "template"
    SHOP_ACCOUNT = "shop_account"
    TOO_FAST = "too_fast"
    THEIR_TROUBLE_THERE = "their_trouble_there"
    REFUSED_THERE = "refused_there"


# Nobody reads mail at that address, and nobody will.
DEAD: Final = frozenset({Cause.NO_SUCH_ADDRESS, Cause.NO_SUCH_DOMAIN, Cause.MAILBOX_CLOSED})


@dataclass(frozen=True, slots=True)
class Explained:
    cause: Cause
    sentence: str  # beside one recipient
    many: str  # after a number, in a list of causes
    advice: str


TOLD: dict[Cause, Explained] = {
    one.cause: one
    for one in (
        Explained(
            Cause.NO_SUCH_ADDRESS,
            "Nobody has this address.",
            "with an address that nobody has",
            "Look for slips of the pen, or ask these people for their new address.",
        ),
        Explained(
            Cause.NO_SUCH_DOMAIN,
            "The part behind the @ does not exist, or takes no mail.",
            "with a part behind the @ that takes no mail",
            "Often it is a slip of the pen, such as gmial.com.",
        ),
        Explained(
            Cause.MAILBOX_CLOSED,
            "This mailbox was closed or is switched off.",
            "whose mailbox is closed",
            "Ask these people for another address.",
        ),
        Explained(
            Cause.MAILBOX_FULL,
            "The mailbox is full.",
            "with a full mailbox",
            "Try these again in a few days.",
        ),
        Explained(
            Cause.TOO_BIG,
            "The message is too big for their server.",
            "whose server found the message too big",
            "Use fewer or smaller pictures.",
        ),
        Explained(
            Cause.LOOKS_LIKE_SPAM,
            "Their server thinks it is spam.",
            "whose server thinks it is spam",
            "Fewer links and capitals and a plainer subject help. So does writing only to people who asked for it.",
        ),
        Explained(
            Cause.NOT_TRUSTED,
            "Their server does not trust the shop’s sender address (SPF, DKIM or DMARC).",
            "whose server does not trust your sender address",
            "Ask whoever looks after your domain to set up SPF, DKIM and DMARC for your mail account.",
        ),
        Explained(
            Cause.ON_A_BLOCK_LIST,
            "Their server refuses mail from the shop’s mail server: it is on a block list.",
            "whose server has yours on a block list",
            "Tell your mail provider; the server’s own words name the list.",
        ),
        Explained(
            Cause.TOO_MANY,
            "Too many messages at once: their server asked to slow down.",
            "whose server asked to slow down",
            "Wait a few hours, and set a lower limit for your mail account.",
        ),
        Explained(
            Cause.USED_UP,
            "The shop’s mail account may not send any more for now.",
            "after your mail account’s allowance was used up",
            "Try these again tomorrow, or ask your mail provider for a higher limit.",
        ),
        Explained(
            Cause.NOT_ALLOWED,
            "The shop’s mail server may not send this: the sender or the sign-in is not accepted.",
            "that your own mail server did not accept",
            "Compare the sender address with the mail account under Settings.",
        ),
        Explained(
            Cause.LINK_OR_FILE,
            "Their server thinks that a link or a picture in it is dangerous.",
            "whose server finds a link or picture dangerous",
            "Look at every link; shortened ones are often refused.",
        ),
        Explained(
            Cause.NOT_WANTED,
            "Their server takes no mail from outside for this address, or not from this shop.",
            "whose server takes no mail from outside, or none from you",
            "Ask these people to let your address in, or for another one.",
        ),
        Explained(
            Cause.COME_BACK,
            "Their server asks every new sender to come back later.",
            "whose server asks new senders to come back later",
            "That is usual, and passes by itself.",
        ),
        Explained(
            Cause.THEIR_TROUBLE,
            "Their server had trouble of its own.",
            "whose server had trouble of its own",
            "Try these again later.",
        ),
        Explained(
            Cause.REFUSED,
            "Their server refused the message.",
            "refused for a reason of the server’s own",
            "The server’s own words stand beside each of them.",
        ),
        Explained(
            Cause.NOT_WRITTEN,
            "The message could not be put together with this person’s details.",
            "whose message could not be put together",
            "Look at these people’s own fields; the reason stands beside each of them.",
        ),
        Explained(
            Cause.NOT_ON_WHATSAPP,
            "This number is not on WhatsApp, or can’t be reached there.",
            "whose number is not on WhatsApp, or can’t be reached there",
            "Look for slips of the pen in the number, or write to these people by email.",
        ),
        Explained(
            Cause.WINDOW_CLOSED,
            "This person has not written to the shop within 24 hours, so only a template may be sent.",
            "who have not written to you within 24 hours",
            "Choose a template for them.",
        ),
        Explained(
            Cause.HELD_BY_WHATSAPP,
            "Held by WhatsApp: this person gets many marketing messages just now, from any business.",
            "held by WhatsApp, because they get many marketing messages just now",
            "It is no fault of yours. Wait at least a day, or write to these people by email.",
        ),
        Explained(
            Cause.STOPPED_THERE,
            "This person has stopped the shop’s marketing in WhatsApp.",
            "who have stopped your marketing in WhatsApp",
            "They are not written to by WhatsApp until they allow it again.",
        ),
        Explained(
            Cause.EXPERIMENT,
            "WhatsApp keeps this person out of marketing messages, as part of a trial of its own.",
            "whom WhatsApp keeps out of marketing messages for a trial of its own",
            "Write to these people by email.",
        ),
        Explained(
            Cause.NOT_THIS_COUNTRY,
            "The shop may not write to people in this country by WhatsApp.",
            "in a country to which you may not write by WhatsApp",
            "Write to these people by email.",
        ),
        Explained(
            Cause.OWN_NUMBER,
            "This is the shop’s own number.",
            "with your own number",
            "Take the shop’s number off their card.",
        ),
        Explained(
            Cause.NOT_ON_THE_LIST,
            "The shop still has WhatsApp’s test number, which reaches only the numbers listed there.",
            "that WhatsApp’s test number does not reach",
            "Connect the shop’s own number under Settings, WhatsApp.",
        ),
        Explained(
            Cause.NO_NUMBER_THERE,
            "WhatsApp takes this kind of message only for a telephone number, and this person has none there.",
            "without a number at WhatsApp",
            "Ask these people for their number.",
        ),
        Explained(
            Cause.TOO_LONG,
            "With this person’s details the message is longer than WhatsApp takes.",
            "for whom the message became too long",
            "Shorten the fields that fill it.",
        ),
        Explained(
            Cause.TEMPLATE,
            "WhatsApp does not take this template as it is now.",
            "because WhatsApp does not take the template",
            "Look at the template under WhatsApp campaigns.",
        ),
        Explained(
            Cause.SHOP_ACCOUNT,
            "The shop’s account at WhatsApp was kept from sending.",
            "while your account at WhatsApp was kept from sending",
            "Look at Settings, WhatsApp.",
        ),
        Explained(
            Cause.TOO_FAST,
            "Too many messages at once for WhatsApp.",
            "because WhatsApp asked to slow down",
            "Try these again a little later.",
        ),
        Explained(
            Cause.THEIR_TROUBLE_THERE,
            "WhatsApp had trouble of its own.",
            "because WhatsApp had trouble of its own",
            "Try these again later.",
        ),
        Explained(
            Cause.REFUSED_THERE,
            "WhatsApp did not take the message for this person.",
            "refused by WhatsApp for a reason of its own",
            "WhatsApp’s own words stand beside each of them.",
        ),
    )
}
