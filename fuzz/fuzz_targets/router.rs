//! Routes and requests of any text: a router refuses or answers, at once, and never panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use segno_core::{Request, Response, Router, Step};

fuzz_target!(|case: (Vec<String>, Vec<String>, String, &[u8], String)| {
    let (routes, nested, prefix, method, target) = case;
    let (Ok(method), Ok(uri)) = (http::Method::from_bytes(method), target.parse::<http::Uri>()) else {
        return;
    };
    let add = |router: Router, path: &String| router.get(path, async |_, request: Request| answer(&request));
    let inner = nested.iter().fold(Router::new(), add).fallback(async |_, _| Ok(Response::text("fallback")));
    let Ok(handler) = routes.iter().fold(Router::new(), add).nest(&prefix, inner).into_handler() else {
        return;
    };
    let mut tasklet = handler.tasklet(Request::new(method, &uri.to_string()));
    assert!(matches!(tasklet.step(), Step::Done(_)));
});

fn answer(request: &Request) -> segno_core::Result<Response> {
    Ok(Response::text(request.param::<String>("id")?))
}
