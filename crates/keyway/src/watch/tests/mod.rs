//! What is noticed in an installation whose clock the tests set.

mod bed;
mod clock;
mod cost;
mod ends;
