"""How the usual mail providers want to be asked: server, port, protection, what people get wrong there, and how much
they take. Numbers only where the provider's own pages name them; those of the recipients count as messages here.
"""

from dataclasses import dataclass, field

from domain.shop.limits import Limits


@dataclass(frozen=True)
class Recipe:
    label: str
    host: str
    port: int
    security: str
    hint: str
    limits: Limits = field(default_factory=Limits)  # what suits an ordinary account there
    takes: str = ""  # where these come from
    inbox: str = ""  # the server one reads mail from, with TLS on port 993; empty where there is none
    inbox_hint: str = ""


RECIPES = {
    "gmail": Recipe("Gmail, Google Workspace", "smtp.gmail.com", 465, "tls", "Google wants an app password here, not the one you sign in with; it takes some hundreds of messages a day.",
        Limits(per_day=500), "Google takes 500 messages in 24 hours from a personal or trial account, 2,000 from a paid Google Workspace.",
        "imap.gmail.com", "Google wants an app password here, not the one you sign in with."),
    "outlook": Recipe("Microsoft 365, Outlook", "smtp.office365.com", 587, "starttls", "Authenticated SMTP must be switched on for the mailbox; it takes 30 messages a minute.",
        Limits(per_second=1, per_hour=1_800, per_day=10_000), "Microsoft 365 takes 30 messages a minute and 10,000 recipients in 24 hours. What comes too fast it puts off, and Handbill tries it again.",
        "outlook.office365.com", "Microsoft 365 lets no program in with a password any more. Let what comes back be forwarded to a mailbox elsewhere, and name that one here."),
    "yahoo": Recipe("Yahoo", "smtp.mail.yahoo.com", 465, "tls", "Yahoo wants an app password here, not the one you sign in with.",
        inbox="imap.mail.yahoo.com", inbox_hint="Yahoo wants an app password here, not the one you sign in with."),
    "icloud": Recipe("iCloud", "smtp.mail.me.com", 587, "starttls", "Apple wants an app password here, not the one you sign in with.",
        Limits(per_day=1_000), "iCloud takes 1,000 messages a day.",
        "imap.mail.me.com", "Apple wants an app password here. The user name is the part of the address before the @."),
    "zoho": Recipe("Zoho Mail", "smtp.zoho.com", 465, "tls", "With two-step sign-in Zoho wants an app password here.",
        inbox="imap.zoho.com", inbox_hint="IMAP must be switched on in Zoho's settings. An address of your own domain is read at imappro.zoho.com."),
    "fastmail": Recipe("Fastmail", "smtp.fastmail.com", 465, "tls", "Fastmail wants an app password here.",
        inbox="imap.fastmail.com", inbox_hint="Fastmail wants an app password here."),
    "ses": Recipe("Amazon SES", "email-smtp.eu-west-1.amazonaws.com", 587, "starttls", "Replace eu-west-1 by your region. The user name and password are SES's SMTP credentials.",
        takes="Amazon SES names your numbers on its account page. A new account in the sandbox has 1 message a second and 200 a day."),
    "sendgrid": Recipe("SendGrid", "smtp.sendgrid.net", 587, "starttls", "The user name is the word apikey, the password is an API key."),
    "mailgun": Recipe("Mailgun", "smtp.mailgun.org", 587, "starttls", "In Europe the server is smtp.eu.mailgun.org. The user name is one of the domain's SMTP users."),
    "postmark": Recipe("Postmark", "smtp.postmarkapp.com", 587, "starttls", "User name and password are both the server's API token."),
    "brevo": Recipe("Brevo", "smtp-relay.brevo.com", 587, "starttls", "The password is an SMTP key, not the one you sign in with."),
}  # fmt: skip

READ_BY_IMAP = {key: one for key, one in RECIPES.items() if one.inbox}


def recipe_of(host: str) -> Recipe | None:
    """Of a server that is known already."""
    name = host.strip().lower()
    if name.startswith("email-smtp.") and name.endswith(".amazonaws.com"):
        return RECIPES["ses"]
    return next((one for one in RECIPES.values() if one.host == name), None)
