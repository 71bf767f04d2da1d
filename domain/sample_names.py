"""Invented people and things for the sample shop. Every address is at a name that can never exist on the internet."""

from typing import Final

# Each neighbourhood: first names, family names. They are mixed only within one line.
PEOPLE: Final[list[tuple[str, str]]] = [
    (
        "Margaret Peter Harriet Oliver Eleanor Thomas Imogen George Florence Edward Beatrice Rupert Alice Simon",
        "Ashworth Penhaligon Whitcombe Thackeray Holloway Fairbairn Marlow Cartwright Ellery Winslade Hartnell Prior",
    ),
    (
        "Anna Lukas Katharina Matthias Greta Johannes Friederike Tobias Lotte Stefan Ulrike Jonas",
        "Müller Steinbach Hofer Brandstätter Lindner Vogel Kästner Rosenthal Ebner Wagner Seidl Köhler",
    ),
    (
        "Camille Étienne Margaux Julien Hélène Baptiste Solène Laurent Inès Théo",
        "Lefèvre Moreau Chevalier Dubois Garnier Rousseau Delacroix Fontaine Mercier Bonnet",
    ),
    (
        "Giulia Matteo Chiara Lorenzo Francesca Alessandro Bianca Davide",
        "Bellini Conti Ricci Moretti Ferrara Colombo Santoro Marchetti Gallo",
    ),
    (
        "Lucía Javier Carmen Álvaro Marisol Diego Inmaculada Rafael",
        "Navarro Ibáñez Serrano Castillo Domínguez Vega Cabrera Fuentes",
    ),
    (
        "Agnieszka Tomasz Zofia Piotr Katarzyna Marek Magdalena Jakub",
        "Nowak Wójcik Kowalczyk Wieczorek Pawlak Mazur Gołąb Sikora",
    ),
    (
        "Priya Arjun Meera Rohan Ananya Vikram Kavita Sanjay Divya Nikhil",
        "Sharma Patel Iyer Chatterjee Deshmukh Kapoor Nair Reddy Mehta Bhatt",
    ),
    ("Mei Wei Lian Jun Xiu Hao Ying Cheng", "Zhang Chen Lin Huang Wu Zhao Liang Tan"),
    ("Yuki Haruto Sakura Kenji Aiko Ren", "Tanaka Nakamura Kobayashi Fujimoto Yamada Ishikawa"),
    (
        "Ngozi Chidi Amara Emeka Folake Tunde Zainab Kwame Abena Kofi",
        "Okafor Adeyemi Balogun Nwosu Eze Mensah Boateng Owusu Asante",
    ),
    (
        "Leila Karim Yasmin Omar Nadia Tariq Samira Hassan",
        "Haddad Mansour Khoury Rahman Aziz Farouk Saleh Nasser",
    ),
    ("Elif Mehmet Zeynep Can Ayşe Emre", "Yılmaz Demir Kaya Öztürk Aydın Şahin"),
    (
        "Niamh Cormac Aoife Declan Siobhán Fergus Orla Eoin",
        "Gallagher O'Brien Brennan Kavanagh Doyle McGrath Nolan",
    ),
    (
        "Astrid Lars Ingrid Nils Freja Anders Sigrid Mikkel",
        "Lindqvist Halvorsen Bergström Nygaard Sørensen Dahl Holm",
    ),
    ("Eleni Nikos Despina Kostas Sofia Yannis", "Papadakis Georgiou Vasilakis Economou Stavrou"),
    ("Olena Andriy Oksana Taras Iryna Bohdan", "Kovalenko Shevchuk Bondar Melnyk Tkachenko"),
    ("Miriam Daniel Rivka Aaron Tamar Eli", "Goldberg Abramson Levin Feldman Shapiro"),
    (
        "Grace Marcus Jasmine Andre Naomi Terrence Simone Leon",
        "Campbell Clarke Baptiste Grant Francis Bennett Joseph",
    ),
]
COMPANIES: Final = [
    ("Harbour Lane Dental", "harbour-dental.example"),
    ("Pemberton & Vale Solicitors", "pembertonvale.example"),
    ("The Old Mill Hotel", "oldmillhotel.example"),
    ("Northgate Estate Agents", "northgate-homes.example"),
    ("Cedar Street Architects", "cedarstreet.example"),
    ("St Brannock's School", "stbrannocks.example"),
    ("Fairweather Events", "fairweather-events.example"),
    ("Quayside Rowing Club", "quayside-rowing.example"),
    ("Tidewell Accountants", "tidewell.example"),
    ("Brightwater Theatre", "brightwater.example"),
]
MAIL_HOMES: Final = ["postbox.example", "mailhome.example", "letterbox.example", "inbox.example"]
NOTES: Final = [
    "Prefers yellow gold, never nickel.",
    "Comes in on Saturdays with a sister.",
    "Left-handed; the clasp must open from the other side.",
    "Ask about the brooch that came from the grandmother.",
    "Allergic to silver plate. Platinum or solid gold.",
    "Likes to be called before noon.",
    "Saving for the sapphire in the corner window.",
    "Wears the watch for diving: check the seals every year.",
    "Always asks for the green wrapping paper.",
    "Daughter marries next summer.",
]
RING_SIZES: Final = ["H", "J", "K", "L", "L½", "M", "N", "N½", "O", "P", "Q", "R", "T", "V"]
STAFF: Final = ["Olive", "Max", "Sal", "Wes"]
# What is bought: title, category, lowest and highest price in whole units, the tag it earns.
GOODS: Final[list[tuple[str, str, int, int, str]]] = [
    ("Solitaire ring, 0.5 ct", "Rings", 1_900, 4_200, "engagement"),
    ("Sapphire engagement ring", "Rings", 1_400, 3_600, "engagement"),
    ("Wedding band, 18 ct gold", "Rings", 620, 1_350, "wedding bands"),
    ("Signet ring", "Rings", 380, 720, "gold"),
    ("Gold chain, 45 cm", "Necklaces", 240, 880, "gold"),
    ("Hoop earrings, 9 ct gold", "Earrings", 120, 260, "gold"),
    ("Freshwater pearl necklace", "Necklaces", 180, 540, "pearls"),
    ("Pearl drop earrings", "Earrings", 85, 190, "pearls"),
    ("Diamond tennis bracelet", "Bracelets", 1_800, 3_900, "diamonds"),
    ("Diamond studs", "Earrings", 420, 1_600, "diamonds"),
    ("Automatic dress watch", "Watches", 690, 2_400, "watches"),
    ("Diver's watch, 200 m", "Watches", 540, 1_750, "watches"),
    ("Silver charm bracelet", "Bracelets", 65, 140, "silver"),
    ("Silver locket", "Necklaces", 55, 120, "silver"),
    ("Cufflinks, sterling silver", "Gifts", 70, 160, "silver"),
]
REPAIRS: Final = [
    ("Ring resized", 35, 90),
    ("Watch battery and seal", 18, 45),
    ("Claws retipped", 60, 140),
    ("Chain soldered", 25, 55),
    ("Pearls restrung", 45, 110),
    ("Clasp replaced", 20, 60),
    ("Watch service", 140, 320),
]
APPOINTMENTS: Final = [
    "Ring consultation",
    "Bespoke design talk",
    "Valuation",
    "Bridal fitting",
    "Watch collection",
]
WORKSHOPS: Final = ["Make your own silver ring", "Stringing pearls", "An evening at the bench"]
