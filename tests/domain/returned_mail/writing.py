"""How the samples are put together."""

SHOP = "hello@marlow.example"
ORIGINAL = """Message-ID: <d7f3@marlow.example>
From: Marlow Jewellers <hello@marlow.example>
To: {to}
Subject: New rings
List-Unsubscribe: <https://marlow.example/u/abc123>
X-Handbill-Mark: m17

The rings are here.
"""


def mail(body: str, *, sender: str, subject: str, **more: str) -> bytes:
    """A plain one; keywords are further headers."""
    extra = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in more.items())
    return f"From: {sender}\nTo: {SHOP}\nSubject: {subject}\n{extra}\n{body}".encode()


def report(
    notice: str,
    fields: str,
    *,
    to: str,
    sender: str = "Mail Delivery System <MAILER-DAEMON@mx.example>",
    subject: str = "Undelivered Mail Returned to Sender",
    notice_type: str = "text/plain; charset=utf-8",
    **more: str,
) -> bytes:
    """By the standard: words for people, fields for programs, the message itself."""
    body = (
        f"--cut\nContent-Type: {notice_type}\n\n{notice}\n"
        f"--cut\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n{fields}\n"
        f"--cut\nContent-Type: message/rfc822\n\n{ORIGINAL.format(to=to)}\n--cut--\n"
    )
    more["Content_Type"] = "multipart/report; report-type=delivery-status; boundary=cut"
    return mail(body, sender=sender, subject=subject, **more)


def failed(to: str, status: str, said: str, *, action: str = "failed") -> str:
    return (
        f"Final-Recipient: rfc822; {to}\nAction: {action}\nStatus: {status}\nDiagnostic-Code: smtp; {said}\n"
    )


def complaint(feedback: str, *, to: str, about: str = "This is an email abuse report.") -> bytes:
    body = (
        f"--cut\nContent-Type: text/plain\n\n{about}\n"
        f"--cut\nContent-Type: message/feedback-report\n\n{feedback}\n"
        f"--cut\nContent-Type: message/rfc822\n\n{ORIGINAL.format(to=to)}\n--cut--\n"
    )
    kind = "multipart/report; report-type=feedback-report; boundary=cut"
    return mail(body, sender="feedback@arf.example", subject="FW: New rings", Content_Type=kind)
