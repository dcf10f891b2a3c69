"""The load: thousands of groups on strict platforms of our own, a pace that grows until it is too much, and a peak.

`shapes` says what people write and when, `on_web` lets them use the web chat, `colleagues` lets ours answer tickets,
`installation` runs the program as one process or as several, `playing` is one stretch at one pace, `climbing` finds
the limit, `peak` is a sales festival, `report` writes the page.
"""
