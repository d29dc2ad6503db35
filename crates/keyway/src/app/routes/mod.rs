//! The one route table, in groups. What a route asks of a key stands in the row that dispatches it.

mod audit;
mod catalog;
mod console;
mod console_operate;
mod data;
mod keys;
mod money;
mod people;
mod projects;
mod providers;
mod roles;
mod usage;
mod watch;

use crate::access::Grant;
use crate::access::verify::Needs;
use crate::accounts::Scope;
use crate::relay::route::{Billing, BodyLimit, Handler, Local, Route, Sendable, Shape};
use crate::relay::running::Caller;
use crate::relay::{Inbound, Shared, Worker};
use http::Method;
use std::rc::Rc;
use std::sync::Arc;

/// The routes. A row's number is its place in all of them.
pub static ROUTES: &[&[Route]] = &[
    data::ROUTES,
    keys::ROUTES,
    people::ROUTES,
    projects::ROUTES,
    roles::ROUTES,
    money::ROUTES,
    usage::ROUTES,
    audit::ROUTES,
    catalog::ROUTES,
    providers::ROUTES,
    watch::ROUTES,
    console::ROUTES,
    console_operate::ROUTES,
];

/// A row that answers from memory.
const fn memory(
    name: &'static str,
    (path, also): (&'static str, &'static [&'static str]),
    needs: Needs,
    handler: Handler,
) -> Route {
    Route {
        name,
        method: Method::GET,
        path,
        also,
        needs,
        body: BodyLimit::None,
        shape: Shape::OpenAi,
        billing: Billing::Free,
        handler,
    }
}

/// A row that shows models to clients of Google's.
const fn google(name: &'static str, path: &'static str, handler: Handler) -> Route {
    Route {
        name,
        method: Method::GET,
        path,
        also: &[],
        needs: Needs::Key(Scope::READ_MODELS),
        body: BodyLimit::None,
        shape: Shape::Google,
        billing: Billing::Free,
        handler,
    }
}

/// A row that asks a provider.
const fn inference(
    name: &'static str,
    (path, also): (&'static str, &'static [&'static str]),
    (scope, billing, shape): (Scope, Billing, Shape),
    handler: fn(Rc<Worker>, Inbound, Caller) -> Local,
) -> Route {
    Route {
        name,
        method: Method::POST,
        path,
        also,
        needs: Needs::Key(scope),
        body: BodyLimit::Inference,
        shape,
        billing,
        handler: Handler::Inference(handler),
    }
}

/// A row of the management API.
const fn managed(
    name: &'static str,
    method: Method,
    path: &'static str,
    needs: Needs,
    handler: fn(Arc<Shared>, Inbound, Option<Arc<Grant>>) -> Sendable,
) -> Route {
    let body = if matches!(method, Method::POST) { BodyLimit::Management } else { BodyLimit::None };
    Route {
        name,
        method,
        path,
        also: &[],
        needs,
        body,
        shape: Shape::OpenAi,
        billing: Billing::Free,
        handler: Handler::Control(handler),
    }
}

/// A row that other paths lead to as well.
const fn also(paths: &'static [&'static str], mut route: Route) -> Route {
    route.also = paths;
    route
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::endpoints::{ENDPOINTS, canonical};
    use std::collections::BTreeSet;

    #[test]
    fn every_path_of_the_data_plane_can_be_named_in_a_key() {
        let routes = ROUTES.iter().copied().flatten();
        let asks_for_a_scope = routes.filter(|route| matches!(route.needs, Needs::Key(_)));
        let paths: BTreeSet<String> =
            asks_for_a_scope.map(|route| canonical(route.path).into_owned()).collect();
        assert_eq!(paths, ENDPOINTS.iter().map(|path| (*path).to_owned()).collect());
    }
}
