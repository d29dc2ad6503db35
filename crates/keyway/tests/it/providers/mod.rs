//! What providers do to a gateway, and what its client then sees.

mod broken;
mod leaving;
mod stalls;
mod statuses;
mod streams;
