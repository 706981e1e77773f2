//! A handler with a parameter in its path, and a server for it.
//!
//! Run it with `cargo run --example hello`, and ask it:
//!
//! ```text
//! $ curl http://127.0.0.1:8080/hello/Ada
//! hello, Ada
//! $ curl http://127.0.0.1:8080/hello
//! Not Found
//! ```

use segno::{
    Io, Request, Response, Result, Router,
    smol::{Backend, serve},
};

fn main() -> Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    Ok(serve("127.0.0.1:8080", router(), Backend::new())?)
}

fn router() -> Router {
    Router::new().get("/hello/{name}", hello)
}

async fn hello(_: Io, request: Request) -> Result<Response> {
    let name: String = request.param("name")?;
    Ok(Response::text(format!("hello, {name}\n")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use segno::testing::{get, post, script};

    #[test]
    fn the_path_says_whom_to_greet() {
        script(hello, get("/").param("name", "Ada")).responds(200).body("hello, Ada\n");
    }

    #[test]
    fn the_route_decodes_the_name() {
        let request = get("/hello/Ada%20%26%20Grace");
        script(router(), request).responds(200).body("hello, Ada & Grace\n");
    }

    #[test]
    fn other_methods_are_refused() {
        let request = post("/hello/Ada");
        script(router(), request).responds(405).header("allow", "GET, HEAD, OPTIONS");
    }
}
