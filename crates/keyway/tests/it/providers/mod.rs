//! What providers do to a gateway, and what its client then sees.
//!
//! | misbehaviour | test |
//! |---|---|
//! | stalls before the head | `stalls::before_the_head_it_is_a_timeout`, `hostile::stalls_and_cuts_lose_their_connection_and_are_booked_once` |
//! | stalls in the middle | `stalls::within_a_stream_it_is_an_error_event`, `stalls::within_a_whole_answer_it_is_a_timeout` |
//! | closes within a chunk, resets | `streams::a_stream_that_is_cut_says_so`, `broken::what_is_no_answer_is_an_error` |
//! | an endless line | `streams::an_endless_line_is_bounded` |
//! | an endless stream | `hostile::an_endless_stream_ends_at_the_bound`, `broken::an_answer_beyond_the_bound_is_refused` |
//! | a gzip bomb | `hostile::an_encoded_answer_is_refused_undecoded` |
//! | a gigabyte of head | `hostile::a_gigabyte_of_head_is_not_read` |
//! | two usage events | `hostile::of_two_usage_events_the_last_counts_once` |
//! | false usage | `hostile::false_usage_is_not_booked`, `hostile::false_usage_of_a_stream_is_not_booked` |
//! | a redirect | `statuses::a_redirect_is_not_followed` |
//! | cookies and odd fields | `hostile::nothing_of_a_hostile_head_is_passed_on`, `post::the_providers_own_header_fields_stay_behind` |
//! | repeats its credential | `statuses::a_credential_that_is_echoed_goes_no_further` |
//! | two answers in one | `hostile::a_second_answer_is_nobodys_wherever_it_hides`, `hostile::an_answer_that_nobody_asked_for_is_nobodys`, `broken::a_second_answer_is_nobodys` |
//! | a page of HTML | `hostile::a_page_under_any_failure_is_an_error_of_ours`, `hostile::what_is_no_completion_is_an_error_under_a_200_too` |
//! | framing two parsers read differently | `broken::what_is_no_answer_is_an_error` |
//! | a success that holds an error | `statuses::a_success_that_holds_an_error_is_passed_on_and_logged_as_one` |

mod auth;
mod broken;
mod contract;
mod converse;
mod dialects;
mod hostile;
mod leaving;
mod media;
mod own;
mod stalls;
mod statuses;
mod streams;
