"""Portuguese, of Brazil and of Portugal."""

from __future__ import annotations

import re
from dataclasses import replace

from tts.text.foreign import gender
from tts.text.foreign.language import Language, Noun, Roman, Rules, currencies, listed, nouns, pairs
from tts.text.foreign.numbers import cardinal, words

_MONTHS = listed("janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro")
_RULERS = (
    "Afonso|Alexandre|Bento|Carlos|Catarina|Clemente|Elisabete|Fernando|Filipe|Francisco|Frederico|Guilherme|Henrique"
    "|Inocêncio|Isabel|Jaime|João|João Paulo|Jorge|José|Leão|Leopoldo|Luís|Luis|Manuel|Maria|Miguel|Napoleão|Nicolau"
    "|Paulo|Pedro|Pio|Sancho"
)
_WOMEN = frozenset({"Catarina", "Elisabete", "Isabel", "Maria", "Margarida"})
_COUNTED_BY_RANK = (
    "lugar|andar|ano|dia|grau|século|capítulo|artigo|prémio|prêmio|turno|grupo|volume|tempo|trimestre|semestre"
)
_RANK = re.compile(
    r"(?<![\w.,])(?P<value>[0-9]{1,3})\.?"
    rf"(?P<ending>[ºª]s?|°(?= (?:{_COUNTED_BY_RANK})\b)|(?<=\b1)°(?! ?[CF]\b)|[oa](?= ))(?!\w)"
)
_SHORT_DATE = re.compile(r"(?<=\bdia )(?P<day>[0-9]{1,2})/(?P<month>0?[1-9]|1[0-2])(?![\w/]|[.,][0-9])")


def ordinal(value: int, feminine: bool = False) -> str:
    """21 is "vigésimo primeiro"."""
    spoken = words("pt", value, "ordinal") or ""
    return re.sub(r"o\b", "a", spoken) if feminine else spoken


def _rank(found: re.Match[str]) -> str:
    value, ending = int(found["value"]), found["ending"]
    if not value:
        return found.group()
    return ordinal(value, ending[0] in "ªa") + ("s" if ending.endswith("s") else "")


def _day(value: int, before: str) -> str:
    return "primeiro" if value == 1 and before.endswith("º") else cardinal(PORTUGUESE, value)


def _brazilian_day(value: int, before: str) -> str:
    return "primeiro" if value == 1 else cardinal(BRAZILIAN, value)


def _time(hour: int, minute: int, second: int | None, mark: str) -> str:
    return _clock(PORTUGUESE, hour, minute, second)


def _brazilian_time(hour: int, minute: int, second: int | None, mark: str) -> str:
    return _clock(BRAZILIAN, hour, minute, second)


def _clock(language: Language, hour: int, minute: int, second: int | None) -> str:
    spoken = cardinal(language, hour, "f")
    if minute:
        spoken += f" e {cardinal(language, minute)}"
    else:
        spoken += " hora" if hour == 1 else " horas"
    if second:
        spoken += f" e {cardinal(language, second)} segundo{'s' if second > 1 else ''}"
    return spoken


def _agree(spoken: str, value: int, kind: str) -> str:
    if kind != "f":
        return spoken
    spoken = re.sub(r"\bum\Z", "uma", re.sub(r"\bdois\Z", "duas", spoken))
    return re.sub(r"entos\b", "entas", spoken)


def _ruler(value: int, name: str) -> str:
    if value > 10:
        return cardinal(PORTUGUESE, value)
    return ordinal(value, name.split()[-1] in _WOMEN)


def _european_price(main: str, hundredths: int, noun: Noun) -> str:
    return _price(PORTUGUESE, main, hundredths, noun)


def _brazilian_price(main: str, hundredths: int, noun: Noun) -> str:
    return _price(BRAZILIAN, main, hundredths, noun)


def _price(language: Language, main: str, hundredths: int, noun: Noun) -> str:
    return f"{main} e {cardinal(language, hundredths)} {noun.one if hundredths == 1 else noun.many}"


def _short_date(found: re.Match[str]) -> str:
    day = int(found["day"])
    return f"{cardinal(PORTUGUESE, day)} de {_MONTHS[int(found['month']) - 1]}" if 1 <= day <= 31 else found.group()


_MORE: Rules = (
    ("ordinal", lambda text: text.sub(_RANK, _rank)),
    ("date", lambda text: text.sub(_SHORT_DATE, _short_date)),
)

PORTUGUESE: Language = Language(
    code="pt",
    group=r" .\u00a0\u2009\u202f",
    decimal=",",
    comma="vírgula",
    point="ponto",
    minus="menos",
    to="a",
    versus="a",
    over="sobre",
    signs={
        **{"%": "por cento", "‰": "por mil", "&": "e", "+": "mais", "=": "igual a", "@": "arroba", "§": "parágrafo"},
        **{"©": "copyright", "±": "mais ou menos", "×": "vezes", "÷": "dividido por", "°": "graus", "№": "número"},
        **{"≈": "aproximadamente", "≠": "diferente de", "≤": "menor ou igual a", "≥": "maior ou igual a"},
        **{"∞": "infinito", " < ": "menor que", " > ": "maior que", "√": "raiz de", "€": "euros", "$": "dólares"},
        **{"£": "libras", "¥": "ienes", "²": "ao quadrado", "³": "ao cubo", "#": "cardinal", "π": "pi", "µ": "micro"},
    },
    months=_MONTHS,
    short_months={
        **{"jan": 1, "fev": 2, "mar": 3, "abr": 4, "mai": 5, "jun": 6, "jul": 7, "ago": 8, "set": 9, "out": 10},
        **{"nov": 11, "dez": 12},
    },
    day=_day,
    date="{day} de {month} de {year}",
    time=_time,
    time_marks=r"h(?:oras?)?(?![^\W\d_])\s?",
    units=nouns("""
        km | quilómetro | quilómetros
        m | metro | metros
        dm | decímetro | decímetros
        cm | centímetro | centímetros
        mm | milímetro | milímetros
        µm | micrómetro | micrómetros
        μm | micrómetro | micrómetros
        km² | quilómetro quadrado | quilómetros quadrados
        m² | metro quadrado | metros quadrados
        cm² | centímetro quadrado | centímetros quadrados
        m³ | metro cúbico | metros cúbicos
        cm³ | centímetro cúbico | centímetros cúbicos
        ha | hectare | hectares
        kg | quilograma | quilogramas
        g | grama | gramas
        mg | miligrama | miligramas
        t | tonelada | toneladas | f
        l | litro | litros
        L | litro | litros
        ml | mililitro | mililitros
        mL | mililitro | mililitros
        cl | centilitro | centilitros
        km/h | quilómetro por hora | quilómetros por hora
        m/s | metro por segundo | metros por segundo
        min | minuto | minutos
        s | segundo | segundos
        ms | milissegundo | milissegundos
        °C | grau Celsius | graus Celsius
        ºC | grau Celsius | graus Celsius
        °F | grau Fahrenheit | graus Fahrenheit
        % | por cento | por cento | -
        ‰ | por mil | por mil | -
        W | watt | watts
        kW | quilowatt | quilowatts
        MW | megawatt | megawatts
        kWh | quilowatt-hora | quilowatts-hora
        V | volt | volts
        Hz | hertz
        kHz | quilohertz
        MHz | megahertz
        GHz | gigahertz
        kB | quilobyte | quilobytes
        KB | quilobyte | quilobytes
        MB | megabyte | megabytes
        GB | gigabyte | gigabytes
        TB | terabyte | terabytes
        dB | decibel | decibéis
        kcal | quilocaloria | quilocalorias | f
        hPa | hectopascal | hectopascais
    """),
    money=currencies("""
        € EUR | euro | euros | m | cêntimo | cêntimos | m
        R$ BRL | real | reais | m | centavo | centavos | m
        $ US$ USD | dólar | dólares | m | cêntimo | cêntimos | m
        £ GBP | libra | libras | f | péni | pence | m
        CHF | franco suíço | francos suíços | m | cêntimo | cêntimos | m
        ¥ JPY | iene | ienes | m | sen | sens | m
        ₽ | rublo | rublos | m | copeque | copeques | m
        ₹ | rupia | rupias | f | paisa | paisas | f
    """),
    price=_european_price,
    magnitudes=nouns("""
        milhões | milhão | milhões
        milhão | milhão | milhões
        mil milhões | mil milhões | mil milhões
        bilhões | bilhão | bilhões
        bilhão | bilhão | bilhões
        bi | bilhão | bilhões
        mi | milhão | milhões
        mil | mil | mil | -
    """),
    titles=pairs("""
        Sr. | senhor
        Sra. | senhora
        Srs. | senhores
        Sr.ª | senhora
        Srta. | senhorita
        D. | Dom
        Dr. | doutor
        Dra. | doutora
        Dr.ª | doutora
        Prof. | professor
        Profa. | professora
        Prof.ª | professora
        Eng. | engenheiro
        Exmo. | excelentíssimo
        Exma. | excelentíssima
        Sto. | Santo
        Sta. | Santa
        S. | São
        Av. | avenida
        Pça. | praça
    """),
    shortened=pairs("""
        etc. | etcétera
        p. ex. | por exemplo
        a.C. | antes de Cristo
        d.C. | depois de Cristo
        aprox. | aproximadamente
        máx. | máximo
        mín. | mínimo
        tel. | telefone
        séc. | século
        V. Ex.ª | vossa excelência
        Ltda. | limitada
        Lda. | limitada
        cia. | companhia
        E.U.A. | Estados Unidos da América
    """),
    numbered=pairs("""
        n.º | número
        N.º | Número
        nº | número
        Nº | Número
        n° | número
        pág. | página
        págs. | páginas
        p. | página
        pp. | páginas
        cap. | capítulo
        vol. | volume
        art. | artigo
        fig. | figura
    """),
    halves={
        **{"½": ("meio", "e meio"), "¼": ("um quarto", "e um quarto"), "¾": ("três quartos", "e três quartos")},
        **{"⅓": ("um terço", "e um terço"), "⅔": ("dois terços", "e dois terços"), "⅛": ("um oitavo", "e um oitavo")},
    },
    parts={
        **{
            2: ("um meio", "meios"),
            3: ("um terço", "terços"),
            4: ("um quarto", "quartos"),
            5: ("um quinto", "quintos"),
        },
        **{6: ("um sexto", "sextos"), 8: ("um oitavo", "oitavos"), 10: ("um décimo", "décimos")},
    },
    address={
        **{".": "ponto", "/": "barra", ":": "dois pontos", "@": "arroba", "-": "hífen", "_": "sublinhado"},
        **{"?": "interrogação", "=": "igual", "&": "e", "#": "cardinal", "%": "por cento", "+": "mais", "~": "til"},
    },
    roman=Roman(
        things="[Cc]apítulo|[Tt]omo|[Ll]ivro|[Aa]to|[Aa]cto|[Pp]arte|[Cc]ena|[Aa]rtigo|[Vv]olume|[Aa]nexo|[Tt]ítulo"
        "|[Ss]éculos?",
        rulers=_RULERS,
        spoken=_ruler,
    ),
    agree=_agree,
    gender=gender.portuguese,
    labels=(
        r"[Cc]apítulo|[Tt]omo|[Nn]úmero|[Pp]ágina|[Pp]arte|[Aa]rtigo|[Nn]ível|[Ff]ase|[Tt]ipo|[Gg]ru"
        r"po|[Ll]ugar"
    ),
    of=lambda noun: f" de {noun}",
    tail_digits=2,
    telephone=r"[29][0-9]{2}(?:[ .-][0-9]{3}){2}",
    more=_MORE,
)

BRAZILIAN: Language = replace(
    PORTUGUESE,
    code="pt_BR",
    group=r" .\u00a0\u2009\u202f",
    day=_brazilian_day,
    time=_brazilian_time,
    price=_brazilian_price,
    units={
        unit: replace(noun, one=noun.one.replace("ómetro", "ômetro"), many=noun.many.replace("ómetro", "ômetro"))
        for unit, noun in PORTUGUESE.units.items()
    },
    money={
        **PORTUGUESE.money,
        **{
            sign: replace(PORTUGUESE.money[sign], hundredth=Noun("centavo", "centavos"))
            for sign in ("$", "US$", "USD", "€", "EUR")
        },
    },
    telephone=r"\([0-9]{2}\) ?9?[0-9]{4}[ -][0-9]{4}|9?[0-9]{4}-[0-9]{4}",
)


def regional(code: str) -> Language:
    """Portuguese of a country; espeak-ng's plain "pt" is that of Portugal."""
    return BRAZILIAN if code == "pt-br" else PORTUGUESE
