"""The three templates of the sample shop: letters a jeweller could send as they are."""

from typing import Final, NamedTuple


class Letter(NamedTuple):
    name: str
    subject: str
    preheader: str
    html_body: str


PRIVATE_VIEWING: Final = Letter(
    "Private viewing invitation",
    '{{ firstName | default: "A quiet evening" }}, the cabinet opens early for you',
    "An evening with the Christmas pieces, before anybody else sees them.",
    """<h1>An evening before everybody else</h1>
<p>Dear {{ firstName | default: "friend of the shop" }},</p>
<p>On the first Thursday of December we close the door at six, put the kettle on and a bottle on ice, and open the
cabinet that nobody has seen yet: the pieces we kept back for Christmas. There are only a few of each, and some are
the only one there will ever be.</p>
<p>You are one of the people we thought of while making them. Come by when it suits you, <strong>between six and
nine</strong>. Bring somebody whose taste you trust, or somebody who should take a hint.</p>
<ul>
<li>The winter sapphires, five of them, set this autumn</li>
<li>Two pearl strands matched by hand over a year</li>
<li>Watches from three family collections, serviced in our workshop</li>
</ul>
<p>Nobody will sell you anything that evening. If you fall for a piece, we put your name on it until Saturday.</p>
<p>Just answer this message to tell us that you are coming, so that there are enough glasses.</p>
<p>Warmly,<br>everybody at {{ shopName }}</p>
""",
)

NEWSLETTER: Final = Letter(
    "Monthly newsletter",
    "What is on our bench this month",
    "A ring remade, a small lesson about pearls, and when we are open.",
    """<h1>From the bench</h1>
<p>Hello {{ firstName | default: "there" }},</p>
<p>Here is what kept us busy this month, in three short pieces. A cup of tea should be long enough.</p>
<h2>A ring remade</h2>
<p>A customer brought her grandmother's ring in an envelope: worn thin, one stone missing, and much too small. We kept
the gold, found a garnet of the same red, and gave it a shoulder that will last another eighty years. She cried a
little. So did we.</p>
<h2>Worth knowing: pearls like company</h2>
<p>Pearls dry out in a drawer. Wear them: the warmth of your skin keeps their shine. Put them on after perfume and
hairspray, wipe them with a soft cloth, and let us restring them every two or three years.</p>
<h2>New in the window</h2>
<p>Slim bands to wear beside a ring you already have, in yellow, white and rose gold. Ask to try three at once; it is
the only way to see it.</p>
<p>If you are passing, come in. Looking is always free, and so is having a ring cleaned while you wait.</p>
<p>See you soon,<br>{{ shopName }}</p>
""",
)

RING_CLEAN: Final = Letter(
    "Ring clean reminder",
    '{{ firstName | default: "Hello" }}, shall we make your ring shine again?',
    "Ten minutes, free of charge, while you wait.",
    """<h1>Ten minutes for a year of shine</h1>
<p>Hello {{ firstName | default: "there" }},</p>
<p>Rings live hard: hand cream, dough, garden soil, door handles. About once a year they should come home for a
moment, and it is about that time for yours.</p>
<p>We clean it, look at every claw under the glass, and tell you honestly whether anything needs doing. Nearly always
it is nothing. <strong>It takes ten minutes and costs nothing</strong>, whether the ring came from us or not.</p>
<p>No appointment needed. Weekday mornings are the quietest.</p>
<p>Until soon,<br>the workshop at {{ shopName }}</p>
""",
)

LETTERS: Final = (PRIVATE_VIEWING, NEWSLETTER, RING_CLEAN)
