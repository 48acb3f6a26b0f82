"""A long run with faults: a real app under load while its processes are killed, stopped, replaced and starved.

`make soak` runs it. Its pieces: served.py is the app; load.py, pages.py, sockets.py and guests.py are its clients;
faults.py disturbs it by a seed; ledger.py keeps count, and says which failures were to be expected; measures.py looks
for what is left over; run.py puts them in order.
"""
