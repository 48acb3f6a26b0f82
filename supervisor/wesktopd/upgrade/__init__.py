"""An upgrade of wesktop under a running app: a new supervisor starts alongside the old one and takes its place.

Each file belongs to one of the two processes, except messages.py, which has what goes over the channel between them:

    old_supervisor.py    starts the new one, hands everything over, or takes it back if that fails
    retirement.py        what is left of the old one afterwards: its workers finish their requests
    successor_link.py    its end of the channel: reports to the new one what these workers print, do and want
    new_supervisor.py    starts workers of its own, then takes over
    predecessor_link.py  its end of the channel

The new process starts in wesktopd/successor.py. May import `app`, `control`, `workers`, `instance`, `bus`, `logs`,
`guard`, `wire` and `system`.
"""
