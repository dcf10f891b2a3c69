"""The web chat: a visitor's browser as a direct chat with one client's desk.

Pure translations, who the visitor is, what a request's body carries, what the page may see, and a thin shell of routes.
"""
