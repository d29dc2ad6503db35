//! Floor 4: what is set of the catalogue at run time. Models, prices and routes in the database, imports of
//! public price lists, and the snapshot that comes of rows and database together.

pub mod edit;
pub mod import;
pub mod load;
pub mod route_fields;
pub mod routes;
mod usd;

pub use load::{Source, snapshot, stored};
pub use usd::Usd;
