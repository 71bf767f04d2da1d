"""The headings of other programs' files, as they publish them, and what stands below each. Facts only. Pure.

A heading is written here without spaces, signs and accents: "Accepts Email Marketing" is `acceptsemailmarketing`. In
each field the surest heading comes first: where a file has several of them, the first one wins.
"""

from typing import Final

# English first, then German, French, Dutch, Spanish and Italian; among them what Shopify, WooCommerce, Square, Lightspeed
# (X-Series, R-Series, eCom), Mailchimp, Brevo, listmonk, Klaviyo and Google Contacts write.
PEOPLE: Final[dict[str, str]] = {
    "email": "email emailaddress useremail primaryemail email1 emailid mail customeremail contactemail billingemail"
    " emailbilling email1value customeremailaddress adressemail adresseemail emailadresse mailadresse emailadres"
    " mailadres courriel mel correo correoelectronico direcciondecorreo direcciondecorreoelectronico"
    " indirizzoemail",
    "first_name": "firstname first givenname fname forename christianname customerfirstname contactfirstname"
    " billingfirstname firstnamebilling vorname prenom voornaam nombre nombredepila primernombre nome",
    "last_name": "lastname last surname familyname lname secondname customerlastname contactlastname billinglastname"
    " lastnamebilling nachname familienname zuname nom nomdefamille achternaam familienaam apellido apellidos cognome",
    "last_name_prefix": "lastnamepreposition middlename tussenvoegsel voorvoegsel",
    "full_name": "fullname name displayname customername customerfullname contactname clientname custfullname"
    " customer client billingname kunde kundenname vollername naam klant klantnaam volledigenaam nomcomplet"
    " nomduclient nomcompleto nombrecompleto nombreyapellidos cliente",
    "company": "company companyname organization organisation organizationname organisationname organization1name"
    " business businessname employer billingcompany companybilling customercompanyname firma firmenname unternehmen"
    " bedrijf bedrijfsnaam societe entreprise raisonsociale empresa azienda defaultaddresscompany",
    "phone": "phone phonenumber primaryphone mobilephone mobilephonenumber mobile mobilenumber mobileno cell"
    " cellphone cellnumber sms smsphonenumber whatsapp telephone telephonenumber tel phone1value customerphone"
    " billingphone phonebilling handy handynummer mobil mobiltelefon mobilnummer telefon telefonnummer mobiel"
    " mobielnummer mobieletelefoon gsm telefoon telefoonnummer portable mobilephonefr telephoneportable"
    " numerodetelephone telefono movil telefonomovil numerodetelefono celular cellulare defaultaddressphone home"
    " homephone work workphone landlinenumber",
    "tags": "tags tag labels label schlagworte schlagworter etiquettes etiquetas etiketten customtags",
    "groups": "groups group groupname customergroup customergroupname groupmembership lists list segments"
    " customertype gruppen gruppe kundengruppe groepen groep klantgroep groupes groupe listes grupos grupo",
    "birthday": "birthday birthdate dateofbirth dob bday birth geburtstag geburtsdatum datedenaissance anniversaire"
    " naissance geboortedatum verjaardag fechadenacimiento cumpleanos compleanno datadinascita",
    "wedding": "wedding weddingday weddingdate weddinganniversary anniversary anniversarydate hochzeit hochzeitstag"
    " trouwdag trouwdatum huwelijk mariage datedemariage boda fechadeboda aniversario",
    "engagement": "engagement engagementday engagementdate verlobung verlobungstag fiancailles verloving compromiso",
    "name_day": "nameday namenstag fete onomastico santo naamdag",
    "status": "status customerstatus contactstatus kundenstatus klantstatus statut estado",
    "language": "language lang locale preferredlanguage sprache langue taal idioma lingua",
    "preferred_channel": "preferredchannel contactpreference preferredcontact preferredcontactmethod bevorzugterkanal"
    " kanal canal canalprefere voorkeurskanaal kanaal",
    "postcode": "postcode postalcode zip zipcode billingpostcode postcodebilling billingzip defaultaddresszip"
    " physicalpostcode addresszip address1postalcode plz postleitzahl codepostal codigopostal cap",
    "notes": "notes note memo customernote comment comments remark remarks internalnote notiz notizen bemerkung"
    " bemerkungen opmerking opmerkingen notitie notities remarque remarques commentaire commentaires notas"
    " observaciones",
    "attributes": "attributes attribs",
    "opted_out": "unsubscribed unsubscribe unsubtime cleantime unsubscribedat optout optedout marketingoptout emailoptout"
    " hasoptedoutofemail donotemail noemail donotcontact nomarketing emailblacklist emailblacklisted"
    " emailblocklisted blacklisted blocklisted emailsuppressions emailsuppression abgemeldet uitgeschreven"
    " afgemeld desabonne desinscrit baja",
    "subscribed": "acceptsemailmarketing acceptsmarketing emailmarketingconsent emailmarketingconsentstate emailmarketingstatus emailmarketing"
    " emailsubscriptionstatus subscriptionstatus subscribed subscription optin optedin marketingconsent"
    " marketingoptin newsletter newsletteroptin abonniert nieuwsbrief ingeschreven abonne suscrito boletin",
    "wants_marketing": "marketingbyemail",
    "wants_newsletter": "newsletterbyemail",
    "whatsapp_agreed": "whatsappoptin whatsappoptedin whatsappmarketingoptin whatsappoptinstatus whatsappconsent"
    " whatsappmarketingconsent whatsappconsentstatus whatsappmarketingconsentstate whatsappmarketing acceptswhatsapp"
    " acceptswhatsappmarketing whatsappsubscribed whatsappsubscription whatsappsubscriptionstatus whatsapppermission"
    " whatsappallowed whatsappagreed agreedtowhatsapp agreedtowhatsappmessages wantswhatsapp optinwhatsapp consentwhatsapp"
    " whatsappnewsletter allowbroadcast whatsappeinwilligung einwilligungwhatsapp whatsappzustimmung zustimmungwhatsapp"
    " whatsapperlaubnis whatsappanmeldung whatsappconsentement consentementwhatsapp accordwhatsapp"
    " acceptewhatsapp whatsapptoestemming toestemmingwhatsapp whatsappconsentimiento consentimientowhatsapp aceptawhatsapp"
    " whatsappconsenso consensowhatsapp accettawhatsapp",
    "whatsapp_agreed_on": "whatsappoptindate whatsappoptinat whatsappoptedinat whatsappoptintime whatsappoptintimestamp"
    " whatsappconsentdate whatsappconsentat whatsappconsentedat whatsappconsenttimestamp whatsappmarketingconsentat"
    " whatsappmarketingconsentupdatedat whatsappsubscribedat whatsappsubscribedon whatsappagreedon agreedtowhatsappon"
    " whatsappsince whatsappeinwilligungam whatsappeinwilligungdatum einwilligungwhatsappam datumeinwilligungwhatsapp"
    " dateconsentementwhatsapp whatsapptoestemmingdatum datumtoestemmingwhatsapp fechaconsentimientowhatsapp"
    " dataconsensowhatsapp",
    "whatsapp_out": "whatsappoptout whatsappoptedout whatsappunsubscribed whatsappunsubscribe whatsappblacklisted"
    " whatsappblocklisted whatsappblocked nowhatsapp donotwhatsapp whatsappabgemeldet whatsappafgemeld whatsappdesinscrit"
    " whatsappbaja",
}  # fmt: skip

# What a customer had: an order, an appointment, a repair. Beside these stand the fields that tell whose it is.
RECORDS: Final[dict[str, str]] = {
    "external_id": "ordernumber orderid orderno order ordername orderref reference receiptnumber receipt invoicenumber"
    " invoice transactionid saleid bookingid appointmentid bestellnummer rechnungsnummer auftragsnummer belegnummer"
    " numerodecommande commande bestelnummer ordernummer factuurnummer numerodepedido pedido number nr id",
    "starts_at": "createdat orderdate dateandtime datetime date paidat orderedat datecreated purchasedate saledate"
    " startsat start startdate starttime startat appointmentdate bookingdate begin datum bestelldatum kaufdatum"
    " rechnungsdatum beginn termin besteldatum orderdatum datedecommande datedachat fecha fechadelpedido"
    " fechadecompra data",
    "time": "time timeofday uhrzeit zeit tijd heure hora",
    "ends_at": "endsat end enddate endtime endat until expires expiresat expirydate validuntil ende enddatum bis"
    " gultigbis einddatum geldigtot fin datedefin validejusquau validohasta",
    "title": "lineitemname itemname item items products product productname description service servicename title"
    " details artikel artikelname produkt produktname bezeichnung leistung omschrijving article produit prestation"
    " producto articulo descripcion servicio",
    "amount": "total ordertotal ordertotalamount totalamount grandtotal totalcollected totalsales totalprice totalpaid"
    " amountpaid amount price sum revenue nrevenue netrevenue betrag gesamtbetrag gesamtsumme gesamt summe preis"
    " bedrag totaalbedrag totaal prijs montant montanttotal totalttc prix importe importetotal precio",
    "line_amount": "netsales linetotal lineitemtotal itemtotal zeilensumme positionssumme regeltotaal",
    "currency": "currency currencycode ordercurrency waehrung wahrung devise valuta moneda",
    "category": "category productcategory itemcategory categories kategorie warengruppe categorie categoria",
    "staff": "staffname staff staffmember teammember employee employeename salesperson soldby servedby trainer"
    " mitarbeiter verkaufer bedienung medewerker verkoper vendeur employe empleado vendedor",
    "mode": "mode channel saleschannel source place kanal canal kanaal",
    "status": "financialstatus orderstatus transactionstatus appointmentstatus bookingstatus status bestellstatus"
    " auftragsstatus zustand statut statutdelacommande orderstatuswoo bestelstatus estado",
    "cancelled_at": "cancelledat canceledat cancelled canceled storniert annuleringsdatum annule cancelado",
    "uses_left": "usesleft usesremaining remaining remaininguses sessionsleft restbesuche resterend restant restantes",
    "kind": "kind recordkind type art soort",
}  # fmt: skip
WHOSE: Final = ("email", "phone", "first_name", "last_name", "full_name", "company")

# Files in which a heading means something else than it usually does. Signature -> name of the system, heading -> field.
# An empty field takes the heading away from the one it would be guessed for.
SYSTEMS: Final[list[tuple[str, frozenset[str], dict[str, str]]]] = [
    (
        "",  # Handbill itself: each record says which program gave its number
        frozenset({"amountinthesmallestunit", "writtendownat"}),
        {"externalid": "external_id", "source": "source", "amountinthesmallestunit": "small_amount"},
    ),
    (
        "shopify",
        frozenset({"financialstatus", "lineitemname", "name"}),
        {
            "name": "external_id",
            "createdat": "starts_at",
            "billingname": "full_name",
            "source": "mode",
            "id": "",
        },
    ),
    (
        "square",
        frozenset({"transactionid", "eventtype", "netsales"}),
        {"transactionid": "external_id", "date": "starts_at", "details": "", "source": ""},
    ),
    (
        "woocommerce",
        frozenset({"order", "nrevenue"}),
        {"order": "external_id", "customer": "full_name", "customertype": ""},
    ),
    ("woocommerce", frozenset({"firstnamebilling", "ordernumber"}), {}),
    ("woocommerce", frozenset({"billingfirstname", "orderid"}), {}),
    ("lightspeed", frozenset({"receiptnumber", "customercode"}), {}),
]
