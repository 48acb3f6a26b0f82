"""An app whose events go by Redis: REDIS is its URL; and another broadcaster of it."""

APP = """
events = wesktop.Broadcaster(bus="REDIS")
events.register_event("tick")
router.add_route("GET", "/events", wesktop.sse_route(events))

@router.get("/send/{number:int}")
async def send(request):
    events.broadcast("tick", request.path_params["number"])
    return {}

@router.get("/clients")
async def clients(request):
    return {"clients": events.client_count}
"""

FURTHER = """
wesktop.Broadcaster(name="alone", bus="memory")
further = wesktop.Broadcaster(name="news")
"""
