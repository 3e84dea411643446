"""Italian."""

from __future__ import annotations

import re

from tts.text.foreign import gender
from tts.text.foreign.language import Language, Noun, Roman, Rules, currencies, listed, nouns, pairs
from tts.text.foreign.numbers import cardinal, words

_MONTHS = listed("gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre")
_RULERS = (
    "Alessandro|Benedetto|Carlo|Caterina|Clemente|Elisabetta|Enrico|Federico|Ferdinando|Filippo|Francesco|Giacomo"
    "|Giorgio|Giovanni|Giovanni Paolo|Gregorio|Guglielmo|Innocenzo|Leone|Leopoldo|Luigi|Napoleone|Nicola|Ottone|Paolo"
    "|Pietro|Pio|Umberto|Vittorio Emanuele"
)
_WOMEN = frozenset({"Caterina", "Elisabetta", "Margherita", "Maria", "Giovanna"})
_COUNTED_BY_RANK = (
    "piano|posto|secolo|giorno|anno|capitolo|articolo|premio|livello|grado|turno|tempo|gruppo|comma|tomo|volume"
    "|round|classificato"
)
_RANK = re.compile(
    rf"(?<![\w.,])(?P<value>[0-9]{{1,4}})(?P<ending>[ºª]|°(?= (?:{_COUNTED_BY_RANK})\b)|(?<=\b1)°(?! ?[CF]\b))(?!\w)"
)
_ELIDED = re.compile(r"(?<=\b[Ll]['’])1:00|(?<=\b[Ll]['’])1(?![\w.,:])")
_SHORT_DATE = re.compile(r"(?<=\b[Ii]l )(?P<day>[0-9]{1,2})/(?P<month>0?[1-9]|1[0-2])(?![\w/]|[.,][0-9])")


def ordinal(value: int, feminine: bool = False) -> str:
    """21 is "ventunesimo"."""
    spoken = words("it", value, "ordinal") or ""
    return spoken[:-1] + "a" if feminine else spoken


def _rank(found: re.Match[str]) -> str:
    value = int(found["value"])
    return ordinal(value, found["ending"] == "ª") if value else found.group()


def _day(value: int, before: str) -> str:
    return "primo" if value == 1 else cardinal(ITALIAN, value)


def _time(hour: int, minute: int, second: int | None, mark: str) -> str:
    spoken = cardinal(ITALIAN, hour)
    if hour == 1:
        spoken = "una"
    if minute:
        spoken += f" e {cardinal(ITALIAN, minute)}"
    if second:
        spoken += f" e {cardinal(ITALIAN, second, 'm')} second{'o' if second == 1 else 'i'}"
    return spoken


def _agree(spoken: str, value: int, kind: str) -> str:
    if value != 1 or kind not in {"m", "f"}:
        return spoken
    return "una" if kind == "f" else "un"


def _price(main: str, hundredths: int, noun: Noun) -> str:
    return f"{main} e {cardinal(ITALIAN, hundredths)}"


def _ruler(value: int, name: str) -> str:
    return ordinal(value, name.split()[-1] in _WOMEN)


def _short_date(found: re.Match[str]) -> str:
    day = int(found["day"])
    return f"{_day(day, '')} {_MONTHS[int(found['month']) - 1]}" if 1 <= day <= 31 else found.group()


_MORE: Rules = (
    ("time", lambda text: text.sub(_ELIDED, "una")),
    ("ordinal", lambda text: text.sub(_RANK, _rank)),
    ("date", lambda text: text.sub(_SHORT_DATE, _short_date)),
)

ITALIAN: Language = Language(
    code="it",
    group=r" .\u00a0\u2009\u202f'’",
    decimal=",",
    comma="virgola",
    point="punto",
    minus="meno",
    to="a",
    versus="a",
    over="su",
    signs={
        **{
            "%": "per cento",
            "‰": "per mille",
            "&": "e",
            "+": "più",
            "=": "uguale",
            "@": "chiocciola",
            "§": "paragrafo",
        },
        **{"©": "copyright", "±": "più o meno", "×": "per", "÷": "diviso", "°": "gradi", "≈": "circa"},
        **{"≠": "diverso da", "≤": "minore o uguale a", "≥": "maggiore o uguale a", "∞": "infinito", "№": "numero"},
        **{" < ": "minore di", " > ": "maggiore di", "√": "radice di", "€": "euro", "$": "dollari", "£": "sterline"},
        **{"¥": "yen", "²": "al quadrato", "³": "al cubo", "#": "cancelletto", "π": "pi greco", "µ": "micro"},
    },
    months=_MONTHS,
    short_months={
        **{"gen": 1, "feb": 2, "mar": 3, "apr": 4, "mag": 5, "giu": 6, "lug": 7, "ago": 8, "set": 9, "sett": 9},
        **{"ott": 10, "nov": 11, "dic": 12},
    },
    day=_day,
    date="{day} {month} {year}",
    time=_time,
    time_marks=r"h\b",
    hour_marks=r"(?!)",
    dotted_time=r"(?:(?<=\b[Oo]re )|(?<=\b[Aa]lle )|(?<=\b[Dd]alle ))"
    r"(?P<hour>[0-9]{1,2})[.](?P<minute>[0-9]{2})(?![\w.,])",
    units=nouns("""
        km | chilometro | chilometri
        m | metro | metri
        dm | decimetro | decimetri
        cm | centimetro | centimetri
        mm | millimetro | millimetri
        µm | micrometro | micrometri
        μm | micrometro | micrometri
        km² | chilometro quadrato | chilometri quadrati
        m² | metro quadrato | metri quadrati
        mq | metro quadrato | metri quadrati
        cm² | centimetro quadrato | centimetri quadrati
        m³ | metro cubo | metri cubi
        cm³ | centimetro cubo | centimetri cubi
        ha | ettaro | ettari
        kg | chilogrammo | chilogrammi
        g | grammo | grammi
        mg | milligrammo | milligrammi
        t | tonnellata | tonnellate | f
        l | litro | litri
        L | litro | litri
        ml | millilitro | millilitri
        cl | centilitro | centilitri
        km/h | chilometro orario | chilometri orari
        m/s | metro al secondo | metri al secondo
        h | ora | ore | f
        min | minuto | minuti
        s | secondo | secondi
        ms | millisecondo | millisecondi
        °C | grado Celsius | gradi Celsius
        °F | grado Fahrenheit | gradi Fahrenheit
        % | per cento | per cento | -
        ‰ | per mille | per mille | -
        W | watt
        kW | chilowatt
        MW | megawatt
        kWh | chilowattora
        V | volt
        Hz | hertz
        kHz | chilohertz
        MHz | megahertz
        GHz | gigahertz
        kB | kilobyte
        KB | kilobyte
        MB | megabyte
        GB | gigabyte
        TB | terabyte
        dB | decibel
        kcal | chilocaloria | chilocalorie | f
        hPa | ettopascal
    """),
    money=currencies("""
        € EUR | euro | euro | m | centesimo | centesimi | m
        $ US$ USD | dollaro | dollari | m | centesimo | centesimi | m
        £ GBP | sterlina | sterline | f | penny | pence | m
        CHF | franco svizzero | franchi svizzeri | m | centesimo | centesimi | m
        ¥ JPY | yen | yen | m | sen | sen | m
        ₽ | rublo | rubli | m | copeco | copechi | m
        ₹ | rupia | rupie | f | paisa | paise | f
    """),
    price=_price,
    magnitudes=nouns("""
        milioni | milione | milioni
        milione | milione | milioni
        miliardi | miliardo | miliardi
        miliardo | miliardo | miliardi
        mln | milione | milioni
        mld | miliardo | miliardi
        mila | mila | mila | -
    """),
    titles=pairs("""
        Sig. | signor
        Sig.ra | signora
        Sig.na | signorina
        Sigg. | signori
        Dott. | dottor
        Dott.ssa | dottoressa
        Dr. | dottor
        Dr.ssa | dottoressa
        Prof. | professor
        Prof.ssa | professoressa
        Ing. | ingegner
        Avv. | avvocato
        Geom. | geometra
        On. | onorevole
        Rag. | ragionier
        S. | San
        V.le | viale
        P.zza | piazza
        C.so | corso
    """),
    shortened=pairs("""
        ecc. | eccetera
        p. es. | per esempio
        ad es. | ad esempio
        per es. | per esempio
        a.C. | avanti Cristo
        d.C. | dopo Cristo
        ca. | circa
        cfr. | confronta
        tel. | telefono
        max. | massimo
        min. | minimo
        sec. | secolo
        c.d. | cosiddetto
        ss. | seguenti
        S.p.A. | società per azioni
        N.B. | nota bene
    """),
    numbered=pairs("""
        n. | numero
        N. | Numero
        nr. | numero
        n° | numero
        pag. | pagina
        pagg. | pagine
        p. | pagina
        pp. | pagine
        cap. | capitolo
        vol. | volume
        art. | articolo
        fig. | figura
    """),
    halves={
        **{"½": ("mezzo", "e mezzo"), "¼": ("un quarto", "e un quarto"), "¾": ("tre quarti", "e tre quarti")},
        **{"⅓": ("un terzo", "e un terzo"), "⅔": ("due terzi", "e due terzi"), "⅛": ("un ottavo", "e un ottavo")},
    },
    parts={
        **{2: ("un mezzo", "mezzi"), 3: ("un terzo", "terzi"), 4: ("un quarto", "quarti"), 5: ("un quinto", "quinti")},
        **{6: ("un sesto", "sesti"), 8: ("un ottavo", "ottavi"), 10: ("un decimo", "decimi")},
    },
    address={
        **{".": "punto", "/": "barra", ":": "due punti", "@": "chiocciola", "-": "trattino", "_": "trattino basso"},
        **{"?": "punto interrogativo", "=": "uguale", "&": "e", "#": "cancelletto", "%": "per cento", "+": "più"},
        "~": "tilde",
    },
    roman=Roman(
        things="[Cc]apitolo|[Tt]omo|[Ll]ibro|[Aa]tto|[Pp]arte|[Ss]cena|[Aa]rticolo|[Vv]olume|[Aa]llegato|[Tt]itolo",
        rulers=_RULERS,
        spoken=_ruler,
        century=r"(?<!\w)(?P<roman>[IVX]+)(?= secolo\b)|(?<=\bsecolo )(?P<later>[IVX]+)\b",
        of_century=ordinal,
    ),
    agree=_agree,
    gender=gender.italian,
    labels=(
        r"[Cc]apitolo|[Tt]omo|[Nn]umero|[Pp]agina|[Pp]arte|[Aa]rticolo|[Ll]ivello|[Ff]ase|[Tt]ipo|[G"
        r"g]ruppo|[Pp]osto"
    ),
    of=lambda noun: f" di {noun}",
    tail_digits=2,
    telephone=r"0[0-9]{1,3}[ /.-][0-9]{5,8}|3[0-9]{2}[ .-][0-9]{3}[ .-]?[0-9]{3,4}",
    more=_MORE,
)
