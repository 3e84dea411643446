"""English rule for chemical formulas: "Mg(OH)2" is "M G O H two", and which words with capitals are formulas.

A formula is written like many names and codes ("CoCo", "H1N1"). It is recognised by what chemistry knows: every symbol
is an element, the oxidation states of elements.tsv add up to nothing, or to the charge that is written, and no count is
a one. Hydrocarbons and what contains them are recognised by their beginning (CH3, C6H12), as carbon has any state.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise, product
from pathlib import Path

from tts.text.languages.english.numbers import cardinal
from tts.text.languages.language import Rule, read_tables, split_words
from tts.text.spoken import Pattern

_STATES = {
    row[0]: [int(state) for state in row[1:]]
    for row in read_tables(Path(__file__).with_name("elements.tsv"))["element"]
}
# Capitals without a count are initialisms; these are known as formulas. The others have states of their own.
_CAPITALS_ONLY = frozenset(split_words("KOH HCN KCN"))
_KNOWN = frozenset(split_words("H2O2 FeS2 Na2O2 K2O2 BaO2 N2H4 NaN3 HN3 InGaAs AlGaAs")) | _CAPITALS_ONLY
_OFTEN_IN_CARBON = frozenset(split_words("C H N O P S F Cl Br I Na K"))
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻−", "01234567890123456789+--")
_TOKEN = re.compile(r"([A-Z][a-z]?)([0-9]*)|([(\[])|([)\]])([0-9]*)")
_SPOKEN_TOKEN = re.compile(r"[A-Za-z]|[0-9]+")
_CHARGE = re.compile(r"\^?([0-9]?)([+-])\Z")

formulas = Rule(
    "serial",
    hint=Pattern(r"[A-Z][a-z]?(?:[0-9₀-₉]|[A-Z(\[]|[+-](?!\w)|[⁺⁻²³])"),
)


def _atoms(formula: str) -> list[tuple[str, int]] | None:
    """The elements of a formula in their order with their counts; None if it is none."""
    groups: list[list[tuple[str, int]]] = [[]]
    position = 0
    while position < len(formula):
        token = _TOKEN.match(formula, position)
        if token is None:
            return None
        position = token.end()
        element, count, opens, _, times = token.groups()
        number = count or times or ""
        if number.startswith("0") or number == "1" or len(number) > 3:
            return None
        if element:
            if element not in _STATES:
                return None
            groups[-1].append((element, int(number or 1)))
        elif opens:
            groups.append([])
        else:
            inner = groups.pop()
            if not groups or not inner:
                return None
            groups[-1] += [(element, n * int(number or 1)) for element, n in inner]
    return groups[0] if len(groups) == 1 else None


def _is_balanced(atoms: list[tuple[str, int]], charge: int) -> bool:
    """Whether oxidation states add up to the charge, with the positive element first."""
    counts: dict[str, int] = {}
    for element, n in atoms:
        counts[element] = counts.get(element, 0) + n
    elements = list(counts)
    if len(elements) > 6:
        return False
    if elements[1:] == ["O"] and [n for _, n in atoms] == [3, 4] and not charge and len(_STATES[elements[0]]) > 1:
        return True  # Fe3O4: two states in one formula
    may_be_negative = elements[0] in {"N", "P", "C", "B", "Si", "As", "O"} and elements[1:2] == ["H"]
    for states in product(*(_STATES[element] for element in elements)):
        total = sum(state * n for state, n in zip(states, counts.values(), strict=True))
        if total == charge and (states[0] > 0 or may_be_negative or (charge < 0 and len(elements) > 1)):
            return True
    return False


@lru_cache(4096)
def _is_formula(formula: str, charge: int) -> bool:
    """Whether a word is surely a chemical formula of this charge."""
    if formula in _KNOWN:
        return True
    atoms = _atoms(formula)
    if atoms is None or len(atoms) > 24:
        return False
    has_count = any(character.isdigit() for character in formula)
    if formula.isalpha() and formula.isupper() and not charge:
        return False
    elements = {element for element, _ in atoms}
    if len(elements) == 1:
        # "Cl2", "Na+"; letters by themselves ("K+", "O2") are read as formulas are, and may be anything.
        element, n = atoms[0]
        is_single = len(atoms) == 1 and len(element) > 1
        return is_single and ((charge in _STATES[element] and n == 1) or (element in {"Cl", "Br"} and n == 2))
    if re.match(r"C[0-9]*H[0-9]", formula) and elements <= _OFTEN_IN_CARBON:
        return True
    if any(before[0] == after[0] for before, after in pairwise(atoms)):
        return False  # "CoCo"
    return (has_count or formula != formula.upper()) and _is_balanced(atoms, charge)


def _spoken(formula: str) -> str:
    """Letters and numbers, without the brackets."""
    parts = [cardinal(int(part)) if part.isdigit() else part.upper() for part in _SPOKEN_TOKEN.findall(formula)]
    return re.sub(r"\bA (?=[A-Za-z])", "A-", " ".join(parts))


@formulas.replaces(
    r"(?<![\w.@#/$'-])(?P<n>[0-9]{0,2})"
    r"(?P<formula>[\[(]{0,2}[A-Z](?:[A-Za-z0-9₀-₉]|[(\[](?=[A-Z])|(?<=[A-Za-z0-9₀-₉)])[)\]])*"
    r"(?:\^?[0-9]?[+-](?![\w+-])|[⁰¹²³⁴-⁹]?[⁺⁻])?)"
    r"(?P<water>[·•*.][0-9₀-₉]{0,2}H[2₂]O)?(?![\w'/@]|-[A-Z0-9])"
)
def _formula(found: re.Match[str]) -> str:
    written, opening, closing = found["formula"], "", ""
    # Brackets around a formula are the sentence's.
    if written.count("(") > written.count(")") and written[0] == "(":
        written, opening = written[1:], "("
    while written[-1] in ")]" and written.count(")") + written.count("]") > written.count("(") + written.count("["):
        written, closing = written[:-1], written[-1] + closing
    if written[0] == "(" and written[-1] == ")":
        written, opening, closing = written[1:-1], opening + "(", ")" + closing
    if written.isalpha() and (written.isupper() or written[1:].islower()) and written not in _CAPITALS_ONLY:
        return found.group()
    plain = written.translate(_SUBSCRIPTS)
    readings = [(plain, 0, "")]
    if sign := _CHARGE.search(plain):
        base, number = plain[: sign.start()], sign[1]
        value = 1 if sign[2] == "+" else -1
        readings = [(base, value * int(number or 1), number)]
        # "NH4+" counts four atoms, "Ca2+" has two charges, "SO42-" has both.
        if number and "^" not in plain and written == plain:
            readings += [(base + number, value, "")]
    for formula, charge, charges in readings:
        if charge and charges == "1":
            continue
        if _is_formula(formula, charge):
            words = [cardinal(int(found["n"]))] if found["n"] else []
            words.append(_spoken(formula))
            if charge:
                words += [cardinal(int(charges))] if charges else []
                words.append("plus" if charge > 0 else "minus")
            if found["water"]:
                words += ["dot", _spoken(found["water"][1:].translate(_SUBSCRIPTS))]
            return opening + re.sub(r"\bA (?=[A-Za-z])", "A-", " ".join(words)) + closing
    return found.group()
