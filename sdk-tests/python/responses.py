"""The official OpenAI SDK's Responses API before a provider that speaks chat. One line per check on stdout."""

import os
import sys
import traceback

import openai
import pydantic
from openai import OpenAI

ORIGIN, KEY = os.environ["BASE_URL"], os.environ["KEY"]
MODEL = "mine/small"
TEXT = "Hello from the scripted provider."
TOOLS = [{"type": "function", "name": "weather", "description": "Weather of a city", "strict": False, "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}]


def client(strict=True):
    return OpenAI(base_url=ORIGIN + "/v1", api_key=KEY, max_retries=0, timeout=20, _strict_response_validation=strict)


def test_a_response():
    response = client().responses.create(model=MODEL, instructions="Be brief.", input="Say hello.", store=False)
    assert response.output_text == TEXT and response.status == "completed", response
    assert (response.usage.input_tokens, response.usage.output_tokens) == (11, 5), response.usage
    assert response.usage.input_tokens_details.cached_tokens == 4


def test_a_stream():
    with client().responses.stream(model=MODEL, input="Say hello.", store=False) as stream:
        said = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        final = stream.get_final_response()
    assert said.strip() == TEXT and final.output_text.strip() == TEXT, final


def test_a_tool_loop():
    items = [{"role": "user", "content": "Weather?"}]
    first = client().responses.create(model=MODEL, input=items, tools=TOOLS, store=False)
    call = next(item for item in first.output if item.type == "function_call")
    assert (call.name, call.arguments) == ("weather", '{"city":"Lisbon"}'), call
    items += [call.model_dump(exclude_none=True), {"type": "function_call_output", "call_id": call.call_id, "output": "rain"}]
    assert client().responses.create(model=MODEL, input=items, tools=TOOLS, store=False).output_text == TEXT


class Forecast(pydantic.BaseModel):
    city: str
    days: int


def test_structured_output_is_parsed():
    response = client().responses.parse(model=MODEL, input="Weather?", text_format=Forecast, store=False)
    assert response.output_parsed == Forecast(city="Lisbon", days=2), response
    chat = client().chat.completions.parse(
        model=MODEL, messages=[{"role": "user", "content": "Weather?"}], response_format=Forecast)
    assert chat.choices[0].message.parsed == Forecast(city="Lisbon", days=2), chat


def test_a_parsed_stream():
    with client().responses.stream(model=MODEL, input="Weather?", text_format=Forecast, store=False) as stream:
        assert stream.get_final_response().output_parsed == Forecast(city="Lisbon", days=2)


def test_what_a_provider_keeps_is_refused():
    try:
        client().responses.create(model=MODEL, input="x", previous_response_id="resp_1")
    except openai.BadRequestError as error:
        assert (error.code, error.param) == ("unsupported_parameter", "previous_response_id"), error
        return
    raise AssertionError("not refused")


def test_embeddings():
    for options in ({}, {"encoding_format": "float"}):
        # The package asks for base64 and decodes it behind its own validation.
        answer = client(strict=False).embeddings.create(model="mine/vectors", input=["a", "b"], **options)
        assert [round(number, 3) for number in answer.data[0].embedding] == [0.25, -0.5], answer
        assert answer.usage.prompt_tokens == 3


def main():
    failed = False
    for name, test in list(globals().items()):
        if not name.startswith("test_"):
            continue
        try:
            test()
            print(f"ok responses {name}", flush=True)
        except Exception as error:
            failed = True
            where = traceback.extract_tb(error.__traceback__)[-1]
            print(f"FAIL responses {name}: line {where.lineno}: {type(error).__name__}: {error}", flush=True)
    sys.exit(failed)


main()
