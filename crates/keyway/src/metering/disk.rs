//! A disk that failed a sync: nothing new is admitted until a new file on it can be synced.
//!
//! What failed is never synced again. Linux reports the failure of a file's pages once, and calls the next
//! sync of them a success though they are lost; so only a file that was never synced before can tell.

use super::shard::ShardState;
use crate::base::Fault;
use crate::base::fault::Doing;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of the file that is tried: a page, so that there is something to sync.
const PROBE_BYTES: usize = 4_096;

/// What is known of the disk.
#[derive(Debug, Default)]
pub(super) struct Disk {
    /// The failure of the database's files is known.
    told: bool,
    failing: bool,
    probes: u64,
}

impl Disk {
    /// Whether it was failing when it was last looked at.
    pub(super) fn is_failing(&self) -> bool {
        self.failing
    }

    /// Looks whether a sync has failed, of the database's files (`unsynced`) or of the journal's folder, and
    /// whether a new file can be synced meanwhile. The journals hear of both.
    pub(super) async fn look(&mut self, unsynced: bool, dir: &Path, states: &[Arc<ShardState>]) {
        let news = (unsynced && !self.told) || (!self.failing && states.iter().any(|it| it.is_unsynced()));
        self.told |= unsynced;
        if news {
            tracing::error!("the disk failed a sync: nothing is admitted until a new file can be synced");
            self.failing = true;
            states.iter().for_each(|state| state.publish_unsynced(true));
        }
        if !self.failing {
            return;
        }
        self.probes += 1;
        let file = dir.join(format!("sync-{}", self.probes));
        if probe(file).await.is_ok() {
            tracing::warn!(tries = self.probes, "the disk syncs new files: requests are admitted again");
            self.failing = false;
            states.iter().for_each(|state| state.publish_unsynced(false));
        }
    }
}

/// Makes, syncs and removes a file.
async fn probe(path: PathBuf) -> Result<(), Fault> {
    const DOING: &str = "trying whether a new file can be synced";
    let tried = tokio::task::spawn_blocking(move || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        let synced = file.write_all(&[0; PROBE_BYTES]).and_then(|()| file.sync_all());
        std::fs::remove_file(&path)?;
        synced
    });
    tried.await.doing(DOING)?.doing(DOING)
}
