"""Signed public addresses: short, for one purpose, forgeable by nobody, valid for ever."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.message.links import CLICK, UNSUBSCRIBE, Links

OLD, NEW, FOREIGN = b"old key of sixteen bytes", b"new key of sixteen bytes", b"a key from another shop"
links = Links("https://shop.example/", [NEW, OLD])


def token_of(url: str) -> str:
    return url.rpartition("/")[2]


@given(st.integers(0, 2**63 - 1))
def test_a_token_reads_back_as_its_delivery(number: int) -> None:
    assert links.read(UNSUBSCRIBE, token_of(links.unsubscribe(number))) == number


def test_the_address_is_short_and_needs_no_escaping() -> None:
    url = links.unsubscribe(7)
    assert url.startswith("https://shop.example/u/")
    assert len(token_of(url)) <= 32
    assert all(letter.isalnum() or letter in "-_" for letter in token_of(url))


def test_two_deliveries_never_share_a_token_and_their_numbers_do_not_show() -> None:
    tokens = [token_of(links.unsubscribe(number)) for number in range(2_000)]
    assert len(set(tokens)) == 2_000
    for start, end in ((0, 8), (24, 32)):
        assert len({token[start:end] for token in tokens}) > 1_990, "neighbours must not look alike"


def test_a_token_serves_one_purpose_only() -> None:
    token = links.token(UNSUBSCRIBE, 5)
    assert links.read("open", token) is None
    assert links.token("open", 5) != token


def test_any_changed_letter_makes_it_worthless() -> None:
    token = links.token(UNSUBSCRIBE, 5)
    for at in range(len(token)):
        changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        assert links.read(UNSUBSCRIBE, changed) is None


@pytest.mark.parametrize(
    "junk", ["", "x", "é" * 32, "A" * 31, "A" * 33, "A" * 32, "=" * 32, "../../etc", "\x00", "A" * 10_000]
)
def test_junk_is_no_token(junk: str) -> None:
    assert links.read(UNSUBSCRIBE, junk) is None


def test_a_token_has_one_spelling() -> None:
    token = next(one for n in range(99) if "-" in (one := links.token(UNSUBSCRIBE, n)) or "_" in one)
    assert links.read(UNSUBSCRIBE, token) is not None
    assert links.read(UNSUBSCRIBE, token.replace("-", "+").replace("_", "/")) is None
    assert links.read(UNSUBSCRIBE, token + "=") is None


def test_old_mail_still_works_after_a_new_key() -> None:
    before = Links("https://shop.example", [OLD])
    token = token_of(before.unsubscribe(11))
    assert links.read(UNSUBSCRIBE, token) == 11
    assert before.read(UNSUBSCRIBE, token_of(links.unsubscribe(11))) is None, (
        "the first key must be the one that signs"
    )


def test_another_shops_key_opens_nothing() -> None:
    token = Links("https://shop.example", [FOREIGN]).token(UNSUBSCRIBE, 5)
    assert links.read(UNSUBSCRIBE, token) is None


@pytest.mark.parametrize("keys", [[], [b"short"], [OLD, b""]])
def test_weak_keys_are_refused(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Links("https://shop.example", keys)


@pytest.mark.parametrize(
    ("key", "purpose", "number", "token"),
    [
        (OLD, UNSUBSCRIBE, 7, "p8t3iiv7SUCNSHsvR8sf7MpVAFXDJubw"),
        (OLD, CLICK, 5 << 16 | 3, "iH39k6Qno3DIUMy2_RRRUT7pfERzsabK"),
        (b"x" * 100, UNSUBSCRIBE, 7, "H7hGUhOUAibPBSBaqHN2FaLyvOxTMOGl"),
    ],
)
def test_what_lies_in_letters_that_went_out_is_read_for_ever(
    key: bytes, purpose: str, number: int, token: str
) -> None:
    assert Links("https://shop.example", [NEW, key]).read(purpose, token) == number
    assert Links("https://shop.example", [key]).token(purpose, number) == token
