//! A fresh SQLite database per test: a copy of one with the schema in it, where there is such a one.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// The variable that names a SQLite database with the schema in it, which tests' databases are copies of.
/// Without it every test makes its own.
pub const TEMPLATE_VARIABLE: &str = "KEYWAY_TEST_SQLITE_TEMPLATE";

/// Puts a database into a data folder, which is made, if there is one to copy.
///
/// # Panics
/// When it cannot be copied.
pub fn put_into(folder: &Path) {
    let Some(template) = std::env::var_os(TEMPLATE_VARIABLE) else { return };
    copy(Path::new(&template), folder).expect("a copy of the database with the schema");
}

fn copy(template: &Path, folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let to = folder.join("keyway.db");
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(to)?;
    io::copy(&mut File::open(template)?, &mut file)?;
    Ok(())
}
