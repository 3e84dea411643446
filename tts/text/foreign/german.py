"""German."""

from __future__ import annotations

import re

from tts.text.foreign import gender
from tts.text.foreign.language import Language, Roman, Rules, currencies, listed, nouns, pairs
from tts.text.foreign.numbers import cardinal, digits, words

_MONTHS = listed("Januar Februar März April Mai Juni Juli August September Oktober November Dezember")
_RULERS = (
    "Albrecht|August|Benedikt|Christian|Elisabeth|Ferdinand|Franz|Friedrich|Friedrich Wilhelm|Georg|Gustav|Heinrich"
    "|Jakob|Johann|Johannes|Joseph|Josef|Karl|Katharina|Konrad|Leo|Leopold|Ludwig|Maximilian|Napoleon|Nikolaus|Otto"
    "|Paul|Peter|Philipp|Pius|Rudolf|Wilhelm"
)
_WOMEN = frozenset({"Elisabeth", "Katharina", "Margarete", "Maria", "Anna", "Beatrix"})

# What stands before an ordinal tells its ending, where anything does.
_WITH_N = (
    r"\b(?:am|vom|zum|beim|im|dem|den|des|zur|jedem|jeden|jeder|ab|seit|bis|nach|vor|seinen|seinem|ihrem|ihren|meinem"
    r"|meinen|unserem|unseren|deren|dessen|einem|einen|einer|diesem|diesen|dieser|und dem|auf der|in der|mit der"
    r"|aus der|bei der|nach der|seit der|von der|zu der|während der|wegen der|bis zur)"
)
_ENDING_N = re.compile(rf"(?:{_WITH_N}|,) \Z", re.IGNORECASE)
_ENDING_E = re.compile(r"\b(?:der|die|das|jede|diese|dieses|eine|seine|ihre|meine|unsere) \Z", re.IGNORECASE)
_ENDING_R = re.compile(r"\b(?:ein|sein|ihr|mein|unser|kein) \Z", re.IGNORECASE)
_ORDINAL = re.compile(
    rf"(?<![\w.,])(?:(?<=\b)(?P<before>{_WITH_N}|der|die|das|jede|diese|dieses|eine|seine|ihre|meine|unsere|ein|sein"
    r"|ihr|mein|unser) )(?P<value>[0-9]{1,3})\.(?= [^\W\d_])",
    re.IGNORECASE,
)
_BEFORE_NOUN = re.compile(
    r"(?<![\w.,])(?P<value>[0-9]{1,3})\.(?= (?:Jahrhunderts?|Jh|Klasse|Platz|Weltkriegs?|Stock|Stocks|Kapitel|Auflage"
    r"|Mal|Geburtstag|Semester|Etage|Akt|Teil|Runde|Spieltag|Minute|Advent|Quartal|Rang|Band|Strophe|Lebensjahr|Liga)\b)"
)
_PAIR = re.compile(r"(?<![\w.,])(?P<value>[0-9]{1,2})\.(?= (?:bis|und|oder|/) (?:zum )?[0-9]{1,2}\. )")
_DAY_MONTH = re.compile(r"(?<![\w.,])(?P<day>[0-9]{1,2})\.(?P<month>0?[1-9]|1[0-2])\.(?![\w.]|,[0-9])")
_DECADE = re.compile(r"(?<![\w.,'’])['’]?(?P<value>[1-9][0-9]?[0-9]?0)(?P<ending>er[nsm]?)(?!\w)")
_YEARS_OLD = re.compile(
    r"(?<![\w.,])(?P<value>[0-9]{1,3})-?(?P<ending>(?:jährig|tägig|stündig|minütig|Jährig|teilig|fach|stellig|köpfig|malig|prozentig|%ig)\w*)"
)
_STREET = re.compile(r"(?<=[a-zäöüß]{2})str\.(?= ?[0-9])")
_TIMES_MORE = re.compile(r"(?<![\w.,])(?P<value>[0-9]{1,4})(?: ?x|×)(?= [^\W\d_])")


def _ordinal(value: int, ending: str) -> str:
    return (words("de", value, "ordinal") or digits(GERMAN, str(value))) + ending


def _ending(before: str) -> str:
    if _ENDING_N.search(before):
        return "n"
    return "" if _ENDING_E.search(before) else "r"


def _day(value: int, before: str) -> str:
    return _ordinal(value, _ending(before.rstrip("º")))


def _agree(spoken: str, value: int, kind: str) -> str:
    if not kind:
        return spoken
    return re.sub(r"eins\Z", "eine" if kind == "f" and value == 1 else "ein", spoken)


def _year(value: int) -> str:
    """1998 is "neunzehnhundertachtundneunzig"."""
    hundreds, rest = divmod(value, 100)
    if not 11 <= hundreds <= 19:
        return cardinal(GERMAN, value)
    return f"{cardinal(GERMAN, hundreds)}hundert{cardinal(GERMAN, rest) if rest else ''}"


def _time(hour: int, minute: int, second: int | None, mark: str) -> str:
    spoken = f"{cardinal(GERMAN, hour, 'n')} Uhr"
    if minute:
        spoken += f" {cardinal(GERMAN, minute)}"
    if second:
        spoken += f" und {cardinal(GERMAN, second, 'f')} {'Sekunde' if second == 1 else 'Sekunden'}"
    return spoken


def _ruler(value: int, name: str) -> str:
    first = name.split()[-1]
    if first in _WOMEN:
        return f"die {_capital(_ordinal(value, ''))}"
    if first.endswith("s") and first not in {"Johannes", "Pius", "Nikolaus", "Markus", "Julius", "Klemens", "Urbans"}:
        return f"des {_capital(_ordinal(value, 'n'))}"
    return f"der {_capital(_ordinal(value, ''))}"


def _capital(spoken: str) -> str:
    return spoken[0].upper() + spoken[1:]


def _after_article(found: re.Match[str]) -> str:
    before = found["before"] + " "
    window = found.string[max(0, found.start() - 12) : found.start()] + before
    ending = "n" if _ENDING_N.search(window) else "r" if _ENDING_R.search(window) else ""
    return before + _ordinal(int(found["value"]), ending)


def _before_noun(found: re.Match[str]) -> str:
    before = found.string[max(0, found.start() - 20) : found.start()]
    return _ordinal(int(found["value"]), "" if not before.strip() else _ending(before))


def _day_month(found: re.Match[str]) -> str:
    day, month = int(found["day"]), int(found["month"])
    if not 1 <= day <= 31:
        return found.group()
    before = found.string[max(0, found.start() - 20) : found.start()]
    end = "." if not found.string[found.end() :].strip() else ""
    return f"{_day(day, before)} {_MONTHS[month - 1]}{end}"


def _decade(found: re.Match[str]) -> str:
    value = int(found["value"])
    spoken = _year(value) if value >= 1100 else cardinal(GERMAN, value)
    return spoken + found["ending"]


def _adjective(found: re.Match[str]) -> str:
    """ "5-jährig", and as a noun "18-Jährige"."""
    ending = found["ending"].replace("%", "prozent")
    spoken = cardinal(GERMAN, int(found["value"]), "n") + ending.lower()
    return _capital(spoken) if ending[0].isupper() else spoken


_MORE: Rules = (
    ("date", lambda text: text.sub(_DAY_MONTH, _day_month)),
    ("date", lambda text: text.sub(_DECADE, _decade)),
    (
        "ordinal",
        lambda text: text.sub(_PAIR, _before_noun).sub(_ORDINAL, _after_article).sub(_BEFORE_NOUN, _before_noun),
    ),
    (
        "cardinal",
        lambda text: text.sub(_YEARS_OLD, _adjective),
    ),
    ("abbreviation", lambda text: text.sub(_STREET, "straße")),
    ("cardinal", lambda text: text.sub(_TIMES_MORE, lambda found: cardinal(GERMAN, int(found["value"]), "n") + " mal")),
)

GERMAN: Language = Language(
    code="de",
    group=r" .\u00a0\u2009\u202f'’",
    decimal=",",
    comma="Komma",
    point="Punkt",
    minus="minus",
    to="bis",
    versus="zu",
    over="durch",
    signs={
        **{"%": "Prozent", "‰": "Promille", "&": "und", "+": "plus", "=": "gleich", "@": "at", "§§": "Paragrafen"},
        **{"§": "Paragraf", "©": "Copyright", "±": "plus minus", "×": "mal", "÷": "geteilt durch", "°": "Grad"},
        **{"≈": "ungefähr", "≠": "ungleich", "≤": "kleiner gleich", "≥": "größer gleich", "∞": "unendlich"},
        **{"№": "Nummer", " < ": "kleiner als", " > ": "größer als", "√": "Wurzel aus", "€": "Euro", "$": "Dollar"},
        **{"£": "Pfund", "¥": "Yen", "²": "Quadrat", "³": "hoch drei", "#": "Hashtag", "π": "Pi", "µ": "My"},
    },
    months=_MONTHS,
    short_months={
        **{"jan": 1, "jän": 1, "feb": 2, "febr": 2, "apr": 4, "aug": 8, "sep": 9, "sept": 9, "okt": 10},
        **{"nov": 11, "dez": 12, "jänner": 1, "feber": 2},
    },
    day=_day,
    date="{day} {month} {year}",
    time=_time,
    time_marks=r"Uhr\b|h\b",
    hour_marks=r"Uhr\b",
    dotted_time=r"(?<![\w:.,])(?P<hour>[0-9]{1,2})\.(?P<minute>[0-9]{2})\s?(?P<mark>Uhr)\b",
    units=nouns("""
        km | Kilometer
        m | Meter
        dm | Dezimeter
        cm | Zentimeter
        mm | Millimeter
        µm | Mikrometer
        μm | Mikrometer
        km² | Quadratkilometer
        m² | Quadratmeter
        cm² | Quadratzentimeter
        qm | Quadratmeter
        m³ | Kubikmeter
        cm³ | Kubikzentimeter
        ha | Hektar
        kg | Kilogramm | Kilogramm | n
        g | Gramm | Gramm | n
        mg | Milligramm | Milligramm | n
        t | Tonne | Tonnen | f
        Pfd. | Pfund | Pfund | n
        l | Liter
        L | Liter
        ml | Milliliter
        cl | Zentiliter
        hl | Hektoliter
        km/h | Kilometer pro Stunde
        m/s | Meter pro Sekunde
        h | Stunde | Stunden | f
        Std. | Stunde | Stunden | f
        min | Minute | Minuten | f
        Min. | Minute | Minuten | f
        s | Sekunde | Sekunden | f
        Sek. | Sekunde | Sekunden | f
        ms | Millisekunde | Millisekunden | f
        °C | Grad Celsius
        °F | Grad Fahrenheit
        ° | Grad
        % | Prozent
        ‰ | Promille
        W | Watt | Watt | n
        kW | Kilowatt | Kilowatt | n
        MW | Megawatt | Megawatt | n
        kWh | Kilowattstunde | Kilowattstunden | f
        V | Volt | Volt | n
        Hz | Hertz | Hertz | n
        kHz | Kilohertz | Kilohertz | n
        MHz | Megahertz | Megahertz | n
        GHz | Gigahertz | Gigahertz | n
        PS | PS
        kB | Kilobyte | Kilobyte | n
        KB | Kilobyte | Kilobyte | n
        MB | Megabyte | Megabyte | n
        GB | Gigabyte | Gigabyte | n
        TB | Terabyte | Terabyte | n
        dB | Dezibel | Dezibel | n
        bar | Bar | Bar | n
        hPa | Hektopascal | Hektopascal | n
        kcal | Kilokalorie | Kilokalorien | f
        €/m² | Euro pro Quadratmeter
    """),
    money=currencies("""
        € EUR Euro | Euro | Euro | m | Cent | Cent | m
        $ US$ USD | Dollar | Dollar | m | Cent | Cent | m
        £ GBP | Pfund | Pfund | n | Penny | Pence | m
        CHF Fr. | Franken | Franken | m | Rappen | Rappen | m
        ¥ JPY | Yen | Yen | m | Sen | Sen | m
        DM | Mark | Mark | f | Pfennig | Pfennig | m
        ct Ct | Cent | Cent | m | Cent | Cent | m
        ₽ | Rubel | Rubel | m | Kopeke | Kopeken | f
        zł | Złoty | Złoty | m | Groschen | Groschen | m
        kr | Kronen | Kronen | f | Öre | Öre | n
        ₹ | Rupie | Rupien | f | Paisa | Paise | f
    """),
    price=lambda main, hundredths, noun: f"{main} {cardinal(GERMAN, hundredths)}",
    magnitudes=nouns("""
        Tsd. | Tausend | Tausend | -
        Mio. | Million | Millionen | f
        Mrd. | Milliarde | Milliarden | f
        Bio. | Billion | Billionen | f
        Mio | Million | Millionen | f
        Mrd | Milliarde | Milliarden | f
        Million | Million | Millionen | f
        Millionen | Million | Millionen | f
        Milliarde | Milliarde | Milliarden | f
        Milliarden | Milliarde | Milliarden | f
    """),
    titles=pairs("""
        Dr. | Doktor
        Dres. | Doktoren
        Prof. | Professor
        Hr. | Herr
        Hrn. | Herrn
        Fr. | Frau
        Frl. | Fräulein
        St. | Sankt
        Dipl. -Ing. | Diplom-Ingenieur
        Ing. | Ingenieur
        Hl. | Heiliger
        hl. | heiliger
        Kpt. | Kapitän
    """),
    shortened=pairs("""
        z. B. | zum Beispiel
        d. h. | das heißt
        u. a. | unter anderem
        usw. | und so weiter
        usf. | und so fort
        bzw. | beziehungsweise
        ca. | circa
        etc. | et cetera
        vgl. | vergleiche
        evtl. | eventuell
        ggf. | gegebenenfalls
        inkl. | inklusive
        exkl. | exklusive
        zzgl. | zuzüglich
        abzgl. | abzüglich
        einschl. | einschließlich
        u. U. | unter Umständen
        z. T. | zum Teil
        z. Z. | zur Zeit
        z. Zt. | zur Zeit
        i. d. R. | in der Regel
        i. A. | im Auftrag
        o. Ä. | oder Ähnliches
        u. Ä. | und Ähnliches
        o. ä. | oder ähnliches
        u. ä. | und ähnliches
        s. o. | siehe oben
        s. u. | siehe unten
        m. E. | meines Erachtens
        v. Chr. | vor Christus
        n. Chr. | nach Christus
        v. a. | vor allem
        sog. | sogenannte
        geb. | geborene
        gest. | gestorben
        max. | maximal
        min. | minimal
        allg. | allgemein
        bspw. | beispielsweise
        dgl. | dergleichen
        mind. | mindestens
        Jh. | Jahrhundert
        Tel. | Telefon
        Str. | Straße
        GmbH & Co. KG | GmbH und Co KG
    """),
    numbered=pairs("""
        Nr. | Nummer
        S. | Seite
        Abb. | Abbildung
        Kap. | Kapitel
        Bd. | Band
        Art. | Artikel
        Abs. | Absatz
        Tab. | Tabelle
        Anm. | Anmerkung
    """),
    halves={
        **{"½": ("ein halb", "-einhalb"), "¼": ("ein Viertel", "ein Viertel"), "¾": ("drei Viertel", "drei Viertel")},
        **{
            "⅓": ("ein Drittel", "ein Drittel"),
            "⅔": ("zwei Drittel", "zwei Drittel"),
            "⅛": ("ein Achtel", "ein Achtel"),
        },
    },
    parts={
        2: ("ein halb", "halbe"),
        **{3: ("ein Drittel", "Drittel"), 4: ("ein Viertel", "Viertel"), 5: ("ein Fünftel", "Fünftel")},
        **{6: ("ein Sechstel", "Sechstel"), 8: ("ein Achtel", "Achtel"), 10: ("ein Zehntel", "Zehntel")},
    },
    address={
        **{".": "Punkt", "/": "Schrägstrich", ":": "Doppelpunkt", "@": "at", "-": "Minus", "_": "Unterstrich"},
        **{"?": "Fragezeichen", "=": "gleich", "&": "und", "#": "Raute", "%": "Prozent", "+": "plus", "~": "Tilde"},
    },
    roman=Roman(
        things="Kapitel|Teil|Band|Akt|Buch|Abschnitt|Artikel|Weltkrieg|Klasse|Szene|Anhang",
        rulers=_RULERS,
        spoken=_ruler,
        century=r"(?<=\bim )(?P<roman>[IVX]+)(?P<rest>\.)(?= Jahrhundert)",
        of_century=lambda value: _ordinal(value, "n"),
    ),
    agree=_agree,
    gender=gender.german,
    labels=(
        r"Kapitel|Band|Teil|Nummer|Seite|Platz|Punkt|Klasse|Artikel|Abbildung|Tabelle|Formel|Bundesl"
        r"iga|Liga|Typ|Stufe|Phase"
    ),
    year=_year,
    telephone=r"(?:\(0[0-9]{1,5}\)|0[0-9]{1,5})(?:[ /-]{1,3}[0-9]{2,}){1,5}",
    more=_MORE,
)
