"""wesktop, with room for a burst."""

import asyncio

import wesktop

router = wesktop.Router()
events = wesktop.Broadcaster(buffer_size=100_000, history=1000)
events.register_event("tick")
router.add_route("GET", "/events", wesktop.sse_route(events))


@router.post("/send/{count:int}/{pause:int}")
async def send(request: wesktop.Request) -> None:
    for number in range(request.path_params["count"]):
        events.broadcast("tick", number)
        if pause := request.path_params["pause"]:
            await asyncio.sleep(pause / 1000)


app = wesktop.create_app(router)
