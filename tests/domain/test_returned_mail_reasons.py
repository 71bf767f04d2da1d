"""The reason decides whether an address is dead, never the code alone."""

import pytest

from domain.ledger.causes import Cause
from domain.results.returned.reasons import cause_in, judge
from domain.results.returned.returned import Action

ADDRESS, DOMAIN, CLOSED = Cause.NO_SUCH_ADDRESS, Cause.NO_SUCH_DOMAIN, Cause.MAILBOX_CLOSED
FULL, TROUBLE, TRUST, WANTED = Cause.MAILBOX_FULL, Cause.THEIR_TROUBLE, Cause.NOT_TRUSTED, Cause.NOT_WANTED

SAID = [
    # Nobody is there
    ("host mx.there.example[192.0.2.9] said: 550 5.1.1 <ann@there.example>: User unknown (in reply to RCPT TO)", ADDRESS),
    ("550 BAD_RECIPIENT - see http://mail.there.example/undelivered", ADDRESS),
    ("553 sorry, badrcptto(user mail-box not found) (#5.7.1)", ADDRESS),
    ("550 ** No mail box available for this user **", ADDRESS),
    ("Recipient address rejected: Access denied", ADDRESS),
    ("Sorry, no valid recipients, bye", ADDRESS),
    ("this recipient is not in my validrcptto list", ADDRESS),
    ("Nessun utente simile in questo indirizzo", ADDRESS),
    ("El usuario no existe", ADDRESS),
    ("Usuário desconhecido", ADDRESS),
    ("L'adresse de messagerie n'existe pas", ADDRESS),
    ("Benutzer existiert nicht", ADDRESS),
    ("Gebruiker onbekend", ADDRESS),
    ("Odbiorca nie istnieje", ADDRESS),
    ("пользователь не найден", ADDRESS),
    ("宛先不明", ADDRESS),
    ("收件人不存在", ADDRESS),
    ("Host or domain name not found. Name service error for name=there.example type=A", DOMAIN),
    ("DNS Error: Domain name not found", DOMAIN),
    ("all relevant MX records point to non-existent hosts", DOMAIN),
    ("554 delivery error: dd This account has been disabled or discontinued [#102]", CLOSED),
    ("550 [SUSPEND] Mailbox currently suspended - Please contact correspondent directly", CLOSED),
    ("551 <ann@there.example> is a deactivated mailbox", CLOSED),
    ("Mailaddress is administrative?le disabled.", CLOSED),
    ("This mailbox has been deleted", CLOSED),
    ("550 5.1.0 Address rejected ann@there.example", ADDRESS),
    ("550 ann@there.example is unknown", ADDRESS),
    ("550 Domain there.example doesn't receive email", DOMAIN),
    ("550 This address does not receive mail", CLOSED),
    ("550 user has left the company", CLOSED),
    (">>> MAIL From:<hello@marlow.example> <<< 250 ok >>> RCPT To:<ann@there.example> <<< 550 does not exist", ADDRESS),
    ("550 this user is not a member of our domain", ADDRESS),
    ("550 the recipient can't be verified", ADDRESS),
    ("550 ann does not have an account here", ADDRESS),
    ("503 all recipients are invalid", ADDRESS),
    ("550 unknown or illegal alias: ann", ADDRESS),
    ("550 bad destination mail address", ADDRESS),
    ("that's not a recognised mail account", ADDRESS),
    ("this person was not found in the LDAP directory", ADDRESS),
    ("nie ma takiego konta", ADDRESS),
    ("indirizzo errato", ADDRESS),
    ("550 5.1.1 User unknown. Protected by Barracuda", ADDRESS),
    ("550 No such mailbox. See https://filter.example/proofpoint", ADDRESS),
    ("550 5.1.1 <spam@there.example>: rejected", ADDRESS),
    ("the DNS indicated no mail service for this host", DOMAIN),
    ("Nie znaleziono użytkownika", ADDRESS),
    ("Kullanıcı bulunamadı", ADDRESS),
    ("Okänd användare", ADDRESS),
    ("Ismeretlen felhasználó", ADDRESS),
    ("사용자를 찾을 수 없습니다", ADDRESS),
    ("查无此人", ADDRESS),
    ("המשתמש לא נמצא", ADDRESS),
    ("Das Konto wurde gelöscht", CLOSED),
    ("Cuenta desactivada", CLOSED),
    ("550 mailbox blocked due to inactivity", CLOSED),
    ("recipient has never logged on to this free mailbox", CLOSED),
    ("casilla dada de baja por falta de uso", CLOSED),
    ("550 5.7.17 mailbox owner has changed", CLOSED),
    # Somebody is, and this passes
    ("the mailbox is locked by another process", TROUBLE),
    ("550 5.1.1 ann has blocked you", WANTED),
    ("550 5.1.1 Message blocked as spam", Cause.LOOKS_LIKE_SPAM),
    ("550 5.1.1 <ann@there.example>: Greylisted", Cause.COME_BACK),
    ("550 too many unknown recipients", Cause.TOO_MANY),
    ("Sorry, the user's maildir has overdrawn his diskspace quota, please try again later", FULL),
    ("Benutzer hat zuviele Mails auf dem Server. / User has too many messages on the server.", FULL),
    ("Message rejected. Not enough storage space in user's mailbox to accept message.", FULL),
    ("La boîte aux lettres du destinataire est pleine", FULL),
    ("account disabled temporarly for exceeding receiving limits", FULL),
    ("connect to there.example[192.0.2.9]:25: Connection timed out", TROUBLE),
    ("retry timeout exceeded", TROUBLE),
    ("Diagnostic 5 (Maximum-Time-Expired)", TROUBLE),
    ("Remote host closed connection", TROUBLE),
    ("mail for there.example loops back to myself", TROUBLE),
    ("Name service error for domain there.example: Host not found, try again", TROUBLE),
    ("Recipient address temporarily unavailable", TROUBLE),
    ("the server's certificate expired", TROUBLE),
    ("550 The recipient's mailbox is temporarily closed", TROUBLE),
    ("550 5.7.1 Recipient rejected due to policy", WANTED),
    # The fault lies with us, or with what we wrote
    ("Sender address rejected: User unknown", TRUST),
    ("Absenderadresse ungültig", TRUST),
    ("553 marlow.example does not exist (in reply to MAIL FROM command)", TRUST),
    ("550 host unknown (in reply to EHLO command)", TRUST),
    ("550 domain is invalid, please provide a valid From: address", TRUST),
    ("Remitente desconocido", TRUST),
    ("Helo command rejected: Host not found", TRUST),
    ("Cannot verify sender's address: user unknown", TRUST),
    ("553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", WANTED),
    ("554 <ann@there.example>: Relay access denied", WANTED),
    ("550 Probable Spam", Cause.LOOKS_LIKE_SPAM),
    ("an undisclosed address", Cause.REFUSED),
]  # fmt: skip


@pytest.mark.parametrize(("words", "cause"), SAID, ids=[words[:50] for words, _ in SAID])
def test_words_of_a_notice_are_read_as_they_are_meant(words: str, cause: Cause) -> None:
    assert cause_in(words) is cause


@pytest.mark.parametrize(
    ("status", "words", "permanent"),
    [
        ("5.1.1", "", True),
        ("5.1.2", "", True),
        ("5.2.1", "", True),
        ("5.2.2", "", False),
        ("5.7.1", "", False),
        ("5.0.0", "", False),
        ("5.0.0", "550 User unknown", True),
        ("5.1.1", "552 mailbox full", False),
        ("5.1.1", "554 message looks like spam", False),
        ("4.1.1", "450 User unknown", False),
        ("4.4.3", "Host not found", False),
    ],
)
def test_only_a_reason_that_names_a_dead_address_is_permanent(
    status: str, words: str, permanent: bool
) -> None:
    assert judge(status, words, Action.FAILED)[1] is permanent


def test_nothing_is_permanent_that_is_only_late() -> None:
    assert judge("5.1.1", "550 User unknown", Action.DELAYED) == (ADDRESS, False)
