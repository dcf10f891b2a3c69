"""Documents (docx, html, pdf, pptx, xlsx) → Markdown, each in a process of its own under limits.

:class:`knowledge.parsing.reader.Reader` is the way in; ``worker`` and what it imports run in the other process.
"""
