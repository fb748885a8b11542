"""The 36 texts of FACTS section 4.1 by their numbers, and what each comes down to."""

from stop_texts_early import EARLY_TEXTS
from stop_texts_late import LATE_TEXTS

STOP_TEXTS = (*EARLY_TEXTS, *LATE_TEXTS)
