"""Anthropic's official Python SDK before a provider that speaks OpenAI chat. One line per check on stdout."""

import asyncio
import os
import sys
import traceback

import anthropic
from anthropic import Anthropic, AsyncAnthropic

ORIGIN, KEY = os.environ["BASE_URL"], os.environ["KEY"]
MODEL = "mine/small"
TEXT = "Hello from the scripted provider."
HELLO = [{"role": "user", "content": "Say hello."}]
TOOLS = [{"name": "weather", "description": "Weather of a city", "input_schema": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}]


def client(base="", key=KEY, kind=Anthropic):
    return kind(base_url=ORIGIN + base, api_key=key, max_retries=0, timeout=20)


def test_a_message():
    for base in ("", "/anthropic"):
        message = client(base).messages.create(model=MODEL, max_tokens=64, system="Be brief.", messages=HELLO)
        assert message.content[0].text == TEXT, message
        assert (message.role, message.stop_reason, message.model) == ("assistant", "end_turn", MODEL), message
        assert (message.usage.input_tokens, message.usage.cache_read_input_tokens, message.usage.output_tokens) == (7, 4, 5)
        assert message._request_id and message._request_id.startswith("req_"), message._request_id


def test_a_stream():
    with client().messages.stream(model=MODEL, max_tokens=64, messages=HELLO) as stream:
        said = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert said.strip() == TEXT and final.content[0].text.strip() == TEXT, final
    assert (final.stop_reason, final.usage.output_tokens) == ("end_turn", 5), final
    kinds = [event.type for event in client().messages.create(model=MODEL, max_tokens=64, messages=HELLO, stream=True)]
    assert kinds[0] == "message_start" and kinds[-1] == "message_stop", kinds


def test_an_asynchronous_stream():
    async def run():
        async with client(kind=AsyncAnthropic).messages.stream(model=MODEL, max_tokens=64, messages=HELLO) as stream:
            return "".join([text async for text in stream.text_stream])
    assert asyncio.run(run()).strip() == TEXT


def test_a_tool_loop():
    for streamed in (False, True):
        messages = list(HELLO)
        for turn in range(2):
            options = dict(model=MODEL, max_tokens=64, messages=messages, tools=TOOLS)
            if streamed:
                with client().messages.stream(**options) as stream:
                    answer = stream.get_final_message()
            else:
                answer = client().messages.create(**options)
            if turn == 0:
                call = next(block for block in answer.content if block.type == "tool_use")
                assert answer.stop_reason == "tool_use" and (call.name, call.input) == ("weather", {"city": "Lisbon"}), answer
                messages += [{"role": "assistant", "content": answer.content}, {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": call.id, "content": "rain"}]}]
        assert answer.stop_reason == "end_turn" and answer.content[0].text.strip() == TEXT, answer


def test_tokens_are_counted():
    count = client().messages.count_tokens(model=MODEL, messages=HELLO)
    assert 5 < count.input_tokens < 50, count


def test_models_are_listed():
    ids = [model.id for model in client().models.list()]
    assert MODEL in ids, ids
    assert client().models.retrieve(MODEL).id == MODEL


def raised(kind, code, call):
    try:
        call()
    except kind as error:
        assert type(error) is kind, f"{type(error).__name__} instead of {kind.__name__}"
        assert error.body["error"]["details"]["error_code"] == code, error.body
        assert error.request_id, "no request id"
        return
    raise AssertionError(f"no {kind.__name__}")


def test_errors():
    ask = lambda key=KEY, model=MODEL: lambda: client(key=key).messages.create(model=model, max_tokens=9, messages=HELLO)
    raised(anthropic.AuthenticationError, "invalid_api_key", ask(key="sk-ant-none"))
    raised(anthropic.NotFoundError, "model_not_found", ask(model="mine/none"))
    raised(anthropic.RateLimitError, "rate_limit_exceeded", ask(model="mine/limited"))
    raised(anthropic.InternalServerError, "upstream_auth", ask(model="mine/refused"))


def main():
    failed = False
    for name, test in list(globals().items()):
        if not name.startswith("test_"):
            continue
        try:
            test()
            print(f"ok anthropic {name}", flush=True)
        except Exception as error:
            failed = True
            where = traceback.extract_tb(error.__traceback__)[-1]
            print(f"FAIL anthropic {name}: line {where.lineno}: {type(error).__name__}: {error}", flush=True)
    sys.exit(failed)


main()
