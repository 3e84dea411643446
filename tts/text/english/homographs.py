"""Homographs of English that espeak-ng says wrongly, told apart by the words around them where that is sure."""

from __future__ import annotations

import re
from dataclasses import replace

from tts.text.english.homograph_meanings import MEANINGS
from tts.text.english.homograph_verbs import VERBS
from tts.text.english.word_context import Place, Sentence
from tts.text.passage import Pronunciation

_RULES = {**VERBS, **MEANINGS}
_WORD = re.compile(r"[a-z]+", re.IGNORECASE)
# What American English says differently from others: of the rest, IPA of en-us will do for all.
_AMERICAN = re.compile("oʊ|ɑː|ɚ|æ|ɾ|ɐs|ɹ(?![ˈˌaeiouæɐɑəɚɛɜɪɔʊʌᵻ])|[nzd]uː")


def find(spoken: str, language: str = "en-us") -> list[Pronunciation]:
    """How the homographs of an English text are said, in order; those that the rules are not sure of are left out.

    The IPA is espeak-ng's of en-us. For other English it gives only what is said there in the same way.
    """
    if _RULES.keys().isdisjoint(map(str.lower, _WORD.findall(spoken))):
        return []
    sentence = Sentence(spoken)
    found = []
    for index, word in enumerate(sentence.lower):
        if word in _RULES and (ipa := _RULES[word](Place(sentence, index))):
            found.append(Pronunciation(*sentence.spans[index], ipa))
    if language.lower() == "en-us":
        return found
    alike = (said for said in found if not _AMERICAN.search(said.phonemes))
    return [replace(said, phonemes=said.phonemes.replace("ᵻ", "ɪ")) for said in alike]
