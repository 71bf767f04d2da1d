"""Where each channel finds a person. A channel that writes to another column adds one line here."""

from typing import Final

from domain.book.customers import Customer
from domain.book.reach import Reach

EMAIL_REACH: Final = Reach("email", Customer.email_key, Customer.email_hash, Customer.email_trouble)

WHATSAPP_REACH: Final = Reach(
    "whatsapp", Customer.whatsapp_key, Customer.whatsapp_hash, Customer.whatsapp_trouble, needs_yes=True
)

NAMES: Final = {"email": "email", "whatsapp": "WhatsApp"}  # in a sentence

REACHES: Final[dict[str, Reach]] = {one.channel: one for one in (EMAIL_REACH, WHATSAPP_REACH)}
