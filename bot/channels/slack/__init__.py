"""Slack: an event as our message, our message as blocks, and a thin shell that carries both.

`wire`, `reading`, `writing` and `manifest` are pure; `arriving` stores, `doors` acknowledges after it, `sending`
delivers. `threads` says where a conversation stands:

A channel is one conversation, as a group is on any platform, and a thread is where a part of it is shown. The bot
answers a question in the thread under it, as a good colleague does, so that a busy channel stays readable; what is
asked on in that thread, and what the same person asks at the top, both find the same matter, its tickets and its recent
turns. Were each thread a conversation, three short messages would be three, a "好了吗" at the top would find no ticket,
and one outage told twice would be two. Only a thread whose first message we never saw is a conversation of its own. In
direct messages the bot answers beside the question, or in the thread it was asked in.
"""
