//! Laws of answers.

use super::SPOKEN;
use super::story::{Story, body, carried, digest, read_body, read_stream, story, streamed};
use dialect::event::{Event, UpstreamMessage};
use dialect::hub::whole::Whole;
use dialect::meter::Ending;
use proptest::prelude::*;

fn config() -> ProptestConfig {
    ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_stream_survives_every_dialect(story in story()) {
        let events = story.events();
        let told = digest(&Whole::of(events.iter().cloned()));
        for dialect in SPOKEN {
            let (bytes, losses) = streamed(*dialect, &events);
            let (whole, ending) = read_stream(*dialect, &bytes, usize::MAX).unwrap();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            prop_assert_eq!(digest(&whole), told.clone(), "{:?}\n{}", dialect, text);
            prop_assert_eq!(ending, Ending::Complete);
            prop_assert!(losses.is_empty(), "{:?}: {}", dialect, losses.header());
        }
    }

    #[test]
    fn any_chunking_gives_the_same_events(story in story(), size in 1_usize..90) {
        for dialect in SPOKEN {
            let (bytes, _) = streamed(*dialect, &story.events());
            let whole = read_stream(*dialect, &bytes, usize::MAX).unwrap();
            prop_assert_eq!(&read_stream(*dialect, &bytes, size).unwrap(), &whole);
            prop_assert_eq!(read_stream(*dialect, &bytes, 1).unwrap(), whole);
        }
    }

    #[test]
    fn a_finished_answer_is_an_ended_stream(story in story()) {
        let events = story.events();
        let told = digest(&Whole::of(events.iter().cloned()));
        for dialect in SPOKEN {
            let (body, losses) = body(*dialect, &events);
            let text = String::from_utf8_lossy(&body).into_owned();
            prop_assert_eq!(digest(&read_body(*dialect, &body)), told.clone(), "{:?}\n{}", dialect, text);
            prop_assert!(losses.is_empty(), "{:?}: {}", dialect, losses.header());
            let strict: serde_json::Value = serde_json::from_slice(&body).unwrap();
            prop_assert!(strict.is_object());
        }
    }

    #[test]
    fn both_deliveries_say_the_same(story in story()) {
        for from in SPOKEN {
            let whole = read_body(*from, &body(*from, &story.events()).0);
            let (stream, _) = read_stream(*from, &streamed(*from, &story.events()).0, usize::MAX).unwrap();
            for to in SPOKEN {
                let as_whole = read_body(*to, &body(*to, &whole.events()).0);
                let as_stream = read_stream(*to, &streamed(*to, &stream.events()).0, usize::MAX).unwrap().0;
                prop_assert_eq!(digest(&as_whole), digest(&as_stream), "{:?} to {:?}", from, to);
            }
        }
    }

    #[test]
    fn state_comes_back_to_whom_it_belongs(story in story()) {
        for dialect in SPOKEN {
            let states = |whole: &Whole| -> Vec<String> {
                let blocks = whole.first().map(|choice| choice.blocks.clone()).unwrap_or_default();
                blocks.into_iter().map(|built| built.state).filter(|state| !state.is_empty()).collect()
            };
            let told: Vec<&str> =
                story.blocks.iter().map(|told| &*told.state).filter(|state| !state.is_empty()).collect();
            let native = |state: &str| carried(*dialect, dialect.name(), state);
            let (bytes, _) = streamed(*dialect, &story.events());
            let text = String::from_utf8_lossy(&bytes).into_owned();
            for state in states(&read_stream(*dialect, &bytes, usize::MAX).unwrap().0) {
                let known = state == native("") || told.iter().any(|told| state == native(told));
                prop_assert!(known, "{} in {}", state, text);
            }
            prop_assert!(told.iter().all(|state| text.contains(&native(state))), "{}", text);
        }
    }

    #[test]
    fn a_failure_ends_the_stream_and_nothing_follows(story in story(), at in any::<prop::sample::Index>()) {
        for dialect in SPOKEN {
            let mut events = story.events();
            let open = events.iter().position(|event| matches!(event, Event::Usage(_))).unwrap();
            let cut = 1 + at.index(open);
            events.truncate(cut);
            let said = UpstreamMessage {
                message: "The engine stopped.".into(),
                kind: Some("overloaded_error".into()),
                ..UpstreamMessage::default()
            };
            events.push(Event::Failed(Box::new(said)));
            let (bytes, _) = streamed(*dialect, &events);
            let (whole, ending) = read_stream(*dialect, &bytes, 7).unwrap();
            prop_assert_eq!(ending, Ending::Failed);
            prop_assert_eq!(whole.failed.unwrap().message, "The engine stopped.");
            prop_assert!(!bytes.ends_with(b"data: [DONE]\n\n"));
        }
    }

    #[test]
    fn a_stream_that_is_cut_is_seen_to_be(story in story(), at in any::<prop::sample::Index>()) {
        for dialect in SPOKEN {
            let (bytes, _) = streamed(*dialect, &story.events());
            let at = at.index(bytes.len());
            let complete = bytes.get(..at).unwrap_or_default();
            let (whole, ending) = read_stream(*dialect, complete, 50).unwrap();
            prop_assert!(ending == Ending::Complete || whole.failed.is_some());
        }
    }

    #[test]
    fn whatever_comes_is_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200), story in story(), at in any::<prop::sample::Index>(), with in any::<u8>()) {
        for dialect in SPOKEN {
            read_body(*dialect, &bytes);
            let (mut stream, _) = streamed(*dialect, &story.events());
            let at = at.index(stream.len());
            stream[at] = with;
            let _ = read_stream(*dialect, &stream, 40).unwrap();
            let (mut body, _) = body(*dialect, &story.events());
            let at = at % body.len();
            body[at] = with;
            read_body(*dialect, &body);
        }
    }
}

/// The same for a thousand streams, each at any of its bytes and byte by byte.
#[test]
fn a_thousand_streams_however_they_are_cut() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    for number in 0..1000 / SPOKEN.len() + 1 {
        let story: Story = story().new_tree(&mut runner).unwrap().current();
        for dialect in SPOKEN {
            let (bytes, _) = streamed(*dialect, &story.events());
            let whole = read_stream(*dialect, &bytes, usize::MAX).unwrap();
            for size in [1, 1 + number % 97] {
                assert_eq!(read_stream(*dialect, &bytes, size).unwrap(), whole);
            }
        }
    }
}
