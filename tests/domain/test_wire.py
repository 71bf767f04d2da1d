"""Every string a person can have, in every place it can go: read back by the standard library, it is the same string."""

import re
from email.header import decode_header
from html.parser import HTMLParser
from typing import Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from data.envelope import Unsendable, envelope, stuffed
from domain.message import wire
from domain.message.compose import AddressError, Content, Letter, Sender, ShopFacts, compile_letter
from domain.message.words import plain
from tests.domain.test_compose import DATE, HEADERS, URL, assert_sound, bodies, read, shown_name

pytestmark = pytest.mark.thorough

SHOP = ShopFacts("Marlow & Finch", "4 Market Row", "marlow.example", "https://marlow.example")
OLIVE = Sender("Olive", "olive@marlow.example", "shop@marlow.example")
ADA = "ada@people.example"
NOTE = "{{ attrs.note }}"
HTML = f'<p>[{NOTE}]</p><p><img src="https://marlow.example/a.png" alt="{NOTE}">{NOTE}{NOTE}</p>\n{NOTE}<p>.end</p>'
TEXT = f"[{NOTE}]\n{NOTE}\n.{NOTE}{NOTE}\n-{NOTE}\n]"
ASSIGN = "{% assign same = attrs.note %}"
CHOOSE, DONE = "{% if attrs.note != nil %}", "{% endif %}"


def letter(before: str = "", after: str = "", *, sender: Sender = OLIVE, shop: ShopFacts = SHOP) -> Letter:
    """The same words for each person, whatever stands around them."""
    parts = (f"{before}{part}{after}" for part in (f"A{NOTE}Z", f"A{NOTE}Z", HTML, TEXT))
    return compile_letter(Content(*parts), sender, shop, "marketing")


WAYS = {
    "ready pieces": letter(),
    "a block that stands alone": letter(CHOOSE, DONE),
    "one block for each": letter(before=f"{CHOOSE}{DONE}{{% for one in (1..1) %}}", after="{% endfor %}"),
    "worked out whole": letter(before=ASSIGN),
}
SHORT = compile_letter(Content(f"{NOTE}", "", "<p>x</p>", "x"), OLIVE, SHOP, "operational")

SEEDS = [
    "a\r\nBcc: evil@example.com", "\r\n\r\n", "\r\n.\r\nQUIT\r\n", "\n", "\r", ".", "..", "--", "=?utf-8?q?=41?=", "=?utf-8?b?QQ==?=",
    "=?", "?=", "%b%s%(x)s%%", "{{ email }}", "{% raw %}", "=41=\r\n", "=", "Zoë", "日本語の名前", "👩‍👩‍👧‍👦", "🇬🇧🏳️‍🌈", "e\u0301\u0301\u0301",
    "\u202eright to left\u202c", "\u200e\u200f\u2066\u2069", "\u2028", "\u2029", "\x85", "\x00", "\x1b[31m", "\x7f", "\ud800", "\udfff\ud83d",
    "\ufeff", "\u00a0", "\u3000", " ", "  ", "a ", "a\t", "\t", '"', "\\", '\\"', "(comment)", "<b>&amp;</b>", "&lt;", "]]>", "--></p>",
    "' onerror='x", "From ", "a, b <c@d.example>", ";", ":", "@", "x" * 77, "é" * 39, "😀" * 20, "a " * 40, "." * 80, "-" * 80,
]  # fmt: skip
piece = st.sampled_from(SEEDS) | st.text(max_size=12) | st.text(st.characters(codec=None), max_size=6)
hostile = st.lists(piece, max_size=6).map("".join)
LONG = {
    "2,000 letters and no blank": "x" * 2_000,
    "2,000 accents and no blank": "é" * 2_000,
    "2,000 pictures": "👩‍👩‍👧" * 400,
    "tens of kB": "Gold und Silber – naïve .\n" * 2_000,
    "tens of kB of dots": ".\r\n" * 10_000,
    "tens of kB of blanks": " " * 30_000,
    "tens of kB in one line": "word " * 10_000,
}


def written(one: Letter, note: str, name: str = "Ada Lovelace", address: str = ADA) -> bytes:
    person = {"fullName": name, "attrs": {"note": note}}
    return one.render(
        person, address=address, unsubscribe_url=URL, message_id="<1.a@marlow.example>", date=DATE
    )


def in_one_line(text: str) -> str:
    """What a header can say of a text."""
    return " ".join(re.sub("[\x80-\x9f]", " ", plain(text)).split())


class Page(HTMLParser):
    """What a mail program shows of the HTML: words, and the picture's other text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words, self.alt, self.tags = "", "", 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags += 1
        self.alt = dict(attrs).get("alt") or self.alt

    def handle_data(self, data: str) -> None:
        self.words += data


TAGS = {name: Page(bodies(written(one, "x"))[1]).tags for name, one in WAYS.items()}


def assert_reads_back(way: str, note: str) -> None:
    raw, said = written(WAYS[way], note), plain(note)
    assert_sound(raw)
    assert stuffed(raw) == raw + b".\r\n", "the wire changes nothing: no line of it begins with a dot"
    mail, (text, html) = read(raw), bodies(raw)
    assert mail.keys() == HEADERS
    assert mail["subject"] == in_one_line(f"A{said}Z")
    assert text.startswith(f"[{said}]\n{said}\n.{said}{said}\n-{said}\n]")
    page = Page(html)
    assert page.alt == (said or page.alt)
    assert f"[{said}]{said}{said}\n{said}.end" in page.words
    assert in_one_line(f"A{said}Z") in page.words[: len(page.words) // 2 + 10]
    assert page.tags == TAGS[way], "a value opened a tag of its own"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("note", SEEDS + list(LONG.values()), ids=lambda note: ascii(note)[:20])
def test_a_hostile_text_reads_back_in_every_place(way: str, note: str) -> None:
    assert_reads_back(way, note)


@given(note=hostile)
@settings(max_examples=1_000, deadline=None)
def test_any_text_reads_back_from_ready_pieces(note: str) -> None:
    assert_reads_back("ready pieces", note)


@pytest.mark.parametrize("way", [way for way in WAYS if way != "ready pieces"])
@given(note=hostile)
@settings(max_examples=350, deadline=None)
def test_any_text_reads_back_where_the_letter_decides(way: str, note: str) -> None:
    assert_reads_back(way, note)


def test_the_boundary_itself_is_a_text_like_any_other() -> None:
    for way, one in WAYS.items():
        boundary = read(written(one, "x")).get_boundary()
        for note in (
            f"{boundary}",
            f"\r\n--{boundary}--\r\n",
            f"\n--{boundary}\nContent-Type: text/html\n\nx",
        ):
            raw = written(one, note)
            assert len(list(read(raw).iter_parts())) == 2
            assert bodies(raw)[0].startswith(f"[{plain(note)}]\n"), way


@given(note=hostile, name=hostile)
@example(note="", name="")
@settings(max_examples=700, deadline=None)
def test_a_heading_folds_between_letters_and_says_the_same(note: str, name: str) -> None:
    raw = written(SHORT, note, name)
    mail = read(raw)
    assert mail["subject"] == in_one_line(note)
    assert shown_name(raw) == in_one_line_of_a_name(name)
    assert [one.addr_spec for one in mail["to"].addresses] == [ADA]
    assert_folded(raw)


def in_one_line_of_a_name(name: str) -> str:
    """A name goes straight into its line: what is no letter there becomes a blank."""
    return " ".join(
        re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", re.sub("[\ud800-\udfff]", "\ufffd", name)).split()
    )


def assert_folded(raw: bytes) -> None:
    head = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    for line in head.split("\r\n"):
        assert len(line) <= 78
        assert line.strip(), "a line of blanks would end the heading for some"
    for word in re.findall(r"=\?utf-8\?b\?[^?]*\?=", head):
        assert len(word) <= 75
        cast(bytes, decode_header(word)[0][0]).decode("utf-8")  # whole letters only


@given(name=hostile, shop_name=hostile)
@settings(max_examples=300, deadline=None)
def test_whoever_writes_is_named_as_he_is(name: str, shop_name: str) -> None:
    shop = ShopFacts(shop_name, "4 Market Row", "marlow.example", "https://marlow.example")
    raw = written(
        compile_letter(Content("s", "", "x", ""), Sender(name, OLIVE.address), shop, "newsletter"), ""
    )
    mail = read(raw)
    assert [one.addr_spec for one in mail["from"].addresses] == [OLIVE.address]
    assert shown_name(raw, "From") == in_one_line_of_a_name(name)
    assert mail["list-id"].endswith("<newsletter.marlow.example>")
    assert mail.keys() == [name for name in HEADERS if name != "Reply-To"]
    assert_folded(raw)


local = st.from_regex(r"[a-z0-9+'!#.-]{1,20}", fullmatch=True)
label = st.text(alphabet="abcüößñłжшあ漢字ि्🙂-0", min_size=1, max_size=15)
address = st.one_of(
    st.builds(lambda name, labels: f"{name}@{'.'.join(labels)}", local, st.lists(label, min_size=1, max_size=4)),
    st.builds(lambda name, tail: f"{name}@{tail}", hostile, hostile),
    hostile,
)  # fmt: skip


@given(to=address, reply_to=address)
@settings(max_examples=600, deadline=None)
def test_an_address_travels_in_ascii_or_is_refused_in_a_sentence(to: str, reply_to: str) -> None:
    raw, refusal = attempt(to, reply_to)
    if refusal:
        assert not re.search("[\x00-\x1f\x7f-\x9f\ud800-\udfff]", refusal)
        assert len(refusal) < 350
        return
    mail = read(raw)
    for field, wanted in (("to", to), ("reply-to", reply_to)):
        if wanted:
            assert [one.addr_spec for one in mail[field].addresses] == [wire.ascii_address(wanted).decode()]
    assert envelope(OLIVE.address, to, len(raw), {})[1] == b"RCPT TO:<%b>\r\n" % wire.ascii_address(to)
    assert raw.isascii()


def attempt(to: str, reply_to: str) -> tuple[bytes, str]:
    """The letter, or the sentence that says why there is none."""
    sender = Sender("Olive", OLIVE.address, reply_to)
    try:
        one = compile_letter(Content("s", "", "x", ""), sender, SHOP, "operational")
        return written(one, "", address=to), ""
    except AddressError as error:
        return b"", error.sentence


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("info@bücher.example", "info@xn--bcher-kva.example"),
        ("info@BÜCHER.example", "info@xn--bcher-kva.example"),
        ("info@例え.テスト", "info@xn--r8jz45g.xn--zckzah"),
        ("o'brien+rings@straße.example", "o'brien+rings@xn--strae-oqa.example"),
    ],
)
def test_a_foreign_domain_needs_nothing_of_the_mail_server(typed: str, sent: str) -> None:
    one = compile_letter(Content("s", "", "x", ""), Sender("Olive", typed, typed), SHOP, "operational")
    raw = written(one, "", address=typed)
    mail = read(raw)
    assert {mail[field].addresses[0].addr_spec for field in ("from", "to", "reply-to")} == {sent}
    assert b"SMTPUTF8" not in b"".join(envelope(typed, typed, len(raw), {"smtputf8": ""}))


def test_accents_before_the_at_are_refused_in_plain_words_whatever_the_server_offers() -> None:
    """The book takes no such address; should one come by another way, nobody else's letter changes for it."""
    with pytest.raises(AddressError) as caught:
        written(SHORT, "", address="zoë@people.example")
    assert (
        caught.value.sentence
        == "Handbill can't write to an address with accented letters before the @: zoë@people.example."
    )
    with pytest.raises(Unsendable, match="accented letters before the @"):
        envelope(OLIVE.address, "zoë@people.example", 1, {})


def test_an_address_too_long_for_the_wire_is_refused() -> None:
    with pytest.raises(AddressError):
        wire.ascii_address("a" * 3_000 + "@people.example")
    with pytest.raises(AddressError):
        wire.ascii_address("a@" + "ü." * 120 + "example")


def test_nothing_in_a_letter_asks_the_server_for_more_than_seven_bits() -> None:
    raw = written(letter(sender=Sender("Zoë 👩‍👩‍👧", "zoe@bücher.example")), "日本語 é", "Zoë")
    assert raw.isascii()
    assert b"8bit" not in raw.lower()
    assert [part["content-transfer-encoding"] for part in read(raw).iter_parts()] == ["quoted-printable"] * 2
    assert envelope("zoe@bücher.example", ADA, len(raw), {"8bitmime": "", "smtputf8": ""})[0] == (
        b"MAIL FROM:<zoe@xn--bcher-kva.example>\r\n"
    )


def test_long_values_are_not_remembered() -> None:
    """Memory stays flat: four thousand notes of a page each would be hundreds of megabytes."""
    one = letter()
    for n in range(50):
        written(one, f"{n} " + "x" * 5_000)
    slots: Any = [*one._slots, *(slot for slot in one._title if not isinstance(slot, str))]
    remembered = [known for slot in slots for known in (slot._known or {})]
    assert not [known for known in remembered if len("".join(map(str, known))) > 250]
