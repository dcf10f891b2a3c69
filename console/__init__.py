"""The web side: the staff desk, the manual's public pages, and the look of the client's chat page.

Server-rendered pages on FastAPI and Jinja2 with small ES modules of our own; no framework, no CDN, no inline script.
It never imports ``bot``: what it needs from there comes in through ``ConsoleDeps``.
"""
