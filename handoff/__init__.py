"""The desk: clients, people, conversations, tickets, clocks and routing.

Knows no platform. Pure rules live in `business_time`, `sla`, `lifecycle`, `routing`, `duty`, `routes`, `policy`;
`directory`, `roster`, `messages`, `desk` and `board` are transaction bodies over the tables.
"""
