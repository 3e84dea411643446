"""How English is written and what is said for it: a verbalizer a class of expressions, and words written alike."""
