//! Brings a database's schema up to date and founds nothing in it: what the databases of tests are copies
//! of. `cargo run --example schema -- URL|FILE`

use keyway::store::db::{Db, Location};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let place = std::env::args().nth(1).ok_or("the URL or file of a database is missing")?;
    let location = if place.contains("://") { Location::Url(place) } else { Location::File(place.into()) };
    let db = Db::open(&location).await?;
    db.migrate().await?;
    db.close().await;
    Ok(())
}
