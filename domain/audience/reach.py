"""Where each channel finds a person. A channel that writes to another column adds one line here."""

from typing import Final

from domain.book.customers import Customer
from domain.book.reach import Reach

EMAIL_REACH: Final = Reach("email", Customer.email_key, Customer.email_hash, Customer.email_trouble)

REACHES: Final[dict[str, Reach]] = {"email": EMAIL_REACH}
