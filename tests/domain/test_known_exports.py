"""The files of other programs, as they write them: each column finds its field, and each cell becomes what it means."""

from datetime import UTC, datetime

import pytest

from domain.book import columns, table_file
from domain.book.incoming import Incoming, Reading, Shop, read_people
from domain.book.incoming_records import IncomingRecord, IncomingRecords, read_records

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
SHOP = Shop("GB", {"vip": "vip", "customer": "customer"}, "Europe/London", "GBP")


def people(file: str, shop: Shop = SHOP) -> Reading:
    table = table_file.read(file.encode())
    mapping = columns.guess_mapping(table.headers)
    assert columns.what_is_missing(mapping, table.headers) is None
    return read_people(table, mapping, shop, NOW)


def only(reading: Reading) -> Incoming:
    assert reading.rejected == []
    [person] = reading.people
    return person


def orders(file: str, shop: Shop = SHOP) -> IncomingRecords:
    table = table_file.read(file.encode())
    mapping = columns.guess_mapping(table.headers, "order")
    assert columns.what_is_missing(mapping, table.headers, "order") is None
    return read_records(table, mapping, "order", shop, NOW)


def only_order(found: IncomingRecords) -> IncomingRecord:
    assert found.rejected == []
    [record] = found.records
    return record


# ---- people


def test_customers_of_shopify() -> None:
    anna, ben = people(
        "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address Address1,"
        "Default Address City,Default Address Zip,Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,"
        "Total Orders,Note,Tax Exempt,Tags\n"
        "'7001,Anna,Berg,anna@berg.example,yes,Berg & Co,1 High St,Bath,'BA1 1AA,020 7946 0001,'+442079460002,no,"
        '120.00,3,likes opals,no,"gold, VIP"\n'
        "'7002,Ben,Cole,ben@cole.example,no,,,,,020 7946 0003,,no,0.00,0,,no,\n"
    ).people
    assert (anna.columns["phone_key"], ben.columns["phone_key"]) == ("+442079460002", "+442079460003")
    assert (anna.columns["postcode"], anna.columns["company"], anna.columns["notes"]) == (
        "BA1 1AA",
        "Berg & Co",
        "likes opals",
    )
    assert (list(anna.tags.values()), anna.opted_out, ben.opted_out) == (["gold", "VIP"], False, True)


def test_customers_of_woocommerce() -> None:
    report = only(
        people(
            "Name,Username,Last Active,Sign Up,Email,Orders,Total Spend,AOV,Country / Region,City,Region,Postal Code\n"
            "Anna Berg,anna,2026-05-01 10:00:00,2024-01-01 09:00:00,anna@berg.example,3,120,40,GB,Bath,,ba1 1aa\n"
        )
    )
    assert report.name == ("anna", "berg")
    assert (report.columns["email_key"], report.columns["postcode"]) == ("anna@berg.example", "BA1 1AA")
    users = only(
        people(
            "ID,user_login,user_email,first_name,last_name,billing_company,billing_phone,billing_postcode\n"
            "4,anna,anna@berg.example,Anna,Berg,Berg & Co,020 7946 0001,BA1 1AA\n"
        )
    )
    assert (users.columns["phone_key"], users.columns["company"]) == ("+442079460001", "Berg & Co")


def test_customers_of_square() -> None:
    person = only(
        people(
            "Reference ID,First Name,Last Name,Email Address,Phone Number,Nickname,Company Name,Street Address 1,City,"
            "Postal Code,Birthday,Memo,Square Customer ID,Creation Source,First Visit,Last Visit,Transaction Count,"
            "Lifetime Spend,Email Subscription Status\n"
            ",Anna,Berg,anna@berg.example,'+442079460001,,,1 High St,Bath,BA1 1AA,0000-09-21,likes opals,K7X,Directory,"
            '2024-01-02,2026-05-03,4,"£120.00",unsubscribed\n'
        )
    )
    assert str(person.days["birthday"]) == "--09-21"
    assert (person.columns["phone_key"], person.columns["notes"], person.opted_out) == (
        "+442079460001",
        "likes opals",
        True,
    )


def test_customers_of_lightspeed() -> None:
    person = only(
        people(
            "customer_code,first_name,last_name,company_name,customer_group_name,email,phone,mobile,date_of_birth,"
            "do_not_email,physical_postcode,note\n"
            "ANNA-1,Anna,Berg,,Wholesale,anna@berg.example,020 7946 0001,07700 900123,1984-05-17,1,BA1 1AA,opals\n"
        )
    )
    assert (list(person.groups.values()), person.opted_out) == (["Wholesale"], True)
    assert (person.columns["phone_key"], str(person.days["birthday"])) == ("+442079460001", "1984-05-17")
    older = only(
        people(
            "ID,First Name,Last Name,Company,Title,Customer Type,Home,Work,Mobile,Fax,Pager,Email,Address1,City,State,Zip,"
            "Country,Custom,No Email,No Phone,No Mail,Birthday,Tags,Note\n"
            "7,Anna,Berg,,Ms,VIP,,,07700 900123,,,anna@berg.example,1 High St,Bath,,BA1 1AA,UK,,1,0,0,1984-05-17,gold,opals\n"
        )
    )
    assert (older.columns["phone_key"], older.columns["postcode"]) == ("+447700900123", "BA1 1AA")
    assert (older.opted_out, list(older.tags), older.columns["notes"]) == (True, ["gold"], "opals")
    web = only(
        people(
            "Internal ID;Firstname;LastnamePreposition;Lastname;E-Mail;Phone;Mobile;Company;Zipcode;Groups;Birthdate\n"
            "9;Anna;van den;Berg;anna@berg.example;;06 12345678;;1011 AB;Gold;17-05-1984\n",
            Shop("NL", {}),
        )
    )
    assert (web.columns["last_name"], web.columns["phone_key"]) == ("van den Berg", "+31612345678")


def test_an_audience_of_mailchimp() -> None:
    reading = people(
        '"Email Address","First Name","Last Name",Address,"Phone Number",Birthday,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,'
        "CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS\n"
        'anna@berg.example,Anna,Berg,"1 High St  Bath",,09/21,4,"2024-01-02 10:00:00",,"2024-01-02 10:05:00",1.2.3.4,'
        ',,,,,gb,,"2024-01-02 10:05:00",123,abc,,"""gold"",""VIP evening"""\n'
    )
    anna = only(reading)
    assert list(anna.tags.values()) == ["gold", "VIP evening"]
    assert str(anna.days["birthday"]) == "--09-21"
    bounced = only(
        people(
            "Email Address,First Name,MEMBER_RATING,CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID,LEID,EUID\n"
            "cy@dorr.example,Cy,1,2025-03-01 10:00:00,Spring,77,124,abd\n"
        )
    )
    assert bounced.opted_out
    gone = only(
        people(
            "Email Address,First Name,MEMBER_RATING,UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_REASON\n"
            "ben@cole.example,Ben,2,2025-03-01 10:00:00,Spring,NORMAL\n"
        )
    )
    assert gone.opted_out


@pytest.mark.parametrize(
    ("cell", "out"), [("Subscribed", False), ("Unsubscribed", True), ("Blocklisted", True)]
)
def test_contacts_of_brevo(cell: str, out: bool) -> None:
    person = only(
        people(
            "CONTACT ID;EMAIL;FIRSTNAME;LASTNAME;SMS;WHATSAPP;EMAIL_MARKETING;ADDED_TIME\n"
            f"1;anna@berg.example;Anna;Berg;442079460001;;{cell};02-01-2024\n"
        )
    )
    assert (person.columns["phone_key"], person.opted_out) == ("+442079460001", out)


def test_contacts_of_a_french_brevo() -> None:
    person = only(people("EMAIL;PRENOM;NOM;SMS;OPT_IN\nanna@berg.example;Anna;Berg;;Non\n", Shop("FR", {})))
    assert (person.name, person.opted_out) == (("anna", "berg"), True)


def test_subscribers_of_listmonk() -> None:
    reading = people(
        "uuid,email,name,attributes,status,created_at,updated_at\n"
        'u1,anna@berg.example,Anna Berg,"{""ring size"": 54, ""shop"": {""city"": ""Bath""}, ""likes"": [""opals"",'
        '""gold""]}",enabled,2024-01-02,2024-01-02\n'
        "u2,ben@cole.example,Ben,{},blocklisted,2024-01-02,2024-01-02\n"
    )
    anna, ben = reading.people
    assert anna.columns["attrs"] == {"ring size": 54, "shop city": "Bath", "likes": "opals, gold"}
    assert (anna.opted_out, ben.opted_out, reading.warnings) == (False, True, [])


@pytest.mark.parametrize(
    ("consent", "suppressions", "out"),
    [("SUBSCRIBED", "[]", False), ("NEVER_SUBSCRIBED", "[]", True), ("SUBSCRIBED", "['UNSUBSCRIBE']", True)],
)
def test_profiles_of_klaviyo(consent: str, suppressions: str, out: bool) -> None:
    person = only(
        people(
            "Email,Klaviyo ID,First Name,Last Name,Organization,Title,Phone Number,City,State / Region,Country,Zip Code,"
            "Email Marketing Consent,Email Suppressions\n"
            f"anna@berg.example,01H,Anna,Berg,,Ms,+442079460001,Bath,,GB,BA1 1AA,{consent},{suppressions}\n"
        )
    )
    assert (person.columns["postcode"], person.opted_out) == ("BA1 1AA", out)


WHOLE_FILES = {
    "shopify": (
        "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address Address1,"
        "Default Address Address2,Default Address City,Default Address Province Code,Default Address Country Code,"
        "Default Address Zip,Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Note,Tax Exempt,Tags,"
        "Accepts WhatsApp Marketing",
        "first_name last_name email subscribed company postcode phone_2 phone notes tags whatsapp_agreed",
    ),
    "square": (
        "Reference ID,First Name,Last Name,Email Address,Phone Number,Nickname,Company Name,Street Address 1,Street Address 2,"
        "City,State,Postal Code,Birthday,Memo,Square Customer ID,Creation Source,First Visit,Last Visit,Transaction Count,"
        "Lifetime Spend,Email Subscription Status,Instant Profile,Blocked from online booking",
        "first_name last_name email phone company postcode birthday notes subscribed",
    ),
    "klaviyo": (
        "Email,Klaviyo ID,First Name,Last Name,Organization,Title,Phone Number,Address,Address 2,City,State / Region,Country,"
        "Zip Code,Latitude,Longitude,Source,IP Address,Email Marketing Consent,Email Marketing Consent Timestamp,"
        "Historic Customer Lifetime Value,Average Order Value,Historic Number Of Orders,First Active,Last Active,"
        "Profile Created On,Date Added,Last Open,Last Click,Average Days Between Orders,Email Suppressions",
        "email first_name last_name company phone postcode subscribed opted_out",
    ),
    "mailchimp": (
        "Email Address,First Name,Last Name,Address,Phone Number,Birthday,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,"
        "CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID,"
        "LEID,EUID,NOTES,TAGS",
        "email first_name last_name phone birthday opted_out notes tags",
    ),
    "lightspeed": (
        "Internal ID,Registered,Language,Firstname,LastnamePreposition,Lastname,E-Mail,Phone,Mobile,Customer type,Company,"
        "Coc number,Vat number,Attn,Streetname,Address 2,Number,Extension,Zipcode,City,Region,Country,Shipping Attn,"
        "Shipping company,Shipping Zipcode,Groups,Birthdate,Gender,Confirmed",
        "language first_name last_name_prefix last_name email phone phone_2 company postcode groups birthday",
    ),
    "brevo": (
        "CONTACT ID,EMAIL,FIRSTNAME,LASTNAME,SMS,WHATSAPP,LANDLINE_NUMBER,EXT_ID,EMAIL_MARKETING,SMS_MARKETING,_LISTIDS,"
        "ADDED_TIME,MODIFIED_TIME",
        "email first_name last_name phone phone_2 subscribed",
    ),
    "woocommerce": (
        "Name,Username,Last Active,Sign Up,Email,Orders,Total Spend,AOV,Country / Region,City,Region,Postal Code",
        "full_name email postcode",
    ),
    "listmonk": (
        "uuid,email,name,attributes,status,created_at,updated_at",
        "email full_name attributes status",
    ),
}


@pytest.mark.parametrize("name", WHOLE_FILES)
def test_of_all_columns_that_a_system_writes_only_what_is_known_is_taken(name: str) -> None:
    headings, fields = WHOLE_FILES[name]
    assert list(columns.guess_mapping(headings.split(",")).values()) == fields.split()


@pytest.mark.parametrize(
    "headers",
    [
        "First name|Surname|E-mail|Mobile|Postcode|Date of birth|Wedding anniversary|Tags|Notes",
        "Vorname|Nachname|E-Mail-Adresse|Handynummer|PLZ|Geburtsdatum|Hochzeitstag|Schlagwörter|Bemerkungen",
        "Prénom|Nom|Adresse e-mail|Téléphone portable|Code postal|Date de naissance|Date de mariage|Étiquettes|Remarques",
        "Voornaam|Achternaam|E-mailadres|Mobiel nummer|Postcode|Geboortedatum|Trouwdatum|Etiketten|Opmerkingen",
        "Nombre|Apellidos|Correo electrónico|Teléfono móvil|Código postal|Fecha de nacimiento|Boda|Etiquetas|Observaciones",
    ],
)
def test_a_plain_list_in_five_languages(headers: str) -> None:
    expected = "first_name last_name email phone postcode birthday wedding tags notes"
    assert list(columns.guess_mapping(headers.split("|")).values()) == expected.split()


# ---- what they bought


def test_orders_of_shopify_are_one_each_however_many_lines_they_have() -> None:
    record = only_order(
        orders(
            "Name,Email,Financial Status,Paid at,Fulfillment Status,Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,"
            "Created at,Lineitem quantity,Lineitem name,Lineitem price,Billing Name,Billing Phone,Cancelled at,Id,Source\n"
            "#1001,anna@berg.example,paid,2026-05-01 10:00:00 +0200,fulfilled,no,EUR,110,5,0,115.50,"
            "2026-05-01 09:58:00 +0200,1,Silver ring,60.00,Anna Berg,020 7946 0001,,99,web\n"
            "#1001,anna@berg.example,,,,,,,,,,2026-05-01 09:58:00 +0200,1,Gold chain,50.00,,,,,\n"
        )
    )
    assert record.columns == {
        "kind": "order",
        "source": "shopify",
        "external_id": "#1001",
        "title": "Silver ring, Gold chain",
        "starts_at": datetime(2026, 5, 1, 7, 58, tzinfo=UTC),
        "amount": 11550,
        "currency": "EUR",
        "mode": "online",
        "status": "done",
    }
    assert (record.person.email_key, record.person.name) == ("anna@berg.example", ("anna", "berg"))
    assert record.person.opted_out is False


def test_a_cancelled_or_refunded_order_is_cancelled() -> None:
    head = "Name,Email,Financial Status,Total,Created at,Lineitem name,Cancelled at\n"
    found = orders(
        head
        + "#1,a@b.example,refunded,5,2026-05-01,x,\n#2,a@b.example,paid,5,2026-05-01,x,2026-05-02 10:00:00 +0000\n"
    )
    assert [record.columns["status"] for record in found.records] == ["cancelled", "cancelled"]


def test_orders_of_woocommerce() -> None:
    record = only_order(
        orders(
            "Order Number,Order Status,Order Date,First Name (Billing),Last Name (Billing),Email (Billing),"
            "Phone (Billing),Item Name,Order Total Amount\n"
            "812,Completed,2026-05-03 14:20,Anna,Berg,anna@berg.example,020 7946 0001,Silver ring,60.00\n"
        )
    )
    assert (record.columns["external_id"], record.columns["amount"]) == ("812", 6000)
    assert (record.columns["currency"], record.columns["source"]) == ("GBP", "woocommerce")
    report = only_order(
        orders(
            "Date,Order #,Status,Customer,Customer type,Product(s),Items sold,Coupon(s),N. Revenue,Attribution\n"
            "2026-05-03 14:20:00,813,processing,Anna Berg,returning,1× Silver ring,1,,60,Direct\n"
        )
    )
    assert (report.person.name, report.columns["status"]) == (("anna", "berg"), "active")


def test_items_of_square_add_up_to_the_sale() -> None:
    record = only_order(
        orders(
            "Date,Time,Time Zone,Category,Item,Qty,Price Point Name,Gross Sales,Discounts,Net Sales,Tax,Transaction ID,"
            "Payment ID,Notes,Details,Event Type,Location,Customer ID,Customer Name,Customer Reference ID\n"
            "05/17/2026,2:30:00 PM,London,Rings,Silver ring,1,,£60.00,£0.00,£60.00,£10.00,T1,P1,,,Payment,Bath,C1,Anna Berg,\n"
            '05/17/2026,2:30:00 PM,London,Chains,Gold chain,1,,"£1,250.00",£0.00,"£1,250.00",£8.00,T1,P1,,,Payment,Bath,C1,'
            "Anna Berg,\n"
        )
    )
    assert (record.columns["amount"], record.columns["title"]) == (131000, "Silver ring, Gold chain")
    assert record.columns["starts_at"] == datetime(2026, 5, 17, 13, 30, tzinfo=UTC)
    assert (record.columns["category"], record.columns["source"]) == ("Rings", "square")


def test_transactions_of_square_count_what_was_collected() -> None:
    record = only_order(
        orders(
            "Date,Time,Time Zone,Gross Sales,Discounts,Net Sales,Tax,Total Collected,Source,Transaction ID,Staff Name,"
            "Description,Event Type,Customer Name,Transaction Status\n"
            "17/05/2026,14:30:00,London,£60.00,£0.00,£60.00,£12.00,£72.00,Point of Sale,T9,Max,Silver ring,Payment,"
            "Anna Berg,Complete\n"
        )
    )
    assert (record.columns["amount"], record.columns["staff"], record.columns["status"]) == (
        7200,
        "Max",
        "done",
    )


def test_two_programs_with_the_same_number_are_kept_apart() -> None:
    shopify = orders(
        "Name,Email,Financial Status,Created at,Lineitem name\n1001,a@b.example,paid,2026-05-01,x\n"
    )
    plain = orders("Order number,Email,Date\n1001,a@b.example,2026-05-01\n")
    assert [only_order(found).columns["source"] for found in (shopify, plain)] == ["shopify", "import"]
