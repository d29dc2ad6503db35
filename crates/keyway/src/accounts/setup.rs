//! What comes with a new database: the installation row, one organisation, one project.

use crate::audit::{self, Author, Event};
use crate::base::fault::Doing;
use crate::base::{Clock, Fault, id};
use crate::sealing::MasterKey;
use crate::store::changes::PROJECT_CHANGED;
use crate::store::tenants::{self, Project};
use crate::store::{Db, Tx};
use serde_json::json;

/// How the check of the master key came out.
pub enum Setup {
    /// The database was empty and has just been set up.
    New,
    /// It was set up before, with this master key.
    Known,
    /// It was set up with another master key: nothing here can be read with this one.
    OtherMasterKey,
}

/// Sets an empty database up, or checks that it belongs to this master key. Call under the
/// set-up lock, after the migrations.
///
/// # Errors
/// When the database cannot be used.
pub async fn install(db: &Db, master: &MasterKey, clock: &Clock) -> Result<Setup, Fault> {
    match tenants::master_check(db).await? {
        Some(check) if check == master.check() => Ok(Setup::Known),
        Some(_) => Ok(Setup::OtherMasterKey),
        None => {
            let mut tx = db.begin_write().await?;
            first_rows(&mut tx, master, clock).await?;
            tx.commit().await.doing("setting the database up")?;
            Ok(Setup::New)
        }
    }
}

async fn first_rows(tx: &mut Tx, master: &MasterKey, clock: &Clock) -> Result<(), Fault> {
    let now_ms = clock.now_ms();
    tenants::insert_installation(tx, &master.check(), now_ms).await?;
    let org = id::new("org", clock);
    tenants::insert_org(tx, &org, "Default", now_ms).await?;
    let project = Project {
        id: id::new("proj", clock),
        org_id: org.clone(),
        name: "Default".to_owned(),
        environment: "development".to_owned(),
        created_ms: now_ms,
        ..Project::default()
    };
    tenants::insert_project(tx, &project).await?;
    let author = Author { kind: "system", id: "first start".to_owned(), ip: None };
    let event = Event {
        org: &org,
        project: Some(&project.id),
        name: "project.created",
        kind: PROJECT_CHANGED,
        touches: None,
        object: &project.id,
        detail: json!({ "name": project.name, "environment": project.environment }),
    };
    audit::record(tx, clock, &author, &event).await?;
    Ok(())
}
