"""The needs questionnaire: what somebody wants built, asked in a chat, kept as a brief with what is missing named.

Forms are data; understanding and asking are rules without a model; whoever is asked answers in any order.
"""
