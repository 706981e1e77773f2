//! Which handler a request is for.

use alloc::{format, string::String, sync::Arc, vec::Vec};
use core::future::{Future, ready};

use http::Method;

use crate::{
    effect::EffectSet,
    error::{Error, Result},
    handler::{Handler, HandlerFuture, IntoHandler, RouterError},
    io::Io,
    request::Request,
    response::Response,
    standard::Standard,
};

/// Handlers by path and method.
///
/// A path is matched as it was sent; `{name}` stands for one segment of it, `{*name}` for all the rest. A path that nobody
/// has gets the fallback, which is a 404.
///
/// Methods are compared as they were sent, too: `get` is not `GET`. One that the path does not have gets a 405 with `Allow`;
/// one that is not in RFC 9110 or RFC 5789 (PATCH), and that no route has, gets a 501, unless a fallback takes it. HEAD is
/// answered by the handler for GET, without the body, and OPTIONS by a 204 with `Allow`, unless the path has a handler for
/// it. `OPTIONS *` asks for the methods of all routes. Methods of your own are [routed](Self::route) as any other.
///
/// ```
/// use segno_core::{Io, Request, Response, Result, Router};
///
/// async fn author(mut io: Io, request: Request) -> Result<Response> {
///     let id: i64 = request.param("id")?;
///     let name: String = io.sql("select name from author where id = ?1", [id]).await?.one()?.get("name")?;
///     Ok(Response::text(name))
/// }
///
/// let api: Router = Router::new().get("/author/{id}", author);
/// let handler = Router::new()
///     .get("/", async |_, _| Ok(Response::text("hello")))
///     .nest("/api", api)
///     .into_handler()?;
/// # Ok::<_, segno_core::RouterError>(())
/// ```
#[derive(Debug)]
pub struct Router<S: EffectSet = Standard> {
    routes: Vec<Route<S>>,
    /// By prefix.
    fallbacks: Vec<(String, Handler<S>)>,
}

#[derive(Debug)]
struct Route<S: EffectSet> {
    path: String,
    method: Method,
    handler: Handler<S>,
}

impl<S: EffectSet> Default for Router<S> {
    fn default() -> Self {
        Self { routes: Vec::new(), fallbacks: Vec::new() }
    }
}

impl<S: EffectSet> Router<S> {
    /// A router without routes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a handler for this method and path.
    ///
    /// ```
    /// use segno_core::{Response, Router};
    ///
    /// let purge = http::Method::from_bytes(b"PURGE").expect("it is a token");
    /// let router: Router = Router::new().route(purge, "/cache", async |_, _| Ok(Response::text("gone")));
    /// ```
    #[must_use]
    pub fn route<F>(
        mut self,
        method: Method,
        path: &str,
        handler: impl Fn(Io<S>, Request) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Response>> + Send + 'static,
    {
        self.routes.push(Route { path: path.into(), method, handler: Handler::new(handler) });
        self
    }

    /// Sets the handler for what no route matches.
    #[must_use]
    pub fn fallback<F>(mut self, handler: impl Fn(Io<S>, Request) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Response>> + Send + 'static,
    {
        self.fallbacks.retain(|(prefix, _)| !prefix.is_empty());
        self.fallbacks.push((String::new(), Handler::new(handler)));
        self
    }

    /// Adds all routes of another router under a prefix; its fallback, if it has one, is for what is under the prefix.
    #[must_use]
    pub fn nest(mut self, prefix: &str, inner: Self) -> Self {
        let prefix = prefix.trim_end_matches('/');
        let under = |path: &str| {
            if path == "/" { String::from(prefix) } else { format!("{prefix}{path}") }
        };
        let routes = inner.routes.into_iter().map(|route| Route { path: under(&route.path), ..route });
        self.routes.extend(routes);
        self.fallbacks.extend(inner.fallbacks.into_iter().map(|(path, handler)| (format!("{prefix}{path}"), handler)));
        self
    }

    /// Puts a handler around all routes and fallbacks that were added before; see [`Handler::with`]. What the router answers
    /// by itself, such as OPTIONS, is outside of it.
    #[must_use]
    pub fn with<F>(mut self, outer: impl Fn(Io<S>, Request, Handler<S>) -> F + Clone + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Response>> + Send + 'static,
    {
        let handlers = self.routes.iter_mut().map(|route| &mut route.handler);
        for handler in handlers.chain(self.fallbacks.iter_mut().map(|(_, handler)| handler)) {
            *handler = handler.clone().with(outer.clone());
        }
        self
    }

    /// The router as one handler.
    ///
    /// # Errors
    ///
    /// If a path is not valid, or two routes are in conflict.
    pub fn into_handler(self) -> Result<Handler<S>, RouterError> {
        let table = Arc::new(Table::new(self)?);
        Ok(Handler::boxed(move |io, request| table.dispatch(io, request)))
    }
}

impl<S: EffectSet> IntoHandler<S> for Router<S> {
    fn into_handler(self) -> Result<Handler<S>, RouterError> {
        Self::into_handler(self)
    }
}

macro_rules! methods {
    ($($name:ident $method:ident),*) => {
        impl<S: EffectSet> Router<S> {
            $(
                #[doc = concat!("Adds a handler for `", stringify!($method), "` on this path.")]
                #[must_use]
                pub fn $name<F>(self, path: &str, handler: impl Fn(Io<S>, Request) -> F + Send + Sync + 'static) -> Self
                where
                    F: Future<Output = Result<Response>> + Send + 'static,
                {
                    self.route(Method::$method, path, handler)
                }
            )*
        }
    };
}

methods! { get GET, head HEAD, post POST, put PUT, patch PATCH, delete DELETE, options OPTIONS }

struct Table<S: EffectSet> {
    paths: matchit::Router<usize>,
    /// By the numbers that `paths` finds.
    methods: Vec<Methods<S>>,
    /// The longest prefix first.
    fallbacks: Vec<(String, Handler<S>)>,
}

/// The methods of one path.
type Methods<S> = Vec<(Method, Handler<S>)>;

impl<S: EffectSet> Table<S> {
    fn new(router: Router<S>) -> Result<Self, RouterError> {
        let Router { routes, mut fallbacks } = router;
        let mut table = Self { paths: matchit::Router::new(), methods: Vec::new(), fallbacks: Vec::new() };
        let mut known: Vec<(String, usize)> = Vec::new();
        for Route { path, method, handler } in routes {
            if !path.starts_with('/') {
                return Err(RouterError { path, reason: "it does not begin with `/`, as every path does".into() });
            }
            // Doubled braces are text.
            if path.replace("{{", "").matches('{').count() > MOST_PARAMS {
                return Err(RouterError { path, reason: format!("it has more than {MOST_PARAMS} parameters") });
            }
            let found = known.iter().find(|(known, _)| *known == path).map(|(_, number)| *number);
            let number = match found {
                Some(number) => number,
                None => {
                    let number = table.methods.len();
                    let inserted = table.paths.insert(path.clone(), number);
                    inserted.map_err(|error| RouterError { path: path.clone(), reason: format!("{error}") })?;
                    table.methods.push(Vec::new());
                    known.push((path.clone(), number));
                    number
                }
            };
            let methods = &mut table.methods[number];
            if methods.iter().any(|(taken, _)| *taken == method) {
                return Err(RouterError { path, reason: format!("it has a handler for {method} already") });
            }
            methods.push((method, handler));
        }
        fallbacks.sort_by_key(|(prefix, _)| core::cmp::Reverse(prefix.len()));
        table.fallbacks = fallbacks;
        Ok(table)
    }

    fn dispatch(&self, io: Io<S>, mut request: Request) -> HandlerFuture {
        let uri = request.uri.clone();
        let Ok(found) = self.paths.at(uri.path()) else {
            return self.fall_back(io, request);
        };
        let methods = &self.methods[*found.value];
        let handler = |method: &Method| methods.iter().find(|(taken, _)| taken == method).map(|(_, handler)| handler);
        let by_get = || (request.method == Method::HEAD).then(|| handler(&Method::GET)).flatten();
        let Some(handler) = handler(&request.method).or_else(by_get) else {
            return answer(match request.method {
                Method::OPTIONS => options(methods),
                ref method if self.knows(method) => not_allowed(methods),
                _ => not_implemented(),
            });
        };
        match request.set_params(found.params.iter()) {
            Some(()) => handler.call(io, request),
            None => answer(Err(Error::status(400, "the path is not UTF-8"))),
        }
    }

    /// For a path that no route has.
    fn fall_back(&self, io: Io<S>, request: Request) -> HandlerFuture {
        let path = request.path();
        let is_under = |prefix: &str| {
            path.strip_prefix(prefix).is_some_and(|rest| prefix.is_empty() || rest.is_empty() || rest.starts_with('/'))
        };
        if request.method == Method::OPTIONS && path == "*" {
            return answer(options(self.methods.iter().flatten()));
        }
        match self.fallbacks.iter().find(|(prefix, _)| is_under(prefix)) {
            Some((_, handler)) => handler.call(io, request),
            None if self.knows(&request.method) => answer(Err(Error::status(404, "Not Found"))),
            None => answer(not_implemented()),
        }
    }

    /// Whether anybody may have heard of this method.
    fn knows(&self, method: &Method) -> bool {
        STANDARD.contains(method) || self.methods.iter().flatten().any(|(taken, _)| taken == method)
    }
}

fn options<'a, S: EffectSet>(methods: impl IntoIterator<Item = &'a (Method, Handler<S>)>) -> Result<Response> {
    Ok(Response::new(204, "").header("allow", &allowed(methods))?)
}

fn not_allowed<S: EffectSet>(methods: &Methods<S>) -> Result<Response> {
    Ok(Response::text("Method Not Allowed\n").status(405).header("allow", &allowed(methods))?)
}

fn not_implemented() -> Result<Response> {
    Ok(Response::text("Not Implemented\n").status(501))
}

/// What can be asked for where these methods have handlers.
fn allowed<'a, S: EffectSet>(methods: impl IntoIterator<Item = &'a (Method, Handler<S>)>) -> String {
    let mut allowed: Vec<&str> = methods.into_iter().map(|(method, _)| method.as_str()).collect();
    if allowed.contains(&"GET") {
        allowed.push("HEAD");
    }
    allowed.push("OPTIONS");
    allowed.sort_unstable();
    allowed.dedup();
    allowed.join(", ")
}

fn answer(response: Result<Response>) -> HandlerFuture {
    alloc::boxed::Box::pin(ready(response))
}

/// matchit names a path's parameters by the letters of the alphabet, and panics when it runs out of them.
const MOST_PARAMS: usize = 25;

/// The methods that every server knows of: those of RFC 9110, and PATCH.
const STANDARD: [Method; 9] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
    Method::TRACE,
    Method::CONNECT,
];
