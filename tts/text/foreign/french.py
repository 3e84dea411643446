"""French, also of Belgium and of Switzerland."""

from __future__ import annotations

import re
from dataclasses import replace

from tts.text.foreign import gender
from tts.text.foreign.language import Language, Roman, Rules, currencies, listed, nouns, pairs
from tts.text.foreign.numbers import cardinal, roman_value, words

_MONTHS = listed("janvier février mars avril mai juin juillet août septembre octobre novembre décembre")
_RULERS = (
    "Alexandre|Benoît|Catherine|Charles|Clément|Édouard|Edouard|Élisabeth|Elisabeth|Ferdinand|François|Frédéric|Georges"
    "|Guillaume|Gustave|Henri|Innocent|Jacques|Jean|Léon|Léopold|Louis|Napoléon|Nicolas|Otton|Paul|Philippe|Pie|Pierre"
)
_RANK = re.compile(
    r"(?<![\w.,])(?P<value>[0-9]{1,4}|[IVX]+)(?P<ending>ers?|[èe]res?|res?|ᵉʳ|ᵉ|nd(?:es?|s)?|(?:i?[eè]me|e)s?)(?!\w)"
)
_SAINT = re.compile(r"(?<!\w)St(e?)-(?=[^\W\d_])")
_FEMININE = re.compile(r"(?:[èe]re|re|nde)s?\Z")
_DATE_BEFORE = re.compile(r"(?<=\ble )(?P<day>[0-9]{1,2})/(?P<month>0?[1-9]|1[0-2])(?![\w/]|[.,][0-9])")


def _ordinal(value: int) -> str:
    """num2words keeps the s of "quatre-vingts" and "deux cents"."""
    spoken = words("fr", value, "ordinal") or ""
    return spoken.replace("vingtsième", "vingtième").replace("centsième", "centième")


def _rank(found: re.Match[str]) -> str:
    written, ending = found["value"], found["ending"]
    value = int(written) if written.isdigit() else roman_value(written)
    if not value or (not written.isdigit() and ending in {"es", "me", "mes"}):
        return found.group()
    plural = "s" if ending.endswith("s") else ""
    feminine = bool(_FEMININE.search(ending))
    if value == 1:
        return ("première" if feminine else "premier") + plural
    if ending.startswith("nd"):
        return ("seconde" if feminine else "second") + plural if value == 2 else found.group()
    if ending.startswith(("er", "r", "è", "ᵉʳ")) and not ending.startswith("ème"):
        return found.group()
    return _ordinal(value) + plural


def _day(value: int, before: str) -> str:
    return "premier" if value == 1 else cardinal(FRENCH, value)


def _time(hour: int, minute: int, second: int | None, mark: str) -> str:
    spoken = f"{cardinal(FRENCH, hour, 'f')} heure{'s' if hour > 1 else ''}"
    if minute:
        spoken += f" {cardinal(FRENCH, minute, 'f')}"
    if second:
        spoken += f" et {cardinal(FRENCH, second, 'f')} seconde{'s' if second > 1 else ''}"
    return spoken


def _agree(spoken: str, value: int, kind: str) -> str:
    return re.sub(r"\bun\Z", "une", spoken) if kind == "f" else spoken


def _of(noun: str) -> str:
    return f" d'{noun}" if noun[0].lower() in "aeéèiouhy" else f" de {noun}"


def _short_date(found: re.Match[str]) -> str:
    day = int(found["day"])
    return f"{_day(day, '')} {_MONTHS[int(found['month']) - 1]}" if 1 <= day <= 31 else found.group()


_MORE: Rules = (
    ("abbreviation", lambda text: text.sub(_SAINT, lambda found: f"Saint{found[1]}-")),
    ("ordinal", lambda text: text.sub(_RANK, _rank)),
    ("date", lambda text: text.sub(_DATE_BEFORE, _short_date)),
)

FRENCH: Language = Language(
    code="fr",
    group=r" .\u00a0\u2009\u202f",
    decimal=",",
    comma="virgule",
    point="point",
    minus="moins",
    to="à",
    versus="à",
    over="sur",
    signs={
        **{
            "%": "pour cent",
            "‰": "pour mille",
            "&": "et",
            "+": "plus",
            "=": "égale",
            "@": "arobase",
            "§": "paragraphe",
        },
        **{"©": "copyright", "±": "plus ou moins", "×": "fois", "÷": "divisé par", "°": "degrés", "≈": "environ"},
        **{"≠": "différent de", "≤": "inférieur ou égal à", "≥": "supérieur ou égal à", "∞": "infini", "№": "numéro"},
        **{" < ": "inférieur à", " > ": "supérieur à", "√": "racine de", "€": "euros", "$": "dollars", "£": "livres"},
        **{"¥": "yens", "²": "au carré", "³": "au cube", "#": "dièse", "π": "pi", "µ": "micro"},
    },
    months=_MONTHS,
    short_months={
        **{"janv": 1, "jan": 1, "févr": 2, "fév": 2, "fevr": 2, "avr": 4, "juil": 7, "sept": 9, "oct": 10},
        **{"nov": 11, "déc": 12, "dec": 12, "aout": 8, "fevrier": 2, "decembre": 12},
    },
    day=_day,
    date="{day} {month} {year}",
    time=_time,
    time_marks=r"h(?:eures?)?(?![^\W\d_])\s?",
    units=nouns("""
        km | kilomètre | kilomètres
        m | mètre | mètres
        dm | décimètre | décimètres
        cm | centimètre | centimètres
        mm | millimètre | millimètres
        µm | micromètre | micromètres
        μm | micromètre | micromètres
        km² | kilomètre carré | kilomètres carrés
        m² | mètre carré | mètres carrés
        cm² | centimètre carré | centimètres carrés
        m³ | mètre cube | mètres cubes
        cm³ | centimètre cube | centimètres cubes
        ha | hectare | hectares
        kg | kilogramme | kilogrammes
        g | gramme | grammes
        mg | milligramme | milligrammes
        t | tonne | tonnes | f
        l | litre | litres
        L | litre | litres
        ml | millilitre | millilitres
        mL | millilitre | millilitres
        cl | centilitre | centilitres
        cL | centilitre | centilitres
        km/h | kilomètre par heure | kilomètres par heure
        m/s | mètre par seconde | mètres par seconde
        min | minute | minutes | f
        mn | minute | minutes | f
        s | seconde | secondes | f
        ms | milliseconde | millisecondes | f
        °C | degré Celsius | degrés Celsius
        °F | degré Fahrenheit | degrés Fahrenheit
        ° | degré | degrés
        % | pour cent
        ‰ | pour mille
        W | watt | watts
        kW | kilowatt | kilowatts
        MW | mégawatt | mégawatts
        kWh | kilowattheure | kilowattheures
        V | volt | volts
        Hz | hertz
        kHz | kilohertz
        MHz | mégahertz
        GHz | gigahertz
        Ko | kilooctet | kilooctets
        ko | kilooctet | kilooctets
        Mo | mégaoctet | mégaoctets
        Go | gigaoctet | gigaoctets
        To | téraoctet | téraoctets
        MB | mégaoctet | mégaoctets
        GB | gigaoctet | gigaoctets
        dB | décibel | décibels
        kcal | kilocalorie | kilocalories | f
        hPa | hectopascal | hectopascals
    """),
    money=currencies("""
        € EUR | euro | euros | m | centime | centimes | m
        $ US$ USD | dollar | dollars | m | cent | cents | m
        £ GBP | livre | livres | f | penny | pence | m
        CHF | franc suisse | francs suisses | m | centime | centimes | m
        F FF | franc | francs | m | centime | centimes | m
        ¥ JPY | yen | yens | m | sen | sens | m
        ₽ | rouble | roubles | m | kopeck | kopecks | m
        ₹ | roupie | roupies | f | paisa | paisas | f
    """),
    price=lambda main, hundredths, noun: f"{main} {cardinal(FRENCH, hundredths)}",
    magnitudes=nouns("""
        millions | million | millions
        million | million | millions
        milliards | milliard | milliards
        milliard | milliard | milliards
        Md | milliard | milliards
        Mds | milliard | milliards
        M | million | millions
        mille | mille | mille | -
    """),
    titles=pairs("""
        M. | Monsieur
        MM. | Messieurs
        Mme | Madame
        Mme. | Madame
        Mlle. | Mademoiselle
        Mmes | Mesdames
        Mlle | Mademoiselle
        Mlles | Mesdemoiselles
        Mgr | Monseigneur
        Me | Maître
        Dr | Docteur
        Dr. | Docteur
        Pr | Professeur
        Pr. | Professeur
        Prof. | Professeur
        St | Saint
        Ste | Sainte
        bd | boulevard
        Bd | Boulevard
        av. | avenue
        Av. | Avenue
        pl. | place
    """),
    shortened=pairs("""
        c.-à-d. | c'est-à-dire
        p. ex. | par exemple
        etc. | et cetera
        env. | environ
        av. J.-C. | avant Jésus-Christ
        apr. J.-C. | après Jésus-Christ
        ap. J.-C. | après Jésus-Christ
        J.-C. | Jésus-Christ
        cf. | confer
        tél. | téléphone
        M. le | Monsieur le
        Mme la | Madame la
        max. | maximum
        min. | minimum
        éd. | édition
        N.B. | nota bene
        s'il v. pl. | s'il vous plaît
        svp | s'il vous plaît
    """),
    numbered=pairs("""
        n° | numéro
        N° | Numéro
        nº | numéro
        nos | numéros
        p. | page
        pp. | pages
        chap. | chapitre
        vol. | volume
        art. | article
        fig. | figure
        t. | tome
        no | numéro
    """),
    halves={
        **{"½": ("un demi", "et demi"), "¼": ("un quart", "un quart"), "¾": ("trois quarts", "trois quarts")},
        **{"⅓": ("un tiers", "un tiers"), "⅔": ("deux tiers", "deux tiers"), "⅛": ("un huitième", "un huitième")},
    },
    parts={
        **{2: ("un demi", "demis"), 3: ("un tiers", "tiers"), 4: ("un quart", "quarts")},
        **{5: ("un cinquième", "cinquièmes"), 6: ("un sixième", "sixièmes"), 8: ("un huitième", "huitièmes")},
        10: ("un dixième", "dixièmes"),
    },
    address={
        **{".": "point", "/": "barre oblique", ":": "deux-points", "@": "arobase", "-": "tiret", "_": "tiret bas"},
        **{"?": "point d'interrogation", "=": "égale", "&": "et", "#": "dièse", "%": "pour cent", "+": "plus"},
        "~": "tilde",
    },
    roman=Roman(
        things="[Cc]hapitre|[Tt]ome|[Ll]ivre|[Aa]cte|[Pp]artie|[Ss]cène|[Aa]rticle|[Vv]olume|[Aa]nnexe|[Tt]itre",
        rulers=_RULERS,
        spoken=lambda value, name: "premier" if value == 1 else cardinal(FRENCH, value),
    ),
    agree=_agree,
    gender=gender.french,
    labels=r"chapitre|tome|numéro|page|partie|article|niveau|phase|type",
    one_below_two=True,
    of=_of,
    tail_digits=2,
    telephone=r"0[1-9](?:[ .-]?[0-9]{2}){4}",
    in_pairs=True,
    more=_MORE,
)


def regional(code: str) -> Language:
    """French as it counts in a country: "septante" in Belgium and Switzerland."""
    return replace(FRENCH, code={"fr-be": "fr_BE", "fr-ch": "fr_CH"}.get(code, "fr"))
