"""What the desk does unasked: corrections of answers whose ground has changed, what the manual lacks.

It joins ``handoff`` (who was told what) and ``knowledge`` (what the manual says); it knows no platform and no page.
"""
