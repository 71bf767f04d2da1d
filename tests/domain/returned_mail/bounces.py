"""Bounces of many programs: the name, the mail, and whom it is about, with the cause and whether the address is dead."""

from domain.ledger.causes import Cause
from tests.domain.returned_mail.writing import ORIGINAL, failed, mail, report

ADDRESS, DOMAIN, CLOSED, FULL = (
    Cause.NO_SUCH_ADDRESS,
    Cause.NO_SUCH_DOMAIN,
    Cause.MAILBOX_CLOSED,
    Cause.MAILBOX_FULL,
)
SPAM, BIG, TROUBLE, REFUSED, WANTED = (
    Cause.LOOKS_LIKE_SPAM,
    Cause.TOO_BIG,
    Cause.THEIR_TROUBLE,
    Cause.REFUSED,
    Cause.NOT_WANTED,
)
DEAD, ALIVE = True, False
ANN, BEN, CAT = "ann@there.example", "ben@there.example", "cat@elsewhere.example"
DAEMON = "MAILER-DAEMON@mx.example"
COPY = ORIGINAL.format(to=ANN)

Expected = list[tuple[str, bool, Cause]]
BOUNCES: list[tuple[str, bytes, Expected]] = [
    (
        "Postfix",
        report(
            f"This is the mail system at host mx.example.\n\n<{ANN}>: host mail.there.example[192.0.2.9] said:\n"
            "    550 5.1.1 User unknown (in reply to RCPT TO command)\n",
            failed(ANN, "5.1.1", f"550 5.1.1 <{ANN}>: Recipient address rejected: User unknown"),
            to=ANN,
        ),
        [(ANN, DEAD, ADDRESS)],
    ),
    (
        "Postfix, before there was a standard",
        mail(
            f"This is the Postfix program at host mx.example.\n\n<{ANN}>: Name service error for domain "
            f"there.example: Host not found\n\n{COPY}",
            sender=DAEMON,
            subject="Undelivered Mail Returned to Sender",
        ),
        [(ANN, DEAD, DOMAIN)],
    ),
    (
        "Exim, with the person in its heading",
        mail(
            "A message that you sent could not be delivered to one or more of its recipients.\n"
            f"The following address(es) failed:\n\n  {ANN}\n    Unrouteable address\n\n"
            f"------ This is a copy of the message, including all the headers. ------\n\n{COPY}",
            sender="Mail Delivery System <Mailer-Daemon@mx.example>",
            subject="Mail delivery failed: returning message to sender",
            X_Failed_Recipients=ANN,
            Auto_Submitted="auto-replied",
        ),
        [(ANN, DEAD, DOMAIN)],
    ),
    (
        "Exim, a forwarded address",
        mail(
            "The following address(es) failed:\n\n  hidden@mailboxes.example\n"
            f"    (generated from {ANN})\n    mailbox is full: retry timeout exceeded\n\n"
            f"------ This is a copy of the message. ------\n\n{COPY}",
            sender="Mail Delivery System <Mailer-Daemon@mx.example>",
            subject="Mail delivery failed: returning message to sender",
        ),
        [(ANN, ALIVE, FULL)],
    ),
    (
        "qmail",
        mail(
            "Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message.\n\n"
            f"<{ANN}>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\n{COPY}",
            sender=DAEMON,
            subject="failure notice",
        ),
        [(ANN, DEAD, ADDRESS)],
    ),
    (
        "sendmail, two people with two reasons",
        mail(
            "   ----- The following addresses had permanent fatal errors -----\n"
            f"<{ANN}>\n    (reason: 550 5.1.1 User unknown)\n<{BEN}>\n    (reason: 552 5.2.2 Over quota)\n\n"
            f"   ----- Transcript of session follows -----\n... while talking to mx:\n\n   ----- Unsent message follows -----\n{COPY}",
            sender="Mail Delivery Subsystem <MAILER-DAEMON@mx.example>",
            subject="Returned mail: see transcript for details",
        ).replace(b"To: ann@there.example\n", b""),
        [(ANN, DEAD, ADDRESS), (BEN, ALIVE, FULL)],
    ),
    (
        "sendmail of 1993",
        mail(
            f"   ----- Transcript of session follows -----\n554 <{ANN}>... 550 Host unknown (Name server: no such host)\n\n"
            f"   ----- Unsent message follows -----\n{COPY}",
            sender=DAEMON,
            subject="Returned mail: Host unknown",
        ),
        [(ANN, DEAD, DOMAIN)],
    ),
    (
        "Exchange 5.5",
        mail(
            "Your message\n\n  To:      rings@lists.example\n  Subject: New rings\n  Sent:    Fri, 4 Oct 2002 17:10:56\n\n"
            f"did not reach the following recipient(s):\n\n{ANN} on Fri, 4 Oct 2002 17:12:28\n"
            "    The recipient name is not recognized\n    MSEXCH:IMS:There:MAIN 0 (000C05A6) Unknown Recipient\n",
            sender="System Administrator <postmaster@there.example>",
            subject="Undeliverable: New rings",
        ),
        [(ANN, DEAD, ADDRESS)],
    ),
    (
        "Exchange Online, in German, only HTML for people",
        report(
            f"<html><head><style>p {{}}</style></head><body><p>Ihre Nachricht an <b>{ANN}</b> konnte nicht "
            "zugestellt werden.</p><p>ann wurde unter there.example nicht gefunden.</p></body></html>",
            failed(ANN, "5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found"),
            to=ANN,
            subject="Unzustellbar: New rings",
            notice_type="text/html; charset=utf-8",
            sender="Microsoft Outlook <postmaster@outlook.example>",
        ),
        [(ANN, DEAD, ADDRESS)],
    ),
    (
        "Exchange Online, blocked",
        report(
            "Your message couldn't be delivered.",
            failed(ANN, "5.7.1", "550 5.7.1 Message rejected as spam by Content Filtering."),
            to=ANN,
            subject="Undeliverable: New rings",
        ),
        [(ANN, ALIVE, SPAM)],
    ),
    (
        "Gmail",
        report(
            f"** Address not found **\n\nYour message wasn't delivered to {ANN} because the address couldn't be found.",
            failed(ANN, "5.1.1", "550-5.1.1 The email account that you tried to reach does not exist. gsmtp"),
            to=ANN,
            sender="Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
            subject="Delivery Status Notification (Failure)",
            X_Failed_Recipients=ANN,
        ),
        [(ANN, DEAD, ADDRESS)],
    ),
    (
        "Gmail, switched off",
        report(
            "** Message blocked **",
            failed(ANN, "5.2.1", "550 5.2.1 The email account that you tried to reach is disabled. gsmtp"),
            to=ANN,
        ),
        [(ANN, DEAD, CLOSED)],
    ),
    (
        "Gmail of 2008, no standard",
        mail(
            f"Delivery to the following recipient failed permanently:\n\n     {ANN}\n\nTechnical details of permanent "
            f"failure:\nPERM_FAILURE: SMTP Error (state 13): 552 5.2.2 {ANN} mailbox is full\n\n   ----- Original message -----\n\n{COPY}",
            sender="Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
            subject="Delivery Status Notification (Failure)",
        ),
        [(ANN, ALIVE, FULL)],
    ),
    (
        "Yahoo",
        mail(
            "Message from yahoo.example.\nUnable to deliver message to the following address(es).\n\n"
            f"<{ANN}>:\nThis user doesn't have a yahoo.example account ({ANN}) [0]\n\n--- Original message follows.\n\n{COPY}",
            sender="MAILER-DAEMON@yahoo.example",
            subject="Delivery failure",
        ),
        [(ANN, DEAD, ADDRESS)],
    ),
    (
        "GMX",
        mail(
            "This message was created automatically by mail delivery software.\n\nThe following address\nfailed:\n\n"
            f'"{ANN}":\nSMTP error from remote server after RCPT command:\nhost: mx.there.example\n'
            f"Requested action not taken: mailbox unavailable\n\n--- The header of the original message is following. ---\n\n{COPY}",
            sender="MAILER-DAEMON@mail.gmx.example",
            subject="Mail delivery failed: returning message to sender",
        ),
        [(ANN, DEAD, ADDRESS)],
    ),
    (
        "T-Online, in German",
        mail(
            f"|------------------------- Failed addresses follow: ---------------------|\n <{ANN}> ... Benutzer unbekannt\n"
            f"|------------------------- Message text follows: ------------------------|\n{COPY}",
            sender="postmaster@t-online.example",
            subject="Zustellung fehlgeschlagen",
        ),
        [(ANN, DEAD, ADDRESS)],
    ),
    (
        "Orange, in French",
        mail(
            f"Votre message n'a pas pu être remis à\n\n{ANN}\n\nLa boîte aux lettres du destinataire est pleine.\n",
            sender="postmaster@orange.example",
            subject="Message non remis",
            Content_Type="text/plain; charset=utf-8",
        ),
        [(ANN, ALIVE, FULL)],
    ),
    (
        "Mail.ru",
        mail(
            f"К сожалению, Ваше письмо не может быть доставлено:\n\n  {ANN}\n    host mx.there.example: 550 user not found\n\n"
            f"------ This is a copy of the message, including all the headers. ------\n\n{COPY}",
            sender="mailer-daemon@corp.mail.example",
            subject="=?utf-8?b?0J3QtdC00L7RgdGC0LDQstC70LXQvdC90L7QtQ==?=",
            Content_Type="text/plain; charset=utf-8",
        ),
        [(ANN, DEAD, ADDRESS)],
    ),
    (
        "a Japanese phone company",
        report(
            "次のあて先へのメッセージはエラーのため送信できませんでした。",
            failed(ANN, "5.0.0", "550 user unknown"),
            to=ANN,
            sender="Mail Administrator <Postmaster@phone.example>",
            subject="Mail System Error - Returned Mail",
        ),
        [(ANN, DEAD, ADDRESS)],
    ),
    (
        "Lotus Domino",
        mail(
            f"Your message\n\n  Subject: New rings\n\nwas not delivered to:\n\n  {ANN}\n\nbecause:\n\n  User ann ({ANN}) not "
            "listed in Domino Directory\n",
            sender="postmaster@there.example",
            subject="DELIVERY FAILURE: User ann not listed in Domino Directory",
        ),
        [(ANN, DEAD, ADDRESS)],
    ),
    (
        "Novell GroupWise",
        mail(
            f"The message that you sent was undeliverable to the following:\n\t{ANN} (user not found)\n",
            sender="Mailer-Daemon@there.example",
            subject="Message status - undeliverable",
        ),
        [(ANN, DEAD, ADDRESS)],
    ),
    (
        "IMail",
        mail(
            f"Invalid final delivery userid: {ANN}\n\n\nOriginal message follows.\n\n{COPY}",
            sender='"Postmaster" <postmaster@mx.example>',
            subject="Undeliverable Mail",
        ),
        [(ANN, DEAD, ADDRESS)],
    ),
    (
        "MailMarshal",
        mail(
            "Your message:\n   From:    hello@marlow.example\n   Subject: New rings\n\nCould not be delivered because of\n\n"
            f"550 5.1.1 User unknown\n\nThe following recipients were affected:\n    {ANN}\n",
            sender="postmaster@relay.example",
            subject='Undeliverable Mail: "New rings"',
        ),
        [(ANN, DEAD, ADDRESS)],
    ),
    (
        "MailEnable, the message is too big",
        mail(
            f"The following recipient(s) could not be reached:\n\n  Recipient: [SMTP:{ANN}]\n  Reason: 552 Message size "
            f"exceeds maximum permitted\n\nMessage headers follow:\n\n{COPY}",
            sender="Postmaster <postmaster@mx.example>",
            subject="Message Delivery Failure",
        ),
        [(ANN, ALIVE, BIG)],
    ),
    (
        "hMailServer",
        mail(
            f"Your message did not reach some or all of the intended recipients.\n\n   Sent: now\n   Subject: New rings\n\n"
            f"The following recipient(s) could not be reached:\n\n{ANN}\n   Error Type: SMTP\n   Remote server (192.0.2.9) "
            f"issued an error.\n   Remote server replied: 550 5.1.1 <{ANN}>: User unknown\n\nhMailServer\n",
            sender="mailer-daemon@mx.example",
            subject="Message undeliverable: New rings",
        ),
        [(ANN, DEAD, ADDRESS)],
    ),
    (
        "Zoho",
        mail(
            "A message that you sent could not be delivered to one or more of its recipients.\n\n"
            f"{ANN} Invalid Address, ERROR_CODE :550, ERROR_CODE :Requested action not taken: mailbox unavailable\n\n\n"
            f"Received:from mail.zoho.example by mx.example\n{COPY}",
            sender="mailer-daemon@mail.zoho.example",
            subject="Undelivered Mail Returned to Sender",
        ),
        [(ANN, DEAD, ADDRESS)],
    ),
    (
        "a phone company that answers like a person",
        mail(
            f"Error: Invalid user address\n\n550 - no such user here\n\n  MAIL FROM: hello@marlow.example\n  RCPT TO: {ANN}\n",
            sender="post_master@vtext.example",
            subject="Re:New rings",
            In_Reply_To="<d7f3@marlow.example>",
        ),
        [(ANN, DEAD, ADDRESS)],
    ),
    (
        "AOL, where nobody has a domain",
        mail(
            "Your mail to the following recipients could not be delivered because they are not accepting mail from "
            "hello@marlow.example:\n\tann\n",
            sender='"Mail Delivery Subsystem" <MAILER-DAEMON@THERE.example>',
            subject="Mail Delivery Problem",
        ),
        [(ANN, ALIVE, WANTED)],
    ),
    (
        "nobody is named: whoever stands in our own To",
        mail(
            "--cut\nContent-Type: text/plain\n\nThe recipient is not a valid user of the system.\n"
            f"--cut\nContent-Type: message/rfc822\n\n{COPY}\n--cut--\n",
            sender="ndr@there.example",
            subject="Mail delivery failed: returning message to sender",
            Content_Type="multipart/mixed; boundary=cut",
        ),
        [(ANN, DEAD, ADDRESS)],
    ),
    (
        "a host that did not answer for days",
        report(
            "Your message could not be delivered for 5 days.",
            failed(ANN, "4.4.1", "connect to there.example[192.0.2.9]:25: Connection timed out"),
            to=ANN,
        ),
        [(ANN, ALIVE, TROUBLE)],
    ),
    (
        "a dead code with lively words: full",
        report("", failed(ANN, "5.1.1", "550 RCPT TO: mailbox exceeded its disk quota"), to=ANN),
        [(ANN, ALIVE, FULL)],
    ),
    (
        "no word why",
        report("", failed(ANN, "5.0.0", "550 Denied"), to=ANN),
        [(ANN, ALIVE, REFUSED)],
    ),
    (
        "Amazon, as JSON",
        mail(
            '{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bounceSubType":"General","bouncedRecipients":'
            f'[{{"emailAddress":"{ANN}","action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown"}}]}}}}\n--\nTo stop',
            sender="AWS Notifications <no-reply@sns.example>",
            subject="AWS Notification Message",
        ),
        [(ANN, DEAD, ADDRESS)],
    ),
    (
        "a report that somebody forwards",
        mail(
            "--outer\nContent-Type: message/rfc822\n\n"
            + report("", failed(ANN, "5.1.1", "550 User unknown"), to=ANN).decode()
            + "\n--outer--\n",
            sender="Olive <olive@marlow.example>",
            subject="Fwd: Undelivered Mail",
            Content_Type="multipart/mixed; boundary=outer",
        ),
        [(ANN, DEAD, ADDRESS)],
    ),
    (
        "a report whose boundary was lost on the way",
        report("", failed(ANN, "5.1.1", "550 User unknown"), to=ANN).replace(b"; boundary=cut", b""),
        [(ANN, DEAD, ADDRESS)],
    ),
    (
        "the standard's words in a plain letter",
        mail(
            f"Delivery failed.\n\n{failed(ANN, '5.1.1', '550 User unknown')}",
            sender=DAEMON,
            subject="failure notice",
        ),
        [(ANN, DEAD, ADDRESS)],
    ),
    (
        "a new address is no person who failed",
        mail(
            f"The address {ANN} has moved; please use {CAT}\n551 User not local; please try <{CAT}>\n",
            sender=DAEMON,
            subject="Returned mail: address changed",
        ),
        [(ANN, DEAD, ADDRESS)],
    ),
    (
        "the last attempt is told from one that is not",
        mail(
            f"Unable to deliver message to: <{ANN}>\nServer mx.there.example failed with: 550 No such user here\n\n"
            "This has been a permanent failure.  No further delivery attempts will be made.\n",
            sender="<>",
            subject="Message delivery has failed",
        ),
        [(ANN, DEAD, ADDRESS)],
    ),
    (
        "Chinese, without a blank around the name",
        mail(
            f"您的邮件被退回。\n收件人（{ANN}）不存在，邮件无法送达。\n",
            sender="PostMaster@qq.example",
            subject="=?utf-8?b?57O757uf6YCA5L+h?=",
            Content_Type="text/plain; charset=utf-8",
        ),
        [(ANN, DEAD, ADDRESS)],
    ),
    (
        "Outlook, in Spanish",
        mail(
            f"No se pudo entregar el mensaje a estos destinatarios o grupos:\n\n{ANN}\n"
            "No se encuentra la dirección de correo electrónico especificada.\n",
            sender="postmaster@outlook.example",
            subject="No se puede entregar: New rings",
            Content_Type="text/plain; charset=utf-8",
        ),
        [(ANN, DEAD, ADDRESS)],
    ),
    (
        "Courier",
        mail(
            f"                           UNDELIVERABLE MAIL\n\nYour message to the following recipients cannot be delivered:\n\n"
            f"<{ANN}>:\n    mx.there.example [192.0.2.9]:\n>>> RCPT TO:<{ANN}>\n<<< 550 5.1.1 User Unknown\n",
            sender='"Courier mail server at mx" <@mx.example>',
            subject="NOTICE: mail delivery status.",
        ),
        [(ANN, DEAD, ADDRESS)],
    ),
    (
        "OpenSMTPD",
        mail(
            "    Hi!\n\n    This is the MAILER-DAEMON, please DO NOT REPLY to this e-mail.\n\n    An error has occurred while "
            f"attempting to deliver a message for\n    the following list of recipients:\n\n{ANN}: 550 5.2.2 Mailbox Full\n\n"
            f"    Below is a copy of the original message:\n\n{COPY}",
            sender="Mailer Daemon <MAILER-DAEMON@mx.example>",
            subject="Delivery status notification: error",
        ),
        [(ANN, ALIVE, FULL)],
    ),
    (
        "a forwarded address whose new home does not trust us",
        mail(
            f"   ----- The following addresses had permanent fatal errors -----\nann.b@inside.example\n"
            f"    (reason: 553 Sender Policy Framework (SPF) fail)\n    (expanded from: <{ANN}>)\n\n"
            f"   ----- Unsent message follows -----\n{COPY}",
            sender="Mail Delivery Subsystem <MAILER-DAEMON@mx.example>",
            subject="Returned mail: see transcript for details",
        ),
        [(ANN, ALIVE, Cause.NOT_TRUSTED)],
    ),
    (
        "a server that does not know the domain as its own",
        report("", failed(ANN, "5.7.1", "554 5.7.1 Relay access denied"), to=ANN),
        [(ANN, ALIVE, WANTED)],
    ),
    (
        "two sentences, and nothing that names itself",
        mail(
            f"You sent mail to {ANN}. That's not a valid user here.\n",
            sender="<>",
            subject="",
            Return_Path="<>",
            Auto_Submitted="auto-replied",
            In_Reply_To="<d7f3@marlow.example>",
        ),
        [(ANN, DEAD, ADDRESS)],
    ),
]
