//! What pages are put together from. `/_/components` shows every one.

pub mod code;
pub mod dialog;
pub mod field;
pub mod filter;
pub mod kpi;
pub mod matrix;
pub mod paging;
pub mod points;
pub mod segments;
pub mod small;
pub mod stack;
pub mod states;
pub mod table;
pub mod tabs;
pub mod take;
pub mod templates;

pub use code::{copied, snippet};
pub use field::Field;
pub use small::{Tone, badge, button, button_link, danger_button, meter, moment, submit};
