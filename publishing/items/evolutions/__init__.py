"""Evolutions: numbered changes to rows that older versions wrote. `manage.py evolve` carries them out, once each.

An evolution is a pure function from a row to its changes. One that was released is never edited: rows may be half way.
"""

from typing import Final

from publishing.items.evolutions.attempts_by_account import ATTEMPTS_BY_ACCOUNT
from publishing.items.evolutions.evolution import Changes, Evolution

#: In the order in which they are carried out.
EVOLUTIONS: Final[tuple[Evolution, ...]] = (ATTEMPTS_BY_ACCOUNT,)

__all__ = ["EVOLUTIONS", "Changes", "Evolution"]
