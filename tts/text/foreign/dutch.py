"""Dutch."""

from __future__ import annotations

import re

from tts.text.foreign.language import Language, Roman, Rules, currencies, listed, nouns, pairs
from tts.text.foreign.numbers import cardinal, words

_MONTHS = listed("januari februari maart april mei juni juli augustus september oktober november december")
_RANK = re.compile(r"(?<![\w.,])(?P<value>[0-9]{1,4})(?:ste|de|e)(?!\w)")
_DECADE = re.compile(r"(?<![\w.,'’])['’]?(?P<value>[1-9]0)(?=er)")


def ordinal(value: int) -> str:
    """3 is "derde"."""
    return words("nl", value, "ordinal") or ""


def _year(value: int) -> str:
    hundreds, rest = divmod(value, 100)
    if not 11 <= hundreds <= 19:
        return cardinal(DUTCH, value)
    return f"{cardinal(DUTCH, hundreds)}honderd{' ' + cardinal(DUTCH, rest) if rest else ''}"


def _time(hour: int, minute: int, second: int | None, mark: str) -> str:
    spoken = f"{cardinal(DUTCH, hour)} uur"
    if minute:
        spoken += f" {cardinal(DUTCH, minute)}"
    if second:
        spoken += f" en {cardinal(DUTCH, second)} second{'e' if second == 1 else 'en'}"
    return spoken


_MORE: Rules = (
    ("ordinal", lambda text: text.sub(_RANK, lambda found: ordinal(int(found["value"])))),
    ("date", lambda text: text.sub(_DECADE, lambda found: cardinal(DUTCH, int(found["value"])))),
)

DUTCH: Language = Language(
    code="nl",
    group=r" .\u00a0\u2009\u202f",
    decimal=",",
    comma="komma",
    point="punt",
    minus="min",
    to="tot",
    versus="tegen",
    over="op",
    signs={
        **{"%": "procent", "‰": "promille", "&": "en", "+": "plus", "=": "is", "@": "at", "§": "paragraaf"},
        **{"©": "copyright", "±": "plusminus", "×": "keer", "÷": "gedeeld door", "°": "graden", "≈": "ongeveer"},
        **{"≠": "ongelijk aan", "≤": "kleiner of gelijk aan", "≥": "groter of gelijk aan", "∞": "oneindig"},
        **{" < ": "kleiner dan", " > ": "groter dan", "√": "wortel van", "€": "euro", "$": "dollar", "£": "pond"},
        **{"№": "nummer", "¥": "yen", "²": "kwadraat", "³": "tot de derde", "#": "hekje", "π": "pi", "µ": "micro"},
    },
    months=_MONTHS,
    short_months={
        **{"jan": 1, "feb": 2, "mrt": 3, "apr": 4, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "sept": 9, "okt": 10},
        **{"nov": 11, "dec": 12},
    },
    day=lambda value, before: cardinal(DUTCH, value),
    date="{day} {month} {year}",
    time=_time,
    time_marks=r"uur\b|u\b\.?",
    dotted_time=r"(?<![\w:.,])(?P<hour>[0-9]{1,2})\.(?P<minute>[0-9]{2})\s?(?P<mark>uur)\b",
    units=nouns("""
        km | kilometer
        m | meter
        cm | centimeter
        mm | millimeter
        km² | vierkante kilometer
        m² | vierkante meter
        m³ | kubieke meter
        ha | hectare
        kg | kilogram
        g | gram
        mg | milligram
        t | ton
        l | liter
        ml | milliliter
        cl | centiliter
        km/h | kilometer per uur
        km/u | kilometer per uur
        min | minuut | minuten
        s | seconde | seconden
        °C | graden Celsius
        °F | graden Fahrenheit
        ° | graad | graden
        % | procent
        ‰ | promille
        W | watt
        kW | kilowatt
        kWh | kilowattuur
        V | volt
        Hz | hertz
        kHz | kilohertz
        MHz | megahertz
        GHz | gigahertz
        MB | megabyte
        GB | gigabyte
        dB | decibel
    """),
    money=currencies("""
        € EUR | euro | euro | m | cent | cent | m
        $ US$ USD | dollar | dollar | m | cent | cent | m
        £ GBP | pond | pond | n | penny | pence | m
        ¥ JPY | yen | yen | m | sen | sen | m
    """),
    price=lambda main, hundredths, noun: f"{main} {cardinal(DUTCH, hundredths)}",
    magnitudes=nouns("""
        mln. | miljoen
        mln | miljoen
        mld. | miljard
        mld | miljard
        miljoen | miljoen
        miljard | miljard
    """),
    titles=pairs("""
        dhr. | de heer
        mevr. | mevrouw
        mw. | mevrouw
        dr. | doctor
        Dr. | Doctor
        prof. | professor
        Prof. | Professor
        drs. | doctorandus
        ir. | ingenieur
        mr. | meester
        St. | Sint
    """),
    shortened=pairs("""
        bijv. | bijvoorbeeld
        bv. | bijvoorbeeld
        d.w.z. | dat wil zeggen
        enz. | enzovoort
        o.a. | onder andere
        m.a.w. | met andere woorden
        t.o.v. | ten opzichte van
        i.p.v. | in plaats van
        t/m | tot en met
        v.Chr. | voor Christus
        n.Chr. | na Christus
        ca. | circa
        etc. | et cetera
        a.u.b. | alstublieft
        tel. | telefoon
        incl. | inclusief
        excl. | exclusief
    """),
    numbered=pairs("""
        nr. | nummer
        blz. | bladzijde
        p. | pagina
        hfst. | hoofdstuk
        art. | artikel
        afb. | afbeelding
    """),
    halves={
        **{"½": ("een half", "en een half"), "¼": ("een kwart", "en een kwart"), "¾": ("drie kwart", "en drie kwart")},
        **{
            "⅓": ("een derde", "en een derde"),
            "⅔": ("twee derde", "en twee derde"),
            "⅛": ("een achtste", "en een achtste"),
        },
    },
    parts={
        **{2: ("een half", "halve"), 3: ("een derde", "derde"), 4: ("een kwart", "kwart"), 5: ("een vijfde", "vijfde")},
        **{8: ("een achtste", "achtste"), 10: ("een tiende", "tiende")},
    },
    address={
        **{".": "punt", "/": "slash", ":": "dubbele punt", "@": "apenstaartje", "-": "streepje", "_": "underscore"},
        **{"?": "vraagteken", "=": "is", "&": "en", "#": "hekje", "%": "procent", "+": "plus", "~": "tilde"},
    },
    roman=Roman(
        things="[Hh]oofdstuk|[Dd]eel|[Bb]oek|[Aa]kte|[Aa]rtikel",
        rulers="Willem|Karel|Filips|Lodewijk|Hendrik|Albert|Leopold|Boudewijn|Johannes Paulus|Paulus|Pius",
        spoken=lambda value, name: f"de {ordinal(value).capitalize()}",
    ),
    year=_year,
    tail_digits=2,
    telephone=r"0[0-9]{1,3}[ -][0-9]{6,8}",
    more=_MORE,
)
