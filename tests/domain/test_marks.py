"""The line by which each provider repeats our mark, and no other provider's."""

from email import message_from_bytes, policy

import pytest

from domain.message.marks import lines

MARK = "Ab-_" * 8
OURS = "X-Handbill-Mark"


@pytest.mark.parametrize(
    ("host", "name", "value"),
    [
        ("email-smtp.eu-west-1.amazonaws.com", "X-SES-MESSAGE-TAGS", f"handbill={MARK}"),
        ("Email-SMTP.cn-north-1.amazonaws.com.cn.", "X-SES-MESSAGE-TAGS", f"handbill={MARK}"),
        ("smtp.sendgrid.net", "X-SMTPAPI", f'{{"unique_args": {{"handbill": "{MARK}"}}}}'),
        ("smtp.eu.mailgun.org", "X-Mailgun-Variables", f'{{"handbill": "{MARK}"}}'),
        ("smtp.postmarkapp.com", "X-PM-Metadata-handbill", MARK),
        ("smtp-relay.brevo.com", "X-Mailin-custom", f'{{"handbill": "{MARK}"}}'),
        ("smtp-relay.sendinblue.com", "X-Mailin-custom", f'{{"handbill": "{MARK}"}}'),
    ],
)
def test_each_provider_gets_its_own_line_and_ours(host: str, name: str, value: str) -> None:
    said = lines(host, MARK)
    mail = message_from_bytes(said + b"\r\n", policy=policy.default)
    assert mail.items() == [(OURS, MARK), (name, value)]
    assert all(len(line) <= 78 for line in said.split(b"\r\n"))


@pytest.mark.parametrize("host", ["smtp.example.com", "notsendgrid.net", "amazonaws.com.evil.example", ""])
def test_nobody_else_is_told_anything_but_our_own_mark(host: str) -> None:
    assert lines(host, MARK) == f"{OURS}: {MARK}\r\n".encode()


def test_a_configuration_set_is_for_amazon_alone() -> None:
    assert b"X-SES-CONFIGURATION-SET: mail\r\n" in lines(
        "email-smtp.eu-west-1.amazonaws.com", MARK, configuration_set="mail"
    )
    assert b"CONFIGURATION" not in lines("smtp.sendgrid.net", MARK, configuration_set="mail")
