"""Statements we wrote ourselves, from organisations that do not exist, to look at and to measure."""

from dataclasses import dataclass
from datetime import date

from mailer.compose.content import from_markdown
from mailer.compose.statement import Statement


@dataclass(frozen=True)
class Sample:
    """One statement as its source would hold it, with the house and the list it goes out to."""

    name: str
    title: str
    deck: str
    day: date
    author: str
    organisation: str
    postal_address: str
    list_title: str
    markdown: str
    language: str = "en"
    direction: str = "ltr"
    note: str = ""
    source: str = "https://www.example.org/statements/one"
    preheader: str = ""

    def statement(self) -> Statement:
        """Return it as a source would hand it over."""
        content = from_markdown(self.markdown)
        return Statement(
            title=self.title,
            deck=self.deck,
            date=self.day,
            language=self.language,
            author=self.author,
            source=self.source,
            note=self.note,
            body_html=content.html,
            body_text=content.text,
        )


WATER = Sample(
    name="water",
    title="Boil-water notice for Upper Arden is lifted",
    deck="Six days of tests found no bacteria. Tap water is safe to drink again without boiling.",
    day=date(2026, 5, 3),
    author="Arden Valley Water, press office",
    organisation="Arden Valley Water",
    postal_address="Arden Valley Water\n12 Reservoir Road\nArden AR4 7WT",
    list_title="Service statements",
    preheader="You can drink from the tap again; here is what we found and what we are changing.",
    markdown="""\
From noon today nobody in Upper Arden needs to boil tap water any more. The health office agreed this
morning after six days of samples from **24 taps** between the Mill Lane tank and the railway showed no
coliform bacteria.

We asked 3,140 households to boil their water on 26 April, when a routine sample from Mill Lane failed.
We are sorry for the week it cost them, and for the first letter, which named the wrong streets.

## What happened

A hatch on the roof of the Mill Lane tank had lost its seal. Rain that ran over the roof on 24 April
reached the water below. The tank was taken out of service within two hours of the laboratory's call; the
supply has come from the [Stone Hill works](https://www.example.org/works/stone-hill) since.

> A hatch that is looked at twice a year is a hatch that can leak for five months. We will look at every
> one of them every month, and publish what we see.
>
> Ines Okafor, head of networks

## What you should do

1. Run each cold tap for two minutes before you first drink from it.
2. Empty and rinse ice makers and water filters; replace filter cartridges.
3. If you run a surgery, a kitchen or a nursery, call us first: we will take a sample with you.

## What we measured

| Day | Samples | Coliform bacteria |
|---|---|---|
| 27 April | 24 | in 3 |
| 29 April | 24 | in 1 |
| 1 to 3 May | 72 | none |

The full laboratory reports are [on our website](https://www.example.org/reports/mill-lane). Questions:
call 0123 456 78 at any hour, or write to [press@example.org](mailto:press@example.org).
""",
)

MUSEUM = Sample(
    name="museum",
    title="The museum returns eleven carvings to the Tolu community",
    deck="The board decided without a dissenting vote. The carvings leave the Harbour Museum on 1 July.",
    day=date(2026, 6, 12),
    author="Harbour Museum",
    organisation="Harbour Museum",
    postal_address="Harbour Museum, Quay 3, 20459 Seaport",
    list_title="Statements of the board",
    preheader="Why the board decided so, and how you can see the carvings until the end of June.",
    note=(
        "This statement replaces the one of 2 June, which gave the number of carvings as ten."
        "\n\nThe eleventh was catalogued under another name until last week."
    ),
    markdown="""\
The board of the Harbour Museum has decided to return eleven carvings to the Tolu community, from whose
meeting house they were taken in 1897. The decision was unanimous.

![Three of the eleven carvings on a table in the workshop](https://www.example.org/pictures/carvings.jpg)

The carvings were not bought. Our own register says "brought along", and three letters found last winter
say what that meant. A museum that knows this and keeps them anyway has nothing left to teach.

## How it came about

- In 2019 two visitors recognised a lintel in case 14.
- From 2021 a joint group of four looked through the papers, here and there.
- In March it handed in its report, which we publish today in full.

## Until the end of June

All eleven carvings are shown in the entrance hall, free of charge, every day from ten to six. What stays
is a record made together: drawings, photographs and the voices of those who can read them.
""",
)

TENANTS = Sample(
    name="tenants",
    title="Heizkostenabrechnung 2025: Bitte noch nicht zahlen",
    deck="Der Verteilerschlüssel ist in mindestens 214 Wohnungen falsch. Wir prüfen jede Abrechnung kostenlos.",
    day=date(2026, 3, 9),
    author="Mieterverein Lindenhof",
    organisation="Mieterverein Lindenhof e. V.",
    postal_address="Mieterverein Lindenhof e. V.\nLindenhof 8\n04229 Musterstadt",
    list_title="Erklärungen des Vereins",
    language="de",
    preheader="Was falsch ist, welche Frist läuft und wann wir für Sie da sind.",
    source="",
    markdown="""\
Die Hausverwaltung hat in der vergangenen Woche die Abrechnungen für 2025 verschickt. In allen, die wir
bisher gesehen haben, wurde die Fläche der Gewerberäume im Erdgeschoss vergessen. Die Wohnungen tragen
deshalb zu viel: im Mittel **187 Euro**.

Zahlen Sie vorerst nur den unstrittigen Teil und widersprechen Sie schriftlich. Ein Musterschreiben liegt
[auf unserer Website](https://www.example.org/muster) bereit; die Frist endet am 31. März.

## Beratung

* montags von 17 bis 19 Uhr im Vereinsraum, Lindenhof 8
* mittwochs von 10 bis 12 Uhr, auch auf Türkisch und Arabisch
* jederzeit nach Vereinbarung

Bringen Sie die Abrechnung, den Mietvertrag und die Abrechnung des Vorjahres mit.
""",
)

ARABIC = Sample(
    name="arabic",
    title="انقطاع المياه في الحي الشرقي يوم الثلاثاء",
    deck="نستبدل أنبوبًا عمره ستون عامًا. تعود المياه قبل السادسة مساءً.",
    day=date(2026, 4, 21),
    author="المكتب الصحفي",
    organisation="مياه الوادي",
    postal_address="مياه الوادي\nشارع الخزان 12\nالمدينة",
    list_title="بيانات الخدمة",
    language="ar",
    direction="rtl",
    preheader="الساعات والشوارع المعنية وما يمكنك فعله قبل صباح الثلاثاء.",
    note="صُحّح هذا البيان في 20 أبريل: يبدأ العمل في الثامنة لا في التاسعة.",
    markdown="""\
نستبدل يوم الثلاثاء الأنبوب الرئيسي في شارع المدرسة. تنقطع المياه عن **480 منزلًا** في الحي الشرقي من
الثامنة صباحًا حتى السادسة مساءً.

## ما يمكنك فعله

1. املأ ما تحتاجه من الماء مساء الاثنين.
2. أغلق الصنبور الرئيسي قبل الثامنة.
3. بعد عودة المياه افتح الصنبور البارد دقيقتين.

> نعتذر عن هذا اليوم. الأنبوب الجديد يكفي لستين عامًا أخرى.

يقف صهريج ماء أمام المدرسة طوال اليوم. تجد قائمة الشوارع
[على موقعنا](https://www.example.org/ar/streets).
""",
)

_DISTRICTS = (
    ("Upper Arden", "the tank on Mill Lane", "its roof hatches", 14),
    ("Lower Arden", "the pumping station by the lock", "its two oldest pumps", 22),
    ("Stone Hill", "the treatment works", "the sand in four of its nine filters", 31),
    ("Fairmead", "the mains under the market square", "ninety metres of cast iron", 9),
    ("Saint Orin", "the intake on the river", "the screens that keep out leaves and branches", 17),
    ("Kilnside", "the meters in the terraces", "eleven hundred meters that count too slowly", 28),
    ("Longbarrow", "the borehole in the chalk", "a casing that lets in water from above", 12),
    ("Priory Fields", "the new estate", "a pressure that drops every evening at seven", 6),
    ("Eastwick", "the main along the railway", "three joints that moved with the embankment", 19),
    ("Harrow End", "the reservoir", "the drains beneath its earth dam", 25),
)


def _report(district: str, place: str, part: str, weeks: int) -> str:
    return f"""\
### {district}

In {district} the work begins at {place}. We have to renew {part}, and while that happens the supply comes
round by another way. We expect it to take {weeks} weeks. People who live there will see vans, a fence and
now and then a trench; what they should not see is a dry tap. Where we do have to close a main, we close it
on a weekday between nine and four, we say so **five days before** by letter and by message, and we put a
tanker at the corner.

Anyone on a kidney machine at home, anyone with a newborn, any surgery and any kitchen in {district} can ask
to be told in person. Call us, or ask a neighbour to. We keep that register for this purpose alone, and we
delete it when the work is done. The person who answers for {district} will stand at the town hall on the
first Monday of each month from five to seven, with the plans, and will write down what is said.
"""


LONG = Sample(
    name="long",
    title="Ten districts, ten years of neglect, one plan: what we will repair by 2028, and who answers for it",
    deck=(
        "The largest programme of repair in our history starts in September. This statement says for every "
        "district what will be done, how long it takes and whom to ask."
    ),
    day=date(2026, 8, 28),
    author="The board of Arden Valley Water",
    organisation="Arden Valley Water",
    postal_address="Arden Valley Water\n12 Reservoir Road\nArden AR4 7WT",
    list_title="Statements of the board and answers to the questions of residents",
    preheader="What will be done in your district, when it starts and who answers for it.",
    markdown=(
        "For ten years we repaired what broke and left alone what had not broken yet. That was cheaper, and it\n"
        "was wrong. Today the board adopted a plan that begins with what is oldest, not with what is loudest.\n\n"
        "## The districts\n\n" + "\n".join(_report(*each) for each in _DISTRICTS) + "\n## What it costs\n\n"
        "The programme costs 41 million over two and a half years. Nine tenths are borrowed at a fixed rate;\n"
        "the rest comes from the reserve. The price of water does not rise because of it before 2029. The\n"
        "contracts, with every price, are at\n"
        "<https://www.example.org/a/rather/long/address/of/the/kind/that/systems/make/contracts-2026-2028>.\n"
    ),
)

STATEMENTS = (WATER, MUSEUM, TENANTS, ARABIC, LONG)
