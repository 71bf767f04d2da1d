"""Whoever sends mail decides what it is made of: nothing stops the reader, and nothing holds it up."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.results.returned import reader
from domain.results.returned.printed import as_line
from domain.results.returned.reader import read_closely, read_mail
from domain.results.returned.returned import Kind, Returned
from tests.domain.returned_mail.bounces import ANN, BOUNCES
from tests.domain.returned_mail.writing import complaint, failed, mail, report

pytestmark = pytest.mark.thorough

SAMPLES = [raw for _, raw, _ in BOUNCES] + [
    complaint(f"Feedback-Type: abuse\nOriginal-Rcpt-To: {ANN}\n", to=ANN)
]
NASTY = [
    b"\n\n",
    b"\r",
    b"\0",
    b"--cut\n",
    b"--cut--\n",
    b"=?utf-8?b?////?=",
    b"=?x?q?=ff?=",
    b"Content-Type: multipart/mixed; boundary=\n",
    b"Content-Type: message/rfc822\n\n",
    b"Content-Type: text/plain; charset=\xff\n",
    b"Content-Type: text/plain; charset*0*=x''%ff\n",
    b"Content-Transfer-Encoding: base64\n",
    b"Content-Transfer-Encoding: uuencode\n",
    b"Final-Recipient: ;;;\n",
    b"Original-Rcpt-To: <<>>@\n",
    b'{"notificationType":"Bounce","bounce":[{}]}',
    b"\xed\xa0\x80@\xff.\xfe",
    b"\xef\xbb\xbf",
]


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read(raw: bytes) -> None:
    assert as_line("-", read_closely(raw)).isascii()


@given(
    st.sampled_from(SAMPLES),
    st.lists(
        st.tuples(
            st.floats(0, 1), st.floats(0, 1), st.one_of(st.sampled_from(NASTY), st.binary(max_size=12))
        ),
        min_size=1,
        max_size=6,
    ),
)
@settings(max_examples=400, deadline=None)
def test_a_spoilt_report_is_read(raw: bytes, wounds: list[tuple[float, float, bytes]]) -> None:
    """Each wound takes out what lies between two places and puts something else there."""
    for one, other, filling in wounds:
        start, end = sorted((int(one * len(raw)), int(other * len(raw))))
        raw = raw[:start] + filling + raw[min(end, start + 200) :]
    assert as_line("-", read_closely(raw)).isascii()


@pytest.mark.parametrize("sample", SAMPLES, ids=[name for name, _, _ in BOUNCES] + ["complaint"])
def test_a_mail_may_end_anywhere(sample: bytes) -> None:
    for end in range(0, len(sample), 7):
        assert read_closely(sample[:end]).kind in Kind


@pytest.mark.parametrize(
    "charset", ["utf-7", "iso-2022-jp", "utf-16", "x-unknown", "", '"', "rot13", "idna", "hex", "zip"]
)
def test_a_wrong_charset_does_not_hide_the_person(charset: str) -> None:
    raw = report(
        "", failed(ANN, "5.1.1", "550 User unknown"), to=ANN, notice_type=f"text/plain; charset={charset}"
    )
    assert [one.address for one in read_closely(raw).recipients] == [ANN]


START = b"From: MAILER-DAEMON@mx.example\nTo: hello@marlow.example\nSubject: failure notice\n"
HTML = START + b"Content-Type: text/html\n\n"
MIXED = START + b"Content-Type: multipart/mixed; boundary=b\n\n"
HUGE = {
    "letters": b"a" * 5_000_000,
    "empty lines": b"\n" * 5_000_000,
    "a thousand addresses": START + b"\n" + b"user a@there.example unknown\n" * 90_000,
    "half addresses": START + b"\n" + b"a@" * 1_500_000,
    "open tags": HTML + b"<a " * 700_000,
    "open styles": HTML + b"<style>" * 200_000,
    "open comments": HTML + b"<!--" * 300_000,
    "words that nearly fit": START
    + b"\n"
    + b"mailbox quota exceed over user message expired queue " * 40_000,
    "many HTML parts": MIXED + 25 * (b"--b\nContent-Type: text/html\n\n" + b"<style>" * 8_000 + b"\n"),
    "many that look like headings": MIXED + 25 * (b"--b\n\n" + b"X: y\n" * 11_000),
    "reports of other fields": MIXED
    + 9 * (b"--b\nContent-Type: message/delivery-status\n\n" + b"X: y\n" * 12_000),
    "codes": START + b"\n" + b"550 5.1.1 " * 150_000,
    "parts": MIXED + b"--b\n\nx\n" * 200_000,
    "parts in parts": b"".join(
        b"Content-Type: multipart/mixed; boundary=x%d\n\n--x%d\n" % (n, n) for n in range(3000)
    ),
    "messages in messages": START + b"Content-Type: message/rfc822\n\n" * 30_000,
    "headings": b"".join(b"X-%d: y\n" % number for number in range(100_000)),
    "one long heading": b"Subject: " + b"=?utf-8?q?a?= " * 100_000,
    "a folded heading": b"Subject: x\n" + b" y\n" * 500_000,
    "parameters": b"Content-Type: x/y" + b"; \t" * 500_000,
    "numbered parameters": b"Content-Type: text/plain"
    + b"".join(b";\n a*%d*=x" % at for at in range(100_000)),
    "announcements": START + b"\n" + b"--- copy of the message ---\n" * 50_000,
}


@pytest.mark.parametrize("raw", HUGE.values(), ids=HUGE.keys())
def test_megabytes_are_read_in_seconds(raw: bytes) -> None:
    started = time.process_time()
    read_closely(raw)
    assert time.process_time() - started < 8


def test_a_report_within_a_report_within_a_report_is_read_only_so_deep() -> None:
    raw = report("", failed(ANN, "5.1.1", "550 User unknown"), to=ANN)
    for depth in range(30):
        wrapped = b"--b%d\nContent-Type: message/rfc822\n\n%b\n--b%d--\n" % (depth, raw, depth)
        raw = mail(
            wrapped.decode(),
            sender=ANN,
            subject="Fwd: report",
            Content_Type=f"multipart/mixed; boundary=b{depth}",
        )
    assert read_closely(raw).kind in Kind


def test_an_address_made_to_look_like_ours_is_only_an_address() -> None:
    """A script, a formula or a line end in place of a name comes out as no address at all, or as plain text."""
    for wild in (
        "<script>alert(1)</script>@x.example",
        "=cmd|'/c calc'@x.example",
        "ann\r\nBcc: all@x.example",
    ):
        for one in read_closely(report("", failed(wild, "5.1.1", "550 User unknown"), to="ann")).recipients:
            assert not set(one.address) & set("<>\r\n\"' ")


def test_a_fault_of_ours_is_logged_and_the_mail_says_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(raw: bytes) -> Returned:
        raise ZeroDivisionError

    monkeypatch.setattr(reader, "read_closely", broken)
    assert read_mail(SAMPLES[0]).kind is Kind.OTHER
    assert "could not be read" in caplog.text
