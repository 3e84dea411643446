"""X-SAMPA (J. C. Wells, 1995), the phonetic alphabet in ASCII, as IPA."""

from __future__ import annotations

import re

# How a sound is written, and its IPA, in turns.
_CONSONANTS = r"""
    p p  b b  t t  d d  t` ʈ  d` ɖ  c c  J\ ɟ  k k  g ɡ  q q  G\ ɢ  ? ʔ  m m  F ɱ  n n  n` ɳ  J ɲ  N ŋ  N\ ɴ
    B\ ʙ  r r  R\ ʀ  4 ɾ  r` ɽ  p\ ɸ  B β  f f  v v  T θ  D ð  s s  z z  S ʃ  Z ʒ  s` ʂ  z` ʐ  C ç  j\ ʝ  x x
    G ɣ  X χ  R ʁ  X\ ħ  ?\ ʕ  h h  h\ ɦ  H\ ʜ  <\ ʢ  >\ ʡ  K ɬ  K\ ɮ  P ʋ  v\ ʋ  r\ ɹ  r\` ɻ  j j  M\ ɰ  l l
    l` ɭ  L ʎ  L\ ʟ  l\ ɺ  w w  W ʍ  H ɥ  s\ ɕ  z\ ʑ  x\ ɧ  5 ɫ  O\ ʘ  |\ ǀ  |\|\ ǁ  =\ ǂ  !\ ǃ  b_< ɓ  d_< ɗ
    J\_< ʄ  g_< ɠ  G\_< ʛ
"""
_VOWELS = r"""
    i i  y y  1 ɨ  } ʉ  M ɯ  u u  I ɪ  Y ʏ  I\ ᵻ  U\ ᵿ  U ʊ  e e  2 ø  @\ ɘ  8 ɵ  7 ɤ  o o  @ ə  E ɛ  9 œ  3 ɜ
    3\ ɞ  V ʌ  O ɔ  { æ  6 ɐ  a a  & ɶ  A ɑ  Q ɒ  @` ɚ  3` ɝ
"""
_MARKS = r"""
    " ˈ  % ˌ  : ː  :\ ˑ  _X ̆  . .  _h ʰ  _j ʲ  ' ʲ  _w ʷ  _G ˠ  _? ˤ  _?\ ˤ  _e ̴  _n ⁿ  _l ˡ  _> ʼ  _} ̚  _0 ̥
    _v ̬  _~ ̃  ~ ̃  _= ̩  = ̩  _^ ̯  _d ̪  _a ̺  _m ̻  _N ̼  _A ̘  _q ̙  _r ̝  _o ̞  _+ ̟  _- ̠  _" ̈  _x ̽
    _O ̹  _c ̜  _t ̤  _k ̰  ` ˞  -\ ‿  _T ̋  _H ́  _M ̄  _L ̀  _B ̏  _R ̌  _F ̂  ^ ꜛ  ! ꜜ  <R> ↗  <F> ↘  _ ͡
"""


def _pairs(table: str) -> dict[str, str]:
    words = table.split()
    return dict(zip(words[::2], words[1::2], strict=True))


# A hyphen only keeps apart what would be read as one symbol.
_IPA = {**_pairs(_CONSONANTS), **_pairs(_VOWELS), **_pairs(_MARKS), "-": "", " ": " "}
_SYMBOL = re.compile("|".join(re.escape(symbol) for symbol in sorted(_IPA, key=len, reverse=True)))


def ipa_of_x_sampa(written: str) -> str | None:
    """The same in IPA; None where something is no X-SAMPA."""
    plain = " ".join(written.split())
    ipa = _SYMBOL.sub(lambda found: _IPA[found.group()], plain)
    return None if _SYMBOL.sub("", plain) or not ipa else ipa
