"""Polish; numbers come in the nominative."""

from __future__ import annotations

import re

from tts.text.foreign.language import Currency, Language, Noun, Roman, listed, nouns, pairs
from tts.text.foreign.numbers import cardinal, digits, words

_MONTHS = listed("stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia")
_GENITIVE = ((r"ci\Z", "ciego"), (r"gi\Z", "giego"), (r"y\Z", "ego"), (r"i\Z", "iego"))

_GROSZ = Noun("grosz", "groszy", "m", "grosze")
_CENT = Noun("cent", "centów", "m", "centy")


def ordinal(value: int) -> str:
    """3 is "trzeci"."""
    return words("pl", value, "ordinal") or digits(POLISH, str(value))


def _day(value: int, before: str) -> str:
    """A day is an ordinal in the genitive, both its words: "dwudziestego pierwszego"."""
    return " ".join(_genitive(word) for word in ordinal(value).split())


def _genitive(word: str) -> str:
    for ending, genitive in _GENITIVE:
        if re.search(ending, word):
            return re.sub(ending, genitive, word)
    return word


def _year(value: int) -> str:
    return cardinal(POLISH, value)


def _time(hour: int, minute: int, second: int | None, mark: str) -> str:
    spoken = re.sub(r"[yi]\Z", "a", ordinal(hour)) if hour else "zero"
    spoken = re.sub(r"\bdwudziesty\b", "dwudziesta", spoken)
    if minute:
        spoken += f" {cardinal(POLISH, minute)}"
    elif not hour:
        spoken += " zero"
    if second:
        spoken += f" {cardinal(POLISH, second, 'f')} {'sekunda' if second == 1 else 'sekund'}"
    return spoken


def _agree(spoken: str, value: int, gender: str) -> str:
    if gender == "f":
        spoken = "jedna" if value == 1 else re.sub(r"\bdwa\Z", "dwie", spoken)
    return "jedno" if gender == "n" and value == 1 else spoken


def plural(value: int) -> str:
    """one, few (2-4, but not 12-14) or many."""
    if value == 1:
        return "one"
    return "few" if 2 <= value % 10 <= 4 and not 12 <= value % 100 <= 14 else "many"


POLISH: Language = Language(
    code="pl",
    group=r" .\u00a0\u2009\u202f",
    decimal=",",
    comma="przecinek",
    point="kropka",
    minus="minus",
    to="do",
    versus="do",
    over="przez",
    signs={
        **{"%": "procent", "‰": "promil", "&": "i", "+": "plus", "=": "równa się", "@": "małpa", "§": "paragraf"},
        **{"©": "copyright", "±": "plus minus", "×": "razy", "÷": "podzielone przez", "°": "stopni", "≈": "około"},
        **{" < ": "mniejsze niż", " > ": "większe niż", "€": "euro", "$": "dolarów", "£": "funtów", "№": "numer"},
        **{"¥": "jenów", "²": "do kwadratu", "³": "do sześcianu", "#": "krzyżyk", "π": "pi", "∞": "nieskończoność"},
    },
    months=_MONTHS,
    short_months={},
    day=_day,
    date="{day} {month} {year}",
    time=_time,
    time_marks=r"godz\b\.?",
    dotted_time=r"(?<=\bgodz\. )(?P<hour>[0-9]{1,2})[.](?P<minute>[0-9]{2})(?![\w.,])",
    units=nouns("""
        km | kilometr | kilometrów | m | kilometry
        m | metr | metrów | m | metry
        cm | centymetr | centymetrów | m | centymetry
        mm | milimetr | milimetrów | m | milimetry
        m² | metr kwadratowy | metrów kwadratowych | m | metry kwadratowe
        km² | kilometr kwadratowy | kilometrów kwadratowych | m | kilometry kwadratowe
        kg | kilogram | kilogramów | m | kilogramy
        g | gram | gramów | m | gramy
        l | litr | litrów | m | litry
        ml | mililitr | mililitrów | m | mililitry
        km/h | kilometr na godzinę | kilometrów na godzinę | m | kilometry na godzinę
        min | minuta | minut | f | minuty
        s | sekunda | sekund | f | sekundy
        °C | stopień Celsjusza | stopni Celsjusza | m | stopnie Celsjusza
        ° | stopień | stopni | m | stopnie
        % | procent | procent | m | procent
    """),
    money={
        **dict.fromkeys(("zł", "PLN"), Currency(Noun("złoty", "złotych", "m", "złote"), _GROSZ)),
        **dict.fromkeys(("€", "EUR"), Currency(Noun("euro", "euro", "n", "euro"), _CENT)),
        **dict.fromkeys(("$", "USD"), Currency(Noun("dolar", "dolarów", "m", "dolary"), _CENT)),
        **dict.fromkeys(
            ("£", "GBP"), Currency(Noun("funt", "funtów", "m", "funty"), Noun("pens", "pensów", "m", "pensy"))
        ),
    },
    price=lambda main, hundredths, noun: f"{main} {cardinal(POLISH, hundredths)}",
    magnitudes=nouns("""
        tys. | tysiąc | tysięcy | m | tysiące
        mln | milion | milionów | m | miliony
        mld | miliard | miliardów | m | miliardy
    """),
    titles=pairs("""
        dr | doktor
        prof. | profesor
        św. | święty
        ul. | ulica
        al. | aleja
    """),
    shortened=pairs("""
        np. | na przykład
        itd. | i tak dalej
        itp. | i tym podobne
        tzn. | to znaczy
        tj. | to jest
        m.in. | między innymi
        ok. | około
        p.n.e. | przed naszą erą
        n.e. | naszej ery
        tzw. | tak zwany
        godz. | godzina
        tel. | telefon
    """),
    numbered=pairs("""
        nr | numer
        str. | strona
        s. | strona
        rozdz. | rozdział
    """),
    halves={
        **{"½": ("pół", "i pół"), "¼": ("jedna czwarta", "i jedna czwarta"), "¾": ("trzy czwarte", "i trzy czwarte")},
    },
    parts={2: ("jedna druga", "drugie"), 3: ("jedna trzecia", "trzecie"), 4: ("jedna czwarta", "czwarte")},
    address={
        **{".": "kropka", "/": "ukośnik", ":": "dwukropek", "@": "małpa", "-": "myślnik", "_": "podkreślnik"},
        **{
            "?": "znak zapytania",
            "=": "równa się",
            "&": "i",
            "#": "krzyżyk",
            "%": "procent",
            "+": "plus",
            "~": "tylda",
        },
    },
    roman=Roman(
        things="[Rr]ozdział|[Tt]om|[Cc]zęść|[Aa]kt|[Kk]sięga",
        rulers="Zygmunt|Kazimierz|Bolesław|Władysław|Jan|Jan Paweł|Henryk|Ludwik|Karol|Benedykt|Pius|August|Stefan",
        spoken=lambda value, name: ordinal(value),
        century=r"(?<!\w)(?P<roman>[IVX]+)(?= wiek\b)",
        of_century=ordinal,
    ),
    agree=_agree,
    year=_year,
    plural=plural,
    tail_digits=2,
    telephone=r"[1-9][0-9]{2}(?:[ -][0-9]{3}){2}",
)
