"""New work for clients: proposals from what they wish for, change requests, and the projects that follow.

`wish`, the `*_rules` modules, `price_reading` and `outline` are pure; what people read is written by `console`.
"""
