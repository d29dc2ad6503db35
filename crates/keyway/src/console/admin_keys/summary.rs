//! An admin key in words, before it is made.

use super::gives::words;
use crate::access::keys::NewKey;
use crate::accounts::Scopes;
use crate::console::here::Here;
use crate::console::parts::points::{Point, point, points, warning};
use crate::store::tenants::Project;
use maud::Markup;

/// The key in words; `warnings`: what making it would say besides.
#[must_use]
pub fn show(here: &Here<'_>, new: &NewKey, projects: &[Project], warnings: &[String]) -> Markup {
    let mut all = vec![place(new, projects), may(new), from(new), end(here, new)];
    all.extend(whose(new));
    all.extend(warnings.iter().map(|text| warning(text)));
    points(&all)
}

fn place(new: &NewKey, projects: &[Project]) -> Point {
    let called = |id: &String| {
        let known = projects.iter().find(|project| project.id == *id);
        known.map_or_else(|| id.clone(), |project| project.name.clone())
    };
    match &new.projects {
        _ if !new.of_organization => warning("it manages every organisation of this installation."),
        Some(ids) => {
            let names: Vec<String> = ids.iter().map(called).collect();
            point(format!("It manages {} alone, and nothing above projects.", names.join(", ")))
        }
        None => point("It manages this organisation, with every project, also those to come.".to_owned()),
    }
}

fn may(new: &NewKey) -> Point {
    let scopes = Scopes::parse(new.scopes.as_deref().unwrap_or_default(), true).unwrap_or_default();
    let writes: Vec<&str> = ["manage:keys", "manage:members", "manage:settings"]
        .into_iter()
        .filter(|scope| Scopes::parse(&[scope], true).is_ok_and(|one| scopes.covers(one)))
        .collect();
    match writes.len() {
        3 => warning("it may make keys, let people in and change settings: whoever has it has everything."),
        _ => point(format!("It may: {}. It calls no models.", words(scopes))),
    }
}

fn from(new: &NewKey) -> Point {
    match &new.ip_allowlist {
        Some(list) => point(format!("It works from {} alone.", list.join(", "))),
        None => warning("it works from any address. A key that manages is best bound to yours."),
    }
}

fn end(here: &Here<'_>, new: &NewKey) -> Point {
    let when = here.when();
    let ms = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000);
    match new.expires_in_seconds {
        Some(seconds) => point(format!("It ends on {}.", when.full(when.now_ms.saturating_add(ms(seconds))))),
        None => point("It never ends by itself.".to_owned()),
    }
}

fn whose(new: &NewKey) -> Vec<Point> {
    let owned =
        || point("It may never do more than whom it belongs to, and ends when they leave.".to_owned());
    let mut all: Vec<Point> = (!new.owner.is_empty()).then(owned).into_iter().collect();
    all.push(point("It may never do more than you, who make it, and ends when you leave.".to_owned()));
    all
}
