"""Which column of a file holds what: guessed from the headings that people and other programs use. Pure."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

from domain.refusal import Kind, Refusal

OWN: Final = "attrs."  # "attrs.ring size" keeps a column as one of the shop's own fields
KNOWS_A_PERSON: Final = ("email", "phone", "first_name", "last_name", "full_name", "company")

# Field: its headings without spaces, signs and accents. English first, then German, French, Spanish, Italian; with the
# column names of exports from Mailchimp, Shopify, Square, Brevo and Google Contacts.
WORDS: Final[dict[str, str]] = {
    "email": "email emailaddress mail emailid primaryemail customeremail contactemail email1value adresseemail"
    " adressemail emailadresse mailadresse courriel mel correo correoelectronico direcciondecorreo indirizzoemail",
    "first_name": "firstname first givenname fname forename christianname vorname prenom nombre nombredepila",
    "last_name": "lastname last surname familyname lname secondname nachname familienname zuname nom nomdefamille"
    " apellido apellidos cognome",
    "full_name": "name fullname customername contactname displayname customer client kunde kundenname vollername"
    " nomcomplet nomcompleto nombrecompleto nombreyapellidos",
    "company": "company companyname organisation organization organizationname organisationname business businessname"
    " employer firma firmenname unternehmen societe entreprise raisonsociale empresa azienda defaultaddresscompany",
    "phone": "phone phonenumber telephone telephonenumber tel mobile mobilephone mobilenumber mobileno cell cellphone"
    " cellnumber phone1value sms smsphonenumber whatsapp telefon telefonnummer handy handynummer mobil mobiltelefon"
    " mobilnummer portable numerodetelephone telefono movil numerodetelefono celular cellulare defaultaddressphone",
    "tags": "tags tag labels label groups group groupmembership segments schlagworte schlagworter gruppen gruppe"
    " etiquettes etiquetas grupos",
    "birthday": "birthday birthdate dateofbirth dob bday geburtstag geburtsdatum datedenaissance anniversaire"
    " naissance fechadenacimiento cumpleanos compleanno",
    "wedding": "wedding weddingday weddingdate weddinganniversary anniversary hochzeit hochzeitstag mariage"
    " datedemariage boda aniversario",
    "status": "status customerstatus contactstatus kundenstatus statut estado",
    "language": "language lang locale preferredlanguage sprache langue idioma lingua",
    "notes": "notes note memo comment comments remark remarks notiz notizen bemerkung bemerkungen remarque remarques"
    " commentaire commentaires notas observaciones",
    "opted_out": "unsubscribed unsubscribe optout optedout marketingoptout emailoptout hasoptedoutofemail donotcontact"
    " donotemail nomarketing blocklisted blacklisted emailblacklisted emailblocklisted unsubtime unsubscribedat"
    " abgemeldet desabonne desinscrit baja",
    "subscribed": "subscribed subscription optin optedin acceptsmarketing acceptsemailmarketing emailmarketing"
    " emailmarketingconsent emailmarketingstatus emailsubscriptionstatus subscriptionstatus marketingconsent newsletter"
    " newsletteroptin abonniert abonne suscrito",
}
FIELD_OF: Final = {word: field for field, words in WORDS.items() for word in words.split()}
SHOWN: Final = {
    "email": "Email address",
    "first_name": "First name",
    "last_name": "Last name",
    "full_name": "Full name",
    "company": "Company",
    "phone": "Phone number",
    "tags": "Tags",
    "birthday": "Birthday",
    "wedding": "Wedding day",
    "status": "Status",
    "language": "Language",
    "notes": "Notes",
    "opted_out": "Has unsubscribed (yes or no)",
    "subscribed": "Is subscribed (yes or no)",
}


def guess_mapping(headers: Sequence[str]) -> dict[str, str]:
    """Heading -> field, each field once; a heading that says nothing known is left out."""
    mapping: dict[str, str] = {}
    for header in headers:
        field = FIELD_OF.get(_bare(header))
        if field and field not in mapping.values():
            mapping[header] = field
    if "first_name" in mapping.values() and "last_name" in mapping.values():
        mapping = {header: field for header, field in mapping.items() if field != "full_name"}
    return mapping


def checked_mapping(mapping: Mapping[str, str | None], headers: Sequence[str]) -> dict[str, str]:
    """What somebody chose, without the columns to leave out. Unknown words are refused by name."""
    chosen: dict[str, str] = {}
    for header, field in mapping.items():
        if header not in headers:
            raise Refusal("unknown_column", f"This file has no column called {header[:80]}.", Kind.MALFORMED)
        if not field:
            continue
        if field not in WORDS and not (
            field.startswith(OWN) and 0 < len(field.removeprefix(OWN).strip()) <= 60
        ):
            raise Refusal("unknown_field", f"A customer has no field called {field[:80]}.", Kind.MALFORMED)
        if field in chosen.values():
            shown = SHOWN.get(field, field.removeprefix(OWN))
            raise Refusal("column_twice", f"Two columns are chosen for {shown}. Choose one of them.")
        chosen[header] = field
    return chosen


def what_is_missing(mapping: Mapping[str, str], headers: Sequence[str]) -> str | None:
    """A sentence when no column could tell one person from another."""
    if any(field in KNOWS_A_PERSON for field in mapping.values()):
        return None
    listed = ", ".join(headers[:12]) + (" and more" if len(headers) > 12 else "")
    return (
        "No column is known to hold an email address, a phone number or a name, and one of them is needed."
        f" The columns are: {listed}."
    )


def _bare(header: str) -> str:
    plain = unicodedata.normalize("NFKD", header.casefold().replace("ß", "ss"))
    return re.sub(r"[^a-z0-9]", "", plain.encode("ascii", "ignore").decode())
