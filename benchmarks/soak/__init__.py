"""The soak: the real program for hours against strict platforms of our own, with faults; who was lost, who was doubled.

`talk` makes conversations, `stages` let them happen on a platform and note what it showed, `troubles` orders faults,
`program` is `aftercare run` under observation, `books` reads what it stored, `verdict` compares the two, `play`
is a run.
"""
