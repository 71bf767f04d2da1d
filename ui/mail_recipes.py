"""How the usual mail providers want to be asked: server, port, protection, and what people get wrong there."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    label: str
    host: str
    port: int
    security: str
    hint: str


RECIPES = {
    "gmail": Recipe("Gmail, Google Workspace", "smtp.gmail.com", 465, "tls", "Google wants an app password here, not the one you sign in with; it takes some hundreds of messages a day."),
    "outlook": Recipe("Microsoft 365, Outlook", "smtp.office365.com", 587, "starttls", "Authenticated SMTP must be switched on for the mailbox; it takes 30 messages a minute."),
    "yahoo": Recipe("Yahoo", "smtp.mail.yahoo.com", 465, "tls", "Yahoo wants an app password here, not the one you sign in with."),
    "icloud": Recipe("iCloud", "smtp.mail.me.com", 587, "starttls", "Apple wants an app password here, not the one you sign in with."),
    "zoho": Recipe("Zoho Mail", "smtp.zoho.com", 465, "tls", "With two-step sign-in Zoho wants an app password here."),
    "fastmail": Recipe("Fastmail", "smtp.fastmail.com", 465, "tls", "Fastmail wants an app password here."),
    "ses": Recipe("Amazon SES", "email-smtp.eu-west-1.amazonaws.com", 587, "starttls", "Replace eu-west-1 by your region. The user name and password are SES's SMTP credentials."),
    "sendgrid": Recipe("SendGrid", "smtp.sendgrid.net", 587, "starttls", "The user name is the word apikey, the password is an API key."),
    "mailgun": Recipe("Mailgun", "smtp.mailgun.org", 587, "starttls", "In Europe the server is smtp.eu.mailgun.org. The user name is one of the domain's SMTP users."),
    "postmark": Recipe("Postmark", "smtp.postmarkapp.com", 587, "starttls", "User name and password are both the server's API token."),
    "brevo": Recipe("Brevo", "smtp-relay.brevo.com", 587, "starttls", "The password is an SMTP key, not the one you sign in with."),
}  # fmt: skip
