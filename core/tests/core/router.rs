//! Which handler a request reaches.

use segno_core::{Handler, Io, Request, Response, Result, Router, Step, Tasklet};

/// Runs a handler that asks for nothing.
fn serve(handler: &Handler, request: Request) -> (u16, String, Option<String>) {
    let mut tasklet: Tasklet<Result<Response>> = handler.tasklet(request);
    let Step::Done(end) = tasklet.step() else { panic!("a route of these tests asks for nothing") };
    match end {
        Ok(response) => {
            let (head, body) = response.into_whole().unwrap();
            let allow = head.headers.get("allow").map(|allow| allow.to_str().unwrap().to_owned());
            (head.status.as_u16(), String::from_utf8(body.to_vec()).unwrap(), allow)
        }
        Err(error) => {
            let (status, text) = error.public();
            (status.as_u16(), text.to_owned(), None)
        }
    }
}

async fn echo(_: Io, request: Request) -> Result<Response> {
    let id = request.param::<String>("id").unwrap_or_default();
    Ok(Response::text(format!("{} {} {id}", request.method, request.path())))
}

fn text(text: &'static str) -> impl Fn(Io, Request) -> std::future::Ready<Result<Response>> {
    move |_, _| std::future::ready(Ok(Response::text(text)))
}

#[test]
fn by_method_and_path() {
    let inner = Router::new().get("/", text("inner root")).get("/a/{id}", echo).fallback(text("inner fallback"));
    let handler = Router::new()
        .get("/", text("root"))
        .get("/author/{id}", echo)
        .post("/author/{id}", text("posted"))
        .head("/own-head", text("own"))
        .get("/own-head", text("get"))
        .delete("/only-delete", text("deleted"))
        .options("/own-options", text("own options"))
        .route("BREW".parse().unwrap(), "/pot", text("brewed"))
        .get("/files/{*id}", echo)
        .nest("/inner/", inner)
        .fallback(text("fallback"))
        .into_handler()
        .unwrap();
    let cases: &[(&str, &str, u16, &str, Option<&str>)] = &[
        ("GET", "/", 200, "root", None),
        ("GET", "/author/7", 200, "GET /author/7 7", None),
        ("GET", "/author/A%20da?x=1", 200, "GET /author/A%20da A da", None),
        ("HEAD", "/author/7", 200, "HEAD /author/7 7", None),
        ("POST", "/author/7", 200, "posted", None),
        ("PUT", "/author/7", 405, "Method Not Allowed\n", Some("GET, HEAD, OPTIONS, POST")),
        ("CONNECT", "/author/7", 405, "Method Not Allowed\n", Some("GET, HEAD, OPTIONS, POST")),
        ("OPTIONS", "/author/7", 204, "", Some("GET, HEAD, OPTIONS, POST")),
        ("OPTIONS", "/author/%FF", 204, "", Some("GET, HEAD, OPTIONS, POST")),
        ("OPTIONS", "/own-options", 200, "own options", None),
        ("OPTIONS", "/nowhere", 200, "fallback", None),
        ("OPTIONS", "*", 204, "", Some("BREW, DELETE, GET, HEAD, OPTIONS, POST")),
        ("GET", "*", 200, "fallback", None),
        ("BREW", "/pot", 200, "brewed", None),
        ("GET", "/pot", 405, "Method Not Allowed\n", Some("BREW, OPTIONS")),
        ("HEAD", "/own-head", 200, "own", None),
        ("GET", "/only-delete", 405, "Method Not Allowed\n", Some("DELETE, OPTIONS")),
        ("HEAD", "/only-delete", 405, "Method Not Allowed\n", Some("DELETE, OPTIONS")),
        ("GET", "/files/a/b.txt", 200, "GET /files/a/b.txt a/b.txt", None),
        ("GET", "/author/%FF", 400, "the path is not UTF-8", None),
        ("GET", "/author/7/", 200, "fallback", None),
        ("GET", "/nowhere", 200, "fallback", None),
        ("GET", "/inner", 200, "inner root", None),
        ("GET", "/inner/a/7", 200, "GET /inner/a/7 7", None),
        ("GET", "/inner/nowhere", 200, "inner fallback", None),
        ("GET", "/innermost", 200, "fallback", None),
        ("BREW", "/", 405, "Method Not Allowed\n", Some("GET, HEAD, OPTIONS")),
        ("get", "/", 501, "Not Implemented\n", None),
        ("brew", "/pot", 501, "Not Implemented\n", None),
        ("PROPFIND", "/author/7", 501, "Not Implemented\n", None),
        ("PROPFIND", "/nowhere", 200, "fallback", None),
    ];
    for (method, target, status, body, allow) in cases {
        let request = Request::new(method.parse().unwrap(), target);
        let served = serve(&handler, request);
        assert_eq!(served, (*status, (*body).to_owned(), allow.map(str::to_owned)), "{method} {target}");
    }
}

#[test]
fn without_a_fallback_it_is_a_404() {
    let handler: Handler = Router::new().into_handler().unwrap();
    let served = |method: &str, target| {
        let (status, _, allow) = serve(&handler, Request::new(method.parse().unwrap(), target));
        (status, allow)
    };
    assert_eq!(served("GET", "/x"), (404, None));
    assert_eq!(served("OPTIONS", "/x"), (404, None));
    assert_eq!(served("OPTIONS", "*"), (204, Some("OPTIONS".into())));
    assert_eq!(served("BREW", "/x"), (501, None));
}

#[test]
fn parameters_are_typed() {
    async fn number(_: Io, request: Request) -> Result<Response> {
        let id: u32 = request.param("id")?;
        let page: Option<u32> = request.query("page")?;
        Ok(Response::text(format!("{id} {page:?}")))
    }
    let handler = Router::new().get("/{id}", number).into_handler().unwrap();
    let cases = [
        ("/7", 200, "7 None"),
        ("/7?page=2&page=3", 200, "7 Some(2)"),
        ("/x", 404, "`id` in the path: invalid digit found in string"),
        ("/7?page=x", 400, "`page` in the query: invalid digit found in string"),
    ];
    for (target, status, body) in cases {
        let served = serve(&handler, Request::get(target));
        assert_eq!((served.0, &*served.1), (status, body), "{target}");
    }
}

#[test]
fn handlers_around_handlers() {
    async fn marked(io: Io, request: Request, next: Handler) -> Result<Response> {
        if request.header("x-key").is_none() {
            return Ok(Response::text("who are you?").status(401));
        }
        Ok(next.call(io, request).await?.status(202))
    }
    let handler = Router::new().get("/in", text("in")).with(marked).get("/out", text("out")).into_handler().unwrap();
    assert_eq!(serve(&handler, Request::get("/in")).0, 401);
    assert_eq!(serve(&handler, Request::get("/out")).0, 200);
    let mut request = Request::get("/in");
    request.headers.insert("x-key", "1".parse().unwrap());
    assert_eq!(serve(&handler, request).0, 202);
}

#[test]
fn conflicts_are_errors() {
    let twice = Router::<segno_core::Standard>::new().get("/a", text("1")).get("/a", text("2")).into_handler();
    assert_eq!(twice.unwrap_err().to_string(), "the route `/a` cannot be added: it has a handler for GET already");
    let clash = Router::<segno_core::Standard>::new().get("/{a}", text("1")).get("/{b}", text("2")).into_handler();
    assert!(clash.unwrap_err().to_string().starts_with("the route `/{b}` cannot be added: "));
    let bare = Router::<segno_core::Standard>::new().get("a", text("1")).into_handler();
    assert!(bare.unwrap_err().to_string().ends_with("it does not begin with `/`, as every path does"));
}

#[test]
fn a_path_of_too_many_parameters_is_an_error() {
    let path = |count: usize| (0..count).map(|number| format!("/{{p{number}}}")).collect::<String>() + "/{{x}}";
    let router = |path: &str| Router::<segno_core::Standard>::new().get(path, text("1")).into_handler();
    assert!(router(&path(25)).is_ok());
    assert!(router(&path(26)).unwrap_err().to_string().ends_with("it has more than 25 parameters"));
}
