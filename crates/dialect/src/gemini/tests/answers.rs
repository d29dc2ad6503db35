//! Answers read.

use super::{CALLS, STREAM, finished, streamed};
use crate::event::{Part, StopReason};
use crate::hub::citation::Citation;
use crate::hub::{Decoder, Dialect, status_of};
use crate::meter::Ending;
use crate::openai_chat::UsageRule;
use ledger::Usage;

#[test]
fn a_stream_with_a_thought_and_its_signature() {
    let (whole, ending) = streamed(&STREAM);
    assert_eq!(
        (ending, whole.id.as_str(), whole.model.as_str()),
        (Ending::Complete, "kQz1aJ", "gemini-3-pro")
    );
    let choice = whole.first().unwrap();
    let blocks: Vec<_> =
        choice.blocks.iter().map(|built| (&built.part, &*built.text, &*built.state)).collect();
    assert_eq!(
        blocks,
        [(&Part::Reasoning, "**Weighing it**", ""), (&Part::Text, "It is été.", "EtoECtcE+/==")]
    );
    assert_eq!(choice.stop, Some((StopReason::End, "STOP".into(), String::new())));
    let usage = whole.usage.unwrap();
    assert_eq!((usage.in_uncached, usage.out_text, usage.out_reasoning), (9, 5, 31));
}

#[test]
fn a_stream_that_is_cut_has_failed() {
    let (whole, ending) = streamed(&STREAM[..3]);
    assert_eq!((ending, whole.failed.is_some()), (Ending::Cut, true));
    let usage = whole.usage.unwrap();
    assert_eq!((usage.out_text, usage.out_reasoning), (5, 31), "the last report counts");
}

#[test]
fn calls_without_ids_end_in_tool_use() {
    for whole in [finished(CALLS), streamed(&[CALLS]).0, finished(&format!("[{CALLS}]"))] {
        let choice = whole.first().unwrap();
        let texts: Vec<_> = choice.blocks.iter().map(|built| (&*built.text, &*built.state)).collect();
        assert_eq!(texts, [(r#"{"at": "Paris", "n":1.50}"#, "c2ln"), ("", "")]);
        assert!(
            matches!(&choice.blocks[1].part, Part::ToolCall { id, name, .. } if id.is_empty() && name == "go")
        );
        assert_eq!(choice.stop.as_ref().unwrap().0, StopReason::ToolUse);
    }
}

#[test]
fn reasons_to_stop() {
    let table = [
        ("STOP", StopReason::End),
        ("MAX_TOKENS", StopReason::Length),
        ("SAFETY", StopReason::Filtered),
        ("PROHIBITED_CONTENT", StopReason::Filtered),
        ("IMAGE_SAFETY", StopReason::Filtered),
        ("MALFORMED_FUNCTION_CALL", StopReason::Other),
        ("MISSING_THOUGHT_SIGNATURE", StopReason::Other),
        ("SOMETHING_NEW", StopReason::Other),
    ];
    for (word, reason) in table {
        let body = format!(r#"{{"candidates":[{{"finishReason":"{word}","finishMessage":"why"}}]}}"#);
        assert_eq!(finished(&body).first().unwrap().stop, Some((reason, word.into(), "why".into())));
    }
    let (whole, ending) = streamed(&[r#"{"candidates":[{"finishReason":"FINISH_REASON_UNSPECIFIED"}]}"#]);
    assert!(whole.failed.is_some() && ending == Ending::Cut);
}

#[test]
fn a_prompt_that_is_blocked_is_a_filtered_answer() {
    let body = r#"{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT","blockReasonMessage":"No."},"usageMetadata":{"promptTokenCount":4,"totalTokenCount":4},"modelVersion":"m"}"#;
    for (whole, ending) in [streamed(&[body]), (finished(body), Ending::Complete)] {
        assert_eq!(ending, Ending::Complete);
        let stop = whole.first().unwrap().stop.clone();
        assert_eq!(stop, Some((StopReason::Filtered, "PROHIBITED_CONTENT".into(), "No.".into())));
        assert_eq!(whole.usage.unwrap().in_uncached, 4);
    }
}

#[test]
fn usage_in_disjoint_classes() {
    let none = Usage::default();
    let table = [
        (
            r#"{"promptTokenCount":100,"candidatesTokenCount":20,"totalTokenCount":120}"#,
            Usage { in_uncached: 100, out_text: 20, ..none },
        ),
        (
            r#"{"promptTokenCount":100,"cachedContentTokenCount":60,"candidatesTokenCount":20,"thoughtsTokenCount":30,"totalTokenCount":150}"#,
            Usage { in_uncached: 40, cache_read: 60, out_text: 20, out_reasoning: 30, ..none },
        ),
        // Thoughts within the candidates' count, as the total says.
        (
            r#"{"promptTokenCount":100,"candidatesTokenCount":50,"thoughtsTokenCount":30,"totalTokenCount":150}"#,
            Usage { in_uncached: 100, out_text: 20, out_reasoning: 30, ..none },
        ),
        // No total: thoughts are beside.
        (
            r#"{"promptTokenCount":1,"candidatesTokenCount":5,"thoughtsTokenCount":7}"#,
            Usage { in_uncached: 1, out_text: 5, out_reasoning: 7, ..none },
        ),
        // Cut short while it thought.
        (
            r#"{"promptTokenCount":10,"thoughtsTokenCount":90,"totalTokenCount":100}"#,
            Usage { in_uncached: 10, out_reasoning: 90, ..none },
        ),
        (
            r#"{"promptTokenCount":10,"toolUsePromptTokenCount":500,"candidatesTokenCount":5,"thoughtsTokenCount":7,"totalTokenCount":522,"toolUsePromptTokensDetails":[{"modality":"TEXT","tokenCount":500}]}"#,
            Usage { in_uncached: 510, out_text: 5, out_reasoning: 7, ..none },
        ),
        (
            r#"{"promptTokenCount":1000,"cachedContentTokenCount":400,"candidatesTokenCount":9,"totalTokenCount":1009,"promptTokensDetails":[{"modality":"TEXT","tokenCount":300},{"tokenCount":500,"modality":"AUDIO"},{"modality":"IMAGE","tokenCount":200}],"cacheTokensDetails":[{"modality":"AUDIO","tokenCount":350},{"modality":"TEXT","tokenCount":50}],"candidatesTokensDetails":[{"modality":"AUDIO","tokenCount":9}]}"#,
            Usage { in_uncached: 250, cache_read: 400, in_audio: 150, in_image: 200, out_audio: 9, ..none },
        ),
    ];
    for (json, usage) in table {
        let whole = finished(&format!(r#"{{"candidates":[],"usageMetadata":{json}}}"#));
        assert_eq!(whole.usage, Some(usage), "{json}");
    }
}

#[test]
fn failures_inside_the_stream() {
    let table = [
        (r#"{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}"#, 503),
        (
            r#"[{"error":{"code":429,"message":"Quota.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34s"}]}}]"#,
            429,
        ),
    ];
    for (frame, status) in table {
        let (whole, ending) = streamed(&[STREAM[0], frame, STREAM[1]]);
        assert_eq!(ending, Ending::Failed);
        assert_eq!(status_of(&whole.failed.unwrap()), status);
        assert_eq!(whole.choices[0].blocks.len(), 1, "nothing follows a failure");
        assert!(finished(frame).failed.is_some());
    }
    for bad in ["{}", "[]", "", "x", r#"{"choices":[]}"#] {
        assert!(finished(bad).failed.is_some(), "{bad}");
    }
}

#[test]
fn what_only_this_dialect_has_is_kept_as_it_came() {
    let part = r#"{"executableCode":{"language":"PYTHON","code":"print(1)"}}"#;
    let image = r#"{"inlineData":{"mimeType":"image/png","data":"aGkaGkaGkaGk"},"thoughtSignature":"c2ln"}"#;
    let body = format!(
        r#"{{"candidates":[{{"content":{{"parts":[{{"text":"a"}},{part},{image},{{"text":"b"}}]}},"finishReason":"STOP"}}]}}"#
    );
    let whole = finished(&body);
    let blocks = &whole.first().unwrap().blocks;
    assert_eq!(blocks.len(), 4);
    assert!(
        matches!(&blocks[1].part, Part::Opaque { home: Dialect::Gemini, kind } if kind == "executableCode")
    );
    assert_eq!(
        (blocks[1].text.as_str(), blocks[2].text.as_str(), blocks[2].state.as_str()),
        (part, image, "c2ln")
    );
    let seen = Decoder::new(Dialect::Gemini, UsageRule::default()).see_whole(body.as_bytes());
    assert_eq!(seen.output_bytes, 2 + part.len(), "an image's bytes are no text");
}

#[test]
fn several_candidates_are_several_choices() {
    let frames = [
        r#"{"candidates":[{"content":{"parts":[{"text":"a"}]},"index":0},{"index":1,"content":{"parts":[{"text":"b"}]}}]}"#,
        r#"{"candidates":[{"content":{"parts":[{"text":"c"}]},"index":1,"finishReason":"MAX_TOKENS"}]}"#,
        r#"{"candidates":[{"index":0,"finishReason":"STOP"}]}"#,
    ];
    let (whole, ending) = streamed(&frames);
    assert_eq!(ending, Ending::Complete);
    let told: Vec<_> = whole.choices.iter().map(|choice| (choice.index, &*choice.blocks[0].text)).collect();
    assert_eq!(told, [(0, "a"), (1, "bc")]);
    assert_eq!(streamed(&frames[..2]).1, Ending::Cut, "one of them has not ended");
}

#[test]
fn what_an_answer_is_grounded_in() {
    let grounding = r#""groundingMetadata":{"webSearchQueries":["q"],"groundingChunks":[{"web":{"uri":"https://e.org/","title":"E"}},{"retrievedContext":{"uri":"gs://b/o"}}],"groundingSupports":[{"segment":{"endIndex":4,"text":"Rain"},"groundingChunkIndices":[0,1,7]}]}"#;
    let citations =
        r#""citationMetadata":{"citationSources":[{"startIndex":1,"endIndex":3,"uri":"https://f.org/"}]}"#;
    for (text, span) in [("Rain.", Some((0, 4))), ("Régen", None)] {
        let body = format!(
            r#"{{"candidates":[{{"content":{{"parts":[{{"text":"{text}"}}]}},"finishReason":"STOP",{grounding},{citations}}}]}}"#
        );
        let whole = finished(&body);
        let block = &whole.first().unwrap().blocks[0];
        let read: Vec<_> = block.citations.iter().map(|json| Citation::read(json).unwrap()).collect();
        let urls: Vec<&str> = read.iter().map(|citation| &*citation.url).collect();
        assert_eq!(urls, ["https://e.org/", "gs://b/o", "https://f.org/"]);
        assert_eq!((read[0].title.as_deref(), read[0].cited.as_deref()), (Some("E"), Some("Rain")));
        assert_eq!(read[0].span.filter(|span| *span != (0, 0)), span);
    }
}
