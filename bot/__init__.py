"""The chat: channels, understanding, answering, delivery.

The top floor of the house; the composition root (`app`) and the command line (`cli`) live here too.
"""
