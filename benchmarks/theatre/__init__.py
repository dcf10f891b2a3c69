"""What plays with the real program need: people who write, strict platforms of our own, and who was lost or doubled.

`talk` makes conversations, the modules `on_…` let them happen on a platform and note what it showed (`stages` says what
each must), `troubles` orders faults, `program` is `aftercare run` under observation, `books` reads what it stored,
`verdict` compares the two. The soak plays a steady pace with faults, the load a pace that grows.
"""
