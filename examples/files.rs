//! A server for the files below a directory: with types, validators, ranges and compression.
//!
//! Run it with `cargo run --example files -- DIRECTORY`, and ask it:
//!
//! ```text
//! $ mkdir -p site && echo '<h1>dal segno</h1>' > site/index.html
//! $ cargo run --example files -- site
//! $ curl http://127.0.0.1:8080/
//! <h1>dal segno</h1>
//! $ curl -r 4-12 http://127.0.0.1:8080/index.html
//! dal segno
//! $ curl --path-as-is http://127.0.0.1:8080/../secret
//! Not Found
//! ```

use lexopt::{Arg, Parser};
use segno::{
    Result, Router, files,
    smol::{Backend, Server, ServerOptions},
};

fn main() -> Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let directory = match Parser::from_env().next()? {
        Some(Arg::Value(directory)) => directory,
        Some(other) => return Err(other.unexpected().into()),
        None => return Err(lexopt::Error::from("which directory? cargo run --example files -- DIRECTORY").into()),
    };
    // Everybody may see these files, so that their length tells no secret.
    let options = ServerOptions { gzip: true, ..ServerOptions::default() };
    let server = Server::bind("127.0.0.1:8080")?.options(options);
    Ok(server.serve(router(), Backend::new().files(directory)?)?)
}

fn router() -> Router {
    let index = files::file("index.html").cache_control("no-cache");
    let all = files::directory("").cache_control("max-age=60");
    Router::new().get("/", index.handler()).get("/{*path}", all.handler())
}

#[cfg(test)]
mod tests {
    use super::*;
    use segno::testing::{World, explore, get, script};

    #[test]
    fn a_page_is_sent_whole_or_visibly_torn() {
        let world = || World::new().file("index.html", "<h1>dal segno</h1>");
        explore(router(), world).request(get("/")).check(|_, end| {
            assert!(!end.succeeded() || end.text() == "<h1>dal segno</h1>");
        });
    }

    #[test]
    fn nothing_above_the_directory_is_asked_for() {
        script(router(), get("/../secret")).responds(404);
        script(router(), get("/%2e%2e/secret")).responds(404);
        script(router(), get("/.git/config")).responds(404);
    }
}
