"""Units of measure and of money: how each is written and how it is spoken (singular, plural)."""

_PREFIXES = {
    "k": "kilo",
    "m": "milli",
    "c": "centi",
    "d": "deci",
    "h": "hecto",
    "M": "mega",
    "G": "giga",
    "T": "tera",
    "μ": "micro",
    "u": "micro",
    "n": "nano",
    "p": "pico",
}


def _metric(symbol: str, name: str, prefixes: str) -> dict[str, tuple[str, str]]:
    """Spell out a unit with some of its prefixes: ("g", "gram", "k m") gives g, kg and mg."""
    return {symbol: (name, name + "s"), **_prefixed(symbol, name, prefixes)}


def _prefixed(symbol: str, name: str, prefixes: str) -> dict[str, tuple[str, str]]:
    """Spell out a unit with each of its prefixes, but not alone, where its letter means too much else."""
    return {prefix + symbol: (_PREFIXES[prefix] + name, f"{_PREFIXES[prefix]}{name}s") for prefix in prefixes.split()}


def _same(**units: str) -> dict[str, tuple[str, str]]:
    return {unit: (spoken, spoken) for unit, spoken in units.items()}


def _speed(written: str, spoken: str) -> dict[str, tuple[str, str]]:
    return {written: (f"{spoken} per hour", f"{spoken}s per hour")}


def _data_rates() -> dict[str, tuple[str, str]]:
    prefixes = {"k": "kilo", "K": "kilo", "m": "mega", "M": "mega", "g": "giga", "G": "giga"}
    return {f"{p}bps": (f"{name}bit per second", f"{name}bits per second") for p, name in prefixes.items()}


def _dollars(countries: dict[str, str]) -> dict[str, tuple[str, str, str, str]]:
    return {f"{code}$": (f"{name} dollar", f"{name} dollars", "cent", "cents") for code, name in countries.items()}


LENGTHS: dict[str, tuple[str, str]] = {
    **_metric("m", "meter", "k d c m μ u n p"),
    "in": ("inch", "inches"),
    "ft": ("foot", "feet"),
    "yd": ("yard", "yards"),
    "mi": ("mile", "miles"),
}

UNITS: dict[str, tuple[str, str]] = {
    **LENGTHS,
    **_metric("g", "gram", "k m μ u n p"),
    **_metric("l", "liter", "h m c d μ"),
    **_metric("L", "liter", "m d μ"),
    **_metric("W", "watt", "k M G T m"),
    **_metric("V", "volt", "k m μ"),
    **_metric("J", "joule", "k M G"),
    **_metric("Pa", "pascal", "h k M G"),
    **_metric("Wh", "watt hour", "k M G T"),
    **_metric("cal", "calorie", "k"),
    **_metric("Ω", "ohm", "k M"),
    **_metric("mol", "mole", "m μ"),
    **_metric("Sv", "sievert", "m μ"),
    **_metric("bar", "bar", "m"),
    **_metric("bit", "bit", "k M G T"),
    **_metric("eV", "electron volt", "k M G T"),
    **_metric("Bq", "becquerel", "k M G"),
    **_prefixed("A", "ampere", "k m μ"),
    **_prefixed("Ah", "ampere hour", "m"),
    **_prefixed("N", "newton", "k m"),
    **_prefixed("F", "farad", "μ n p"),
    **_prefixed("s", "second", "m μ n p"),
    **_same(Hz="hertz", kHz="kilohertz", MHz="megahertz", GHz="gigahertz", THz="terahertz", rpm="RPM", hp="horsepower"),
    **_same(mpg="miles per gallon", psi="PSI", dpi="DPI", ppi="PPI", fps="frames per second", bpm="beats per minute"),
    **_same(ppm="parts per million", ppb="parts per billion", cc="CC", lx="lux", ct="carats"),
    **_speed("mph", "mile"),
    **_speed("kph", "kilometer"),
    **_speed("kmh", "kilometer"),
    **_data_rates(),
    "kn": ("knot", "knots"),
    "kt": ("knot", "knots"),
    "ha": ("hectare", "hectares"),
    "ac": ("acre", "acres"),
    "ly": ("light year", "light years"),
    "lm": ("lumen", "lumens"),
    "KB": ("kilobyte", "kilobytes"),
    "kB": ("kilobyte", "kilobytes"),
    "MB": ("megabyte", "megabytes"),
    "GB": ("gigabyte", "gigabytes"),
    "TB": ("terabyte", "terabytes"),
    "PB": ("petabyte", "petabytes"),
    "KiB": ("kibibyte", "kibibytes"),
    "MiB": ("mebibyte", "mebibytes"),
    "GiB": ("gibibyte", "gibibytes"),
    "TiB": ("tebibyte", "tebibytes"),
    "dB": ("decibel", "decibels"),
    "mcg": ("microgram", "micrograms"),
    "t": ("ton", "tons"),
    "yds": ("yard", "yards"),
    "oz": ("ounce", "ounces"),
    "lb": ("pound", "pounds"),
    "lbs": ("pound", "pounds"),
    "gal": ("gallon", "gallons"),
    "gals": ("gallon", "gallons"),
    "qt": ("quart", "quarts"),
    "pt": ("point", "points"),
    "tsp": ("teaspoon", "teaspoons"),
    "tbsp": ("tablespoon", "tablespoons"),
    "doz": ("dozen", "dozen"),
    "px": ("pixel", "pixels"),
    "MP": ("megapixel", "megapixels"),
    "h": ("hour", "hours"),
    "hr": ("hour", "hours"),
    "hrs": ("hour", "hours"),
    "min": ("minute", "minutes"),
    "mins": ("minute", "minutes"),
    "sec": ("second", "seconds"),
    "secs": ("second", "seconds"),
    "wk": ("week", "weeks"),
    "wks": ("week", "weeks"),
    "mo": ("month", "months"),
    "mos": ("month", "months"),
    "yr": ("year", "years"),
    "yrs": ("year", "years"),
    "°C": ("degree Celsius", "degrees Celsius"),
    "°F": ("degree Fahrenheit", "degrees Fahrenheit"),
    "°": ("degree", "degrees"),
    "%": ("percent", "percent"),
    "‰": ("per mille", "per mille"),
}

# Written without a space these are something else: "4s", "5m" (people), "3in" and "2h" are left to the serial rules.
SPACED_ONLY = frozenset({"J", "V", "L", "t", "ac", "ct", "MP", "mo", "pt"})
# Letters that mean another thing in capitals, or a word: only as they stand here are they units.
EXACT_ONLY = frozenset({"ac", "bar", "bit", "cal", "ct", "ha", "kt", "mi", "min", "mo", "mol", "ms", "Pa", "pt", "sec"})

# What a price or a quantity is counted by after a slash.
PER = {
    "s": "second",
    "sec": "second",
    "min": "minute",
    "h": "hour",
    "hr": "hour",
    "hour": "hour",
    "d": "day",
    "day": "day",
    "night": "night",
    "wk": "week",
    "week": "week",
    "mo": "month",
    "mth": "month",
    "month": "month",
    "y": "year",
    "yr": "year",
    "year": "year",
    "person": "person",
    "pp": "person",
    "unit": "unit",
}

CURRENCIES: dict[str, tuple[str, str, str, str]] = {
    # symbol: (one, many, one hundredth, hundredths)
    "$": ("dollar", "dollars", "cent", "cents"),
    **_dollars(
        {
            "US": "US",
            "C": "Canadian",
            "CA": "Canadian",
            "A": "Australian",
            "AU": "Australian",
            "NZ": "New Zealand",
            "HK": "Hong Kong",
            "S": "Singapore",
            "NT": "Taiwan",
        }
    ),
    "R$": ("real", "reais", "centavo", "centavos"),
    "MX$": ("Mexican peso", "Mexican pesos", "centavo", "centavos"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
    "¥": ("yen", "yen", "sen", "sen"),
    "₹": ("rupee", "rupees", "paisa", "paise"),
    "₩": ("won", "won", "jeon", "jeon"),
    "₽": ("ruble", "rubles", "kopek", "kopeks"),
    "₺": ("lira", "lira", "kurush", "kurush"),
    "₪": ("shekel", "shekels", "agora", "agorot"),
    "₫": ("dong", "dong", "xu", "xu"),
    "฿": ("baht", "baht", "satang", "satang"),
    "₦": ("naira", "naira", "kobo", "kobo"),
    "₴": ("hryvnia", "hryvnias", "kopiyka", "kopiykas"),
    "₱": ("peso", "pesos", "centavo", "centavos"),
    "₡": ("colon", "colones", "centimo", "centimos"),
    "₲": ("guarani", "guaranies", "centimo", "centimos"),
    "₵": ("cedi", "cedis", "pesewa", "pesewas"),
    "₸": ("tenge", "tenge", "tiyn", "tiyn"),
    "₿": ("bitcoin", "bitcoins", "hundredth", "hundredths"),
    "৳": ("taka", "taka", "poisha", "poisha"),
    "USD": ("US dollar", "US dollars", "cent", "cents"),
    "EUR": ("euro", "euros", "cent", "cents"),
    "GBP": ("pound", "pounds", "penny", "pence"),
    "JPY": ("yen", "yen", "sen", "sen"),
    "CAD": ("Canadian dollar", "Canadian dollars", "cent", "cents"),
    "AUD": ("Australian dollar", "Australian dollars", "cent", "cents"),
    "NZD": ("New Zealand dollar", "New Zealand dollars", "cent", "cents"),
    "HKD": ("Hong Kong dollar", "Hong Kong dollars", "cent", "cents"),
    "SGD": ("Singapore dollar", "Singapore dollars", "cent", "cents"),
    "CHF": ("Swiss franc", "Swiss francs", "centime", "centimes"),
    "CNY": ("yuan", "yuan", "fen", "fen"),
    "RMB": ("yuan", "yuan", "fen", "fen"),
    "INR": ("rupee", "rupees", "paisa", "paise"),
    "Rs": ("rupee", "rupees", "paisa", "paise"),
    "KRW": ("won", "won", "jeon", "jeon"),
    "RUB": ("ruble", "rubles", "kopek", "kopeks"),
    "TRY": ("lira", "lira", "kurush", "kurush"),
    "BRL": ("real", "reais", "centavo", "centavos"),
    "MXN": ("Mexican peso", "Mexican pesos", "centavo", "centavos"),
    "PHP": ("peso", "pesos", "centavo", "centavos"),
    "ZAR": ("rand", "rand", "cent", "cents"),
    "SEK": ("Swedish krona", "Swedish kronor", "öre", "öre"),
    "NOK": ("Norwegian krone", "Norwegian kroner", "øre", "øre"),
    "DKK": ("Danish krone", "Danish kroner", "øre", "øre"),
    "kr": ("krone", "kroner", "øre", "øre"),
    "PLN": ("zloty", "zloty", "grosz", "groszy"),
    "zł": ("zloty", "zloty", "grosz", "groszy"),
    "CZK": ("koruna", "korunas", "haler", "halers"),
    "HUF": ("forint", "forints", "filler", "fillers"),
    "THB": ("baht", "baht", "satang", "satang"),
    "ILS": ("shekel", "shekels", "agora", "agorot"),
    "AED": ("dirham", "dirhams", "fils", "fils"),
    "SAR": ("riyal", "riyals", "halala", "halalas"),
    "BTC": ("bitcoin", "bitcoins", "hundredth", "hundredths"),
}

MAGNITUDES = {
    "k": "thousand",
    "m": "million",
    "mm": "million",
    "mn": "million",
    "b": "billion",
    "bn": "billion",
    "tn": "trillion",
    "t": "trillion",
    "thousand": "thousand",
    "million": "million",
    "billion": "billion",
    "trillion": "trillion",
}
