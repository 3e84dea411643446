"""Spanish, of Spain and of Latin America."""

from __future__ import annotations

import re
from dataclasses import replace

from tts.text.foreign import gender
from tts.text.foreign.language import Language, Noun, Roman, Rules, currencies, listed, nouns, pairs
from tts.text.foreign.numbers import cardinal

_MONTHS = listed("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre")
_RULERS = (
    "Alejandro|Alfonso|Benedicto|Carlos|Catalina|Clemente|Enrique|Felipe|Federico|Fernando|Francisco|Guillermo"
    "|Inocencio|Isabel|Jacobo|Jaime|Jorge|Juan|Juan Carlos|Juan Pablo|León|Leopoldo|Luis|Napoleón|Nicolás|Otón|Pablo"
    "|Pedro|Pío|Sancho|Víctor Manuel"
)
_WOMEN = frozenset({"Isabel", "Catalina", "María", "Juana", "Cristina", "Margarita"})
_ONES = ("", *listed("primero segundo tercero cuarto quinto sexto séptimo octavo noveno"))
_TENS = (
    "",
    *listed("décimo vigésimo trigésimo cuadragésimo quincuagésimo sexagésimo septuagésimo octogésimo nonagésimo"),
)
_RANK = re.compile(
    r"(?<![\w.,])(?P<value>[0-9]{1,2})\.?(?P<ending>[ºª]s?|[oa]s?(?= )|er|ro|ra|do|da|to|ta|mo|ma|vo|va|no|na)(?!\w)"
)


def ordinal(value: int) -> str:
    """1 to 99, in the masculine: 21 is "vigésimo primero"."""
    tens, ones = divmod(value, 10)
    if value == 11:
        return "undécimo"
    if value == 12:
        return "duodécimo"
    if tens == 1 and ones:
        joined = {7: "decimoséptimo", 3: "decimotercero"}
        return joined.get(ones, f"decimo{_ONES[ones]}")
    return f"{_TENS[tens]} {_ONES[ones]}".strip()


def _rank(found: re.Match[str]) -> str:
    value, ending = int(found["value"]), found["ending"]
    if not value:
        return found.group()
    spoken = ordinal(value)
    if ending == "er":
        return re.sub(r"ero\Z", "er", spoken)
    if ending[0] == "ª" or ending.rstrip("s")[-1] == "a":
        spoken = re.sub(r"o\b", "a", spoken)
    return spoken + ("s" if ending.endswith("s") else "")


def _day(value: int, before: str) -> str:
    return "primero" if value == 1 and before.endswith("º") else cardinal(SPANISH, value)


def _american_day(value: int, before: str) -> str:
    return "primero" if value == 1 else cardinal(SPANISH, value)


def _time(hour: int, minute: int, second: int | None, mark: str) -> str:
    part = re.sub(r"[\s.]", "", mark).lower()
    spoken = cardinal(SPANISH, hour, "f")
    if minute:
        spoken += f" {'cero ' if minute < 10 else ''}{cardinal(SPANISH, minute)}"
    elif part not in {"am", "pm"}:
        spoken += " horas" if hour != 1 else " hora"
    if second:
        spoken += f" y {cardinal(SPANISH, second)} segundo{'s' if second > 1 else ''}"
    return spoken + _part_of_day(part, hour)


def _part_of_day(part: str, hour: int) -> str:
    if part == "am":
        return " de la mañana"
    if part == "pm":
        return " de la tarde" if hour == 12 or hour < 8 else " de la noche"
    return ""


def _agree(spoken: str, value: int, kind: str) -> str:
    spoken = spoken.replace("veintiuno mil", "veintiún mil").replace("y uno mil", "y un mil")
    if kind == "m":
        return re.sub(r"\buno\Z", "un", re.sub("veintiuno\\Z", "veintiún", spoken))
    if kind == "f":
        return re.sub(r"(cient|quinient)os\b", r"\1as", re.sub(r"uno\Z", "una", spoken))
    return spoken


def _price(main: str, hundredths: int, noun: Noun) -> str:
    return f"{main} con {cardinal(SPANISH, hundredths, 'm')} {noun.one if hundredths == 1 else noun.many}"


def _ruler(value: int, name: str) -> str:
    if value > 10:
        return cardinal(SPANISH, value)
    spoken = ordinal(value)
    return re.sub(r"o\Z", "a", spoken) if name.split()[-1] in _WOMEN else spoken


_SHORT_DATE = re.compile(r"(?<=\b[Ee]l )(?P<day>[0-9]{1,2})/(?P<month>0?[1-9]|1[0-2])(?![\w/]|[.,][0-9])")


def _short_date(found: re.Match[str]) -> str:
    day = int(found["day"])
    return f"{cardinal(SPANISH, day)} de {_MONTHS[int(found['month']) - 1]}" if 1 <= day <= 31 else found.group()


_MORE: Rules = (
    ("ordinal", lambda text: text.sub(_RANK, _rank)),
    ("date", lambda text: text.sub(_SHORT_DATE, _short_date)),
)

SPANISH: Language = Language(
    code="es",
    group=r" .\u00a0\u2009\u202f",
    decimal=",'",
    comma="coma",
    point="punto",
    minus="menos",
    to="a",
    versus="a",
    over="entre",
    signs={
        **{"%": "por ciento", "‰": "por mil", "&": "y", "+": "más", "=": "igual a", "@": "arroba", "§": "sección"},
        **{"©": "copyright", "±": "más menos", "×": "por", "÷": "entre", "°": "grados", "≈": "aproximadamente"},
        **{"≠": "distinto de", "≤": "menor o igual que", "≥": "mayor o igual que", "∞": "infinito", "№": "número"},
        **{" < ": "menor que", " > ": "mayor que", "√": "raíz de", "€": "euros", "$": "dólares", "£": "libras"},
        **{"¥": "yenes", "²": "al cuadrado", "³": "al cubo", "#": "numeral", "π": "pi", "µ": "micro"},
    },
    months=_MONTHS,
    short_months={
        **{"ene": 1, "feb": 2, "mar": 3, "abr": 4, "jun": 6, "jul": 7, "ago": 8, "sep": 9, "sept": 9, "oct": 10},
        **{"nov": 11, "dic": 12, "setiembre": 9},
    },
    day=_day,
    date="{day} de {month} de {year}",
    time=_time,
    time_marks=r"h(?:s|rs)?\b\.?|horas\b|[ap]\.? ?m\b\.?",
    units=nouns("""
        km | kilómetro | kilómetros
        m | metro | metros
        dm | decímetro | decímetros
        cm | centímetro | centímetros
        mm | milímetro | milímetros
        µm | micrómetro | micrómetros
        μm | micrómetro | micrómetros
        km² | kilómetro cuadrado | kilómetros cuadrados
        m² | metro cuadrado | metros cuadrados
        cm² | centímetro cuadrado | centímetros cuadrados
        m³ | metro cúbico | metros cúbicos
        cm³ | centímetro cúbico | centímetros cúbicos
        ha | hectárea | hectáreas | f
        kg | kilogramo | kilogramos
        g | gramo | gramos
        mg | miligramo | miligramos
        t | tonelada | toneladas | f
        l | litro | litros
        L | litro | litros
        ml | mililitro | mililitros
        mL | mililitro | mililitros
        cl | centilitro | centilitros
        km/h | kilómetro por hora | kilómetros por hora
        m/s | metro por segundo | metros por segundo
        min | minuto | minutos
        s | segundo | segundos
        seg | segundo | segundos
        ms | milisegundo | milisegundos
        °C | grado Celsius | grados Celsius
        ºC | grado Celsius | grados Celsius
        °F | grado Fahrenheit | grados Fahrenheit
        ° | grado | grados
        % | por ciento | por ciento | -
        ‰ | por mil | por mil | -
        W | vatio | vatios
        kW | kilovatio | kilovatios
        MW | megavatio | megavatios
        kWh | kilovatio hora | kilovatios hora
        V | voltio | voltios
        Hz | hercio | hercios
        kHz | kilohercio | kilohercios
        MHz | megahercio | megahercios
        GHz | gigahercio | gigahercios
        kB | kilobyte | kilobytes
        KB | kilobyte | kilobytes
        MB | megabyte | megabytes
        GB | gigabyte | gigabytes
        TB | terabyte | terabytes
        dB | decibelio | decibelios
        kcal | kilocaloría | kilocalorías | f
        hPa | hectopascal | hectopascales
    """),
    money=currencies("""
        € EUR | euro | euros | m | céntimo | céntimos | m
        $ US$ USD | dólar | dólares | m | centavo | centavos | m
        £ GBP | libra | libras | f | penique | peniques | m
        CHF | franco suizo | francos suizos | m | céntimo | céntimos | m
        MXN | peso mexicano | pesos mexicanos | m | centavo | centavos | m
        ¥ JPY | yen | yenes | m | sen | senes | m
        ₽ | rublo | rublos | m | kopek | kopeks | m
        ₹ | rupia | rupias | f | paisa | paisas | f
    """),
    price=_price,
    magnitudes=nouns("""
        millones | millón | millones
        millón | millón | millones
        mil millones | mil millones | mil millones
        M | millón | millones
        mil | mil | mil | -
    """),
    titles=pairs("""
        Sr. | señor
        Sra. | señora
        Srta. | señorita
        Sres. | señores
        Sras. | señoras
        D. | don
        Dª | doña
        D.ª | doña
        Dña. | doña
        Dr. | doctor
        Dra. | doctora
        Prof. | profesor
        Profa. | profesora
        Lic. | licenciado
        Ing. | ingeniero
        Arq. | arquitecto
        Sto. | Santo
        Sta. | Santa
        S. | San
        Av. | avenida
        Avda. | avenida
        C/ | calle
        c/ | calle
        Pza. | plaza
    """),
    shortened=pairs("""
        p. ej. | por ejemplo
        etc. | etcétera
        Ud. | usted
        Uds. | ustedes
        Vd. | usted
        Vds. | ustedes
        EE. UU. | Estados Unidos
        a. C. | antes de Cristo
        d. C. | después de Cristo
        a. m. | de la mañana
        p. m. | de la tarde
        aprox. | aproximadamente
        máx. | máximo
        mín. | mínimo
        tel. | teléfono
        tfno. | teléfono
        admón. | administración
        cía. | compañía
        dcha. | derecha
        izda. | izquierda
        atte. | atentamente
        P. D. | posdata
    """),
    numbered=pairs("""
        núm. | número
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
        vol. | volumen
        art. | artículo
        s. | siglo
        fig. | figura
    """),
    halves={
        **{"½": ("medio", "y medio"), "¼": ("un cuarto", "y cuarto"), "¾": ("tres cuartos", "y tres cuartos")},
        **{"⅓": ("un tercio", "y un tercio"), "⅔": ("dos tercios", "y dos tercios"), "⅛": ("un octavo", "y un octavo")},
    },
    parts={
        **{2: ("un medio", "medios"), 3: ("un tercio", "tercios"), 4: ("un cuarto", "cuartos")},
        **{5: ("un quinto", "quintos"), 6: ("un sexto", "sextos"), 8: ("un octavo", "octavos")},
        10: ("un décimo", "décimos"),
    },
    address={
        **{".": "punto", "/": "barra", ":": "dos puntos", "@": "arroba", "-": "guion", "_": "guion bajo"},
        **{"?": "interrogación", "=": "igual", "&": "y", "#": "numeral", "%": "por ciento", "+": "más", "~": "tilde"},
    },
    roman=Roman(
        things="[Cc]apítulo|[Tt]omo|[Ll]ibro|[Aa]cto|[Pp]arte|[Ee]scena|[Aa]rtículo|[Vv]olumen|[Aa]nexo|[Tt]ítulo"
        "|[Ss]iglos?",
        rulers=_RULERS,
        spoken=_ruler,
    ),
    agree=_agree,
    gender=gender.spanish,
    labels=(
        r"[Cc]apítulo|[Tt]omo|[Nn]úmero|[Pp]ágina|[Pp]arte|[Aa]rtículo|[Nn]ivel|[Ff]ase|[Tt]ipo|[Gg]"
        r"rupo|[Pp]uesto"
    ),
    of=lambda noun: f" de {noun}",
    tail_digits=2,
    telephone=r"[6-9][0-9]{2}(?:[ .-][0-9]{3}){2}|[6-9][0-9]{2}(?:[ .-][0-9]{2}){3}",
    more=_MORE,
)


def regional(code: str) -> Language:
    """Spanish of a region: America says "primero de mayo", and groups as in Mexico, 1,234.5."""
    if code == "es":
        return SPANISH
    return replace(SPANISH, day=_american_day, group=r" ,\u00a0\u2009\u202f", decimal=".")
