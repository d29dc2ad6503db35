//! What pages load: one style sheet and a few modules, in the binary, under names that change with their
//! content, so that browsers keep them for good.

use crate::access::Grant;
use crate::accounts::check::not_there;
use crate::base::Trouble;
use crate::relay::{Inbound, Outbound, Worker};
use crate::sealing::master::hex;
use http::StatusCode;
use sha2::{Digest as _, Sha256};
use std::sync::{Arc, LazyLock};

/// Bytes of the content's digest in a name.
const NAME_BYTES: usize = 6;
/// Where they are.
pub const PATH: &str = "/_/assets/{name}";
const FOLDER: &str = "/_/assets/";

struct Asset {
    name: &'static str,
    content_type: &'static str,
    text: &'static str,
}

const fn script(name: &'static str, text: &'static str) -> Asset {
    Asset { name, content_type: "text/javascript; charset=utf-8", text }
}

static ASSETS: &[Asset] = &[
    Asset {
        name: "console.css",
        content_type: "text/css; charset=utf-8",
        text: include_str!("assets/console.css"),
    },
    Asset { name: "icon.svg", content_type: "image/svg+xml", text: include_str!("assets/icon.svg") },
    script("copy.js", include_str!("assets/copy.js")),
    script("dialog.js", include_str!("assets/dialog.js")),
    script("filter.js", include_str!("assets/filter.js")),
    script("live.js", include_str!("assets/live.js")),
    script("password.js", include_str!("assets/password.js")),
    script("playground.js", include_str!("assets/playground.js")),
    script("wait.js", include_str!("assets/wait.js")),
];

/// Their names with their content's digests, in the same order.
static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| ASSETS.iter().map(hashed).collect());

fn hashed(asset: &Asset) -> String {
    let digest = Sha256::digest(asset.text.as_bytes());
    let (stem, end) = asset.name.rsplit_once('.').unwrap_or((asset.name, ""));
    format!("{stem}-{}.{end}", hex(&digest[..NAME_BYTES]))
}

/// The path of an asset; the style sheet's for a name there is none of.
#[must_use]
pub fn path(name: &str) -> String {
    let at = ASSETS.iter().position(|asset| asset.name == name).unwrap_or(0);
    format!("{FOLDER}{}", NAMES[at])
}

/// GET [`PATH`]
///
/// # Errors
/// `not_found`, also for the name of another version's content.
pub fn show(_: &Worker, inbound: &Inbound, _: Option<&Arc<Grant>>) -> Result<Outbound, Trouble> {
    let name = inbound.params.first().map_or("", String::as_str);
    let at = NAMES.iter().position(|known| known == name).ok_or_else(|| not_there("file"))?;
    let asset = &ASSETS[at];
    let mut answer = Outbound::whole(StatusCode::OK, asset.content_type, asset.text.as_bytes());
    answer.set("cache-control", "public, max-age=31536000, immutable");
    answer.set("x-content-type-options", "nosniff");
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_change_with_content_and_are_found() {
        assert!(
            path("console.css").starts_with("/_/assets/console-") && path("console.css").ends_with(".css")
        );
        let changed = Asset { name: "copy.js", content_type: "", text: "else" };
        assert_ne!(format!("{FOLDER}{}", hashed(&changed)), path("copy.js"));
        let mut names = NAMES.clone();
        names.dedup();
        assert_eq!(names.len(), ASSETS.len());
    }

    #[test]
    fn all_of_a_page_is_light() {
        let bytes: usize = ASSETS.iter().map(|asset| asset.text.len()).sum();
        assert!(bytes < 60_000, "{bytes} bytes of style sheet and modules");
    }
}
