//! Finding a request's row in the route table.

use super::Route;
use super::exchange::decode_percent;
use crate::base::Map;
use http::Method;
use matchit::Router;

/// Rows of one path, with their numbers.
type Rows = Vec<(usize, &'static Route)>;

/// The routes, by path.
pub struct Table {
    /// Paths without placeholders: a third of the time that a walk takes.
    plain: Map<String, Rows>,
    paths: Router<Rows>,
    routes: usize,
}

/// What a method and a path come to.
pub enum Found {
    /// A route with its number, and what its placeholders stand for.
    Route(usize, &'static Route, Vec<String>),
    /// A browser asks before it calls a path with these methods.
    Preflight(String),
    /// The path is known, with these methods only.
    OtherMethods(String),
    /// The path is not known.
    Nothing,
}

impl Table {
    /// Builds the table. `/openai` may stand before every path that begins with `/v1/`.
    ///
    /// # Errors
    /// When two rows claim one path differently: a mistake in the table, found by its test.
    pub fn new(groups: &'static [&'static [Route]]) -> Result<Self, String> {
        let mut by_path = ByPath::new();
        let routes = groups.iter().map(|group| group.len()).sum();
        for row in groups.iter().copied().flatten().enumerate() {
            let route = row.1;
            for path in std::iter::once(&route.path).chain(route.also) {
                add(&mut by_path, (*path).to_owned(), row);
                if path.starts_with("/v1/") {
                    add(&mut by_path, format!("/openai{path}"), row);
                }
            }
        }
        let (mut plain, mut paths) = (Map::default(), Router::new());
        for (path, rows) in by_path {
            if path.contains('{') {
                paths.insert(path.clone(), rows).map_err(|error| format!("{path}: {error}"))?;
            } else {
                plain.insert(path, rows);
            }
        }
        Ok(Self { plain, paths, routes })
    }

    /// Rows of the table; the number of what is in none of them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.routes
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.routes == 0
    }

    /// Finds the row of a request; that of GET answers HEAD as well. Paths are compared as they were sent; only what stands in a
    /// placeholder is decoded.
    #[must_use]
    pub fn find(&self, method: &Method, path: &str) -> Found {
        let wanted = if *method == Method::HEAD { &Method::GET } else { method };
        if let Some(rows) = self.plain.get(path) {
            return match rows.iter().find(|(_, route)| route.method == *wanted) {
                Some((number, route)) => Found::Route(*number, route, Vec::new()),
                None => other_method(rows, method),
            };
        }
        let Ok(matched) = self.paths.at(path) else {
            return Found::Nothing;
        };
        let is_asked = |(_, route): &&(usize, &'static Route)| {
            verb(route.path).is_none_or(|verb| path.rsplit_once(':').is_some_and(|(_, said)| said == verb))
        };
        let mut rows = matched.value.iter().filter(is_asked);
        let Some((number, route)) = rows.find(|(_, route)| route.method == *wanted) else {
            let rows: Vec<_> = matched.value.iter().filter(is_asked).copied().collect();
            return other_method(&rows, method);
        };
        // No name holds a zero byte, and no database takes one for text.
        let param = |value| decode_percent(value).filter(|text| !text.contains('\0')).map(String::from);
        let params = matched.params.iter().map(|(_, value)| param(value));
        match params.collect() {
            Some(params) => Found::Route(*number, route, params),
            None => Found::Nothing,
        }
    }
}

/// What a method comes to that no row of the path has.
fn other_method(rows: &[(usize, &'static Route)], method: &Method) -> Found {
    let mut allowed = Vec::new();
    for (_, route) in rows {
        allowed.push(route.method.as_str());
        if route.method == Method::GET {
            allowed.push(Method::HEAD.as_str());
        }
    }
    let for_browsers = rows.iter().any(|(_, route)| route.is_for_browsers());
    if for_browsers {
        allowed.push(Method::OPTIONS.as_str());
    }
    let allowed = allowed.join(", ");
    if for_browsers && *method == Method::OPTIONS {
        Found::Preflight(allowed)
    } else {
        Found::OtherMethods(allowed)
    }
}

/// What Google's paths end with, behind a model's name that may hold slashes and colons: its verb.
fn verb(path: &str) -> Option<&str> {
    path.rsplit_once("}:").map(|(_, verb)| verb)
}

type ByPath = Vec<(String, Rows)>;

fn add(by_path: &mut ByPath, path: String, route: (usize, &'static Route)) {
    let path = match verb(&path) {
        Some(verb) => path[..path.len() - verb.len() - 1].to_owned(),
        None => path,
    };
    match by_path.iter_mut().find(|(known, _)| *known == path) {
        Some((_, routes)) => routes.push(route),
        None => by_path.push((path, vec![route])),
    }
}
