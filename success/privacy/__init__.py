"""One person's data: copied out for them, erased on request, kept no longer than the desk wants.

`erasing` walks every table of the metadata; `needles` says, purely, what of a text is somebody's.
"""
