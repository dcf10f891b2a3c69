"""The manual: pages → chunks → versions of an index → passages for a question.

Knows no chat and no ticket. :class:`knowledge.service.Manual` is the way in; the rest is pure or behind it.
"""

import os

# Before numpy is imported: our products are small, and on a busy machine its threads wait for each other three times as
# long as they work (842 golden questions: 5.4 s with one thread, 5.9 to 18.6 s with two, on two shared cores).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
