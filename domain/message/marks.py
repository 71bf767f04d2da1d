"""Lines in the heading by which a message is known again: our own, and one that its provider repeats in what it reports.

A provider is known by its mail server's name. Each has a way of its own to carry a word along; all others are told
nothing they did not ask for. Pure.
"""

from collections.abc import Callable
from typing import Final

OUR_OWN: Final = "X-Handbill-Mark"
WORD: Final = "handbill"  # what the mark is called in a report

Line = Callable[[str], str]

CARRIERS: Final[tuple[tuple[tuple[str, ...], Line], ...]] = (
    ((".amazonaws.com", ".amazonaws.com.cn"), lambda mark: f"X-SES-MESSAGE-TAGS: {WORD}={mark}"),
    ((".sendgrid.net",), lambda mark: f'X-SMTPAPI: {{"unique_args": {{"{WORD}": "{mark}"}}}}'),
    ((".mailgun.org",), lambda mark: f'X-Mailgun-Variables: {{"{WORD}": "{mark}"}}'),
    ((".postmarkapp.com",), lambda mark: f"X-PM-Metadata-{WORD}: {mark}"),
    ((".brevo.com", ".sendinblue.com"), lambda mark: f'X-Mailin-custom: {{"{WORD}": "{mark}"}}'),
)
SES: Final = CARRIERS[0][0]


def lines(host: str, mark: str, *, configuration_set: str = "") -> bytes:
    """Ready to stand before the rest of a heading. `configuration_set` is for Amazon SES: what it reports depends on it."""
    written = [f"{OUR_OWN}: {mark}"]
    home = f".{host.casefold().rstrip('.')}"
    written += [carry(mark) for ends, carry in CARRIERS if home.endswith(ends)]
    if configuration_set and home.endswith(SES):
        written.append(f"X-SES-CONFIGURATION-SET: {configuration_set}")
    return "".join(f"{line}\r\n" for line in written).encode("ascii")
