"""Reports: facts of a period, kept as they were then, that a person approves and a client gets once.

`sources` says where facts of other rooms come from; what is written of them is `console`'s.
"""
