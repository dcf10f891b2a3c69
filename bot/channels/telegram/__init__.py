"""Telegram: an update as our message, our message as what Telegram shows, and a thin shell that carries both.

`reading` and `writing` are pure; `arriving` stores, `polling` and `routes` acknowledge after it, `sending` delivers.
"""
