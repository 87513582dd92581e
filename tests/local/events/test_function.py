"""A handler in this process, called as Lambda calls it."""

import threading

import pytest

from local.events.function import Function, FunctionError, HandlerNotFoundError, load_handler


def build_function(handler, timeout=60.0):
    return Function(name="omnipub-worker", handler=handler, timeout=timeout)


class TestFunction:
    def test_cannot_change_its_callers_event(self):
        event = {"Records": [1]}

        build_function(lambda event, _: event["Records"].clear()).invoke(event)

        assert event == {"Records": [1]}

    def test_fails_when_its_answer_is_no_json(self):
        with pytest.raises(FunctionError, match="not JSON serializable"):
            build_function(lambda *_: {1, 2}).invoke({})

    def test_is_overdue_once_it_ran_past_its_timeout(self):
        release, inside = threading.Event(), threading.Event()

        def handler(_event, _context):
            inside.set()
            release.wait(20)

        late = build_function(handler, timeout=-10.0)
        in_time = build_function(handler, timeout=600.0)
        threads = [threading.Thread(target=function.invoke, args=({},)) for function in (late, in_time)]
        for thread in threads:
            thread.start()
            assert inside.wait(20)
            inside.clear()

        overdue = late.is_overdue(), in_time.is_overdue()
        release.set()
        for thread in threads:
            thread.join()

        assert overdue == (True, False)
        assert not late.is_overdue()


class TestHandlerName:
    def test_leads_to_the_function(self):
        assert load_handler("json:dumps") is __import__("json").dumps

    @pytest.mark.parametrize("name", ["nowhere:handler", "json:nothing", "json", "", ":", "json:__doc__"])
    def test_that_leads_nowhere_is_refused(self, name):
        with pytest.raises(HandlerNotFoundError):
            load_handler(name)
