//! Brings a PostgreSQL database's schema up to date and founds nothing in it: what the databases of tests
//! are copies of. `cargo run --example schema -- URL`

use keyway::store::db::{Db, Location};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).ok_or("the URL of a database is missing")?;
    let db = Db::open(&Location::Url(url)).await?;
    db.migrate().await?;
    db.close().await;
    Ok(())
}
