"""Real answers of real servers, as their own documentation and bounce messages show them, and what they mean."""

import pytest

from domain.ledger.causes import TOLD, Cause
from domain.ledger.replies import counted, explain

ADDRESS, DOMAIN, CLOSED, FULL = (
    Cause.NO_SUCH_ADDRESS,
    Cause.NO_SUCH_DOMAIN,
    Cause.MAILBOX_CLOSED,
    Cause.MAILBOX_FULL,
)
SPAM, TRUST, LISTED, MANY = (
    Cause.LOOKS_LIKE_SPAM,
    Cause.NOT_TRUSTED,
    Cause.ON_A_BLOCK_LIST,
    Cause.TOO_MANY,
)
ALLOWED, USED_UP, BIG, BACK, TROUBLE, WANTED, LINK = (
    Cause.NOT_ALLOWED,
    Cause.USED_UP,
    Cause.TOO_BIG,
    Cause.COME_BACK,
    Cause.THEIR_TROUBLE,
    Cause.NOT_WANTED,
    Cause.LINK_OR_FILE,
)

ANSWERS = [
    # Gmail and Google Workspace
    (550, "5.1.1 The email account that you tried to reach does not exist. Please try double-checking the recipient's email address for typos or unnecessary spaces. gsmtp", ADDRESS),
    (550, "5.2.1 The email account that you tried to reach is disabled. For more information, go to https://support.example/ gsmtp", CLOSED),
    (550, "5.2.1 The email account that you tried to reach is inactive. gsmtp", CLOSED),
    (452, "4.2.2 The recipient's inbox is out of storage space. Please direct the recipient to clear space. gsmtp", FULL),
    (552, "5.2.2 The email account that you tried to reach is over quota. gsmtp", FULL),
    (550, "5.7.26 This mail has been blocked because the sender is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM.", TRUST),
    (421, "4.7.26 This mail has been rate limited because it is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM.", TRUST),
    (550, "5.7.25 [192.0.2.1] The IP address sending this message does not have a PTR record setup", TRUST),
    (550, "5.7.1 [192.0.2.1 12] Our system has detected that this message is likely unsolicited mail. To reduce the amount of spam sent to Gmail, this message has been blocked.", SPAM),
    (421, "4.7.28 [192.0.2.1] Our system has detected an unusual rate of unsolicited mail originating from your IP address.", MANY),
    (450, "4.2.1 The user you are trying to contact is receiving mail too quickly. Please resend your message at a later time.", MANY),
    (552, "5.2.3 Your message exceeded Google's message size limits. To view our message size guidelines", BIG),
    (552, "5.7.0 This message was blocked because its content presents a potential security issue.", LINK),
    (550, "5.4.5 Daily user sending limit exceeded. For more information on Gmail sending limits", USED_UP),
    (535, "5.7.8 Username and Password not accepted. For more information, go to", ALLOWED),
    (530, "5.7.0 Must issue a STARTTLS command first.", ALLOWED),
    (421, "4.3.0 Temporary System Problem. Try again later (10). gsmtp", TROUBLE),
    # Outlook and Exchange Online
    (550, "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", ADDRESS),
    (550, "5.4.1 Recipient address rejected: Access denied. AS(201806281) [DB5EUR01FT012.eop-EUR01.prod.protection.outlook.com]", ADDRESS),
    (550, "5.5.0 Requested action not taken: mailbox unavailable (S2017062302).", ADDRESS),
    (554, "5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded", FULL),
    (550, "5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3150).", LISTED),
    (550, "5.7.515 Access denied, sending domain MARLOW.EXAMPLE does not meet the required authentication level.", TRUST),
    (550, "5.7.708 Service unavailable. Access denied, traffic not accepted from this IP.", LISTED),
    (451, "4.7.500 Server busy. Please try again later from [192.0.2.1]. (S77719)", MANY),
    (550, "5.1.8 Access denied, bad outbound sender AS(42003)", TRUST),
    (550, "5.7.60 SMTP; Client does not have permissions to send as this sender", ALLOWED),
    (550, "5.7.57 Client not authenticated to send anonymous mail during MAIL FROM", ALLOWED),
    (550, "5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient", BIG),
    (550, "5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required; Delivery restriction check failed", WANTED),
    # Yahoo and AOL
    (554, "delivery error: dd This user doesn't have a yahoo.com account (them@yahoo.com) [0] - mta1642.mail.gq1.yahoo.com", ADDRESS),
    (552, "1 Requested mail action aborted, mailbox not found", ADDRESS),
    (554, "30 Sorry, your message to them@yahoo.com cannot be delivered. This mailbox is disabled (554.30).", CLOSED),
    (421, "4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints - 4.16.55.1; see https://postmaster.example", MANY),
    (553, "5.7.2 [TSS09] All messages from 192.0.2.1 will be permanently deferred; Retrying will NOT succeed.", LISTED),
    (554, "5.7.9 Message not accepted for policy reasons. See https://postmaster.example/error-codes", SPAM),
    # iCloud
    (552, "5.2.2 <them@icloud.com>: user is over quota", FULL),
    (554, "5.7.1 [HM08] Message rejected due to local policy. Please visit https://support.example", SPAM),
    # GMX, web.de, T-Online, Orange, Mail.ru, Comcast
    (550, "Requested action not taken: mailbox unavailable", ADDRESS),
    (552, "Requested mail action aborted: exceeded storage allocation Quota exceeded.", FULL),
    (554, "Transaction failed Reject due to policy restrictions.", SPAM),
    (554, "IP=192.0.2.1 - A problem occurred. (Ask your postmaster for help or to contact tosa@rx.t-online.example to clarify.) (BL)", LISTED),
    (550, "5.2.0 Mail rejete. Mail rejected. OFR_506 [506]", SPAM),
    (550, "5.1.1 Adresse d au moins un destinataire invalide. Invalid recipient. OFR_416 [416]", ADDRESS),
    (550, "5.5.0 Le compte du destinataire est bloque. The recipient account isblocked. LPN007_426", CLOSED),
    (550, "Message was not accepted -- invalid mailbox. Local mailbox them@mail.ru is unavailable: user not found", ADDRESS),
    (550, "spam message rejected. Please visit http://help.example/notspam-support", SPAM),
    (550, "5.1.1 Not our Customer", ADDRESS),
    # Postfix, Exim, Sendmail, and what stands before them
    (550, "5.1.1 <them@example.org>: Recipient address rejected: User unknown in virtual mailbox table", ADDRESS),
    (450, "4.2.0 <them@example.org>: Recipient address rejected: Greylisted, see http://postgrey.example", BACK),
    (554, "5.7.1 <them@example.org>: Relay access denied", ALLOWED),
    (450, "4.1.8 <hello@marlow.example>: Sender address rejected: Domain not found", TRUST),
    (452, "4.3.1 Insufficient system storage", TROUBLE),
    (552, "5.3.4 Message size exceeds fixed limit", BIG),
    (550, "mail.marlow.example is listed by a list of ours", LISTED),
    (550, "5.7.1 marlow.example listed at bl.there.example", LISTED),
    (550, "User Ann not listed in our directory", ADDRESS),
    (554, "5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org; https://www.spamhaus.example/query/ip/192.0.2.1", LISTED),
    (550, "5.1.2 <them@gmial.example>: Recipient address rejected: Domain not found", DOMAIN),
    (550, "No Such User Here", ADDRESS),
    (550, "Unrouteable address", DOMAIN),
    (550, "relay not permitted", ALLOWED),
    (550, "High probability of spam", SPAM),
    (550, "Verification failed for <hello@marlow.example>", TRUST),
    (552, "Message size exceeds maximum permitted", BIG),
    (550, "5.1.1 <them@example.org>... User unknown", ADDRESS),
    (554, "5.4.6 Too many hops", TROUBLE),
    (550, "Administrative prohibition - envelope blocked", WANTED),
    (550, "Rejected by header based Anti-Spoofing policy: hello@marlow.example", TRUST),
    (554, "5.7.1 Blocked - see https://ipcheck.proofpoint.example/?ip=192.0.2.1", LISTED),
    (550, "5.7.1 Message contains a virus (Eicar-Test-Signature)", LINK),
    # The shop's own provider
    (454, "Throttling failure: Maximum sending rate exceeded.", MANY),
    (454, "Throttling failure: Daily message quota exceeded.", USED_UP),
    (554, "Message rejected: Email address is not verified. The following identities failed the check in region EU-WEST-1", ALLOWED),
    (550, "The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved.", ALLOWED),
    (451, "Authentication failed: Maximum credits exceeded", USED_UP),
    # Nothing to go by but the digits
    (552, "", FULL),
    (550, "", Cause.REFUSED),
    (554, "Denied", Cause.REFUSED),
    (None, None, Cause.REFUSED),
    (None, "The field “ring size” is no number for this person.", Cause.NOT_WRITTEN),
]  # fmt: skip


@pytest.mark.parametrize(("code", "reply", "cause"), ANSWERS, ids=lambda one: str(one)[:60])
def test_an_answer_is_read_as_its_server_means_it(code: int | None, reply: str | None, cause: Cause) -> None:
    assert explain(code, reply).cause is cause


def test_every_cause_has_calm_words() -> None:
    for cause in Cause:
        told = TOLD[cause]
        assert told.sentence.endswith(".")
        assert told.advice.endswith(".")
        assert "!" not in told.sentence + told.many + told.advice


def test_causes_are_counted_the_most_frequent_first() -> None:
    answers = [(550, "5.1.1 no such user"), (552, "5.2.2 full"), (552, "5.2.2 mailbox full")]
    assert list(counted(answers).items()) == [(FULL, 2), (ADDRESS, 1)]


def test_hostile_words_are_read_quickly() -> None:
    """No pattern may take its time over ten kilobytes that nearly fit."""
    for piece in ("mailbox ", "size limit exceed ", "user " * 3, "message too ", "ip host ", "a" * 80):
        assert explain(550, piece * 2000).cause in Cause
