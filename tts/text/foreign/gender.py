"""Which gender a counted word has, as far as it shows: "1 Woche" is "eine Woche", "21 libras" "veintiuna libras"."""

from __future__ import annotations

import re

from tts.text.foreign.language import listed

_GERMAN_FEMININE = frozenset(
    listed("Person Nacht Stadt Frau Mutter Tochter Million Milliarde Uni Bank Hand Wand Zahl Art Fahrt Tür Uhr")
)
_GERMAN_OTHER = frozenset(
    listed("Auge Ende Gebäude Gemüse Interesse Junge Käse Kollege Kunde Name Zeuge Erbe Experte Gewinde Getreide")
)
_GERMAN_STARTS = frozenset(
    listed("Der Die Das Ein Eine Es Er Sie Wir Ich Im In Am An Auf Und Oder Mit Von Zu Für Bei Nach")
)
_FRENCH_FEMININE = re.compile(
    r"(?:heure|semaine|année|minute|seconde|personne|page|femme|fille|chose|voiture|maison|place|partie|ville|route"
    r"|chambre|tonne|livre sterling|pièce|ligne|équipe|famille|question|photo|image|nuit|journée|soirée|matinée|part"
    r"|main|mère|sœur|table|école|église|bouteille|tasse|cuillère|lettre|porte|rue|île|étoile|couleur|goutte|tranche|étape"
    r"|phrase|séance|.+(?:tion|sion|ance|ence|ette|ité|esse|ure|ière|aine|euse|trice|ique|logie|phie))s?"
)
_SPANISH_STOPS = frozenset(
    listed(
        "y e o u a de del en por para con sin que es son no se el la los las más menos hasta desde al como si ni pero"
        " ya cuando donde según sobre tras entre contra ha fue era puntos"
    )
)
_SPANISH_MASCULINE = re.compile(
    r"(?:día|mapa|planeta|problema|programa|sistema|tema|idioma|clima|poema|drama|kilograma|grama|cura|guardia|futbolista|.*ista)s?"
)
_SPANISH_FEMININE = re.compile(
    r".*(?:as?|ción|ciones|sión|siones|dad|dades|tud|tudes)|veces|vez|noches?|clases?|partes?|calles?|mujer(?:es)?|manos?|ley(?:es)?|imágenes|tardes?|redes|llaves?|flor(?:es)?|madres?"
)
_ITALIAN_STOPS = frozenset(
    listed(
        "e o a di del della dei degli delle in per con senza che è sono non si il lo la i gli le più meno fino da dal"
        " su tra fra come se ma al alla nel nella sul"
    )
)
_ITALIAN_MASCULINE = re.compile(
    r"(?:problema|programma|sistema|tema|clima|poema|dramma|pianeta|chilogramma|collega|artista|turista)"
)
_ITALIAN_FEMININE = re.compile(
    r".*(?:a|zione|sione|tà|tù)|notte|parte|classe|mano|moglie|madre|chiave|nave|legge|voce|gente|lezione"
)
_PORTUGUESE_STOPS = frozenset(
    listed(
        "e o a os as ou de do da dos das em no na nos nas por para com sem que é são não se mais menos até desde ao à"
        " como mas já quando onde sobre entre contra foi era"
    )
)
_PORTUGUESE_MASCULINE = re.compile(
    r"(?:dia|mapa|planeta|problema|programa|sistema|tema|idioma|clima|poema|drama|grama|quilograma|.*ista)s?"
)
_PORTUGUESE_FEMININE = re.compile(
    r".*(?:as?|ção|ções|são|sões|dade|dades|tude|agem|agens)|vez(?:es)?|noites?|partes?|mulher(?:es)?|mãos?|leis?|tardes?|flor(?:es)?|mães?|pontes?"
)


def german(word: str) -> str:
    """A capitalized noun's, m standing for n too; none for another word."""
    if not word[:1].isupper() or word in _GERMAN_STARTS or word.isupper():
        return ""
    if word in _GERMAN_OTHER:
        return "m"
    endings = ("e", "ung", "heit", "keit", "schaft", "tion", "tät", "ion", "in", "ur")
    return "f" if word in _GERMAN_FEMININE or word.endswith(endings) else "m"


def french(word: str) -> str:
    """f where the word is surely feminine: the masculine is what stands without a noun."""
    return "f" if _FRENCH_FEMININE.fullmatch(word) else ""


def spanish(word: str) -> str:
    """By the ending, with the common exceptions."""
    return _by_ending(word, _SPANISH_STOPS, _SPANISH_MASCULINE, _SPANISH_FEMININE)


def italian(word: str) -> str:
    """By the ending, with the common exceptions."""
    return _by_ending(word, _ITALIAN_STOPS, _ITALIAN_MASCULINE, _ITALIAN_FEMININE)


def portuguese(word: str) -> str:
    """By the ending, with the common exceptions."""
    return _by_ending(word, _PORTUGUESE_STOPS, _PORTUGUESE_MASCULINE, _PORTUGUESE_FEMININE)


def _by_ending(word: str, stops: frozenset[str], masculine: re.Pattern[str], feminine: re.Pattern[str]) -> str:
    if not word.islower() or word in stops or len(word) < 3:
        return ""
    if masculine.fullmatch(word):
        return "m"
    return "f" if feminine.fullmatch(word) else "m"
