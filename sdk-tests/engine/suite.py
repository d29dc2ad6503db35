"""What OpenAI's and Anthropic's SDKs rely on, asked of whatever is at BASE_URL. One line per check on stdout.

The answers are of random weights: their shapes are checked, not what they say."""

import os
import sys
import traceback

import anthropic
import openai
import pydantic
from openai import OpenAI

ORIGIN, KEY, MODEL = os.environ["BASE_URL"], os.environ["KEY"], os.environ["MODEL"]
MESSAGES = [{"role": "user", "content": "Say hello."}]
OPTIONS = dict(model=MODEL, messages=MESSAGES, max_tokens=8)
LONG = [{"role": "user", "content": "word " * 2_000}]


class Choice(pydantic.BaseModel):
    fine: bool


def client(key=KEY):
    return OpenAI(base_url=ORIGIN + "/v1", api_key=key, max_retries=0, timeout=30, _strict_response_validation=True)


def raised(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


def test_models_are_listed():
    assert MODEL in [model.id for model in client().models.list()]


def test_a_model_is_there_by_name():
    assert client().models.retrieve(MODEL).id == MODEL


def test_an_answer():
    answer = client().chat.completions.create(**OPTIONS)
    assert answer.choices[0].message.role == "assistant" and answer.usage.completion_tokens >= 1, answer


def test_an_answer_has_an_id_to_ask_about():
    assert client().chat.completions.create(**OPTIONS)._request_id


def test_a_stream_with_usage():
    chunks = list(client().chat.completions.create(**OPTIONS, stream=True, stream_options={"include_usage": True}))
    assert chunks[-1].choices == [] and chunks[-1].usage.completion_tokens >= 1, chunks[-1]


def test_a_stream_without_usage_has_none():
    chunks = list(client().chat.completions.create(**OPTIONS, stream=True))
    assert all(len(chunk.choices) == 1 and chunk.usage is None for chunk in chunks), chunks[-1]


def test_structured_output_is_parsed():
    answer = client().chat.completions.parse(model=MODEL, messages=MESSAGES, max_tokens=200, response_format=Choice)
    assert isinstance(answer.choices[0].message.parsed, Choice), answer


def test_a_response():
    response = client().responses.create(model=MODEL, input="Say hello.", max_output_tokens=16, store=False)
    assert response.usage.output_tokens >= 1 and response.output, response


def test_a_response_as_a_stream():
    events = list(client().responses.create(model=MODEL, input="Say hello.", max_output_tokens=16, store=False, stream=True))
    assert events[0].type == "response.created", events[0]
    assert events[-1].type in ("response.completed", "response.incomplete"), events[-1]


def test_an_unknown_model_is_not_served():
    error = raised(openai.NotFoundError, lambda: client().chat.completions.create(**{**OPTIONS, "model": "nobody/nothing"}))
    assert error.code == "model_not_found", error


def test_a_wrong_key_has_a_code():
    error = raised(openai.AuthenticationError, lambda: client("sk-wrong").chat.completions.create(**OPTIONS))
    assert error.code == "invalid_api_key", error.body


def test_too_long_a_prompt_has_its_code():
    error = raised(openai.BadRequestError, lambda: client().chat.completions.create(**{**OPTIONS, "messages": LONG}))
    assert error.code == "context_length_exceeded", error.body


def test_a_message_of_anthropics():
    message = anthropic_client().messages.create(**OPTIONS)
    assert message.stop_reason == "max_tokens" and message.usage.output_tokens >= 1, message


def test_an_error_of_anthropics():
    error = raised(anthropic.AuthenticationError, lambda: anthropic_client("sk-wrong").messages.create(**OPTIONS))
    assert error.body["type"] == "error" and error.body["error"]["type"] == "authentication_error", error.body


def anthropic_client(key=KEY):
    return anthropic.Anthropic(base_url=ORIGIN, api_key=key, max_retries=0, timeout=30)


def main():
    failed = False
    for name, test in list(globals().items()):
        if not name.startswith("test_"):
            continue
        try:
            test()
            print(f"ok engine {name[5:]}", flush=True)
        except Exception as error:
            failed = True
            where = traceback.extract_tb(error.__traceback__)[-1]
            print(f"FAIL engine {name[5:]}: line {where.lineno}: {type(error).__name__}: {str(error)[:300]}", flush=True)
    sys.exit(failed)


main()
