"""Units of measure and of money: how each is written and how it is spoken (singular, plural)."""


def _metric(symbol: str, name: str, prefixes: str) -> dict[str, tuple[str, str]]:
    """Spell out a unit with some of its prefixes: ("g", "gram", "k m") gives g, kg and mg."""
    names = {"k": "kilo", "m": "milli", "c": "centi", "d": "deci", "M": "mega", "G": "giga", "μ": "micro", "n": "nano"}
    written = {symbol: name, **{prefix + symbol: names[prefix] + name for prefix in prefixes.split()}}
    return {unit: (spoken, spoken + "s") for unit, spoken in written.items()}


def _same(**units: str) -> dict[str, tuple[str, str]]:
    return {unit: (spoken, spoken) for unit, spoken in units.items()}


def _speed(written: str, spoken: str) -> dict[str, tuple[str, str]]:
    return {written: (f"{spoken} per hour", f"{spoken}s per hour")}


def _data_rates() -> dict[str, tuple[str, str]]:
    prefixes = {"k": "kilo", "K": "kilo", "m": "mega", "M": "mega", "g": "giga", "G": "giga"}
    return {f"{p}bps": (f"{name}bit per second", f"{name}bits per second") for p, name in prefixes.items()}


UNITS: dict[str, tuple[str, str]] = {
    **_metric("m", "meter", "k c m μ n"),
    **_metric("g", "gram", "k m μ"),
    **_metric("l", "liter", "m c d"),
    **_metric("L", "liter", "m"),
    **_metric("W", "watt", "k M G m"),
    **_metric("V", "volt", "k m"),
    **_metric("J", "joule", "k M"),
    **_metric("Pa", "pascal", "k M"),
    **_metric("Wh", "watt hour", "k M G"),
    **_metric("cal", "calorie", "k"),
    **_metric("s", "second", "m μ n"),
    **_same(Hz="hertz", kHz="kilohertz", MHz="megahertz", GHz="gigahertz", rpm="R P M", fps="frames per second"),
    **_same(mpg="miles per gallon", psi="P S I", dpi="D P I", bpm="beats per minute", ppm="parts per million"),
    **_same(hp="horsepower", cc="C C"),
    **_speed("mph", "mile"),
    **_speed("kph", "kilometer"),
    **_speed("kmh", "kilometer"),
    **_data_rates(),
    "km²": ("square kilometer", "square kilometers"),
    "m²": ("square meter", "square meters"),
    "cm²": ("square centimeter", "square centimeters"),
    "m³": ("cubic meter", "cubic meters"),
    "cm³": ("cubic centimeter", "cubic centimeters"),
    "sq ft": ("square foot", "square feet"),
    "sq mi": ("square mile", "square miles"),
    "sq m": ("square meter", "square meters"),
    "sq km": ("square kilometer", "square kilometers"),
    "ha": ("hectare", "hectares"),
    "KB": ("kilobyte", "kilobytes"),
    "kB": ("kilobyte", "kilobytes"),
    "MB": ("megabyte", "megabytes"),
    "GB": ("gigabyte", "gigabytes"),
    "TB": ("terabyte", "terabytes"),
    "dB": ("decibel", "decibels"),
    "mcg": ("microgram", "micrograms"),
    "in": ("inch", "inches"),
    "ft": ("foot", "feet"),
    "yd": ("yard", "yards"),
    "yds": ("yard", "yards"),
    "mi": ("mile", "miles"),
    "oz": ("ounce", "ounces"),
    "lb": ("pound", "pounds"),
    "lbs": ("pound", "pounds"),
    "gal": ("gallon", "gallons"),
    "qt": ("quart", "quarts"),
    "tsp": ("teaspoon", "teaspoons"),
    "tbsp": ("tablespoon", "tablespoons"),
    "px": ("pixel", "pixels"),
    "h": ("hour", "hours"),
    "hr": ("hour", "hours"),
    "hrs": ("hour", "hours"),
    "min": ("minute", "minutes"),
    "mins": ("minute", "minutes"),
    "sec": ("second", "seconds"),
    "secs": ("second", "seconds"),
    "wk": ("week", "weeks"),
    "wks": ("week", "weeks"),
    "yr": ("year", "years"),
    "yrs": ("year", "years"),
    "°C": ("degree Celsius", "degrees Celsius"),
    "°F": ("degree Fahrenheit", "degrees Fahrenheit"),
    "°": ("degree", "degrees"),
    "%": ("percent", "percent"),
    "‰": ("per mille", "per mille"),
}

# Written without a space these are something else: "4s", "5m" (people), "3in" and "2h" are left to the serial rules.
SPACED_ONLY = frozenset({"s", "J", "V", "L"})
# A word as well as a unit: only with its stop, or before "." , is it the unit ("6 in. of snow").
STOP_ONLY = frozenset({"in"})

# What a price or a quantity is counted by after a slash.
PER = {"d": "day", "day": "day", "wk": "week", "mo": "month", "yr": "year", "h": "hour", "hr": "hour", "s": "second"}

CURRENCIES: dict[str, tuple[str, str, str, str]] = {
    # symbol: (one, many, one hundredth, hundredths)
    "$": ("dollar", "dollars", "cent", "cents"),
    "US$": ("US dollar", "US dollars", "cent", "cents"),
    "C$": ("Canadian dollar", "Canadian dollars", "cent", "cents"),
    "CA$": ("Canadian dollar", "Canadian dollars", "cent", "cents"),
    "A$": ("Australian dollar", "Australian dollars", "cent", "cents"),
    "AU$": ("Australian dollar", "Australian dollars", "cent", "cents"),
    "NZ$": ("New Zealand dollar", "New Zealand dollars", "cent", "cents"),
    "HK$": ("Hong Kong dollar", "Hong Kong dollars", "cent", "cents"),
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
    "USD": ("US dollar", "US dollars", "cent", "cents"),
    "EUR": ("euro", "euros", "cent", "cents"),
    "GBP": ("pound", "pounds", "penny", "pence"),
    "JPY": ("yen", "yen", "sen", "sen"),
    "CAD": ("Canadian dollar", "Canadian dollars", "cent", "cents"),
    "AUD": ("Australian dollar", "Australian dollars", "cent", "cents"),
    "CHF": ("Swiss franc", "Swiss francs", "centime", "centimes"),
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
