"""Two sentences side by side, what differs marked. Pure."""

import re
from difflib import SequenceMatcher
from typing import Final

from markupsafe import Markup, escape

_PIECE: Final = re.compile(r"\d+(?:[.,:/-]\d+)*|[A-Za-z]+|\s+|.", re.DOTALL)
_MARKED: Final = 0.35  # below this nearly everything would be marked, which helps nobody


def differing(old: str, new: str) -> tuple[Markup, Markup]:
    """Both as HTML: what only the one has in `<del>`, what only the other has in `<ins>`."""
    before, after = _PIECE.findall(old), _PIECE.findall(new)
    matcher = SequenceMatcher(a=before, b=after, autojunk=False)
    if not old or not new or matcher.ratio() < _MARKED:
        return Markup("{}").format(old), Markup("{}").format(new)
    left, right = Markup(), Markup()
    for verb, a, b, c, d in matcher.get_opcodes():
        was, now = escape("".join(before[a:b])), escape("".join(after[c:d]))
        left += was if verb == "equal" or not was else Markup("<del>{}</del>").format(was)
        right += now if verb == "equal" or not now else Markup("<ins>{}</ins>").format(now)
    return left, right
