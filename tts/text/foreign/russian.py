"""Russian; numbers come in the nominative."""

from __future__ import annotations

import re

from tts.text.foreign.language import Currency, Language, Noun, Roman, listed, nouns, pairs
from tts.text.foreign.numbers import cardinal, digits, words
from tts.text.foreign.polish import plural as _polish_plural

_MONTHS = listed("января февраля марта апреля мая июня июля августа сентября октября ноября декабря")
_KOPECK = Noun("копейка", "копеек", "f", "копейки")
_CENT = Noun("цент", "центов", "m", "цента")
_YEAR = re.compile(r"(?<![\w.,-])(?P<value>[12][0-9]{3}) (?P<year>год[ауе]?|г\.)(?!\w)")
_ENDINGS = {"год": "", "года": "ого", "году": "ом", "г.": "", "годе": "ом"}
_RANK = re.compile(r"(?<![\w.,])(?P<value>[0-9]{1,4})-(?P<ending>ого|ому|ый|ий|ой|ая|ое|ые|го|му|ом|й|я|е|м|х)(?!\w)")


def ordinal(value: int) -> str:
    """3 is "третий"."""
    return words("ru", value, "ordinal") or digits(RUSSIAN, str(value))


def _inflected(spoken: str, ending: str) -> str:
    """The last word of an ordinal with another ending: "первый" → "первого"."""
    if spoken.endswith("третий"):
        third = {"ого": "третьего", "ом": "третьем", "ому": "третьему", "ая": "третья", "ое": "третье", "ые": "третьи"}
        return spoken.removesuffix("третий") + third.get(ending, "третий")
    return re.sub(r"(?:ый|ой|ий)\Z", ending, spoken) if ending else spoken


def _day(value: int, before: str) -> str:
    """The day of a date is an ordinal in the genitive where a preposition asks for it, else in the neuter."""
    return _inflected(ordinal(value), "ого" if re.search(r"\b(?:с|до|от|после|около) \Z", before) else "ое")


def _rank(found: re.Match[str]) -> str:
    full = {"го": "ого", "му": "ому", "я": "ая", "е": "ое", "м": "ом", "й": "", "ый": "", "ий": "", "ой": "", "х": "ых"}
    ending = found["ending"]
    return _inflected(ordinal(int(found["value"])), full.get(ending, ending))


def _written_year(found: re.Match[str]) -> str:
    year = "год" if found["year"] == "г." else found["year"]
    before = found.string[max(0, found.start() - 3) : found.start()]
    ending = _ENDINGS[found["year"]]
    if found["year"] == "г." and re.search(r"\b[Вв] \Z", before):
        ending, year = "ом", "году"
    return f"{_inflected(ordinal(int(found['value'])), ending)} {year}"


def _time(hour: int, minute: int, second: int | None, mark: str) -> str:
    spoken = cardinal(RUSSIAN, hour)
    if minute:
        spoken += f" {'ноль ' if minute < 10 else ''}{cardinal(RUSSIAN, minute)}"
    else:
        spoken += f" {_hours(hour)}"
    if second:
        spoken += f" {cardinal(RUSSIAN, second, 'f')} {_seconds(second)}"
    return spoken


def _hours(hour: int) -> str:
    return {"one": "час", "few": "часа", "many": "часов"}[plural(hour)]


def _seconds(second: int) -> str:
    return {"one": "секунда", "few": "секунды", "many": "секунд"}[plural(second)]


def _agree(spoken: str, value: int, gender: str) -> str:
    if gender == "f":
        return re.sub(r"\bодин\Z", "одна", re.sub(r"\bдва\Z", "две", spoken))
    return re.sub(r"\bодин\Z", "одно", spoken) if gender == "n" else spoken


def plural(value: int) -> str:
    """one (1, 21, …, but not 11), few (2-4, 22-24, …) or many."""
    if value % 10 == 1 and value % 100 != 11:
        return "one"
    return "many" if value == 1 else _polish_plural(value)


RUSSIAN: Language = Language(
    code="ru",
    group=r" \u00a0\u2009\u202f",
    decimal=",",
    comma="запятая",
    point="точка",
    minus="минус",
    to="до",
    versus="на",
    over="дробь",
    signs={
        **{"%": "процентов", "‰": "промилле", "&": "и", "+": "плюс", "=": "равно", "@": "собака", "§": "параграф"},
        **{"©": "копирайт", "±": "плюс минус", "×": "умножить на", "÷": "разделить на", "°": "градусов"},
        **{"≈": "примерно", " < ": "меньше", " > ": "больше", "€": "евро", "$": "долларов", "£": "фунтов"},
        **{"№": "номер", "¥": "иен", "²": "в квадрате", "³": "в кубе", "#": "решётка", "π": "пи", "∞": "бесконечность"},
        **{"₽": "рублей"},
    },
    months=_MONTHS,
    short_months={
        "янв": 1,
        "февр": 2,
        "фев": 2,
        "апр": 4,
        "авг": 8,
        "сент": 9,
        "сен": 9,
        "окт": 10,
        "нояб": 11,
        "дек": 12,
    },
    day=_day,
    date="{day} {month} {year} года",
    time=_time,
    time_marks=r"ч\b\.?",
    units=nouns("""
        км | километр | километров | m | километра
        м | метр | метров | m | метра
        см | сантиметр | сантиметров | m | сантиметра
        мм | миллиметр | миллиметров | m | миллиметра
        м² | квадратный метр | квадратных метров | m | квадратных метра
        км² | квадратный километр | квадратных километров | m | квадратных километра
        кг | килограмм | килограммов | m | килограмма
        г | грамм | граммов | m | грамма
        т | тонна | тонн | f | тонны
        л | литр | литров | m | литра
        мл | миллилитр | миллилитров | m | миллилитра
        км/ч | километр в час | километров в час | m | километра в час
        мин | минута | минут | f | минуты
        с | секунда | секунд | f | секунды
        °C | градус Цельсия | градусов Цельсия | m | градуса Цельсия
        ° | градус | градусов | m | градуса
        % | процент | процентов | m | процента
    """),
    money={
        **dict.fromkeys(("₽", "руб.", "RUB"), Currency(Noun("рубль", "рублей", "m", "рубля"), _KOPECK)),
        **dict.fromkeys(("€", "EUR"), Currency(Noun("евро", "евро", "m", "евро"), _CENT)),
        **dict.fromkeys(("$", "USD"), Currency(Noun("доллар", "долларов", "m", "доллара"), _CENT)),
        **dict.fromkeys(
            ("£", "GBP"), Currency(Noun("фунт", "фунтов", "m", "фунта"), Noun("пенс", "пенсов", "m", "пенса"))
        ),
    },
    price=lambda main, hundredths, noun: (
        f"{main} {cardinal(RUSSIAN, hundredths, noun.gender)} {_hundredths(hundredths, noun)}"
    ),
    magnitudes=nouns("""
        тыс. | тысяча | тысяч | f | тысячи
        млн | миллион | миллионов | m | миллиона
        млрд | миллиард | миллиардов | m | миллиарда
    """),
    titles=pairs("""
        г. | город
        ул. | улица
        св. | святой
        проф. | профессор
        им. | имени
    """),
    shortened=pairs("""
        т. е. | то есть
        т. д. | так далее
        т. п. | тому подобное
        т. к. | так как
        т. н. | так называемый
        др. | другие
        напр. | например
        н. э. | нашей эры
        тел. | телефон
        руб. | рублей
    """),
    numbered=pairs("""
        стр. | страница
        с. | страница
        гл. | глава
        рис. | рисунок
        д. | дом
        кв. | квартира
    """),
    halves={
        **{"½": ("одна вторая", "с половиной"), "¼": ("одна четверть", "и одна четверть")},
        **{"¾": ("три четверти", "и три четверти")},
    },
    parts={2: ("одна вторая", "вторых"), 3: ("одна треть", "третьих"), 4: ("одна четверть", "четверти")},
    address={
        **{".": "точка", "/": "слэш", ":": "двоеточие", "@": "собака", "-": "дефис", "_": "подчёркивание"},
        **{
            "?": "вопросительный знак",
            "=": "равно",
            "&": "и",
            "#": "решётка",
            "%": "процент",
            "+": "плюс",
            "~": "тильда",
        },
    },
    roman=Roman(
        things="[Гг]лава|[Тт]ом|[Чч]асть|[Кк]нига|[Аа]кт",
        rulers="Александр|Пётр|Николай|Иван|Людовик|Карл|Генрих|Фридрих|Павел|Екатерина|Елизавета",
        spoken=lambda value, name: _inflected(ordinal(value), "ая" if name in {"Екатерина", "Елизавета"} else ""),
        century=r"(?<!\w)(?P<roman>[IVX]+)(?= век\b)",
        of_century=ordinal,
    ),
    agree=_agree,
    plural=plural,
    tail_digits=2,
    telephone=r"8[ -]?\(?[0-9]{3}\)?[ -][0-9]{3}[ -][0-9]{2}[ -][0-9]{2}",
    more=(
        ("date", lambda text: text.sub(_YEAR, _written_year)),
        ("ordinal", lambda text: text.sub(_RANK, _rank)),
    ),
)


def _hundredths(value: int, noun: Noun) -> str:
    return {"one": noun.one, "few": noun.few, "many": noun.many}[plural(value)]
